package faults

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/guard"
	"example.com/overlap/internal/twin"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

// serverName is that of the server which is killed and started again.
const serverName = "the faults' server"

// A serverOrder is what that server is started with.
type serverOrder struct {
	Address  string // of its last life; "" is any
	Settings mockserver.Settings
}

func startServer(order serverOrder) (url string, end func() error, err error) {
	server, err := mockserver.Start(order.Address, order.Settings)
	// On its way somewhere else, a connection may hold the port for a moment.
	for tries := 0; err != nil && tries < 200; tries++ {
		time.Sleep(10 * time.Millisecond)
		server, err = mockserver.Start(order.Address, order.Settings)
	}
	if err != nil {
		return "", nil, err
	}
	return server.URL(), server.Close, nil
}

// A restartable is a server in a process of its own that can be killed and started again, always
// at the same address.
type restartable struct {
	*twin.Twin
	order serverOrder
}

func newRestartable(t *testing.T, settings mockserver.Settings) *restartable {
	s := &restartable{order: serverOrder{Settings: settings}}
	require.NoError(t, s.start())
	s.order.Address = strings.TrimPrefix(s.URL, "http://")
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// start starts the server. After an error it stays as it was.
func (s *restartable) start() error {
	started, err := twin.Start(serverName, s.order)
	if err != nil {
		return err
	}
	s.Twin = started
	return nil
}

// An outage is the plan of a run: after so many pages the server is killed, and after so many
// failures it starts again. Jobs from the middle of the keys on begin no try before it is killed,
// so that there is always somebody to meet it so.
type outage struct {
	server   *restartable
	pages    int64
	failures int64
	middle   int
	index    map[string]int
	fetched  atomic.Int64
	failed   atomic.Int64
	killed   chan struct{}
	killErr  error
	startErr error
}

func (o *outage) job(inner job) job {
	return job{
		Process: inner.Process,
		Fetch: func(ctx context.Context, key string) (pages.Body, error) {
			if o.index[key] >= o.middle {
				<-o.killed
			}
			body, err := inner.Fetch(ctx, key)
			if err == nil {
				if o.fetched.Add(1) == o.pages {
					o.killErr = o.server.Kill()
					close(o.killed)
				}
			} else if o.failed.Add(1) == o.failures {
				<-o.killed
				o.startErr = o.server.start()
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
	server := newRestartable(t, site)
	for _, form := range forms(limits()) {
		for _, client := range clients.Names() {
			t.Run(form.name+"/"+client, func(t *testing.T) { server.mustMatter(t, form, client, ref, n, false) })
			t.Run(form.name+"/"+client+"/retry", func(t *testing.T) { server.mustMatter(t, form, client, ref, n, true) })
		}
	}
}

// mustMatter runs the jobs while the server is killed and comes back.
func (s *restartable) mustMatter(t *testing.T, form form, client string, ref reference, n int, retries bool) {
	before := stand(t)
	c := newClient(client, nil, n, 0)
	o := &outage{server: s, pages: untilKilled, failures: untilRestart, middle: n / 2, index: map[string]int{}, killed: make(chan struct{})}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = s.URL + mockserver.PagePath(i)
		o.index[keys[i]] = i
	}
	w := newWatch()
	job := w.job(o.job(c.Job(0)))
	if retries {
		job = guard.Retry(job, guard.RetryPolicy{Tries: 1000, Base: time.Millisecond, Cap: 20 * time.Millisecond, Temporary: gone})
	}
	answers := form.run(t.Context(), job, keys)
	require.NoError(t, o.killErr)
	require.NoError(t, o.startErr)
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
	conn, err := net.Dial("tcp", s.order.Address)
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
