package conform_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
)

type (
	keyed   = overlap.Keyed[int, string]
	results = iter.Seq2[int, conform.Result]
)

// poolStream is the right model that most mutants start from.
func poolStream(limit int) conform.Streamer {
	return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
		return pool.Stream(ctx, job, keys, limit)
	}
}

// aroundStream spoils what a right Streamer is given, or what it gives.
func aroundStream(spoil func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results) func(int) conform.Streamer {
	return func(limit int) conform.Streamer {
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			overlap.MustKeys(keys)
			return spoil(ctx, job, keys, poolStream(limit))
		}
	}
}

// send is aroundStream for what a worker does with a key.
func send(do func(ctx context.Context, job conform.Job, key int, out chan<- keyed)) func(int) conform.Streamer {
	return func(limit int) conform.Streamer {
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			return overlap.Pump(ctx, keys, limit+1, func(ctx context.Context, in <-chan int, out chan<- keyed) {
				var wg sync.WaitGroup
				for range limit {
					overlap.Go(&wg, func() {
						for key := range in {
							do(ctx, job, key, out)
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

// sendAfterBreak is send for what a worker does with a result once the consumer
// has broken out of the loop.
func sendAfterBreak(spoil func(result conform.Result)) func(int) conform.Streamer {
	return func(limit int) conform.Streamer {
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
			var broken atomic.Bool
			right := send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
				one := make(chan keyed, 1)
				defer func() {
					item := <-one
					if broken.Load() {
						spoil(item.Result)
					}
					out <- item
				}()
				job.Send(ctx, key, one)
			})(limit)(ctx, job, keys)
			return func(yield func(int, conform.Result) bool) {
				for key, result := range right {
					if !yield(key, result) {
						broken.Store(true)
						return
					}
				}
			}
		}
	}
}

// aloneStream is a right Streamer that does something else when it runs already.
func aloneStream(otherwise func()) func(int) conform.Streamer {
	return func(limit int) conform.Streamer {
		var busy atomic.Bool
		return aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				if busy.Swap(true) {
					otherwise()
				}
				defer busy.Store(false)
				right(ctx, job, keys)(yield)
			}
		})(limit)
	}
}

// checkedStream is a right Streamer that looks at its job in a way of its own.
func checkedStream(valid func(runs int64, job conform.Job)) func(int) conform.Streamer {
	return func(limit int) conform.Streamer {
		var runs atomic.Int64
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
			overlap.MustLimit("workers", limit)
			valid(runs.Add(1), job)
			return poolStream(limit)(ctx, conform.Job{Fetch: orElse(job.Fetch), Process: orElse(job.Process)}, keys)
		}
	}
}

// flaws are what byHand gets wrong. The zero flaws are none.
type flaws struct {
	window          int              // places more than promised
	noWindow        bool             // no places: pulls as fast as keys gives
	pullsAfterDone  bool             // a bare select between a place and Done
	asksFirst       bool             // asks ctx before it waits for a place, not after
	losesPulled     bool             // gives up a pulled key when ctx ends
	eager           bool             // starts before the first loop
	noCancel        bool             // does not cancel the jobs on break
	noDrain         bool             // does not read out to its end on break
	noWait          bool             // does not wait for its goroutines on break
	noDefer         bool             // cleans up after a break, and not after a panic
	swallows        bool             // keeps quiet about a panic in keys
	rethrowsAtOnce  bool             // raises it before the keys pulled are delivered
	rethrowsNothing bool             // raises something else
	ignoresFalse    bool             // goes on after the consumer's break
	drifting        bool             // each 1000th result frees two places
	growing         func(error) bool // a job that ends with this error frees two places
	swallowsOnBreak bool             // keeps quiet about a panic in keys after a break
	swallowsOnDone  bool             // keeps quiet about it when ctx has ended
	hurriesOnDone   bool             // does not wait when ctx has ended
	onWorker        bool             // a panic in keys is not recovered
}

// byHand is a Stream in one piece, so that each of its parts can be broken.
func byHand(f flaws) func(int) conform.Streamer {
	return func(limit int) conform.Streamer {
		return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
			job.MustValid()
			overlap.MustLimit("limit", limit)
			overlap.MustKeys(keys)
			start := func() *handStream { return startByHand(ctx, job, keys, limit, f) }
			if f.eager {
				s := start()
				start = func() *handStream { return s }
			}
			return func(yield func(int, conform.Result) bool) {
				s := start()
				broken := false
				cleanUp := func() {
					if f.hurriesOnDone && broken && ctx.Err() != nil {
						go func() {
							for range s.out {
							}
						}()
						s.cancel()
						return
					}
					if !f.noCancel {
						s.cancel()
					}
					if !f.noDrain {
						for range s.out {
						}
					}
					if !f.noWait {
						s.wg.Wait()
					}
					s.cancel()
					if s.fault != nil && !f.swallows && !(f.swallowsOnBreak && broken) && !(f.swallowsOnDone && ctx.Err() != nil) {
						if f.rethrowsNothing {
							panic("keys panicked")
						}
						panic(s.fault)
					}
				}
				if f.noDefer {
					defer func() {
						if v := recover(); v != nil {
							panic(v)
						}
					}()
				} else {
					defer cleanUp()
				}
				delivered := 0
				for item := range s.out {
					delivered++
					if f.rethrowsAtOnce && s.failed() {
						return
					}
					if !yield(item.Key, item.Result) && !f.ignoresFalse {
						broken = true
						if f.noDefer {
							cleanUp()
						}
						return
					}
					s.places <- true
					if f.growing != nil && f.growing(item.Err) || f.drifting && delivered%1000 == 0 {
						s.places <- true
					}
				}
				if f.noDefer {
					cleanUp()
				}
			}
		}
	}
}

type handStream struct {
	cancel func()
	out    chan keyed
	places chan bool
	wg     sync.WaitGroup
	mu     sync.Mutex
	fault  *overlap.PanicError
}

func (s *handStream) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault != nil
}

func startByHand(outer context.Context, job conform.Job, keys iter.Seq[int], limit int, f flaws) *handStream {
	ctx, cancel := context.WithCancel(outer)
	s := &handStream{cancel: cancel, out: make(chan keyed), places: make(chan bool, 1<<14)}
	for range limit + 1 + f.window {
		s.places <- true
	}
	in := make(chan int)
	if f.window > 0 || f.noWindow || f.growing != nil || f.drifting {
		in = make(chan int, 1000)
	}
	mayPull := func() bool {
		if f.noWindow {
			return ctx.Err() == nil
		}
		if f.asksFirst {
			if ctx.Err() != nil {
				return false
			}
			select {
			case <-s.places:
			case <-ctx.Done():
			}
			return true
		}
		if f.pullsAfterDone {
			select {
			case <-s.places:
				return true
			case <-ctx.Done():
				return false
			}
		}
		select {
		case <-s.places:
		case <-ctx.Done():
		}
		return ctx.Err() == nil
	}
	pull := func() {
		if !mayPull() {
			return
		}
		for key := range keys {
			if f.losesPulled {
				select {
				case in <- key:
				case <-ctx.Done():
					return
				}
			} else {
				in <- key
			}
			if !mayPull() {
				return
			}
		}
	}
	s.wg.Go(func() {
		defer close(in)
		if !f.onWorker {
			defer func() {
				if v := recover(); v != nil {
					s.mu.Lock()
					s.fault = &overlap.PanicError{Value: v}
					s.mu.Unlock()
				}
			}()
		}
		pull()
	})
	var workers sync.WaitGroup
	for range limit {
		overlap.Go(&workers, func() {
			for key := range in {
				job.Send(ctx, key, s.out)
			}
		})
	}
	s.wg.Go(func() {
		workers.Wait()
		close(s.out)
	})
	return s
}

// derive hides from vet what one mutant forgets.
func derive(ctx context.Context) (context.Context, func()) { return context.WithCancel(ctx) }

func streamMutants() []mutant {
	limited, workers := conform.Limited("limit"), conform.Limited("workers")
	return []mutant{
		// Clause 1: one result per key.
		{1, "drops what still runs when the keys end", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return func(yield func(int, conform.Result) bool) {
					var pulled atomic.Int64
					delivered := int64(0)
					counted := func(yield func(int) bool) {
						for key := range keys {
							pulled.Add(1)
							if !yield(key) {
								return
							}
						}
					}
					for key, result := range poolStream(limit)(ctx, job, counted) {
						if delivered++; delivered > 1000 && delivered == pulled.Load() {
							continue
						}
						if !yield(key, result) {
							return
						}
					}
				}
			}
		}},
		{1, "hangs on zero keys", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				first := make(chan bool)
				var once sync.Once
				defer func() { <-first }()
				right(ctx, job, func(yield func(int) bool) {
					for key := range keys {
						once.Do(func() { close(first) })
						if !yield(key) {
							return
						}
					}
				})(yield)
			}
		})},
		{1, "pairs keys in the order of input with results in the order of completion", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				var mu sync.Mutex
				var pulled []int
				for _, result := range right(ctx, job, func(yield func(int) bool) {
					for key := range keys {
						mu.Lock()
						pulled = append(pulled, key)
						mu.Unlock()
						if !yield(key) {
							return
						}
					}
				}) {
					mu.Lock()
					key := pulled[0]
					pulled = pulled[1:]
					mu.Unlock()
					if !yield(key, result) {
						return
					}
				}
			}
		})},
		{1, "yields equal keys once", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				seen := map[int]bool{}
				for key, result := range right(ctx, job, keys) {
					if seen[key] {
						continue
					}
					seen[key] = true
					if !yield(key, result) {
						return
					}
				}
			}
		})},
		{1, "a stream that panics when it runs already", limited, nil, aloneStream(func() { panic("already running") })},
		{1, "a stream that ends its caller's goroutine when it runs already", limited, nil, aloneStream(runtime.Goexit)},
		{1, "the first result after a loop that was broken is empty", limited, nil, func(limit int) conform.Streamer {
			var broken atomic.Bool
			return aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
				return func(yield func(int, conform.Result) bool) {
					for key, result := range right(ctx, job, keys) {
						if broken.Swap(false) {
							result = conform.Result{}
						}
						if !yield(key, result) {
							broken.Store(true)
							return
						}
					}
				}
			})(limit)
		}},

		// Clause 2: an error stays with its key.
		{2, "ends at the first error", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				for key, result := range right(ctx, job, keys) {
					if !yield(key, result) || result.Err != nil && ctx.Err() == nil {
						return
					}
				}
			}
		})},
		{2, "leaves out the keys that failed", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				for key, result := range right(ctx, job, keys) {
					if result.Err == nil && !yield(key, result) {
						return
					}
				}
			}
		})},
		{2, "drops the error of the last key", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				var failed []keyed
				for key, result := range right(ctx, job, keys) {
					if result.Err != nil {
						failed = append(failed, keyed{Key: key, Result: result})
						continue
					}
					if !yield(key, result) {
						return
					}
				}
				for i, item := range failed {
					if i > 0 && i == len(failed)-1 {
						item.Err = nil
					}
					if !yield(item.Key, item.Result) {
						return
					}
				}
			}
		})},
		{2, "a stream whose workers keep the last error in a map", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			one := make(chan keyed, 1)
			defer func() {
				item := <-one
				_ = map[error]bool{item.Err: true}
				out <- item
			}()
			job.Send(ctx, key, one)
		})},

		// Clause 3: a panic or a Goexit becomes that key's error.
		{3, "a Goexit loses its key", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			out <- keyed{Key: key, Result: job.Do(ctx, key)}
		})},
		{3, "a Goexit is delivered without an error", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			item := keyed{Key: key}
			defer func() { out <- item }()
			item.Result = job.Do(ctx, key)
		})},
		{3, "a Goexit kills a worker of the stream", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				return overlap.Pump(ctx, keys, limit+1, func(ctx context.Context, in <-chan int, out chan<- keyed) {
					var wg sync.WaitGroup
					for range limit {
						wg.Go(func() {
							for key := range in {
								job.Send(ctx, key, out)
							}
						})
					}
					wg.Wait()
				})
			}
		}},
		{3, "a panic ends the stream's program", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			body, err := job.Fetch(ctx, key)
			if err == nil {
				body, err = job.Process(ctx, body)
			}
			out <- keyed{Key: key, Result: conform.Result{Value: body, Err: err}}
		})},
		{3, "a panic after a break ends the program", limited, nil, sendAfterBreak(func(result conform.Result) {
			if p, ok := isPanic(result.Err); ok {
				panic(p)
			}
		})},
		{3, "a Goexit after a break blocks for good", limited, nil, sendAfterBreak(func(result conform.Result) {
			if result.Err == overlap.ErrGoexit {
				select {}
			}
		})},

		// Clause 4: nothing begins after ctx ends.
		{4, "a stream that gives ctx.Err()", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			if ctx.Err() != nil {
				out <- keyed{Key: key, Result: conform.Result{Err: ctx.Err()}}
				return
			}
			job.Send(ctx, key, out)
		})},
		{4, "a stream that fetches every key it pulled", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			item := keyed{Key: key, Result: conform.Result{Err: overlap.ErrGoexit}}
			defer func() { out <- item }()
			body, err := job.TryFetch(context.WithoutCancel(ctx), key)
			if err == nil {
				body, err = job.TryProcess(ctx, body)
			}
			item.Result = conform.Result{Value: body, Err: err}
		})},
		{4, "a stream that processes what it fetched", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			item := keyed{Key: key, Result: conform.Result{Err: overlap.ErrGoexit}}
			defer func() { out <- item }()
			body, err := job.TryFetch(ctx, key)
			if err == nil {
				body, err = job.TryProcess(context.WithoutCancel(ctx), body)
			}
			item.Result = conform.Result{Value: body, Err: err}
		})},
		{4, "a stream that abandons what runs when ctx ends", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			done := make(chan keyed, 1)
			go job.Send(ctx, key, done)
			select {
			case item := <-done:
				out <- item
			case <-ctx.Done():
				out <- keyed{Key: key, Result: conform.Result{Err: context.Cause(ctx)}}
			}
		})},
		{4, "goes on beginning jobs after a break", limited, nil, byHand(flaws{noCancel: true})},
		{4, "begins after ctx what waited for a slow consumer", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				body := make(chan bool, 1) // full while the consumer is in the loop's body
				right := send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
					item := keyed{Key: key, Result: conform.Result{Err: overlap.ErrGoexit}}
					defer func() { out <- item }()
					if ctx.Err() != nil || len(body) == 0 {
						item.Result = job.Do(ctx, key)
						return
					}
					body <- true
					<-body
					fetched, err := job.TryFetch(context.WithoutCancel(ctx), key)
					if err == nil {
						fetched, err = job.TryProcess(ctx, fetched)
					}
					item.Result = conform.Result{Value: fetched, Err: err}
				})(limit)(ctx, job, keys)
				return func(yield func(int, conform.Result) bool) {
					right(func(key int, result conform.Result) bool {
						body <- true
						defer func() { <-body }()
						return yield(key, result)
					})
				}
			}
		}},

		// Clause 5: nothing still runs after the end.
		{5, "the feeder leaks on break", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				return func(yield func(int, conform.Result) bool) {
					in := make(chan int)
					go func() {
						defer close(in)
						for key := range keys {
							in <- key
						}
					}()
					for key, result := range poolStream(limit)(ctx, job, func(yield func(int) bool) {
						for key := range in {
							if !yield(key) {
								return
							}
						}
					}) {
						if !yield(key, result) {
							return
						}
					}
				}
			}
		}},
		{5, "the workers leak on break", limited, nil, byHand(flaws{noDrain: true, noWait: true})},
		{5, "does not wait for running jobs on break", limited, nil, byHand(flaws{noWait: true, noDrain: true, noCancel: true})},
		{5, "cleans up after a break, and not after a panic of the consumer", limited, nil, byHand(flaws{noDefer: true})},
		{5, "starts before anyone loops", limited, nil, byHand(flaws{eager: true})},
		{5, "drains in the background after a break", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				return func(yield func(int, conform.Result) bool) {
					ctx, cancel := context.WithCancel(ctx)
					out := make(chan keyed)
					go func() {
						defer close(out)
						for key, result := range poolStream(limit)(ctx, job, keys) {
							out <- keyed{Key: key, Result: result}
						}
					}()
					defer func() {
						cancel()
						go func() {
							for range out {
							}
						}()
					}()
					for item := range out {
						if !yield(item.Key, item.Result) {
							return
						}
					}
				}
			}
		}},
		{5, "forgets to cancel its own ctx at the normal end", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				ctx, cancel := derive(ctx)
				for key, result := range right(ctx, job, keys) {
					if !yield(key, result) {
						cancel()
						return
					}
				}
			}
		})},
		{5, "does not wait on a break when ctx has ended", limited, nil, byHand(flaws{hurriesOnDone: true})},

		// Clause 6: never more in flight than the limit.
		{6, "a stream with one worker too many", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				overlap.MustLimit("limit", limit)
				return pool.Stream(ctx, job, keys, limit+1)
			}
		}},
		{6, "a stream that bounds the fetches only", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				places := make(chan bool, limit)
				do := job
				do.Fetch = func(ctx context.Context, key int) (string, error) {
					places <- true
					defer func() { <-places }()
					return job.TryFetch(ctx, key)
				}
				return goroutines.StreamLimit(ctx, do, keys, limit+1)
			}
		}},
		{6, "a stream that keeps to its limit until a job panics", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return overlap.Pump(ctx, keys, limit+1, func(ctx context.Context, in <-chan int, out chan<- keyed) {
					var wg sync.WaitGroup
					work := func() {
						for key := range in {
							do := job
							do.Process = func(ctx context.Context, body string) (string, error) {
								value, err := job.TryProcess(ctx, body)
								if _, ok := isPanic(err); ok {
									overlap.Go(&wg, func() {
										for key := range in {
											job.Send(ctx, key, out)
										}
									})
								}
								return value, err
							}
							do.Send(ctx, key, out)
						}
					}
					for range limit {
						overlap.Go(&wg, work)
					}
					wg.Wait()
				})
			}
		}},
		{6, "a stream that rounds its limit up to a multiple of four", limited, nil, func(limit int) conform.Streamer {
			overlap.MustLimit("limit", limit)
			if limit > 4 {
				limit = (limit + 3) / 4 * 4
			}
			return poolStream(limit)
		}},
		{6, "a stream with a worker more with every thousand jobs", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				overlap.MustLimit("limit", limit)
				return overlap.Pump(ctx, keys, limit+1, func(ctx context.Context, in <-chan int, out chan<- keyed) {
					var begun atomic.Int64
					var wg sync.WaitGroup
					var work func()
					work = func() {
						for key := range in {
							if begun.Add(1)%1000 == 0 {
								overlap.Go(&wg, work)
							}
							job.Send(ctx, key, out)
						}
					}
					for range limit {
						overlap.Go(&wg, work)
					}
					wg.Wait()
				})
			}
		}},

		// Clause 7: one result per key pulled, as it completes, within the window.
		{7, "pulls all keys before it begins", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				var all []int
				for key := range keys {
					if ctx.Err() != nil {
						break
					}
					all = append(all, key)
				}
				right(ctx, job, slices.Values(all))(yield)
			}
		})},
		{7, "pulls without bound", limited, nil, byHand(flaws{noWindow: true})},
		{7, "pulls one further than it says", limited, nil, byHand(flaws{window: 1})},
		{7, "pulls one further with every thousand results", limited, nil, byHand(flaws{drifting: true})},
		{7, "pulls further with each job that fails", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return byHand(flaws{growing: func(err error) bool { return err != nil }})(limit)(ctx, job, keys)
			}
		}},
		{7, "pulls further with each job that panics", limited, nil, byHand(flaws{growing: func(err error) bool { _, ok := isPanic(err); return ok }})},
		{7, "pulls further with each Goexit", limited, nil, byHand(flaws{growing: func(err error) bool { return errors.Is(err, overlap.ErrGoexit) }})},
		{7, "pulls twice as far when the consumer is slow", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return overlap.Pump(ctx, keys, 2*limit+2, func(ctx context.Context, in <-chan int, out chan<- keyed) {
					done := make(chan keyed, limit)
					var wg sync.WaitGroup
					for range limit {
						overlap.Go(&wg, func() {
							for key := range in {
								job.Send(ctx, key, done)
							}
						})
					}
					go func() {
						wg.Wait()
						close(done)
					}()
					for item := range done {
						out <- item
					}
				})
			}
		}},
		{7, "delivers in the order of input", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				var mu sync.Mutex
				var pulled []int
				ready := map[int][]conform.Result{}
				for key, result := range right(ctx, job, func(yield func(int) bool) {
					for key := range keys {
						mu.Lock()
						pulled = append(pulled, key)
						mu.Unlock()
						if !yield(key) {
							return
						}
					}
				}) {
					ready[key] = append(ready[key], result)
					mu.Lock()
					var next []keyed
					for len(pulled) > 0 && len(ready[pulled[0]]) > 0 {
						next = append(next, keyed{Key: pulled[0], Result: ready[pulled[0]][0]})
						ready[pulled[0]] = ready[pulled[0]][1:]
						pulled = pulled[1:]
					}
					mu.Unlock()
					for _, item := range next {
						if !yield(item.Key, item.Result) {
							return
						}
					}
				}
			}
		})},
		{7, "holds one result back until the next is there", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				var held *keyed
				for key, result := range right(ctx, job, keys) {
					if held != nil && !yield(held.Key, held.Result) {
						return
					}
					held = &keyed{Key: key, Result: result}
				}
				if held != nil {
					yield(held.Key, held.Result)
				}
			}
		})},
		{7, "gathers a batch of keys before it begins any", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				batched := func(yield func(int) bool) {
					var batch []int
					flush := func() bool {
						for _, key := range batch {
							if !yield(key) {
								return false
							}
						}
						batch = batch[:0]
						return true
					}
					for key := range keys {
						if batch = append(batch, key); len(batch) == limit && !flush() {
							return
						}
					}
					flush()
				}
				return poolStream(limit)(ctx, job, batched)
			}
		}},
		{7, "pulls one key though ctx has ended before", limited, nil, byHand(flaws{pullsAfterDone: true})},
		{7, "pulls once more after ctx has ended", limited, nil, byHand(flaws{asksFirst: true})},
		{7, "loses the key in its hand when ctx ends", limited, nil, byHand(flaws{losesPulled: true})},
		{7, "loses pulled keys when ctx ends", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				for key, result := range right(ctx, job, keys) {
					if ctx.Err() != nil && errors.Is(result.Err, context.Cause(ctx)) {
						continue
					}
					if !yield(key, result) {
						return
					}
				}
			}
		})},
		{7, "ends the sequence when ctx ends, with jobs done and not delivered", limited, nil, aroundStream(func(ctx context.Context, job conform.Job, keys iter.Seq[int], right conform.Streamer) results {
			return func(yield func(int, conform.Result) bool) {
				for key, result := range right(ctx, job, keys) {
					if !yield(key, result) || ctx.Err() != nil {
						return
					}
				}
			}
		})},
		{7, "swallows a panic of keys", limited, nil, byHand(flaws{swallows: true})},
		{7, "swallows a panic of keys after a break", limited, nil, byHand(flaws{swallowsOnBreak: true})},
		{7, "swallows a panic of keys when ctx has ended", limited, nil, byHand(flaws{swallowsOnDone: true})},
		{7, "a panic of keys is not its own any more", limited, nil, byHand(flaws{rethrowsNothing: true})},
		{7, "a panic of keys overtakes the keys pulled before it", limited, nil, byHand(flaws{rethrowsAtOnce: true})},
		{7, "a panic of keys ends the program", limited, nil, byHand(flaws{onWorker: true})},
		{7, "yields again after the consumer's break", limited, nil, byHand(flaws{ignoresFalse: true})},
		{7, "pulls on the consumer's goroutine, so results wait for keys", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return func(yield func(int, conform.Result) bool) {
					out := make(chan keyed, limit)
					running := 0
					next, stop := iter.Pull(keys)
					defer stop()
					ctx, cancel := context.WithCancel(ctx)
					var wg sync.WaitGroup
					defer wg.Wait()
					defer cancel()
					for {
						for running < limit && ctx.Err() == nil {
							key, ok := next()
							if !ok {
								break
							}
							running++
							wg.Go(func() { job.Send(ctx, key, out) })
						}
						if running == 0 {
							return
						}
						item := <-out
						running--
						if !yield(item.Key, item.Result) {
							return
						}
					}
				}
			}
		}},

		// Clause 8: the schedule is exact.
		{8, "a sequential stream in disguise", limited, nil, func(limit int) conform.Streamer {
			overlap.MustLimit("limit", limit)
			return poolStream(1)
		}},
		{8, "a stream in waves", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return overlap.Pump(ctx, keys, limit+1, func(ctx context.Context, in <-chan int, out chan<- keyed) {
					for {
						var wg sync.WaitGroup
						for range limit {
							key, ok := <-in
							if !ok {
								wg.Wait()
								return
							}
							wg.Go(func() { job.Send(ctx, key, out) })
						}
						wg.Wait()
					}
				})
			}
		}},
		{8, "a window too small to fill its workers", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				overlap.MustLimit("limit", limit)
				return overlap.Pump(ctx, keys, max(1, limit-1), func(ctx context.Context, in <-chan int, out chan<- keyed) {
					var wg sync.WaitGroup
					for range limit {
						overlap.Go(&wg, func() {
							for key := range in {
								job.Send(ctx, key, out)
							}
						})
					}
					wg.Wait()
				})
			}
		}},
		{8, "flushes its results once a second", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			item := make(chan keyed, 1)
			job.Send(ctx, key, item)
			time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
			out <- <-item
		})},
		{8, "a stream of at most 64 workers", limited, nil, func(limit int) conform.Streamer {
			overlap.MustLimit("limit", limit)
			return poolStream(min(64, limit))
		}},
		{8, "a stream that backs off after an error of Fetch", limited, nil, send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
			failed := false
			do := job
			do.Fetch = func(ctx context.Context, key int) (string, error) {
				body, err := job.Fetch(ctx, key)
				failed = err != nil
				return body, err
			}
			do.Send(ctx, key, out)
			if failed {
				time.Sleep(time.Second)
			}
		})},
		{8, "a stream with a pause with every thousand jobs", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				var begun atomic.Int64
				return send(func(ctx context.Context, job conform.Job, key int, out chan<- keyed) {
					job.Send(ctx, key, out)
					if begun.Add(1)%1000 == 0 {
						time.Sleep(time.Millisecond)
					}
				})(limit)(ctx, job, keys)
			}
		}},

		// Clause 9: a nil function or a bad limit panics at once.
		{9, "panics only when someone loops", workers, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				return func(yield func(int, conform.Result) bool) {
					poolStream(limit)(ctx, job, keys)(yield)
				}
			}
		}},
		{9, "nil keys panic only when someone loops", workers, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				return poolStream(limit)(ctx, job, func(yield func(int) bool) { keys(yield) })
			}
		}},
		{9, "pulls a key before it looks at the job", workers, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				for range keys {
					break
				}
				return poolStream(limit)(ctx, job, keys)
			}
		}},
		{9, "a stream's limit of -1 is a limit of 1", workers, nil, func(limit int) conform.Streamer {
			if limit < 0 {
				limit = -limit
			}
			return poolStream(limit)
		}},
		{9, "a stream's bad limit is called by another name", limited, nil, func(limit int) conform.Streamer {
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				job.MustValid()
				if limit < 1 {
					panic(fmt.Sprintf("size is %d", limit))
				}
				return poolStream(limit)(ctx, job, keys)
			}
		}},
		{9, "a stream that looks at the job of the first run only", workers, nil, checkedStream(func(runs int64, job conform.Job) {
			if runs == 1 {
				job.MustValid()
			}
		})},
		{9, "a stream that lets both functions be nil", workers, nil, checkedStream(func(_ int64, job conform.Job) {
			if job.Fetch != nil || job.Process != nil {
				job.MustValid()
			}
		})},
		{9, "a stream that looks at keys of the first run only", workers, nil, func(limit int) conform.Streamer {
			var runs atomic.Int64
			return func(ctx context.Context, job conform.Job, keys iter.Seq[int]) results {
				if runs.Add(1) > 1 && keys == nil {
					keys = func(func(int) bool) {}
				}
				return poolStream(limit)(ctx, job, keys)
			}
		}},
	}
}
