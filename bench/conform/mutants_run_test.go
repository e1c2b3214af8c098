package conform_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
	"example.com/overlap/goroutines"
	"example.com/overlap/pipeline"
	"example.com/overlap/pool"
)

// semaphore is the right model that most mutants start from.
func semaphore(limit int) conform.Runner {
	return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
		return goroutines.RunLimit(ctx, job, keys, limit)
	}
}

// after spoils the results of a right model.
func after(spoil func(keys []int, results []conform.Result) []conform.Result) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return spoil(keys, goroutines.RunLimit(ctx, job, keys, limit))
		}
	}
}

// around spoils what a right model is given.
func around(spoil func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int)) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			ctx, job, limit := spoil(ctx, job, limit)
			return goroutines.RunLimit(ctx, job, keys, limit)
		}
	}
}

// each is a pool by hand, for mutants that spoil what a worker does with a key.
// Like a naive pool it does not start a worker again after a Goexit unless do
// sees to it.
func each(do func(ctx context.Context, job conform.Job, key int, result *conform.Result)) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			results := overlap.Pending[string](len(keys))
			var next atomic.Int64
			var wg sync.WaitGroup
			for range min(limit, len(keys)) {
				overlap.Go(&wg, func() {
					for i := int(next.Add(1)) - 1; i < len(keys); i = int(next.Add(1)) - 1 {
						do(ctx, job, keys[i], &results[i])
					}
				})
			}
			wg.Wait()
			return results
		}
	}
}

// control is each with nothing spoiled: the suite must pass it, or the mutants
// made from it would prove nothing.
func control(limit int) conform.Runner {
	return each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
		*result = job.Do(ctx, key)
	})(limit)
}

// instead is a model in place of the right one, with arguments that are right.
func instead(run func(ctx context.Context, job conform.Job, keys []int, limit int) []conform.Result) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			return run(ctx, job, keys, limit)
		}
	}
}

// alone is a right model that does something else when it runs already.
func alone(otherwise func()) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		var busy atomic.Bool
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			if busy.Swap(true) {
				otherwise()
			}
			defer busy.Store(false)
			return goroutines.RunLimit(ctx, job, keys, limit)
		}
	}
}

// checked is a right model that looks at its job in a way of its own.
func checked(valid func(runs int64, job conform.Job, keys []int)) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		var runs atomic.Int64
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			overlap.MustLimit("limit", limit)
			valid(runs.Add(1), job, keys)
			return control(limit)(ctx, conform.Job{Fetch: orElse(job.Fetch), Process: orElse(job.Process)}, keys)
		}
	}
}

// pausing is a pool that rests for a moment with every thousand jobs.
func pausing(limit int) conform.Runner {
	return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
		var done atomic.Int64
		return each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			*result = job.Do(ctx, key)
			if done.Add(1)%1000 == 0 {
				time.Sleep(time.Microsecond)
			}
		})(limit)(ctx, job, keys)
	}
}

// tokens is a semaphore by hand; freed says how many places a result frees.
func tokens(freed func(conform.Result) int) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			results := overlap.Pending[string](len(keys))
			places := make(chan bool, limit+2*len(keys))
			for range limit {
				places <- true
			}
			var wg sync.WaitGroup
			for i := range keys {
				<-places
				wg.Go(func() {
					defer func() {
						for range freed(results[i]) {
							places <- true
						}
					}()
					results[i] = job.Do(ctx, keys[i])
				})
			}
			wg.Wait()
			return results
		}
	}
}

// batches is a right model that is spoiled by running the keys in batches.
func batches(size func(limit int) int) func(int) conform.Runner {
	return func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			var results []conform.Result
			for batch := range slices.Chunk(keys, size(limit)) {
				results = append(results, goroutines.RunLimit(ctx, job, batch, limit)...)
			}
			return results
		}
	}
}

func isPanic(err error) (*overlap.PanicError, bool) { return errors.AsType[*overlap.PanicError](err) }

func runMutants() []mutant {
	limited, staged := conform.Limited("limit"), twoStages()
	mutants := []mutant{
		// Clause 1: one result per key, in input order.
		{1, "swaps two results beyond 64 keys", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			if len(results) > 64 {
				results[64], results[len(results)-1] = results[len(results)-1], results[64]
			}
			return results
		}), nil},
		{1, "returns results in the order of completion", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := make([]conform.Result, 0, len(keys))
				var mu sync.Mutex
				goroutines.RunLimit(ctx, overlap.Job[int, int, int]{
					Fetch: func(_ context.Context, key int) (int, error) { return key, nil },
					Process: func(ctx context.Context, key int) (int, error) {
						result := job.Do(ctx, key)
						mu.Lock()
						results = append(results, result)
						mu.Unlock()
						return 0, nil
					},
				}, keys, limit)
				return results
			}
		}, nil},
		{1, "hangs on zero keys", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				done := make(chan bool)
				var left atomic.Int64
				left.Store(int64(len(keys)))
				results := make([]conform.Result, len(keys))
				go func() {
					pool.Run(ctx, overlap.Job[int, int, int]{
						Fetch: func(_ context.Context, i int) (int, error) { return i, nil },
						Process: func(ctx context.Context, i int) (int, error) {
							results[i] = job.Do(ctx, keys[i])
							if left.Add(-1) == 0 {
								close(done)
							}
							return 0, nil
						},
					}, indexes(len(keys)), limit)
				}()
				<-done
				return results
			}
		}, nil},
		{1, "one key is done without a result", limited, after(func(keys []int, results []conform.Result) []conform.Result {
			if len(keys) == 1 {
				return nil
			}
			return results
		}), nil},
		{1, "index of 16 bits", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i := range results {
				results[i] = results[uint16(i)]
			}
			return results
		}), nil},
		{1, "keeps results by key, so equal keys share a slot", limited, after(func(keys []int, results []conform.Result) []conform.Result {
			slot := map[int]int{}
			for i, key := range keys {
				if first, seen := slot[key]; seen {
					results[first], results[i] = results[i], conform.Result{}
				}
				slot[key] = i
			}
			return results
		}), nil},
		{1, "does equal keys only once", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				unique := slices.Compact(slices.Sorted(slices.Values(keys)))
				got := goroutines.RunLimit(ctx, job, unique, limit)
				results := make([]conform.Result, len(keys))
				for i, key := range keys {
					j, _ := slices.BinarySearch(unique, key)
					results[i] = got[j]
				}
				return results
			}
		}, nil},
		{1, "sorts the caller's keys", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				slices.Sort(keys)
				return goroutines.RunLimit(ctx, job, keys, limit)
			}
		}, nil},
		{1, "does the last job again when there are many", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := goroutines.RunLimit(ctx, job, keys, limit)
				if n := len(keys); n > 1000 {
					results[n-1] = job.Do(ctx, keys[n-1])
				}
				return results
			}
		}, nil},
		{1, "leaves out the value of the key 0", limited, after(func(keys []int, results []conform.Result) []conform.Result {
			if i := slices.Index(keys, 0); i >= 0 {
				results[i].Value = ""
			}
			return results
		}), nil},

		{1, "two runs at once share their results", limited, func(limit int) conform.Runner {
			var mu sync.Mutex
			var results []conform.Result
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				mu.Lock()
				results = overlap.Pending[string](len(keys))
				mu.Unlock()
				goroutines.RunLimit(ctx, overlap.Job[int, int, int]{
					Fetch: func(_ context.Context, i int) (int, error) { return i, nil },
					Process: func(ctx context.Context, i int) (int, error) {
						result := conform.Result{Err: overlap.ErrGoexit}
						defer func() {
							mu.Lock()
							defer mu.Unlock()
							if i < len(results) {
								results[i] = result
							}
						}()
						result = job.Do(ctx, keys[i])
						return 0, nil
					},
				}, indexes(len(keys)), limit)
				mu.Lock()
				defer mu.Unlock()
				return slices.Clone(results)
			}
		}, nil},

		{1, "panics when it runs already", limited, alone(func() { panic("already running") }), nil},
		{1, "ends the goroutine of who calls it when it runs already", limited, alone(runtime.Goexit), nil},
		{1, "keeps its results and uses them again", limited, func(limit int) conform.Runner {
			var mu sync.Mutex
			var spare []conform.Result
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := goroutines.RunLimit(ctx, job, keys, limit)
				mu.Lock()
				defer mu.Unlock()
				spare = append(spare[:0], results...)
				return spare
			}
		}, nil},
		{1, "swaps the last two of a multiple of 256", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			if n := len(results); n > 0 && n%256 == 0 {
				results[n-1], results[n-2] = results[n-2], results[n-1]
			}
			return results
		}), nil},
		{1, "index of 16 bits when there are few workers", limited, instead(func(ctx context.Context, job conform.Job, keys []int, limit int) []conform.Result {
			results := goroutines.RunLimit(ctx, job, keys, limit)
			for i := range results {
				if limit <= 3 {
					results[i] = results[uint16(i)]
				}
			}
			return results
		}), nil},
		{1, "counts in 16 bits, and leaves out the last when that is none", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			if n := len(results); n > 0 && uint16(n) == 0 {
				results[n-1] = conform.Result{}
			}
			return results
		}), nil},
		{1, "appends to the caller's keys", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				_ = append(keys, -1)
				return goroutines.RunLimit(ctx, job, keys, limit)
			}
		}, nil},

		// Clause 2: an error stays with its key.
		{2, "drops an error when several fail", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			first := true
			for i := range results {
				if results[i].Err != nil && !first {
					results[i].Err = nil
				}
				first = first && results[i].Err == nil
			}
			return results
		}), nil},
		{2, "drops the last error when all fail", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			if n := len(results); n > 0 && overlap.Failures(results) == n {
				results[n-1].Err = nil
			}
			return results
		}), nil},
		{2, "the first error cancels the others", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			ctx, cancel := context.WithCancel(ctx)
			do := job
			do.Process = func(ctx context.Context, body string) (string, error) {
				value, err := job.Process(ctx, body)
				if err != nil {
					cancel()
				}
				return value, err
			}
			return ctx, do, limit
		}), nil},
		{2, "processes the zero body of a failed fetch", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			body, err := job.TryFetch(ctx, key)
			value, err2 := job.TryProcess(ctx, body)
			*result = conform.Result{Value: value, Err: err}
			if err == nil {
				result.Err = err2
			}
		}), nil},
		{2, "turns an error into text", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if _, is := isPanic(r.Err); r.Err != nil && !is && !errors.Is(r.Err, overlap.ErrGoexit) {
					results[i].Err = fmt.Errorf("job %d: %v", i, r.Err)
				}
			}
			return results
		}), nil},
		{2, "takes a job's own context.Canceled for the end of ctx", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				do := job
				do.Fetch = func(ctx context.Context, key int) (string, error) {
					body, err := job.Fetch(ctx, key)
					if errors.Is(err, context.Canceled) {
						cancel()
					}
					return body, err
				}
				return goroutines.RunLimit(ctx, do, keys, limit)
			}
		}, nil},
		{2, "an error lands on the neighbour", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i := 0; i+1 < len(results); i++ {
				if results[i].Err != nil && results[i+1].Err == nil {
					results[i], results[i+1] = results[i+1], results[i]
					i++
				}
			}
			return results
		}), nil},
		{2, "retries a failed job once", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			if *result = job.Do(ctx, key); result.Err != nil && ctx.Err() == nil {
				*result = job.Do(ctx, key)
			}
		}), nil},
		{2, "joins the errors of all jobs into each failed one", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			all := overlap.Errors(results)
			for i := range results {
				if results[i].Err != nil {
					results[i].Err = errors.Join(results[i].Err, all)
				}
			}
			return results
		}), nil},

		{2, "takes io.EOF for the end of a body, and no error", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i := range results {
				if errors.Is(results[i].Err, io.EOF) {
					results[i].Err = nil
				}
			}
			return results
		}), nil},
		{2, "keeps a hundred errors and no more", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			n := 0
			for i, r := range results {
				if r.Err != nil {
					if n++; n > 100 {
						results[i].Err = nil
					}
				}
			}
			return results
		}), nil},

		{2, "counts its errors in a map", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			seen := map[error]int{}
			for _, r := range results {
				seen[r.Err]++
			}
			return results
		}), nil},
		{2, "its workers keep the last error in a map", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			result.Err = overlap.ErrGoexit
			*result = job.Do(ctx, key)
			_ = map[error]bool{result.Err: true}
		}), nil},
		{2, "takes a nil pointer for no error", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if v := reflect.ValueOf(r.Err); v.Kind() == reflect.Pointer && v.IsNil() {
					results[i].Err = nil
				}
			}
			return results
		}), nil},
		{2, "unwraps a job's own deadline", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if errors.Is(r.Err, context.DeadlineExceeded) {
					results[i].Err = context.DeadlineExceeded
				}
			}
			return results
		}), nil},

		// Clause 3: a panic or a Goexit becomes that key's error.
		{3, "does not recover in Process", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			body, err := job.TryFetch(ctx, key)
			if err != nil || ctx.Err() != nil {
				*result = conform.Result{Err: err}
				return
			}
			value, err := job.Process(ctx, body)
			*result = conform.Result{Value: value, Err: err}
		}), nil},
		{3, "recovers no panic at all", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			body, err := job.Fetch(ctx, key)
			if err == nil {
				result.Value, err = job.Process(ctx, body)
			}
			result.Err = err
		}), nil},
		{3, "a panic becomes a bare text", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if p, ok := isPanic(r.Err); ok {
					results[i].Err = fmt.Errorf("panic: %v\n%s", p.Value, p.Stack)
				}
			}
			return results
		}), nil},
		{3, "a panic without its stack", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if p, ok := isPanic(r.Err); ok {
					results[i].Err = &overlap.PanicError{Value: p.Value}
				}
			}
			return results
		}), nil},
		{3, "a panic with the stack of the collector", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if p, ok := isPanic(r.Err); ok {
					results[i].Err = &overlap.PanicError{Value: p.Value, Stack: debug.Stack()}
				}
			}
			return results
		}), nil},
		{3, "a panic's value becomes text, so errors.Is no longer sees panic(err)", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if p, ok := isPanic(r.Err); ok {
					results[i].Err = &overlap.PanicError{Value: fmt.Sprint(p.Value), Stack: p.Stack}
				}
			}
			return results
		}), nil},
		{3, "panic(nil) is no panic", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if _, ok := errors.AsType[*runtime.PanicNilError](r.Err); ok {
					results[i].Err = nil
				}
			}
			return results
		}), nil},
		{3, "panics again in the caller when all are done", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for _, r := range results {
				if p, ok := isPanic(r.Err); ok {
					panic(p)
				}
			}
			return results
		}), nil},
		{3, "a Goexit kills a worker for good", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := overlap.Pending[string](len(keys))
				queue := make(chan int)
				var wg sync.WaitGroup
				for range min(limit, len(keys)) {
					wg.Go(func() {
						for i := range queue {
							results[i] = job.Do(ctx, keys[i])
						}
					})
				}
				for i := range keys {
					queue <- i
				}
				close(queue)
				wg.Wait()
				return results
			}
		}, nil},
		{3, "a worker survives one Goexit, and no second", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := overlap.Pending[string](len(keys))
				var next atomic.Int64
				var wg sync.WaitGroup
				work := func() bool {
					for i := int(next.Add(1)) - 1; i < len(keys); i = int(next.Add(1)) - 1 {
						results[i] = job.Do(ctx, keys[i])
					}
					return true
				}
				for range min(limit, len(keys)) {
					wg.Go(func() {
						ended := false
						defer func() {
							if !ended {
								wg.Go(func() { work() })
							}
						}()
						ended = work()
					})
				}
				wg.Wait()
				return results
			}
		}, nil},
		{3, "a Goexit looks like success", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			for i, r := range results {
				if r.Err == overlap.ErrGoexit {
					results[i].Err = nil
				}
			}
			return results
		}), nil},
		{3, "a Goexit is waited for on a goroutine that never says so", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				return semaphore(limit)(ctx, conform.Job{Fetch: job.Fetch, Process: func(ctx context.Context, body string) (value string, err error) {
					done := make(chan bool)
					go func() {
						value, err = job.TryProcess(ctx, body)
						close(done)
					}()
					<-done
					return value, err
				}}, keys)
			}
		}, nil},

		{3, "every panic is the first one", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			var first *overlap.PanicError
			for i, r := range results {
				if p, ok := isPanic(r.Err); !ok {
					continue
				} else if first != nil && reflect.TypeOf(p.Value) == reflect.TypeOf(first.Value) {
					results[i].Err = first
				} else {
					first = p
				}
			}
			return results
		}), nil},
		{3, "a panic after the end of ctx becomes the cause", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			*result = job.Do(ctx, key)
			if _, ok := isPanic(result.Err); ok && ctx.Err() != nil {
				result.Err = context.Cause(ctx)
			}
		}), nil},
		{3, "says that jobs run on the caller's goroutine, and survives their Goexit", conform.Sequential(), func(int) conform.Runner {
			return control(1)
		}, nil},
		{3, "survives a hundred Goexits and no more", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				results := overlap.Pending[string](len(keys))
				var next, restarts atomic.Int64
				var wg sync.WaitGroup
				var start func()
				start = func() {
					wg.Go(func() {
						returned := false
						defer func() {
							if !returned && restarts.Add(1) <= 100 {
								start()
							}
						}()
						for i := int(next.Add(1)) - 1; i < len(keys); i = int(next.Add(1)) - 1 {
							results[i] = job.Do(ctx, keys[i])
						}
						returned = true
					})
				}
				for range min(limit, len(keys)) {
					start()
				}
				wg.Wait()
				return results
			}
		}, nil},

		{3, "a panic of Process after the end of ctx becomes the cause", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			body, err := job.TryFetch(ctx, key)
			if err == nil {
				body, err = job.TryProcess(ctx, body)
				if _, ok := isPanic(err); ok && ctx.Err() != nil {
					err = context.Cause(ctx)
				}
			}
			*result = conform.Result{Value: body, Err: err}
		}), nil},
		{3, "a Goexit after the end of ctx becomes the cause", limited, instead(func(ctx context.Context, job conform.Job, keys []int, limit int) []conform.Result {
			results := goroutines.RunLimit(ctx, job, keys, limit)
			for i := range results {
				if results[i].Err == overlap.ErrGoexit && ctx.Err() != nil {
					results[i].Err = context.Cause(ctx)
				}
			}
			return results
		}), nil},
		{3, "keeps what jobs panicked with in a map", limited, after(func(_ []int, results []conform.Result) []conform.Result {
			seen := map[any]bool{}
			for _, r := range results {
				if p, ok := isPanic(r.Err); ok {
					seen[p.Value] = true
				}
			}
			return results
		}), nil},

		// Clause 4: nothing begins after ctx ends.
		{4, "a bare select between a place and Done", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := overlap.Pending[string](len(keys))
				places := make(chan bool, limit)
				var wg sync.WaitGroup
				for i := range keys {
					select {
					case places <- true:
						wg.Go(func() {
							defer func() { <-places }()
							results[i] = conform.Job{Fetch: job.Fetch, Process: job.Process}.Do(context.WithoutCancel(ctx), keys[i])
						})
					case <-ctx.Done():
						results[i].Err = context.Cause(ctx)
					}
				}
				wg.Wait()
				return results
			}
		}, nil},
		{4, "workers with a bare select between the queue and Done", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := make([]conform.Result, len(keys))
				begun := make([]bool, len(keys))
				queue := make(chan int, len(keys))
				for i := range keys {
					queue <- i
				}
				close(queue)
				var wg sync.WaitGroup
				for range min(limit, len(keys)) {
					wg.Go(func() {
						if ctx.Err() != nil {
							return
						}
						for {
							select {
							case <-ctx.Done():
								return
							case i, ok := <-queue:
								if !ok {
									return
								}
								begun[i] = true
								body, err := job.Fetch(ctx, keys[i])
								if err == nil {
									if body, err = job.TryProcess(ctx, body); err == nil {
										results[i].Value = body
									}
								}
								results[i].Err = err
							}
						}
					})
				}
				wg.Wait()
				for i := range results {
					if !begun[i] {
						results[i].Err = context.Cause(ctx)
					}
				}
				return results
			}
		}, nil},
		{4, "gives ctx.Err() and not the cause", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			if ctx.Err() != nil {
				result.Err = ctx.Err()
				return
			}
			*result = job.Do(ctx, key)
		}), nil},
		{4, "asks ctx before Fetch and not before Process", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			body, err := job.TryFetch(ctx, key)
			if err == nil {
				body, err = job.TryProcess(context.WithoutCancel(ctx), body)
			}
			*result = conform.Result{Value: body, Err: err}
		}), nil},
		{4, "processes the bodies that wait in the buffer", staged, func(limit int) conform.Runner {
			return pipelineRun(limit, func(ctx context.Context, job conform.Job, body string) (string, error) {
				return job.TryProcess(context.WithoutCancel(ctx), body)
			})
		}, nil},
		{4, "returns when ctx ends and abandons what runs", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				done := make(chan []conform.Result, 1)
				go func() { done <- goroutines.RunLimit(ctx, job, keys, limit) }()
				select {
				case results := <-done:
					return results
				case <-ctx.Done():
					results := make([]conform.Result, len(keys))
					for i := range results {
						results[i].Err = context.Cause(ctx)
					}
					return results
				}
			}
		}, nil},
		{4, "abandons one running function that ignores ctx", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			done := make(chan conform.Result, 1)
			go func() {
				r := conform.Result{Err: overlap.ErrGoexit}
				defer func() { done <- r }()
				r = job.Do(ctx, key)
			}()
			select {
			case *result = <-done:
			case <-ctx.Done():
				result.Err = context.Cause(ctx)
			}
		}), nil},
		{4, "the jobs get a ctx that never ends", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			if result.Err = context.Cause(ctx); result.Err != nil {
				return
			}
			body, err := job.TryFetch(context.WithoutCancel(ctx), key)
			if err == nil {
				body, err = job.TryProcess(ctx, body)
			}
			*result = conform.Result{Value: body, Err: err}
		}), nil},
		{4, "the jobs get a ctx without the caller's values", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			bare, cancel := context.WithCancelCause(context.Background())
			context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
			if ctx.Err() != nil {
				return ctx, job, limit
			}
			return bare, job, limit
		}), nil},
		{4, "jobs that did not begin have no error", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			if ctx.Err() != nil {
				result.Err = nil
				return
			}
			*result = job.Do(ctx, key)
		}), nil},
		{4, "ends what was done already with the cause too", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := goroutines.RunLimit(ctx, job, keys, limit)
				if ctx.Err() != nil {
					for i := range results {
						results[i] = conform.Result{Err: context.Cause(ctx)}
					}
				}
				return results
			}
		}, nil},
		{4, "a function that ends after ctx loses its result", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			if *result = job.Do(ctx, key); result.Err == nil && ctx.Err() != nil {
				*result = conform.Result{Err: context.Cause(ctx)}
			}
		}), nil},
		{4, "a job's own error is covered by the cause", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			if *result = job.Do(ctx, key); result.Err != nil && ctx.Err() != nil {
				*result = conform.Result{Err: context.Cause(ctx)}
			}
		}), nil},
		{4, "asks ctx once every eight jobs", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				var begun atomic.Int64
				return each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
					if begun.Add(1)%8 == 1 && ctx.Err() != nil {
						result.Err = context.Cause(ctx)
						return
					}
					if ctx.Err() != nil {
						begun.Add(-1)
					}
					body, err := job.Fetch(ctx, key)
					if err == nil {
						body, err = job.TryProcess(ctx, body)
					}
					*result = conform.Result{Value: body, Err: err}
				})(limit)(ctx, job, keys)
			}
		}, nil},

		{4, "gives each job a deadline of its own", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			do := job
			do.Fetch = func(ctx context.Context, key int) (string, error) {
				ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
				defer cancel()
				return job.Fetch(ctx, key)
			}
			return ctx, do, limit
		}), nil},

		{4, "asks ctx now and then after a thousand jobs", limited, instead(func(ctx context.Context, job conform.Job, keys []int, limit int) []conform.Result {
			var begun atomic.Int64
			return each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
				if n := begun.Add(1); n > 1024 && n%64 != 0 {
					body, err := job.Fetch(ctx, key)
					if err == nil {
						body, err = job.TryProcess(ctx, body)
					}
					*result = conform.Result{Value: body, Err: err}
					return
				}
				*result = job.Do(ctx, key)
			})(limit)(ctx, job, keys)
		}), nil},

		// Clause 5: nothing still runs after the end.
		{5, "a watcher that lives until ctx ends", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				go func() { <-ctx.Done() }()
				return goroutines.RunLimit(ctx, job, keys, limit)
			}
		}, nil},
		{5, "forgets to cancel the ctx that it derived", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			ctx, cancel := context.WithCancel(ctx)
			_ = cancel
			return ctx, job, limit
		}), nil},
		{5, "a ticker for progress that nobody stops", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				go func() {
					for range time.Tick(time.Second) {
					}
				}()
				return goroutines.RunLimit(ctx, job, keys, limit)
			}
		}, nil},
		{5, "the feeder stays blocked when ctx ends", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := make([]conform.Result, len(keys))
				queue := make(chan int)
				go func() {
					for i := range keys {
						queue <- i
					}
					close(queue)
				}()
				begun := make([]bool, len(keys))
				var wg sync.WaitGroup
				for range limit {
					overlap.Go(&wg, func() {
						for ctx.Err() == nil {
							i, ok := <-queue
							if !ok {
								return
							}
							begun[i] = true
							results[i].Err = overlap.ErrGoexit
							results[i] = job.Do(ctx, keys[i])
						}
					})
				}
				wg.Wait()
				for i := range results {
					if !begun[i] {
						results[i].Err = context.Cause(ctx)
					}
				}
				return results
			}
		}, nil},
		{5, "returns when the results are there, before the workers are gone", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := goroutines.RunLimit(ctx, job, keys, limit)
				for range limit {
					go time.Sleep(time.Millisecond) // an idle worker lingers
				}
				return results
			}
		}, nil},
		{5, "leaks a goroutine for each Goexit", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			ended := make(chan bool)
			gone := make(chan bool)
			go func() {
				select {
				case <-ended:
				case <-gone:
				}
			}()
			*result = job.Do(ctx, key)
			close(ended)
		}), nil},

		// Clause 6: never more in flight than the limit.
		{6, "one too many", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			return ctx, job, limit + 1
		}), nil},
		{6, "a limit of one is two", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			return ctx, job, max(2, limit)
		}), nil},
		{6, "rounds the limit up to a power of two", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			for limit&(limit-1) != 0 {
				limit++
			}
			return ctx, job, limit
		}), nil},
		{6, "holds its place for Fetch and not for Process", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				places := make(chan bool, limit)
				do := job
				do.Fetch = func(ctx context.Context, key int) (string, error) {
					places <- true
					defer func() { <-places }()
					return job.TryFetch(ctx, key)
				}
				return goroutines.Run(ctx, do, keys)
			}
		}, nil},
		{6, "frees a place twice after a Goexit", limited, tokens(func(r conform.Result) int {
			if r.Err == overlap.ErrGoexit {
				return 2
			}
			return 1
		}), nil},
		{6, "a worker too many after a panic", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := overlap.Pending[string](len(keys))
				var next atomic.Int64
				var wg sync.WaitGroup
				var work func()
				work = func() {
					for i := int(next.Add(1)) - 1; i < len(keys); i = int(next.Add(1)) - 1 {
						results[i] = job.Do(ctx, keys[i])
						if _, ok := isPanic(results[i].Err); ok {
							overlap.Go(&wg, work)
						}
					}
				}
				for range min(limit, len(keys)) {
					overlap.Go(&wg, work)
				}
				wg.Wait()
				return results
			}
		}, nil},
		{6, "an error frees a second place", limited, tokens(func(r conform.Result) int {
			if _, ok := isPanic(r.Err); r.Err != nil && !ok {
				return 2
			}
			return 1
		}), nil},
		{6, "doubles the limit when there are many keys", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if len(keys) > 50 {
					return goroutines.RunLimit(ctx, job, keys, 2*limit)
				}
				return goroutines.RunLimit(ctx, job, keys, limit)
			}
		}, nil},
		{6, "as many processors as fetchers", staged, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				fetch, _, buffer := stageWidths(limit)
				return pipeline.Run(ctx, job, keys, pipeline.Widths{Fetch: fetch, Process: fetch, Buffer: buffer})
			}
		}, nil},
		{6, "a buffer one deeper than it says", staged, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				fetch, process, buffer := stageWidths(limit)
				return pipeline.Run(ctx, job, keys, pipeline.Widths{Fetch: fetch, Process: process, Buffer: buffer + 1})
			}
		}, nil},

		{6, "has two workers more when there are ten", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			if limit >= 10 {
				limit += 2
			}
			return ctx, job, limit
		}), nil},

		{6, "rounds the limit up to a multiple of four", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			if limit > 4 {
				limit = (limit + 3) / 4 * 4
			}
			return ctx, job, limit
		}), nil},
		{6, "takes a limit above 32 for no limit", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			if limit > 32 {
				limit = 1 << 20
			}
			return ctx, job, limit
		}), nil},
		{6, "a worker more with every thousand jobs", limited, instead(func(ctx context.Context, job conform.Job, keys []int, limit int) []conform.Result {
			results := overlap.Pending[string](len(keys))
			var next atomic.Int64
			var wg sync.WaitGroup
			var work func()
			work = func() {
				for i := int(next.Add(1)) - 1; i < len(keys); i = int(next.Add(1)) - 1 {
					if i > 0 && i%1000 == 0 {
						overlap.Go(&wg, work)
					}
					results[i] = job.Do(ctx, keys[i])
				}
			}
			for range limit {
				overlap.Go(&wg, work)
			}
			wg.Wait()
			return results
		}), nil},

		// Clause 8: the schedule is exact.
		{8, "never more than eight workers", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			return ctx, job, min(8, limit)
		}), nil},
		{8, "sequential in disguise", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			return ctx, job, 1
		}), nil},
		{8, "one worker too few", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			return ctx, job, max(1, limit-1)
		}), nil},
		{8, "waits for each wave to end", limited, batches(func(limit int) int { return limit }), nil},
		{8, "deals the keys out beforehand, so workers fall idle", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := overlap.Pending[string](len(keys))
				var wg sync.WaitGroup
				for w := range limit {
					i := w
					overlap.Go(&wg, func() {
						for i < len(keys) {
							mine := i
							i += limit
							results[mine] = job.Do(ctx, keys[mine])
						}
					})
				}
				wg.Wait()
				return results
			}
		}, nil},
		{8, "claims chunks of eight", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				results := overlap.Pending[string](len(keys))
				var next atomic.Int64
				var wg sync.WaitGroup
				for range limit {
					overlap.Go(&wg, func() {
						for {
							first := int(next.Add(8)) - 8
							if first >= len(keys) {
								return
							}
							for i := first; i < min(first+8, len(keys)); i++ {
								results[i] = job.Do(ctx, keys[i])
							}
						}
					})
				}
				wg.Wait()
				return results
			}
		}, nil},
		{8, "the last key first", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				keys = slices.Clone(keys)
				slices.Reverse(keys)
				results := goroutines.RunLimit(ctx, job, keys, limit)
				slices.Reverse(results)
				return results
			}
		}, nil},
		{8, "fetches all, then processes all", staged, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				return pipelineRun(limit, nil)(ctx, job, keys)
			}
		}, nil},
		{8, "polls for the end", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				var results []conform.Result
				var done atomic.Bool
				go func() {
					results = goroutines.RunLimit(ctx, job, keys, limit)
					done.Store(true)
				}()
				for !done.Load() {
					time.Sleep(time.Second)
				}
				return results
			}
		}, nil},
		{8, "a worker takes a rest after a panic", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			*result = job.Do(ctx, key)
			if _, ok := isPanic(result.Err); ok {
				time.Sleep(time.Microsecond)
			}
		}), nil},
		{8, "a limit on the unlimited", conform.Unlimited(), func(int) conform.Runner { return semaphore(64) }, nil},
		{8, "claims by index from two halves, and does not help the other half", anyOrder(limited), func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if limit == 1 {
					return control(1)(ctx, job, keys)
				}
				half := len(keys) / 2
				var front, back []conform.Result
				var wg sync.WaitGroup
				wg.Go(func() { front = control(limit-limit/2)(ctx, job, keys[:half]) })
				wg.Go(func() { back = control(limit/2)(ctx, job, keys[half:]) })
				wg.Wait()
				return append(front, back...)
			}
		}, nil},

		{8, "never more than 64 workers", limited, around(func(ctx context.Context, job conform.Job, limit int) (context.Context, conform.Job, int) {
			return ctx, job, min(64, limit)
		}), nil},
		{8, "backs off after an error of Fetch", limited, each(func(ctx context.Context, job conform.Job, key int, result *conform.Result) {
			body, err := job.TryFetch(ctx, key)
			if err != nil {
				time.Sleep(time.Second)
			} else {
				body, err = job.TryProcess(ctx, body)
			}
			*result = conform.Result{Value: body, Err: err}
		}), nil},
		{8, "a pause with every thousand jobs", limited, pausing, nil},
		{8, "four workers, and a pause with every thousand jobs", limited.Fixed(4), func(int) conform.Runner { return pausing(4) }, nil},

		// Clause 9: a nil function or a bad limit panics at once.
		{9, "a nil function panics only when the first job begins", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				overlap.MustLimit("limit", limit)
				if len(keys) > 0 {
					job.MustValid()
				}
				return control(limit)(ctx, conform.Job{Fetch: orElse(job.Fetch), Process: orElse(job.Process)}, keys)
			}
		}, nil},
		{9, "a nil function is an error of each key", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				overlap.MustLimit("limit", limit)
				if job.Fetch == nil || job.Process == nil {
					results := make([]conform.Result, len(keys))
					for i := range results {
						results[i].Err = errors.New("job.Fetch or job.Process is nil")
					}
					return results
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "a nil Process is seen after the first Fetch", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				overlap.MustLimit("limit", limit)
				if job.Fetch != nil && job.Process == nil && len(keys) > 0 {
					_, _ = job.Fetch(ctx, keys[0])
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "does not say which function is nil", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if job.Fetch == nil || job.Process == nil {
					panic("nil function")
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "names Fetch whichever is nil", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if job.Fetch == nil || job.Process == nil {
					panic("Fetch is nil")
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "takes a limit of 0 for no limit", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if limit == 0 {
					return goroutines.Run(ctx, job, keys)
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "a negative limit panics in make, naming nothing", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				job.MustValid()
				if limit == 0 {
					overlap.MustLimit("limit", limit)
				}
				_ = make(chan bool, limit)
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "a bad limit passes when there are no keys", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if len(keys) == 0 {
					job.MustValid()
					return nil
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "starts its workers before it looks", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				queue := make(chan int)
				go func() {
					for range queue {
					}
				}()
				job.MustValid()
				close(queue)
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "panics on a goroutine of its own", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) (results []conform.Result) {
				done := make(chan bool)
				go func() {
					results = control(limit)(ctx, job, keys)
					close(done)
				}()
				<-done
				return results
			}
		}, nil},
		{9, "a nil function is seen only while ctx lives", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				if ctx.Err() != nil {
					results := make([]conform.Result, len(keys))
					for i := range results {
						results[i].Err = context.Cause(ctx)
					}
					return results
				}
				return control(limit)(ctx, job, keys)
			}
		}, nil},
		{9, "looks at the job of the first run only", limited, checked(func(runs int64, job conform.Job, _ []int) {
			if runs == 1 {
				job.MustValid()
			}
		}), nil},
		{9, "lets both functions be nil", limited, checked(func(_ int64, job conform.Job, _ []int) {
			if job.Fetch != nil || job.Process != nil {
				job.MustValid()
			}
		}), nil},
		{9, "lets a function be nil for one key", limited, checked(func(_ int64, job conform.Job, keys []int) {
			if len(keys) != 1 {
				job.MustValid()
			}
		}), nil},
	}
	return mutants
}

// hangingMutants never come to an end, in ways that a bubble does not see.
func hangingMutants() []mutant {
	limited := conform.Limited("limit")
	return []mutant{
		{1, "blocks on a mutex, which virtual time cannot see", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				var mu sync.Mutex
				do := job
				do.Process = func(ctx context.Context, body string) (string, error) {
					mu.Lock() // and no Unlock: the second job blocks
					return job.Process(ctx, body)
				}
				return goroutines.RunLimit(ctx, do, keys, limit)
			}
		}, nil},
		{1, "spins for ever on zero keys", limited, func(limit int) conform.Runner {
			return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
				for len(keys) == 0 && ctx.Err() == nil {
					runtime.Gosched()
				}
				return goroutines.RunLimit(ctx, job, keys, limit)
			}
		}, nil},
	}
}

// orElse is f, or a function that does nothing.
func orElse[A any](f func(context.Context, A) (string, error)) func(context.Context, A) (string, error) {
	if f != nil {
		return f
	}
	return func(context.Context, A) (string, error) { return "", nil }
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// stageWidths are the widths that the tests give a pipeline at a limit.
func stageWidths(limit int) (fetch, process, buffer int) { return max(1, limit) + 2, limit, 1 }

func twoStages() conform.Promise { return conform.Staged("widths.Process", stageWidths) }

func anyOrder(p conform.Promise) conform.Promise {
	p.AnyOrder = true
	return p
}

// pipelineRun is a pipeline by hand; process nil makes it fetch all before it
// processes any.
func pipelineRun(limit int, process func(context.Context, conform.Job, string) (string, error)) conform.Runner {
	return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
		fetch, processors, buffer := stageWidths(limit)
		results := overlap.Pending[string](len(keys))
		type fetched struct {
			i    int
			body string
		}
		if process == nil {
			buffer = len(keys)
		}
		bodies := make(chan fetched, buffer)
		var next atomic.Int64
		var fetchers, workers sync.WaitGroup
		for range fetch {
			overlap.Go(&fetchers, func() {
				for i := int(next.Add(1)) - 1; i < len(keys); i = int(next.Add(1)) - 1 {
					body, err := job.TryFetch(ctx, keys[i])
					if err != nil {
						results[i].Err = err
						continue
					}
					bodies <- fetched{i, body}
				}
			})
		}
		if process == nil {
			process = func(ctx context.Context, job conform.Job, body string) (string, error) {
				return job.TryProcess(ctx, body)
			}
			fetchers.Wait()
		}
		for range processors {
			overlap.Go(&workers, func() {
				for f := range bodies {
					value, err := process(ctx, job, f.body)
					results[f.i] = conform.Result{Value: value, Err: err}
				}
			})
		}
		fetchers.Wait()
		close(bodies)
		workers.Wait()
		return results
	}
}
