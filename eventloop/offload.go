package eventloop

import (
	"context"
	"sync"

	"example.com/overlap"
)

// Offload runs f on a goroutine of its own (nearest: loop.run_in_executor) and gives the
// future of its result. It takes the place of asyncio's selector: where asyncio waits for
// a socket, a goroutine waits here, and posts to the loop when it is done. Any number may
// run.
//
// The context that f gets ends when the future is cancelled and when the loop ends. A
// cancelled future is done at once; f goes on until it heeds its context, and Main waits
// for it. A panic in f is the future's error.
func Offload[T any](s Scope, f func(context.Context) (T, error)) *Future[T] {
	o := withContext(s, f)
	o.loop.workers.Go(o.work)
	return &o.Future
}

// offload is Offload for a function that needs no context of the loop's.
func offload[T any](s Scope, f func() (T, error)) *Future[T] {
	o := newOffloaded(s, f)
	o.loop.workers.Go(o.work)
	return &o.Future
}

// An offloaded is the future of a function that runs off the loop.
type offloaded[T any] struct {
	Future[T]
	f      func() (T, error)
	stop   func() // tells f that nobody waits for it any more; may be nil
	queued bool   // by an executor

	// What f gave, until the loop takes it in.
	gave T
	err  error
}

func newOffloaded[T any](s Scope, f func() (T, error)) *offloaded[T] {
	l, _ := s.scope()
	if l.ending {
		panic("eventloop: the loop has ended")
	}
	o := &offloaded[T]{f: f}
	o.loop, o.owner, o.kind = l, o, kindOffload
	l.sources++
	l.away++
	return o
}

func withContext[T any](s Scope, f func(context.Context) (T, error)) *offloaded[T] {
	if f == nil {
		panic("eventloop: the function is nil")
	}
	o := newOffloaded[T](s, nil)
	ctx := &offContext{Context: o.loop.ctx}
	o.stop = ctx.cancel
	o.f = func() (T, error) {
		defer ctx.cancel()
		if o.queued && ctx.cancelled() { // before it could begin
			var none T
			return none, ErrCancelled
		}
		return f(ctx)
	}
	return o
}

// work calls f and posts what it gave.
func (o *offloaded[T]) work() {
	returned := false
	defer func() {
		if !returned {
			o.err = unreturned(recover())
		}
		_ = o.loop.mail.post(o)
	}()
	o.gave, o.err = o.f()
	returned = true
}

// run takes the result in, on the loop.
func (o *offloaded[T]) run() {
	o.loop.sources--
	o.loop.away--
	if !o.done() {
		o.value = o.gave
		o.settle(finished, o.err)
	}
}

func (o *offloaded[T]) cancel() bool {
	if o.done() {
		return false
	}
	if o.stop != nil {
		o.stop()
	}
	o.settle(cancelled, ErrCancelled)
	return true
}

func (o *offloaded[T]) wait() { o.queued = true }
func (o *offloaded[T]) left() { o.loop.workers.Done() }

// An Executor (concurrent.futures.ThreadPoolExecutor) runs functions on a bounded number
// of goroutines, in the order in which they came. It makes goroutines when there is work
// and ends them when there is none, so it need not be shut down. It may serve several
// loops at once.
type Executor struct {
	limit   int
	mu      sync.Mutex
	queue   []work
	running int
}

// work is a function in the queue of an executor.
type work interface {
	wait() // called if it must wait in the queue
	work()
	left() // called when its goroutine has turned to something else
}

// NewExecutor makes an executor (ThreadPoolExecutor(max_workers)) that runs at most n
// functions at once. It panics if n is below one.
func NewExecutor(n int) *Executor {
	overlap.MustLimit("n", n)
	return &Executor{limit: n}
}

// RunInExecutor (loop.run_in_executor) runs f on a goroutine of the executor's, as soon
// as one is free, and gives the future of its result; a nil executor is the one of
// [ToThread]. It is [Offload] with a bound: what waits in the queue when its future is
// cancelled does not begin. What waits there when the loop ends does, as in asyncio, with
// a context that has ended.
func RunInExecutor[T any](s Scope, e *Executor, f func(context.Context) (T, error)) *Future[T] {
	o := withContext(s, f)
	if e == nil {
		e = o.loop.threads
	}
	o.loop.workers.Add(1)
	e.submit(o)
	return &o.Future
}

// ToThread runs f off the loop (asyncio.to_thread) and suspends the task until it has
// returned. It is for what would hold the loop: a call that blocks, or work. At most as
// many run at once as [Threads] says. When the task is cancelled it waits no longer,
// while f goes on until it heeds its context.
func ToThread[T any](co *Co, f func(context.Context) (T, error)) (T, error) {
	return RunInExecutor(co, nil, f).Await(co)
}

func (e *Executor) submit(w work) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == e.limit {
		w.wait()
		e.queue = append(e.queue, w)
		return
	}
	e.running++
	go e.serve(w)
}

// next takes what is to run next. With nil the goroutine that asked is to end.
func (e *Executor) next() work {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		e.running--
		e.queue = nil
		return nil
	}
	w := e.queue[0]
	e.queue[0] = nil
	e.queue = e.queue[1:]
	return w
}

// serve does the work in the queue until there is none. If work ends its goroutine, by
// runtime.Goexit, what is left of that goroutine serves on.
func (e *Executor) serve(w work) {
	defer func() {
		if w != nil {
			done := w
			w = nil
			next := e.next()
			done.left()
			e.serve(next)
		}
	}()
	for w != nil {
		w.work()
		next := e.next()
		w.left()
		w = next
	}
}

// A Source is something outside of the loop that will post to it (loop.add_reader): a
// server, a signal, a goroutine of one's own. While one is open, the loop waits for it
// and does not take itself for deadlocked.
type Source struct {
	loop *Loop
	once sync.Once
}

// NewSource opens a source (loop.add_reader).
func (l *Loop) NewSource() *Source {
	l.sources++
	return &Source{loop: l}
}

// Post puts f at the end of the loop's ready queue (loop.call_soon_threadsafe), as
// [Loop.CallSoonThreadsafe] does. It may be called from any goroutine, and returns
// [ErrClosed] if the loop has ended.
func (s *Source) Post(f func()) error { return s.loop.CallSoonThreadsafe(f) }

// Close says that no more will come (loop.remove_reader). It may be called from any
// goroutine, and more than once.
func (s *Source) Close() {
	s.once.Do(func() {
		_ = s.loop.mail.post(callback(func() { s.loop.sources-- }))
	})
}
