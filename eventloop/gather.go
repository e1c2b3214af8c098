package eventloop

import (
	"errors"

	"example.com/overlap"
)

// errOtherLoop says that what was given belongs to another loop.
var errOtherLoop = errors.New("eventloop: given a future of another loop")

// Gather waits for several at once (asyncio.gather). Its future has their values, in the
// order in which they were given. Coroutines become tasks of s; the same task or future
// may be given twice and is waited for once. Given nothing, or only what is done, the
// future is done at once.
//
// The first error is the future's error, as soon as it is there. The others go on, and
// what becomes of them nobody hears: a [TaskGroup] is for those who want them ended. One
// that is cancelled alone has the error [ErrCancelled], which ends the future like any
// other and cancels nobody else.
//
// A cancel of the future, or of the task that awaits it, cancels all that are not done.
// The first of them that ends by it ends the future, which does not wait for the others:
// [GatherResults] does. The future then has the error ErrCancelled, but does not count as
// cancelled. A cancel after the first error reaches nobody.
func Gather[T any, A Awaitable[T]](s Scope, as ...A) *Future[[]T] {
	return gather(s, as, true, func(f *Future[T]) T { return f.value })
}

// GatherResults (asyncio.gather with return_exceptions=True) waits for several at once,
// and for all. Its future has the value or the error of each, in the order in which they
// were given; an error ends nothing early. In all else it is like [Gather].
//
// A cancel of the future, or of the task that awaits it, cancels all that are not done,
// and the future is done when they are, with the error [ErrCancelled], whatever they made
// of it.
func GatherResults[T any, A Awaitable[T]](s Scope, as ...A) *Future[[]overlap.Result[T]] {
	return gather(s, as, false, func(f *Future[T]) overlap.Result[T] {
		value, err := f.Result()
		return overlap.Result[T]{Value: value, Err: err}
	})
}

// A gathering is the future of a gather. V is what is kept of a child.
type gathering[T, V any] struct {
	Future[[]V]
	children []gatherChild[T, V]
	left     int
	strict   bool // the first error is the end
	told     bool // to cancel, and passed it on
	keep     func(*Future[T]) V
}

// gatherChild is a child of a gathering, and the callback of its end.
type gatherChild[T, V any] struct {
	in    *gathering[T, V]
	child *Future[T]
}

func gather[T, V any, A Awaitable[T]](s Scope, as []A, strict bool, keep func(*Future[T]) V) *Future[[]V] {
	l, _ := s.scope()
	g := &gathering[T, V]{children: make([]gatherChild[T, V], len(as)), left: len(as), strict: strict, keep: keep}
	g.loop, g.owner, g.kind = l, g, kindGather
	foreign := false
	for i, a := range as {
		f := a.ensure(s)
		g.children[i] = gatherChild[T, V]{g, f}
		if f.loop != l {
			foreign = true
		} else if !f.done() {
			// One that is given twice has two callbacks. They are called one after the
			// other, so it is as if it had one.
			f.addCallback(&g.children[i])
		}
	}
	if foreign {
		g.settle(finished, errOtherLoop)
		return &g.Future
	}
	if len(as) == 0 {
		g.end()
		return &g.Future
	}
	for i := range g.children {
		// Who is done already is heard now, when the others are all begun.
		if g.children[i].child.done() {
			g.children[i].run()
		}
	}
	return &g.Future
}

// run hears that the child is done.
func (c *gatherChild[T, V]) run() {
	g, f := c.in, c.child
	g.left--
	if g.strict || g.done() {
		f.ask() // also if it is too late for it to count: asyncio reports none of these
	}
	switch {
	case g.done():
	case g.strict && f.err != nil:
		g.settle(finished, f.err)
	case g.left == 0:
		g.end()
	}
}

// end makes the gathering done when all its children are.
func (g *gathering[T, V]) end() {
	values := make([]V, len(g.children))
	for i, c := range g.children {
		values[i] = g.keep(c.child)
	}
	if g.told {
		g.settle(finished, ErrCancelled)
		return
	}
	g.value = values
	g.settle(finished, nil)
}

// cancel cancels the children. If none of them can be cancelled any more, they all are
// done and the end is on its way.
func (g *gathering[T, V]) cancel() bool {
	if g.done() {
		return false
	}
	told := false
	for _, c := range g.children {
		if c.child.cancel() {
			told = true
		}
	}
	g.told = g.told || told
	return told
}
