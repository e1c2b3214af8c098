//go:build unix

package faults

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages/clients"
)

// descriptorsEnv is the environment variable that makes of TestDescriptorsExhausted the process that
// may open few files: its value is where the server is.
const descriptorsEnv = "OVERLAP_FAULTS_DESCRIPTORS"

const (
	descriptorLimit = 40  // descriptors that the process may open
	descriptorKeys  = 200 // jobs of each form
)

func descriptorSite() mockserver.Settings {
	return mockserver.Settings{Seed: 7, Pages: descriptorKeys, PageSize: 512, Links: 1}
}

// TestDescriptorsExhausted runs each form in a process that may open fewer files than jobs
// want connections. The server is here, in a process that may open enough.
func TestDescriptorsExhausted(t *testing.T) {
	if url := os.Getenv(descriptorsEnv); url != "" {
		exhaustDescriptors(t, url)
		return
	}
	server, err := mockserver.Start("", descriptorSite())
	require.NoError(t, err)
	defer server.Close()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), descriptorsEnv+"="+server.URL())
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "--- PASS: "+t.Name()+"/goroutines/nethttp")
}

func exhaustDescriptors(t *testing.T, url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the runtime's poller takes two, once and for all
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	limit.Cur = descriptorLimit
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	ref := newReference(t, descriptorSite())
	for _, form := range forms(bench.Limit{InFlight: 2 * descriptorLimit, Process: 3, Buffer: 2}) {
		for _, client := range clients.Names() {
			t.Run(form.name+"/"+client, func(t *testing.T) { exhaustUnder(t, form, client, url, ref) })
		}
	}
}

func exhaustUnder(t *testing.T, form form, client, url string, ref reference) {
	before := stand(t)
	d := &holdingDialer{exhausted: make(chan struct{})}
	enough := form.peak == 1 // one connection at a time
	if enough {
		close(d.exhausted)
	}
	c := newClient(client, d.dial, descriptorKeys, 0)
	keys := make([]string, descriptorKeys)
	for i := range keys {
		keys[i] = url + mockserver.PagePath(i)
	}
	run := func(keys []string) map[string]int {
		w := newWatch()
		answers := form.run(t.Context(), w.job(c.Job(0)), keys)
		w.mustHold(t, form, false)
		answers.mustAccount(t, keys)
		became := map[string]int{}
		for i, result := range answers.results {
			became[ref.became(i, result)]++
		}
		return became
	}
	became := run(keys)
	if enough {
		require.Equal(t, map[string]int{"value": descriptorKeys}, became)
	} else {
		require.NotZero(t, became["value"])
		require.NotZero(t, became[string(Descriptors)])
		require.Equal(t, descriptorKeys, became["value"]+became[string(Descriptors)], "%v", became)
	}
	require.Equal(t, map[string]int{"value": 5}, run(keys[:5]), "the load is gone, and it works again")
	c.CloseIdleConnections()
	before.mustReturn(t)
}

// A holdingDialer opens connections of which nothing is read until no more can be opened, so that
// descriptors do run out however quick the server is.
type holdingDialer struct {
	exhausted chan struct{}
	once      sync.Once
}

func (d *holdingDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if errors.Is(err, syscall.EMFILE) {
		d.once.Do(func() {
			select {
			case <-d.exhausted:
			default:
				close(d.exhausted)
			}
		})
	}
	if err != nil {
		return nil, err
	}
	return heldConn{conn, d.exhausted}, nil
}

type heldConn struct {
	net.Conn
	exhausted <-chan struct{}
}

func (c heldConn) Read(p []byte) (int, error) {
	<-c.exhausted
	return c.Conn.Read(p)
}
