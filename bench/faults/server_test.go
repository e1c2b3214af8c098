package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/guard"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

// serverEnv is the environment variable that makes of the test binary a mock server: its
// value is the address and the settings.
const serverEnv = "OVERLAP_FAULTS_SERVER"

type serverOrder struct {
	Address  string
	Settings mockserver.Settings
}

// serveUntilKilled serves if this process is to be a server, until it is killed or whoever
// started it has ended.
func serveUntilKilled() {
	text, ok := os.LookupEnv(serverEnv)
	if !ok {
		return
	}
	var order serverOrder
	err := json.Unmarshal([]byte(text), &order)
	if err == nil {
		err = serveAt(order)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveAt(order serverOrder) error {
	server, err := mockserver.Start(order.Address, order.Settings)
	// On its way somewhere else, a connection may hold the port for a moment.
	for tries := 0; err != nil && tries < 200; tries++ {
		time.Sleep(10 * time.Millisecond)
		server, err = mockserver.Start(order.Address, order.Settings)
	}
	if err != nil {
		return err
	}
	fmt.Println(server.URL())
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, server.Close())
}

// A victim is a server in a process of its own, always at the same address.
type victim struct {
	t       *testing.T
	order   serverOrder
	cmd     *exec.Cmd
	stdin   io.Closer
	address string
}

func newVictim(t *testing.T, settings mockserver.Settings) *victim {
	v := &victim{t: t, order: serverOrder{Settings: settings}}
	require.NoError(t, v.start())
	v.order.Address = v.address
	t.Cleanup(v.kill)
	return v
}

func (v *victim) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(v.order)
	if err != nil {
		return err
	}
	v.cmd = exec.Command(self)
	v.cmd.Env = append(os.Environ(), serverEnv+"="+string(text))
	v.cmd.Stderr = os.Stderr
	stdout, err := v.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if v.stdin, err = v.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := v.cmd.Start(); err != nil {
		return err
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		v.kill()
		return fmt.Errorf("the server does not start: %w", err)
	}
	v.address = strings.TrimPrefix(strings.TrimSpace(url), "http://")
	return nil
}

// kill ends the server at once (SIGKILL) and waits for its process: when it returns, nobody
// listens at the address.
func (v *victim) kill() {
	if v.cmd == nil {
		return
	}
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait() // says that it was killed
	_ = v.stdin.Close()
	v.cmd = nil
}

// A murder is the plan of a run: after so many pages the server is killed, and after so many
// failures it starts again. Jobs from the middle of the keys on begin no try before it is dead,
// so that there is always somebody to meet it so.
type murder struct {
	victim   *victim
	pages    int64
	failures int64
	middle   int
	index    map[string]int
	fetched  atomic.Int64
	failed   atomic.Int64
	dead     chan struct{}
	err      error // of the restart
}

func (m *murder) job(inner job) job {
	return job{
		Process: inner.Process,
		Fetch: func(ctx context.Context, key string) (pages.Body, error) {
			if m.index[key] >= m.middle {
				<-m.dead
			}
			body, err := inner.Fetch(ctx, key)
			if err == nil {
				if m.fetched.Add(1) == m.pages {
					m.victim.kill()
					close(m.dead)
				}
			} else if m.failed.Add(1) == m.failures {
				<-m.dead
				m.err = m.victim.start()
			}
			return body, err
		},
	}
}

const (
	untilKilled  = 10 // pages
	untilRestart = 5  // failures
)

func TestServerKilledAndRestarted(t *testing.T) {
	const n = 40
	site := mockserver.Settings{Seed: 7, Pages: n, Latency: mockserver.Latency{Profile: mockserver.Uniform, Mean: 2 * time.Millisecond}}
	ref := newReference(t, site)
	victim := newVictim(t, site)
	for _, form := range forms(limits()) {
		for _, client := range clients.Names() {
			t.Run(form.name+"/"+client, func(t *testing.T) { victim.mustMatter(t, form, client, ref, n, false) })
			t.Run(form.name+"/"+client+"/retry", func(t *testing.T) { victim.mustMatter(t, form, client, ref, n, true) })
		}
	}
}

// mustMatter runs the jobs while the victim is killed and comes back.
func (v *victim) mustMatter(t *testing.T, form form, client string, ref reference, n int, retries bool) {
	before := stand(t)
	c := newClient(client, nil, n, 0)
	m := &murder{victim: v, pages: untilKilled, failures: untilRestart, middle: n / 2, index: map[string]int{}, dead: make(chan struct{})}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "http://" + v.address + mockserver.PagePath(i)
		m.index[keys[i]] = i
	}
	w := newWatch()
	job := w.job(m.job(c.Job(0)))
	if retries {
		job = guard.Retry(job, guard.RetryPolicy{Tries: 1000, Base: time.Millisecond, Cap: 20 * time.Millisecond, Temporary: gone})
	}
	answers := form.run(t.Context(), job, keys)
	require.NoError(t, m.err)
	w.mustHold(t, form, retries)
	answers.mustAccount(t, keys)
	values := 0
	for i, result := range answers.results {
		if !retries && gone(result.Err) {
			continue
		}
		require.Equal(t, "value", ref.became(i, result), "page %d: %v", i, result.Err)
		values++
	}
	if retries {
		require.Equal(t, n, values)
	} else {
		require.GreaterOrEqual(t, values, untilKilled)
		require.LessOrEqual(t, values, n-untilRestart)
	}
	c.CloseIdleConnections()
	before.mustReturn(t)
	conn, err := net.Dial("tcp", v.address)
	require.NoError(t, err, "the server is there for the next")
	require.NoError(t, conn.Close())
}

// gone says whether an error is one of a server that is no longer there.
func gone(err error) bool {
	switch KindOf(err) {
	case Refused, Broken, Truncated, Unanswered:
		return true
	}
	return false
}
