package eventloop

import (
	"context"
	"iter"

	"example.com/overlap"
)

// Run (asyncio.gather with return_exceptions=True) does all jobs on one loop and returns
// one result per key, in order. Their fetches overlap, off the loop; each Process runs on
// it, so one at a time, and on one core. Nothing bounds the jobs in flight but the number
// of keys. It panics if job lacks a function.
//
// A job waits once, so a continuation does for it what a coroutine would, and costs no
// stack: see [Then]. What a waiting job costs is its goroutine and a tenth more.
//
// N jobs that wait L and work D take L + N*D. A Process that blocks holds up all others:
// what waits belongs in Fetch. Take it for many waits and little work, as asyncio itself.
func Run[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K) []overlap.Result[R] {
	job.MustValid()
	results, _ := untilDone(ctx, func(co *Co) ([]overlap.Result[R], error) {
		jobs := make([]*Future[R], len(keys))
		for i, key := range keys {
			jobs[i] = Then(fetch(co, ctx, job, key), func(body B, err error) (R, error) {
				if err != nil {
					var none R
					return none, err
				}
				return job.TryProcess(ctx, body)
			})
		}
		return GatherResults(co, jobs...).Await(co)
	})
	return results
}

// RunToThread is Run with Process off the loop (loop.run_in_executor), on as many
// goroutines as threads says: the cure for a loop that is held by work. Then the loop
// does nothing but to hand on, and all cores work. It panics if job lacks a function or
// threads is below one.
//
// A job waits twice, so it is a task with a coroutine. What is bought: the cores, and a
// loop that is always ready. What is given up: that Process has what it touches to itself.
// N jobs that wait L and work D take L + ceil(N/threads)*D.
//
// Take it where Process works for longer than it takes to hand it over. In asyncio that
// is not enough: there the threads share one interpreter, and it takes processes.
func RunToThread[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, threads int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("threads", threads)
	executor := NewExecutor(threads)
	results, _ := untilDone(ctx, func(co *Co) ([]overlap.Result[R], error) {
		jobs := make([]*Task[R], len(keys))
		for i, key := range keys {
			jobs[i] = CreateTask(co, func(co *Co) (R, error) {
				body, err := fetch(co, ctx, job, key).Await(co)
				if err != nil {
					var none R
					return none, err
				}
				return RunInExecutor(co, executor, func(context.Context) (R, error) {
					return job.TryProcess(ctx, body)
				}).Await(co)
			})
		}
		return GatherResults(co, jobs...).Await(co)
	})
	return results
}

// RunLimit is Run with a bound (N tasks around a Queue, or a Semaphore): at most limit
// jobs are in flight; as many tasks take key after key. Which key is next they need no
// lock to agree on, as nobody comes between two awaits. It panics if job lacks a function
// or limit is below one.
//
// It has limit coroutines, however many keys. A job holds its place until it is
// processed. Take it where Run is right, and the other side, or memory, asks for a bound.
func RunLimit[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys []K, limit int) []overlap.Result[R] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	results := overlap.Pending[R](len(keys))
	_, _ = untilDone(ctx, func(co *Co) (struct{}, error) {
		next := 0
		return repeat(co, min(limit, len(keys)), func(co *Co) bool {
			if next == len(keys) {
				return false
			}
			i := next
			next++
			results[i] = do(co, ctx, job, keys[i])
			return true
		}).Await(co)
	})
	return results
}

// Stream is RunLimit over keys that arrive (asyncio.as_completed, a Queue and N tasks),
// with results as they complete. At most limit+1 keys are pulled and not delivered. A
// slow consumer slows the input, never the loop: results wait for it outside.
//
// The keys come by a channel and not by a [Queue]: what is posted to a loop is seen when
// its turn has ended, and until then a task that could begin a fetch would miss it.
func Stream[K, B, R any](ctx context.Context, job overlap.Job[K, B, R], keys iter.Seq[K], limit int) iter.Seq2[K, overlap.Result[R]] {
	job.MustValid()
	overlap.MustLimit("limit", limit)
	const ahead = 1
	return overlap.Pump(ctx, keys, limit+ahead, func(ctx context.Context, in <-chan K, out chan<- overlap.Keyed[K, R]) {
		// Both have room for all that Pump lets be pulled, so nobody waits to send.
		arrived, ended := make(chan K, limit+ahead), make(chan overlap.Keyed[K, R], limit+ahead)
		_, _ = untilDone(ctx, func(co *Co) (struct{}, error) {
			var idle waiters // tasks without a key
			noMore := false
			offload(co, func() (struct{}, error) {
				for key := range in {
					arrived <- key
					_ = co.loop.CallSoonThreadsafe(func() { idle.wake() })
				}
				return struct{}{}, co.loop.CallSoonThreadsafe(func() {
					noMore = true
					for idle.wake() {
					}
				})
			})
			delivered := offload(co, func() (struct{}, error) {
				for item := range ended {
					out <- item
				}
				return struct{}{}, nil
			})
			_, _ = repeat(co, limit, func(co *Co) bool {
				select {
				case key := <-arrived:
					item := overlap.Keyed[K, R]{Key: key, Result: overlap.Result[R]{Err: overlap.ErrGoexit}}
					defer func() { ended <- item }()
					item.Result = do(co, ctx, job, key)
					return true
				default:
				}
				if noMore {
					return false
				}
				_, _ = idle.wait(co, kindQueueGet)
				return true
			}).Await(co)
			close(ended)
			return delivered.Await(co)
		})
	})
}

// untilDone is Main for jobs that end with ctx by themselves: the halves look at it before
// they begin, and those that run are waited for. So the loop itself does not end with it.
func untilDone[T any](ctx context.Context, main Coroutine[T]) (T, error) {
	return Main(context.WithoutCancel(ctx), main)
}

// fetch begins the first half of a job, off the loop.
func fetch[K, B, R any](s Scope, ctx context.Context, job overlap.Job[K, B, R], key K) *Future[B] {
	return offload(s, func() (B, error) { return job.TryFetch(ctx, key) })
}

// do does a job as part of a task: it awaits the first half, and the second runs on the
// loop.
func do[K, B, R any](co *Co, ctx context.Context, job overlap.Job[K, B, R], key K) overlap.Result[R] {
	body, err := fetch(co, ctx, job, key).Await(co)
	if err != nil {
		return overlap.Result[R]{Err: err}
	}
	value, err := job.TryProcess(ctx, body)
	return overlap.Result[R]{Value: value, Err: err}
}

// repeat has n tasks call work again and again until it reports false, and gives the
// future of their end. A task that work ends by runtime.Goexit is replaced, as by
// [overlap.Go].
func repeat(co *Co, n int, work func(co *Co) bool) *Future[struct{}] {
	all := NewFuture[struct{}](co)
	if n == 0 {
		_ = all.SetResult(struct{}{})
	}
	var begin func()
	begin = func() {
		task := EagerTask(co.loop, func(co *Co) (struct{}, error) { // at once: a place is free
			more := true
			defer func() {
				if more {
					begin()
				} else if n--; n == 0 {
					_ = all.SetResult(struct{}{})
				}
			}()
			for more {
				more = work(co)
			}
			return struct{}{}, nil
		})
		task.ask() // a Goexit is in the result of its job
	}
	for range n {
		begin()
	}
	return all
}
