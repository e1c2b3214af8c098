package queue_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

const secret = "sesame-4711"

// guarded starts a server in this process, with JetStream and what else the options say, and
// returns its host and port.
func guarded(t *testing.T, options server.Options) (address string) {
	t.Helper()
	options.Host, options.Port, options.NoSigs = "127.0.0.1", server.RANDOM_PORT, true
	if options.StoreDir != "" {
		options.JetStream = true
	}
	run, err := serve(&options)
	require.NoError(t, err)
	t.Cleanup(func() {
		run.Shutdown()
		run.WaitForShutdown()
	})
	return run.Addr().String()
}

// An authority signs certificates.
type authority struct {
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	a := authority{filepath.Join(t.TempDir(), "ca.pem"), cert, key}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

// sign makes a certificate for this machine's loopback, and for clients.
func (a authority) sign(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "PRIVATE KEY", encoded)
	return certFile, keyFile
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// withTLS is a server that wants a certificate of each client.
func withTLS(t *testing.T, a authority) server.Options {
	t.Helper()
	certFile, keyFile := a.sign(t, "server")
	config, err := server.GenTLSConfig(&server.TLSConfigOpts{CertFile: certFile, KeyFile: keyFile, CaFile: a.file, Verify: true})
	require.NoError(t, err)
	return server.Options{StoreDir: t.TempDir(), TLSConfig: config, TLSTimeout: 5}
}

// withNKey is a server that knows one user by his key; the file holds his seed.
func withNKey(t *testing.T) (options server.Options, seedFile string) {
	t.Helper()
	_, seed, public := newKey(t, nkeys.CreateUser)
	seedFile = filepath.Join(t.TempDir(), "user.nk")
	require.NoError(t, os.WriteFile(seedFile, seed, 0o600))
	return server.Options{StoreDir: t.TempDir(), Nkeys: []*server.NkeyUser{{Nkey: public}}}, seedFile
}

func newKey(t *testing.T, create func() (nkeys.KeyPair, error)) (pair nkeys.KeyPair, seed []byte, public string) {
	t.Helper()
	pair, err := create()
	require.NoError(t, err)
	seed, err = pair.Seed()
	require.NoError(t, err)
	public, err = pair.PublicKey()
	require.NoError(t, err)
	return pair, seed, public
}

// withCreds is a server whose accounts an operator has signed; the file is a user's credentials.
func withCreds(t *testing.T) (options server.Options, credsFile string) {
	t.Helper()
	operator, _, operatorID := newKey(t, nkeys.CreateOperator)
	account, _, accountID := newKey(t, nkeys.CreateAccount)
	_, _, systemID := newKey(t, nkeys.CreateAccount)
	_, userSeed, userID := newKey(t, nkeys.CreateUser)

	operatorClaims := jwt.NewOperatorClaims(operatorID)
	operatorClaims.SystemAccount = systemID
	_, err := operatorClaims.Encode(operator)
	require.NoError(t, err)
	resolver := &server.MemAccResolver{}
	for _, id := range []string{systemID, accountID} {
		claims := jwt.NewAccountClaims(id)
		if id == accountID {
			claims.Limits.JetStreamLimits = jwt.JetStreamLimits{
				MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit,
			}
		}
		token, err := claims.Encode(operator)
		require.NoError(t, err)
		require.NoError(t, resolver.Store(id, token))
	}
	token, err := jwt.NewUserClaims(userID).Encode(account)
	require.NoError(t, err)
	creds, err := jwt.FormatUserConfig(token, userSeed)
	require.NoError(t, err)
	credsFile = filepath.Join(t.TempDir(), "user.creds")
	require.NoError(t, os.WriteFile(credsFile, creds, 0o600))
	return server.Options{
		StoreDir: t.TempDir(), TrustedOperators: []*jwt.OperatorClaims{operatorClaims}, SystemAccount: systemID, AccountResolver: resolver,
	}, credsFile
}

func TestTheRightCredentialsWork(t *testing.T) {
	for _, test := range []struct {
		name  string
		where func(t *testing.T) queue.Settings
	}{
		{"a token in the URL", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://" + secret + "@" + guarded(t, server.Options{StoreDir: t.TempDir(), Authorization: secret})}
		}},
		{"a user and a password in the URL", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://ali:" + secret + "@" + guarded(t, server.Options{StoreDir: t.TempDir(), Username: "ali", Password: secret})}
		}},
		{"the file of a key", func(t *testing.T) queue.Settings {
			options, file := withNKey(t)
			option, err := nats.NkeyOptionFromSeed(file)
			require.NoError(t, err)
			return queue.Settings{URL: "nats://" + guarded(t, options), Options: []nats.Option{option}}
		}},
		{"the file of credentials", func(t *testing.T) queue.Settings {
			options, file := withCreds(t)
			return queue.Settings{URL: "nats://" + guarded(t, options), Options: []nats.Option{nats.UserCredentials(file)}}
		}},
		{"TLS with a CA and a certificate of its own", func(t *testing.T) queue.Settings {
			ca := newAuthority(t, "ours")
			certFile, keyFile := ca.sign(t, "client")
			return queue.Settings{URL: "tls://" + guarded(t, withTLS(t, ca)), Options: []nats.Option{nats.RootCAs(ca.file), nats.ClientCert(certFile, keyFile)}}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := opened(t, test.where(t))
			run := workerRun{Name: "guarded", Record: filepath.Join(t.TempDir(), "record")}
			ctx, cancel := context.WithCancel(t.Context())
			working := make(chan error, 1)
			go func() {
				_, err := queue.Work(ctx, q, run.job(), 1)
				working <- err
			}()
			results := queue.Run(t.Context(), q, run.job(), []string{"ok"})
			cancel()
			require.NoError(t, <-working)
			require.Equal(t, []overlap.Result[string]{{Value: outcomeOf("ok")}}, results)
		})
	}
}

func TestWrongCredentialsAreOneClearError(t *testing.T) {
	for _, test := range []struct {
		name  string
		where func(t *testing.T) queue.Settings
		says  string
		is    error
	}{
		{"a wrong token", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://" + secret + "@" + guarded(t, server.Options{StoreDir: t.TempDir(), Authorization: "another"})}
		}, "refuses the credentials", nats.ErrAuthorization},
		{"no token", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://" + guarded(t, server.Options{StoreDir: t.TempDir(), Authorization: secret})}
		}, "refuses the credentials", nats.ErrAuthorization},
		{"a wrong password", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://ali:" + secret + "@" + guarded(t, server.Options{StoreDir: t.TempDir(), Username: "ali", Password: "another"})}
		}, "refuses the credentials", nats.ErrAuthorization},
		{"a wrong user", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://baba:" + secret + "@" + guarded(t, server.Options{StoreDir: t.TempDir(), Username: "ali", Password: secret})}
		}, "refuses the credentials", nats.ErrAuthorization},
		{"credentials of a stranger", func(t *testing.T) queue.Settings {
			options, _ := withCreds(t)
			_, strange := withCreds(t)
			return queue.Settings{URL: "nats://" + guarded(t, options), Options: []nats.Option{nats.UserCredentials(strange)}}
		}, "refuses the credentials", nats.ErrAuthorization},
		{"a file of credentials that is not there", func(t *testing.T) queue.Settings {
			options, _ := withCreds(t)
			return queue.Settings{URL: "nats://" + guarded(t, options), Options: []nats.Option{nats.UserCredentials("no-such.creds")}}
		}, "no-such.creds", nil},
		{"a CA that did not sign the server", func(t *testing.T) queue.Settings {
			ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
			certFile, keyFile := ours.sign(t, "client")
			return queue.Settings{URL: "tls://" + guarded(t, withTLS(t, ours)), Options: []nats.Option{nats.RootCAs(other.file), nats.ClientCert(certFile, keyFile)}}
		}, "certificate signed by unknown authority", nil},
		{"a file of a CA that is not there", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "tls://" + guarded(t, withTLS(t, newAuthority(t, "ours"))), Options: []nats.Option{nats.RootCAs("no-such.pem")}}
		}, "no-such.pem", nil},
		{"a certificate that another CA signed", func(t *testing.T) queue.Settings {
			ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
			certFile, keyFile := other.sign(t, "client")
			return queue.Settings{URL: "tls://" + guarded(t, withTLS(t, ours)), Options: []nats.Option{nats.RootCAs(ours.file), nats.ClientCert(certFile, keyFile)}}
		}, "certificate", nil},
		{"a server without JetStream", func(t *testing.T) queue.Settings {
			return queue.Settings{URL: "nats://" + secret + "@" + guarded(t, server.Options{Authorization: secret})}
		}, "JetStream is not enabled", nil},
		{"nobody there", func(t *testing.T) queue.Settings {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, listener.Close())
			return queue.Settings{URL: "nats://ali:" + secret + "@" + listener.Addr().String()}
		}, "no server answers there", nats.ErrNoServers},
	} {
		t.Run(test.name, func(t *testing.T) {
			where := test.where(t)
			q, err := queue.Open(t.Context(), where)
			require.Nil(t, q)
			require.ErrorContains(t, err, test.says)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			address := where.URL[strings.LastIndexAny(where.URL, "@/")+1:]
			require.ErrorContains(t, err, address, "the server's name")
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), "\n", "one error")
			t.Log(err)
		})
	}
}

// A worker whose credentials hold no longer must say so: it would wait for ever.
func TestCredentialsThatChangeEndTheWork(t *testing.T) {
	remote := startRemote(t, serverRun{Dir: t.TempDir(), User: "ali", Password: secret})
	at := strings.Replace(remote.url, "nats://", fmt.Sprintf("nats://ali:%s@", secret), 1)
	q := opened(t, queue.Settings{URL: at})
	run := workerRun{Name: "guarded", Record: filepath.Join(t.TempDir(), "record")}
	working := make(chan error, 1)
	go func() {
		_, err := queue.Work(t.Context(), q, run.job(), 1)
		working <- err
	}()
	require.Equal(t, outcomeOf("ok"), queue.Run(t.Context(), q, run.job(), []string{"ok"})[0].Value)
	ran := make(chan []overlap.Result[string], 1)
	go func() { ran <- queue.Run(t.Context(), q, run.job(), []string{"wait"}) }()
	eventually(t, "the job runs", func() bool { return len((&journal{path: run.Record}).begun(t, "wait")) == 1 })

	require.NoError(t, remote.Close())
	remote.run.Password = "another"
	remote.start(t)
	run.open(t, "wait", 0)
	worked, collected := <-working, (<-ran)[0].Err
	for name, err := range map[string]error{"Work": worked, "Run": collected} {
		require.ErrorIs(t, err, nats.ErrAuthorization, name)
		require.ErrorContains(t, err, "refuses the credentials", name)
		require.ErrorContains(t, err, strings.TrimPrefix(remote.url, "nats://"), name)
		require.NotContains(t, err.Error(), secret, name)
		require.Equal(t, 1, strings.Count(err.Error(), "refuses"), err)
		t.Log(err)
	}
	_, err := queue.Work(t.Context(), q, run.job(), 1)
	require.ErrorIs(t, err, nats.ErrAuthorization, "and it stays so")
}
