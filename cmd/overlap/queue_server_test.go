package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"
)

// natsServer starts a server of NATS's own, as a stranger has one, and returns its host and port.
func natsServer(t *testing.T, options server.Options) (addr string) {
	t.Helper()
	options.Host, options.Port, options.NoSigs, options.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	options.StoreDir = t.TempDir()
	s, err := server.NewServer(&options)
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(patience))
	return s.Addr().String()
}

const oneURL = "http://site.example/\n"

func TestQueueAtAServerWithAPassword(t *testing.T) {
	alone(t)
	addr := natsServer(t, server.Options{JetStream: true, Username: "me", Password: "hush"})
	right := "nats://me:hush@" + addr
	s := overlapWith(t.Context(), oneURL, "queue", "add", "-nats", right)
	require.Equal(t, said{0, "1 key: 1 new, 0 known, in batch default\n", ""}, s)
	s = overlapWith(t.Context(), oneURL, "queue", "add", "-nats", strings.TrimPrefix(right, "nats://"))
	require.Equal(t, said{0, "1 key: 0 new, 1 known, in batch default\n", ""}, s)

	for _, wrong := range []string{"nats://me:hash@" + addr, "nats://" + addr} {
		s = overlapWith(t.Context(), oneURL, "queue", "add", "-nats", wrong)
		require.Equal(t, said{failed, "", "overlap queue add: queue nats://" + addr + ": the server refuses the credentials: nats: Authorization Violation\n"}, s)
	}

	t.Setenv("NATS_URL", right)
	s = overlapCommand(t, "queue", "status")
	require.Equal(t, 0, s.status, s.stderr)
	require.Contains(t, s.stdout, "pending      1\n")
	s = overlapWith(t.Context(), oneURL, "queue", "add", "-dir", t.TempDir())
	require.Equal(t, said{0, "1 key: 1 new, 0 known, in batch default\n", ""}, s, "a flag comes before the environment")
	t.Setenv("NATS_URL", "nats://nobody:hush@127.0.0.1:1")
	s = overlapCommand(t, "queue", "status", "-nats", right)
	require.Equal(t, 0, s.status, s.stderr)
	s = overlapCommand(t, "queue", "status")
	require.Equal(t, said{failed, "", "overlap queue status: queue nats://127.0.0.1:1: no server answers there: nats: no servers available for connection\n"}, s)
}

func TestQueueAtAServerThatKeepsNone(t *testing.T) {
	alone(t)
	s := overlapCommand(t, "queue", "status", "-nats", natsServer(t, server.Options{}))
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "JetStream is not enabled")
}

// Nobody at either end is who the other does not know: certificates on both sides, and a key.
func TestQueueAtAServerWithTLS(t *testing.T) {
	alone(t)
	t.Chdir(t.TempDir())
	pair := selfSigned(t)
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	user, err := nkeys.CreateUser()
	require.NoError(t, err)
	public, err := user.PublicKey()
	require.NoError(t, err)
	seed, err := user.Seed()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("seed", seed, 0o600))
	addr := natsServer(t, server.Options{
		JetStream: true, Nkeys: []*server.NkeyUser{{Nkey: public}},
		TLS: true, TLSVerify: true, TLSTimeout: patience.Seconds(), AuthTimeout: patience.Seconds(),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert},
	})
	all := []string{"-tlsca", "cert.pem", "-tlscert", "cert.pem", "-tlskey", "key.pem", "-nkey", "seed"}
	for without, want := range map[string]string{
		"":         "",
		"-tlsca":   "x509: certificate signed by unknown authority",
		"-nkey":    "the server refuses the credentials",
		"-tlscert": "queue tls://", // what comes first, the server's reason or the end of the connection, is the network's
	} {
		args := []string{"queue", "add", "-nats", "tls://" + addr}
		for i := 0; i < len(all); i += 2 {
			if all[i] != without && (without != "-tlscert" || all[i] != "-tlskey") {
				args = append(args, all[i:i+2]...)
			}
		}
		s := overlapWith(t.Context(), oneURL, args...)
		if without == "" {
			require.Equal(t, 0, s.status, s.stderr)
			continue
		}
		require.Equal(t, failed, s.status, "without %s", without)
		require.Contains(t, s.stderr, want, "without %s", without)
	}
	for _, f := range []struct{ env, file string }{{"NATS_CA", "cert.pem"}, {"NATS_CERT", "cert.pem"}, {"NATS_KEY", "key.pem"}, {"NATS_NKEY", "seed"}} {
		t.Setenv(f.env, f.file)
	}
	s := overlapWith(t.Context(), oneURL, "queue", "add", "-nats", "tls://"+addr)
	require.Equal(t, said{0, "1 key: 0 new, 1 known, in batch default\n", ""}, s)
}

// selfSigned makes a certificate for both ends, and writes it to cert.pem and key.pem.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate},
		"key.pem":  {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	pair, err := tls.LoadX509KeyPair("cert.pem", "key.pem")
	require.NoError(t, err)
	if pair.Leaf == nil {
		pair.Leaf, err = x509.ParseCertificate(certificate)
		require.NoError(t, err)
	}
	return pair
}
