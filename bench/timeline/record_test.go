package timeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/goroutines"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
)

// planned is a job that takes as long as its key's plan says.
func planned(plan []schedule.Job) overlap.Job[int, int, int] {
	return overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, i int) (int, error) {
			time.Sleep(plan[i].Wait)
			return i, nil
		},
		Process: func(_ context.Context, i int) (int, error) {
			time.Sleep(plan[i].Work)
			return i * i, nil
		},
	}
}

func numbers(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// In virtual time the recording is the model's exact schedule, and the model has
// its results as without it.
func TestTheRecordingIsTheSchedule(t *testing.T) {
	plans := map[string][]schedule.Job{"no jobs": nil, "one job": {{Wait: 3 * ms, Work: ms}}, "equal jobs": nil, "jobs of every length": nil}
	for i := range 40 {
		plans["equal jobs"] = append(plans["equal jobs"], schedule.Job{Wait: 20 * ms, Work: 3 * ms})
		plans["jobs of every length"] = append(plans["jobs of every length"], schedule.Job{
			Wait: time.Duration(1+i*7919%31)*ms + time.Duration(i)*time.Microsecond,
			Work: time.Duration(i*104729%11)*ms + time.Duration(i*i)*time.Nanosecond,
		})
	}
	for name, plan := range plans {
		for _, m := range bench.Models[int, Body[int], int](bench.Limit{InFlight: 4, Process: 2, Buffer: 1}) {
			if m.AnyOrder && name == "jobs of every length" {
				continue
			}
			t.Run(m.Name+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					recorder := NewRecorder[int](nil)
					results := m.Run(t.Context(), Record(planned(plan), recorder), numbers(len(plan)))
					for i, r := range results {
						require.Equal(t, overlap.Result[int]{Value: i * i}, r)
					}
					recorded := recorder.Timeline()
					require.NoError(t, recorded.Check())
					require.Len(t, recorded.Jobs, len(plan))
					ideal := m.Ideal(plan)
					require.Equal(t, ideal.Makespan, recorded.Makespan())
					require.Equal(t, ideal.PeakInFlight, recorded.Peak())
					require.Equal(t, len(plan), recorded.Count(Done))
					var ends []time.Duration
					for _, j := range recorded.Jobs {
						ends = append(ends, j.End())
						i, err := strconv.Atoi(j.Label)
						require.NoError(t, err)
						if name == "jobs of every length" { // else which one goes first is the scheduler's choice
							require.Equal(t, ideal.Done[i], j.End(), i)
						}
						require.True(t, j.Processed)
						require.Equal(t, plan[i].Wait, j.Fetch.Length())
						require.Equal(t, plan[i].Work, j.Process.Length())
					}
					require.ElementsMatch(t, ideal.Done, ends)
				})
			})
		}
	}
}

// Two fetchers, one slow processor, no buffer: what is fetched lies there until
// the processor is free.
func TestThePipelinesBackpressureIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := []schedule.Job{{Wait: ms, Work: 10 * ms}, {Wait: ms, Work: 10 * ms}, {Wait: ms, Work: 10 * ms}}
		recorder := NewRecorder(func(i int) string { return string(rune('a' + i)) })
		time.Sleep(5 * ms) // moments count from the recorder's start
		pipeline.Run(t.Context(), Record(planned(plan), recorder), numbers(3), pipeline.Widths{Fetch: 2, Process: 1})
		got := recorder.Timeline().Jobs
		// Which of the first two is processed first is the scheduler's choice.
		require.ElementsMatch(t, []string{"a", "b", "c"}, []string{got[0].Label, got[1].Label, got[2].Label})
		var spans [][2]Span
		for _, j := range got {
			spans = append(spans, [2]Span{j.Fetch, j.Process})
		}
		require.ElementsMatch(t, [][2]Span{
			{{5 * ms, 6 * ms}, {6 * ms, 16 * ms}},
			{{5 * ms, 6 * ms}, {16 * ms, 26 * ms}},
			{{6 * ms, 7 * ms}, {26 * ms, 36 * ms}},
		}, spans)
	})
}

var errOwn = errors.New("own")

func TestOutcomes(t *testing.T) {
	cause := errors.New("the reason")
	for _, c := range []struct {
		name      string
		fetch     func(ctx context.Context) error
		process   func(ctx context.Context) error
		want      Outcome
		processed bool
	}{
		{"done", nil, nil, Done, true},
		{"error in Fetch", func(context.Context) error { return errOwn }, nil, Failed, false},
		{"error in Process", nil, func(context.Context) error { return errOwn }, Failed, true},
		{"panic in Fetch", func(context.Context) error { panic(errOwn) }, nil, Panicked, false},
		{"panic in Process", nil, func(context.Context) error { panic(errOwn) }, Panicked, true},
		{"panic with nil", func(context.Context) error { panic(nil) }, nil, Panicked, false},
		{"Goexit in Fetch", func(context.Context) error { runtime.Goexit(); return nil }, nil, Panicked, false},
		{"Goexit in Process", nil, func(context.Context) error { runtime.Goexit(); return nil }, Panicked, true},
		{"a timeout of its own", func(context.Context) error { return context.DeadlineExceeded }, nil, Failed, false},
		{"a context of its own that was cancelled", func(context.Context) error { return fmt.Errorf("get: %w", context.Canceled) }, nil, Cancelled, false},
		{"cancelled in Fetch", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil, Cancelled, false},
		{"cancelled in Process", nil, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, Cancelled, true},
		{"cancelled, and says why", func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("get: %w", context.Cause(ctx)) }, nil, Cancelled, false},
		{"failed while it was being cancelled", func(ctx context.Context) error { <-ctx.Done(); return errOwn }, nil, Failed, false},
		{"fetched, and never processed", func(ctx context.Context) error { <-ctx.Done(); return nil }, nil, Cancelled, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				half := func(f func(context.Context) error) func(context.Context, int) (int, error) {
					return func(ctx context.Context, n int) (int, error) {
						time.Sleep(ms)
						if f == nil {
							return n, nil
						}
						return n, f(ctx)
					}
				}
				job := overlap.Job[int, int, int]{Fetch: half(c.fetch), Process: half(c.process)}
				run := func(run func(context.Context) []overlap.Result[int]) overlap.Result[int] {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					defer time.AfterFunc(time.Second, func() { cancel(cause) }).Stop()
					return run(ctx)[0]
				}
				var recorder *Recorder[int]
				var begin, end time.Duration
				recorded := run(func(ctx context.Context) []overlap.Result[int] {
					recorder = NewRecorder[int](nil)
					time.Sleep(ms)
					begin = time.Since(recorder.start)
					defer func() { end = time.Since(recorder.start) }()
					return goroutines.Run(ctx, Record(job, recorder), []int{7})
				})
				unrecorded := run(func(ctx context.Context) []overlap.Result[int] {
					return goroutines.Run(ctx, Record(job, (*Recorder[int])(nil)), []int{7})
				})
				plain := run(func(ctx context.Context) []overlap.Result[int] { return goroutines.Run(ctx, job, []int{7}) })
				for _, result := range []overlap.Result[int]{recorded, unrecorded} {
					if panicked, ok := errors.AsType[*overlap.PanicError](plain.Err); ok {
						require.Equal(t, panicked.Error(), result.Err.Error())
						require.IsType(t, panicked, result.Err)
					} else {
						require.Equal(t, plain, result)
					}
				}

				jobs := recorder.Timeline().Jobs
				require.NoError(t, recorder.Timeline().Check())
				require.Len(t, jobs, 1)
				require.Equal(t, c.want, jobs[0].Outcome)
				require.Equal(t, c.processed, jobs[0].Processed)
				require.Equal(t, "7", jobs[0].Label)
				require.Equal(t, begin, jobs[0].Begin())
				require.Equal(t, end, jobs[0].End())
			})
		})
	}
}

// A timeline may be asked for while jobs run: a running one ends now.
func TestTimelineOfARunThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := []schedule.Job{{Wait: 2 * ms, Work: 10 * ms}, {Wait: 20 * ms, Work: ms}, {Wait: ms, Work: ms}}
		recorder := NewRecorder[int](nil)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			goroutines.Run(t.Context(), Record(planned(plan), recorder), numbers(3))
		}()
		time.Sleep(5 * ms)
		synctest.Wait()
		now := recorder.Timeline()
		require.NoError(t, now.Check())
		byLabel := map[string]Job{}
		for _, j := range now.Jobs {
			byLabel[j.Label] = j
		}
		require.Equal(t, map[string]Job{
			"0": {Label: "0", Outcome: Running, Fetch: Span{0, 2 * ms}, Process: Span{2 * ms, 5 * ms}, Processed: true},
			"1": {Label: "1", Outcome: Running, Fetch: Span{0, 5 * ms}},
			"2": {Label: "2", Outcome: Done, Fetch: Span{0, ms}, Process: Span{ms, 2 * ms}, Processed: true},
		}, byLabel)
		<-ended
		require.Equal(t, 3, recorder.Timeline().Count(Done))
	})
}

// The race detector watches the snapshots, and each is one that could have
// happened.
func TestSnapshotsWhileJobsRun(t *testing.T) {
	recorder := NewRecorder[int](nil)
	var watcher sync.WaitGroup
	stop := make(chan struct{})
	watcher.Go(func() {
		for {
			if err := recorder.Timeline().Check(); err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	pool.Run(t.Context(), Record(empty, recorder), numbers(20_000), 4)
	close(stop)
	watcher.Wait()
	recorded := recorder.Timeline()
	require.Equal(t, 20_000, recorded.Count(Done))
	require.LessOrEqual(t, recorded.Peak(), 4)
	seen := map[string]bool{}
	for _, j := range recorded.Jobs {
		seen[j.Label] = true
	}
	require.Len(t, seen, 20_000, "each key has a slot of its own")
}

func TestARecorderIsFullAtMaxJobs(t *testing.T) {
	recorder := NewRecorder[struct{}](func(struct{}) string { return "" })
	job := Record(overlap.Job[struct{}, int, int]{
		Fetch:   func(context.Context, struct{}) (int, error) { return 1, nil },
		Process: func(_ context.Context, n int) (int, error) { return n + 1, nil },
	}, recorder)
	recorder.next.Store(MaxJobs - 2)
	for _, r := range sequential.Run(t.Context(), job, make([]struct{}, 5)) {
		require.Equal(t, overlap.Result[int]{Value: 2}, r)
	}
	recorded := recorder.Timeline()
	require.Len(t, recorded.Jobs, 2, "the slots before were never used")
	require.Equal(t, 3, recorded.Missed)
	require.NoError(t, recorded.Check())
	require.Contains(t, drawn(t, recorded, Drawing{}), "3 more jobs ran when the recorder was full;")
}

func TestSlotsLieSideBySide(t *testing.T) {
	size := func(chunk int) int64 { return firstChunk << max(0, chunk-1) }
	chunk, at := 0, int64(0)
	for i := range int64(MaxJobs) {
		gotChunk, gotAt := place(i)
		if gotChunk != chunk || gotAt != at {
			t.Fatalf("slot %d is at %d in chunk %d, want %d in %d", i, gotAt, gotChunk, at, chunk)
		}
		if at++; at == size(chunk) {
			chunk, at = chunk+1, 0
		}
	}
	require.Equal(t, chunks, chunk, "the last chunk is full")
}

func TestAChunkIsAllocatedOnce(t *testing.T) {
	recorder := NewRecorder[int](nil)
	require.Same(t, recorder.chunk(3), recorder.chunk(3), "the one who comes second takes the first one's")
}

// Two jobs may take their slots in one order and read the clock in the other.
func TestJobsStandInTheOrderInWhichTheyBegan(t *testing.T) {
	recorder := NewRecorder[string](nil)
	recorder.begin("a").begun.Store(30)
	recorder.begin("b").begun.Store(10)
	recorder.begin("c").begun.Store(20)
	recorder.begin("d").begun.Store(10)
	var order string
	for _, j := range recorder.Timeline().Jobs {
		order += j.Label
	}
	require.Equal(t, "bdca", order)
}

func TestAJobWithoutAFunctionPanicsAtOnce(t *testing.T) {
	require.PanicsWithValue(t, "overlap: job.Process is nil", func() {
		Record(overlap.Job[int, int, int]{Fetch: empty.Fetch}, NewRecorder[int](nil))
	})
}

// Without a slot, a body is processed all the same: by whoever made it.
func TestABodyFromElsewhere(t *testing.T) {
	value, err := Record(empty, NewRecorder[int](nil)).Process(t.Context(), Body[int]{inner: 5})
	require.NoError(t, err)
	require.Equal(t, 5, value)
}

// `go tool trace` has the last word on what a trace says.
func TestATraceShowsJobsByName(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("this run of the tests is being traced itself")
	}
	if testing.Short() {
		t.Skip("builds go tool trace")
	}
	job := overlap.Job[string, string, string]{
		Fetch: func(ctx context.Context, key string) (string, error) {
			trace.Log(ctx, "test", "fetching "+key)
			if key == "job-fails" {
				return "", errOwn
			}
			return key, nil
		},
		Process: func(ctx context.Context, key string) (string, error) {
			trace.Log(ctx, "test", "processing "+key)
			if key == "job-panics" {
				panic(key)
			}
			return key, nil
		},
	}
	var out bytes.Buffer
	require.NoError(t, trace.Start(&out))
	pool.Run(t.Context(), Record(job, NewRecorder[string](nil)), []string{"job-done", "job-fails", "job-panics"}, 2)
	trace.Stop()
	for _, text := range []string{"job-done", "job-fails", "job-panics", "fetching job-done", "processing job-done"} {
		require.Contains(t, out.String(), text)
	}

	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to read the trace with")
	}
	path := filepath.Join(t.TempDir(), "out.trace")
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	text, err := exec.Command(goTool, "tool", "trace", "-d=parsed", path).CombinedOutput()
	require.NoError(t, err, string(text))
	events := regexp.MustCompile(`(?m)^M=.* (Task|Region|Log).*$`).FindAll(text, -1)
	list := string(bytes.Join(events, []byte("\n")))
	for _, want := range []string{
		`TaskBegin Time=\d+ ID=[1-9]\d* Parent=\d+ Type="job-done"`,
		`TaskBegin Time=\d+ ID=[1-9]\d* Parent=\d+ Type="job-fails"`,
		`TaskBegin Time=\d+ ID=[1-9]\d* Parent=\d+ Type="job-panics"`,
		`RegionBegin Time=\d+ Task=[1-9]\d* Type="fetch"`,
		`RegionEnd Time=\d+ Task=[1-9]\d* Type="fetch"`,
		`RegionBegin Time=\d+ Task=[1-9]\d* Type="process"`,
		`RegionEnd Time=\d+ Task=[1-9]\d* Type="process"`,
		`Log Time=\d+ Task=[1-9]\d* Category="test" Message="processing job-done"`,
	} {
		require.Regexp(t, want, list)
	}
	count := func(what string) int { return strings.Count(list, what) }
	require.Equal(t, 3, count(" TaskBegin "))
	require.Equal(t, 3, count(" TaskEnd "))
	require.Equal(t, 5, count(" RegionBegin "))
	require.Equal(t, 5, count(" RegionEnd "))
}

// Under a trace the contexts of the halves have the values of both and the end of
// their own.
func TestContextsUnderATrace(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("this run of the tests is being traced itself")
	}
	require.NoError(t, trace.Start(io.Discard))
	defer trace.Stop()
	type name string
	job := Record(overlap.Job[int, int, error]{
		Fetch: func(ctx context.Context, n int) (int, error) { return n, nil },
		Process: func(ctx context.Context, n int) (error, error) {
			require.Equal(t, "process", ctx.Value(name("half")))
			require.Equal(t, "yes", ctx.Value(name("only fetch has it")))
			return context.Cause(ctx), nil
		},
	}, NewRecorder[int](nil))

	ofFetch, cancelFetch := context.WithCancelCause(t.Context())
	body, err := job.Fetch(context.WithValue(context.WithValue(ofFetch, name("half"), "fetch"), name("only fetch has it"), "yes"), 1)
	require.NoError(t, err)
	cancelFetch(errors.New("fetch's own, which is over"))
	ofProcess, cancel := context.WithCancelCause(context.WithValue(t.Context(), name("half"), "process"))
	cause, err := job.Process(ofProcess, body)
	require.NoError(t, err)
	require.NoError(t, cause)
	cancel(errOwn)
	cause, err = job.Process(ofProcess, body)
	require.NoError(t, err)
	require.Equal(t, errOwn, cause)
}
