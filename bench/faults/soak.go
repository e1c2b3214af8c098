package faults

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

// Settings say what a soak does.
type Settings struct {
	Measured time.Duration // in which the jobs are held and measured, over all models
	Models   []string      // in turn, an equal time each; see [Soakable]
	InFlight int           // jobs
	Client   string        // HTTP client, one of clients.Names
	Every    time.Duration // between two samples

	// The mock server's, in a process of its own. An answer comes after half of Latency at
	// the least and one and a half at the most, evenly. Timeout ends a request and must
	// be longer than any answer takes, a slow body included.
	Latency time.Duration
	Faults  mockserver.Faults
	Seed    uint64
	Timeout time.Duration

	// For tests: a job that leaks, and no waiting for it to be gone.
	wrap  func(soakJob) soakJob
	brief bool
}

type soakJob = overlap.Job[int64, pages.Body, pages.Page]

type soakModel = bench.Model[int64, pages.Body, pages.Page]

// Standard is what the command does if it is told nothing: ten minutes, 10,000 in flight.
func Standard() Settings {
	return Settings{
		Measured: 10 * time.Minute,
		Models:   Soakable(),
		InFlight: 10_000,
		Client:   clients.Default,
		Every:    time.Second,
		Latency:  4 * time.Second,
		Faults: mockserver.Faults{
			Status: 0.01, Reset: 0.005, Slow: 0.01, Hang: 0.002, Truncate: 0.005, Malformed: 0.01,
			SlowPause: 100 * time.Millisecond,
		},
		Seed:    1,
		Timeout: 15 * time.Second,
	}
}

// Soakable are the models that can hold a number of jobs in flight for any time: those with
// a Stream and with a limit.
func Soakable() []string {
	var names []string
	for _, m := range soakModels(2) {
		names = append(names, m.Name)
	}
	return names
}

func soakModels(inFlight int) []soakModel {
	limit := bench.Limit{InFlight: inFlight, Process: runtime.GOMAXPROCS(0), Buffer: 64}
	all := bench.Models[int64, pages.Body, pages.Page](limit)
	return slices.DeleteFunc(all, func(m soakModel) bool { return m.Stream == nil || m.Peak < inFlight })
}

// A SettingError says which setting is wrong.
type SettingError struct {
	Setting string // as in Settings
	Problem string
}

// Error gives setting and problem in one line.
func (e *SettingError) Error() string { return fmt.Sprintf("%s is %s", e.Setting, e.Problem) }

// Validate returns a *[SettingError] for the first setting that makes no sense, or a
// *mockserver.FieldError.
func (s Settings) Validate() error {
	bad := func(setting, format string, args ...any) error {
		return &SettingError{setting, fmt.Sprintf(format, args...)}
	}
	switch longest := s.longest(); {
	case s.InFlight < 2 || s.InFlight > 1_000_000:
		return bad("InFlight", "%d, want 2 to 1000000", s.InFlight)
	case len(s.Models) == 0:
		return bad("Models", "empty, want one model at least")
	case s.Every < time.Millisecond:
		return bad("Every", "%v, want 1ms or more", s.Every)
	case s.Latency < time.Millisecond:
		return bad("Latency", "%v, want 1ms or more", s.Latency)
	case s.Timeout <= longest:
		return bad("Timeout", "%v, want more than %v, which an answer may take", s.Timeout, longest)
	case s.Measured < time.Duration(len(s.Models)*2*parts)*s.Every:
		return bad("Measured", "%v, want %v at least: %d samples of each of %d models", s.Measured, time.Duration(len(s.Models)*2*parts)*s.Every, 2*parts, len(s.Models))
	}
	for _, name := range s.Models {
		if !slices.Contains(Soakable(), name) {
			return bad("Models", "%q, want of %v", name, Soakable())
		}
	}
	if err := clients.Check(s.Client); err != nil {
		return bad("Client", "wrong: %v", err)
	}
	return s.site().Validate()
}

func (s Settings) site() mockserver.Settings {
	return mockserver.Settings{
		Seed: s.Seed, Pages: 500, Order: 1,
		Latency: mockserver.Latency{Profile: mockserver.Uniform, Mean: s.Latency},
		Faults:  s.Faults,
	}
}

// longest is how long an answer may take that comes at all.
func (s Settings) longest() time.Duration {
	longest := s.Latency + s.Latency/2
	if s.Faults.Slow > 0 {
		longest += 9 * s.Faults.SlowPause
	}
	return longest
}

// each is how long one model is measured.
func (s Settings) each() time.Duration { return s.Measured / time.Duration(len(s.Models)) }

// settle is how long a model is not measured yet: until all is in flight, and then until the
// first requests that are never answered have ended.
func (s Settings) settle() time.Duration {
	if s.Faults.Hang == 0 {
		return 2 * s.Latency
	}
	return s.Latency + s.Timeout
}

// drain is how long the last jobs take.
func (s Settings) drain() time.Duration {
	if s.Faults.Hang == 0 {
		return s.longest()
	}
	return s.Timeout
}

// Takes is about how long a soak takes: beside what is measured, jobs must come into flight,
// and must end.
func (s Settings) Takes() time.Duration {
	n := time.Duration(len(s.Models))
	return s.Measured + n*(s.settle()+s.drain())
}

// Progress is what a soak does at the moment.
type Progress struct {
	Model string
	Left  time.Duration // about, until the end
	Sample
}

// Soak holds jobs in flight under each model in turn, and judges how that went. progress is
// called at each sample, on another goroutine; it may be nil. The error is that of the
// settings, of a limit of open files that is too low, or of the mock server, which does not
// start or is gone.
//
// When ctx ends, Soak ends the jobs and judges what it has seen.
//
// The program's main begins with site.Main.
func Soak(ctx context.Context, s Settings, progress func(Progress)) (Report, error) {
	r := Report{Settings: s}
	if err := s.Validate(); err != nil {
		return r, err
	}
	// Some connections close while others open in their place.
	if err := mockserver.CheckFiles(s.InFlight + s.InFlight/20); err != nil {
		return r, err
	}
	if r.Interrupted = ctx.Err() != nil; r.Interrupted {
		return r, nil
	}
	want, err := newHashes(s.site())
	if err != nil {
		return r, err
	}
	server, err := site.Start(s.site())
	if err != nil {
		return r, err
	}
	reserve(5 * s.InFlight)
	began := time.Now()
	for _, name := range s.Models {
		models := soakModels(s.InFlight)
		at := slices.IndexFunc(models, func(m soakModel) bool { return m.Name == name })
		var turn Turn
		turn, err = s.turn(ctx, models[at], server, want, func(sample Sample) {
			if progress != nil {
				progress(Progress{Model: name, Left: max(0, s.Takes()-time.Since(began)), Sample: sample})
			}
		})
		if err != nil {
			break
		}
		r.Turns = append(r.Turns, turn)
		if r.Interrupted = ctx.Err() != nil; r.Interrupted {
			break
		}
	}
	return r, errors.Join(err, server.Close())
}

// reserve starts so many goroutines and ends them. Of each the runtime keeps half a kilobyte of
// heap for the next one, which otherwise the first turn would seem to leave behind.
func reserve(n int) {
	var all, begun sync.WaitGroup
	begun.Add(n)
	for range n {
		all.Go(func() {
			begun.Done()
			begun.Wait()
		})
	}
	all.Wait()
}

// hashes are those of the pages, and of the pages that are malformed.
type hashes [2][][sha256.Size]byte

func newHashes(s mockserver.Settings) (h hashes, err error) {
	s.Latency, s.Faults = mockserver.Latency{}, mockserver.Faults{}
	for i, query := range []string{"", "?fault=malformed"} {
		transport, err := mockserver.NewTransport(s)
		if err != nil {
			return h, err
		}
		var keys []string
		for page := range s.Pages {
			keys = append(keys, transport.PageURL(page)+query)
		}
		values, err := overlap.Values(sequential.Run(context.Background(), pages.Job(&http.Client{Transport: transport}, 0), keys))
		if err != nil {
			return h, err
		}
		for _, page := range values {
			h[i] = append(h[i], page.Hash)
		}
	}
	return h, nil
}

// right says whether a page is what it must be.
func (h hashes) right(key int64, page pages.Page) bool {
	i := int(key % int64(len(h[0])))
	return page.Hash == h[0][i] || page.Hash == h[1][i]
}

// A Turn is the soak of one model.
type Turn struct {
	Model   string
	Kinds   map[Kind]int64 // what became of the jobs, with the wrong values among the values
	Samples []Sample       // of the time that is measured
	Trends  []Trend

	Peak  int64             // jobs in flight at most, counted at the job: from the begin of a Fetch to its end
	Saw   mockserver.Record // by the server
	Wrong int64             // values that are not the page's
	Twice int64             // results for a key that had one already, or that nobody asked for
	Lost  int64             // keys without a result

	inFlight int
}

// turn soaks one model. An error is of the server.
func (s Settings) turn(ctx context.Context, m soakModel, server *site.Site, want hashes, saw func(Sample)) (Turn, error) {
	t := Turn{Model: m.Name, Kinds: map[Kind]int64{}, inFlight: s.InFlight}
	if _, err := server.Record(); err != nil { // cleared
		return t, err
	}
	http.DefaultClient.CloseIdleConnections()
	before := settled()

	client, err := clients.New(s.Client, s.InFlight, s.Timeout)
	if err != nil {
		return t, err
	}
	inner := client.Job(0)
	var now, peak, ended atomic.Int64
	job := soakJob{
		Fetch: func(ctx context.Context, key int64) (pages.Body, error) {
			held := now.Add(1)
			defer now.Add(-1)
			for most := peak.Load(); held > most && !peak.CompareAndSwap(most, held); most = peak.Load() {
			}
			return inner.Fetch(ctx, server.PageURL(int(key%int64(s.site().Pages))))
		},
		Process: inner.Process,
	}
	if s.wrap != nil {
		job = s.wrap(job)
	}

	// The server is asked until it is gone or all is over.
	sampling, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var sampler sync.WaitGroup
	var serverErr error
	began := time.Now()
	sampler.Go(func() {
		tick := time.NewTicker(s.Every)
		defer tick.Stop()
		for {
			select {
			case <-sampling.Done():
				return
			case <-tick.C:
			}
			record, err := readRecord(sampling, server)
			if err != nil {
				if sampling.Err() == nil {
					serverErr = err
					stop(err)
				}
				return
			}
			sample := Sample{Jobs: ended.Load(), Held: record.InFlight, Measured: measure()}
			if at := time.Since(began); at >= s.settle() && at <= s.settle()+s.each() {
				t.Samples = append(t.Samples, sample)
			}
			saw(sample)
		}
	})

	keys := newKeys(s, began)
	for key, result := range m.Stream(sampling, job, keys.pull(sampling)) {
		ended.Add(1)
		if !keys.delivered(key) {
			t.Twice++
		}
		t.Kinds[KindOf(result.Err)]++
		if result.Err == nil && !want.right(key, result.Value) {
			t.Wrong++
		}
	}
	stop(nil)
	sampler.Wait()
	client.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections() // what asked for the record
	if serverErr != nil {
		return t, fmt.Errorf("the mock server does not answer: %w", serverErr)
	}
	t.Lost, t.Peak = int64(len(keys.open)), peak.Load()
	left := leftOver(before, !s.brief)
	t.Trends = judge(t.Samples, t.Jobs(), left)
	t.Saw, err = server.Record()
	http.DefaultClient.CloseIdleConnections()
	return t, err
}

// patience is how long what has ended may take to be gone. fasthttp's last goroutines need
// ten seconds.
const patience = 30 * time.Second

// leftOver is what is there and was not before.
func leftOver(before [measures]int64, patient bool) (left [measures]int64) {
	gone := func(m int, now [measures]int64) bool { return now[m] <= before[m] }
	now := settled()
	for began := time.Now(); patient && time.Since(began) < patience && !(gone(goroutineCount, now) && gone(descriptorCount, now)); now = settled() {
		time.Sleep(50 * time.Millisecond)
	}
	for m := range left {
		left[m] = now[m] - before[m]
	}
	return left
}

// readRecord is what the server has seen, without clearing it.
func readRecord(ctx context.Context, server *site.Site) (r mockserver.Record, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+mockserver.RecordPath, nil)
	if err != nil {
		return r, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	return r, json.NewDecoder(response.Body).Decode(&r)
}

// keys are numbers from 0, and those without a result.
type keys struct {
	s     Settings
	began time.Time
	mu    sync.Mutex
	open  map[int64]bool
}

func newKeys(s Settings, began time.Time) *keys {
	return &keys{s: s, began: began, open: map[int64]bool{}}
}

// pull gives keys until the time is over. The first ones come evenly over the time of an
// answer, so that answers do not come all at once, then or later.
func (k *keys) pull(ctx context.Context) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		end := k.began.Add(k.s.settle() + k.s.each())
		for key := int64(0); key < math.MaxInt64; key++ {
			if key < int64(k.s.InFlight) {
				due := k.began.Add(time.Duration(float64(k.s.Latency) * float64(key) / float64(k.s.InFlight)))
				if wait := time.Until(due); wait > time.Millisecond {
					select {
					case <-time.After(wait):
					case <-ctx.Done():
						return
					}
				}
			}
			if ctx.Err() != nil || time.Now().After(end) {
				return
			}
			k.mu.Lock()
			k.open[key] = true
			k.mu.Unlock()
			if !yield(key) {
				return
			}
		}
	}
}

// delivered says whether a result for the key was due.
func (k *keys) delivered(key int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	due := k.open[key]
	delete(k.open, key)
	return due
}
