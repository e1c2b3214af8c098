package faults

import (
	"errors"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/guard"
	"example.com/overlap/internal/pipes"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages/clients"
)

// A fault is what goes wrong in a run, and what each key must come to.
type fault struct {
	name    string
	site    mockserver.Settings
	virtual bool // in virtual time, over pipes; else over loopback

	timeout  time.Duration // the client's; 0 is none
	maxBytes int64         // of a body; 0 is the standard

	// guard is what the job is wrapped in, and retries that a key may be fetched again.
	guard   func(job) job
	retries bool

	// aborts says that the client gives requests up. The server sees that later than the
	// client, so the limit is counted at the job alone.
	aborts bool

	// want is what key i comes to; nil is what the server does at the first request for it.
	want func(f fault, i int) string
	// total is for a fault that hits some keys, and nobody can say which: how many come to what.
	total map[string]int

	check   func(t *testing.T, record mockserver.Record)
	unix    bool               // the fault's error is another one on Windows, or it is not there
	address func(i int) string // host and port of key i, in place of the server's
	dial    func() (d dial)    // in place of the machine's
}

// first is what a key comes to that is fetched once.
func first(f fault, i int) string {
	switch f.site.Faults.For(f.site.Seed, mockserver.PagePath(i), 0) {
	case mockserver.NoFault:
		return "value"
	case mockserver.Status:
		return string(Status)
	case mockserver.Reset:
		return string(Broken)
	case mockserver.Truncate:
		return string(Truncated)
	case mockserver.Hang:
		return string(Timeout)
	case mockserver.Malformed:
		if f.maxBytes > 0 {
			return string(TooLarge) // it is some bytes longer than the others
		}
		return "value of the malformed page"
	case mockserver.Slow:
		if f.timeout > 0 {
			return string(Timeout)
		}
		return "value"
	}
	return "unknown"
}

func every(kind Kind) func(fault, int) string {
	return func(fault, int) string { return string(kind) }
}

// table is all faults of the wire. To add one is to add an entry.
func table() []fault {
	const n, size = 40, 2048
	site := func(s mockserver.Settings) mockserver.Settings {
		s.Seed, s.PageSize = 7, size
		if s.Pages == 0 {
			s.Pages = n
		}
		return s
	}
	// again retries what a crash or a busy server may have caused.
	again := func(tries int) func(job) job {
		return func(j job) job {
			return guard.Retry(j, guard.RetryPolicy{
				Tries: tries, Base: time.Millisecond, Cap: 4 * time.Millisecond,
				Temporary: func(err error) bool { return KindOf(err) != Other },
			})
		}
	}
	return []fault{
		{
			name: "slow body",
			site: site(mockserver.Settings{Faults: mockserver.Faults{Slow: 0.3, SlowPause: time.Millisecond}}),
		},
		{
			name:    "slow body, slower than the client's timeout",
			virtual: true, timeout: 5 * time.Second, aborts: true,
			site: site(mockserver.Settings{
				Latency: mockserver.Latency{Mean: 100 * time.Millisecond, Profile: mockserver.HeavyTail},
				Faults:  mockserver.Faults{Slow: 0.3, SlowPause: 10 * time.Second},
			}),
		},
		{
			name: "reset", unix: true,
			site: site(mockserver.Settings{Faults: mockserver.Faults{Reset: 0.3}}),
		},
		{
			name: "truncated",
			site: site(mockserver.Settings{Faults: mockserver.Faults{Truncate: 0.3}}),
		},
		{
			name:    "never answers",
			timeout: 30 * time.Millisecond, aborts: true,
			site: site(mockserver.Settings{Pages: 6, Faults: mockserver.Faults{Hang: 1}}),
			check: func(t *testing.T, r mockserver.Record) {
				require.EqualValues(t, 6, r.Cancelled, "requests that the server saw given up")
			},
		},
		{
			name:    "three in ten never answer",
			virtual: true, timeout: 5 * time.Second, aborts: true,
			site: site(mockserver.Settings{
				Latency: mockserver.Latency{Mean: 100 * time.Millisecond, Profile: mockserver.HeavyTail},
				Faults:  mockserver.Faults{Hang: 0.3},
			}),
		},
		{
			name:    "three in ten never answer, tried again",
			virtual: true, aborts: true, retries: true,
			site:  site(mockserver.Settings{Faults: mockserver.Faults{Hang: 0.3}}),
			guard: func(j job) job { return again(20)(guard.Timeout(j, 5*time.Second)) },
			want:  every(Value),
		},
		{
			name:  "429 storm",
			site:  site(mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: 1e-6, Burst: 5}}),
			total: map[string]int{"value": 5, string(Status): n - 5},
			check: func(t *testing.T, r mockserver.Record) {
				require.EqualValues(t, n-5, r.Status[http.StatusTooManyRequests])
			},
		},
		{
			name:    "429 storm, told when to come again",
			virtual: true, retries: true,
			site:  site(mockserver.Settings{RateLimit: mockserver.RateLimit{PerSecond: 2, Burst: 5}}),
			guard: again(n),
			want:  every(Value),
		},
		{
			name: "30 % errors", unix: true,
			site: site(mockserver.Settings{Faults: mockserver.Faults{Status: 0.1, Reset: 0.1, Truncate: 0.1}}),
		},
		{
			name: "30 % errors, tried again", unix: true, retries: true,
			site:  site(mockserver.Settings{Faults: mockserver.Faults{Status: 0.1, Reset: 0.1, Truncate: 0.1}}),
			guard: again(20),
			want:  every(Value),
		},
		{
			name: "malformed pages",
			site: site(mockserver.Settings{Faults: mockserver.Faults{Malformed: 0.3}}),
		},
		{
			name:     "body over the limit by a few bytes",
			maxBytes: size,
			site:     site(mockserver.Settings{Faults: mockserver.Faults{Malformed: 0.3}}),
		},
		{
			name:     "body far over the limit",
			maxBytes: size, aborts: true,
			site: mockserver.Settings{Seed: 7, Pages: 16, PageSize: 64 << 10},
			want: every(TooLarge),
		},
		{
			name:    "name that is not there",
			address: everyThird("no-such-host.invalid"),
			dial:    func() dial { return resolving(noSuchName).DialContext },
			want: func(_ fault, i int) string {
				if i%3 == 0 {
					return string(NoSuchHost)
				}
				return "value"
			},
			site: site(mockserver.Settings{}),
		},
		{
			name:    "no resolver",
			address: everyThird("no-such-host.invalid"),
			dial:    func() dial { return resolving(nil).DialContext },
			want: func(_ fault, i int) string {
				if i%3 == 0 {
					return string(NoResolver)
				}
				return "value"
			},
			site: site(mockserver.Settings{}),
		},
	}
}

func TestFaults(t *testing.T) {
	for _, f := range table() {
		t.Run(f.name, func(t *testing.T) {
			if f.unix && runtime.GOOS == "windows" {
				t.Skip("a reset is another thing to Windows")
			}
			ref := newReference(t, f.site)
			for _, form := range forms(limits()) {
				for _, client := range clients.Names() {
					t.Run(form.name+"/"+client, func(t *testing.T) {
						if f.virtual {
							synctest.Test(t, func(t *testing.T) { f.inBubble(t, form, client, ref) })
						} else {
							f.onLoopback(t, form, client, ref)
						}
					})
				}
			}
		})
	}
}

func (f fault) onLoopback(t *testing.T, form form, client string, ref reference) {
	server, err := mockserver.Start("", f.site)
	require.NoError(t, err)
	defer server.Close()
	before := stand(t)
	var dialing dial
	if f.dial != nil {
		dialing = f.dial()
	}
	c := newClient(client, dialing, f.site.Pages, f.timeout)
	keys := make([]string, f.site.Pages)
	for i := range keys {
		keys[i] = server.PageURL(i)
		if f.address != nil && f.address(i) != "" {
			keys[i] = "http://" + f.address(i) + mockserver.PagePath(i)
		}
	}
	f.try(t, form, c, keys, ref)
	c.CloseIdleConnections()
	before.mustReturn(t)
	f.judge(t, form, server.Record())
}

func (f fault) inBubble(t *testing.T, form form, client string, ref reference) {
	site, err := mockserver.New(f.site)
	require.NoError(t, err)
	network := pipes.Listen()
	server := &http.Server{Handler: site}
	go func() { _ = server.Serve(network) }()
	c := newClient(client, network.Dial, f.site.Pages, f.timeout)
	t.Cleanup(func() { // also after a failure: what is left then, the bubble does not forgive
		c.CloseIdleConnections()
		require.NoError(t, errors.Join(site.Close(), server.Close()))
		if client == "fasthttp" {
			time.Sleep(20 * time.Second) // its goroutines that clean up end by themselves
		}
	})
	keys := make([]string, f.site.Pages)
	for i := range keys {
		keys[i] = "http://site.example" + mockserver.PagePath(i)
	}
	f.try(t, form, c, keys, ref)
	c.CloseIdleConnections()
	synctest.Wait()
	require.Zero(t, network.Open(), "connections left")
	f.judge(t, form, site.Record())
}

// try runs the job and looks at the results.
func (f fault) try(t *testing.T, form form, c clients.Client, keys []string, ref reference) {
	w := newWatch()
	job := w.job(c.Job(f.maxBytes))
	if f.guard != nil {
		job = f.guard(job)
	}
	answers := form.run(t.Context(), job, keys)
	w.mustHold(t, form, f.retries)
	answers.mustAccount(t, keys)
	got := make([]string, len(keys))
	for i, result := range answers.results {
		got[i] = ref.became(i, result)
	}
	if f.total != nil {
		total := map[string]int{}
		for _, what := range got {
			total[what]++
		}
		require.Equal(t, f.total, total)
		return
	}
	want := f.want
	if want == nil {
		want = first
	}
	for i := range keys {
		require.Equal(t, want(f, i), got[i], "page %d: %v", i, answers.results[i].Err)
	}
}

// judge looks at what the server says of it.
func (f fault) judge(t *testing.T, form form, record mockserver.Record) {
	require.Zero(t, record.InFlight)
	require.Zero(t, record.Other)
	if form.fetches > 0 && !f.aborts {
		require.LessOrEqual(t, record.PeakInFlight, int64(form.fetches), "requests in flight, by the server's record")
	}
	if !f.retries {
		require.Zero(t, record.Duplicates)
		for _, fault := range []mockserver.Fault{mockserver.Status, mockserver.Reset, mockserver.Slow, mockserver.Hang, mockserver.Truncate, mockserver.Malformed} {
			due := 0
			for i := range f.site.Pages {
				if f.site.Faults.For(f.site.Seed, mockserver.PagePath(i), 0) == fault {
					due++
				}
			}
			require.EqualValues(t, due, record.Faults[fault], "requests that met the fault %s", fault)
		}
	}
	if f.check != nil {
		f.check(t, record)
	}
}
