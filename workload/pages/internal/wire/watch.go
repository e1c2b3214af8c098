package wire

import (
	"context"
	"net"
	"sync"
	"time"
)

// A Watch ends what waits on connections when their contexts end. It is ready for use, and
// safe for concurrent use.
//
// A context.AfterFunc for each request would do too, at half a microsecond each. The
// requests of one run have one context, so one AfterFunc serves all that are in flight at
// a time, and most requests only enter a list and leave it.
type Watch struct {
	mu     sync.Mutex
	groups map[<-chan struct{}]*group // by Done: contexts that have it in common end together
	spare  *group                     // of one request after another
}

// A group is the connections that wait under one context.
type group struct {
	stop  func() bool
	conns []*Watched
	ended sync.WaitGroup // of the goroutine that the context's end starts
}

// Watched is a connection under a Watch, one request at a time.
type Watched struct {
	conn  net.Conn
	done  <-chan struct{}
	group *group // nil: not watched
	at    int    // in group.conns
	cut   bool   // the context ended
}

// Begin watches conn until End: when ctx ends, all that reads and writes on conn fails.
// Deadlines of conn are set before, as they would undo that.
func (w *Watch) Begin(ctx context.Context, conn net.Conn, e *Watched) {
	e.cut = false
	done := ctx.Done()
	if done == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[done]
	if g == nil {
		if w.groups == nil {
			w.groups = map[<-chan struct{}]*group{}
		}
		if g, w.spare = w.spare, nil; g == nil {
			g = new(group)
		}
		g.ended.Add(1)
		g.stop = context.AfterFunc(ctx, func() { w.cut(done, g) })
		w.groups[done] = g
	}
	e.conn, e.done, e.group, e.at = conn, done, g, len(g.conns)
	g.conns = append(g.conns, e)
}

// cut is the end of a context.
func (w *Watch) cut(done <-chan struct{}, g *group) {
	defer g.ended.Done()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range g.conns {
		e.cut = true
		_ = e.conn.SetDeadline(time.Unix(1, 0)) // fails only if it is closed
	}
	g.conns = nil
	if w.groups[done] == g {
		delete(w.groups, done)
	}
}

// End ends what Begin began, and says whether the context ended meanwhile: then the
// connection is of no more use. When it returns, nothing runs on behalf of e. It may be
// called twice.
func (w *Watch) End(e *Watched) (cut bool) {
	g := e.group
	if g == nil {
		return e.cut
	}
	w.mu.Lock()
	e.group, e.conn = nil, nil
	wait := e.cut
	if !e.cut {
		last := len(g.conns) - 1
		g.conns[e.at] = g.conns[last]
		g.conns[e.at].at = e.at
		g.conns[last] = nil
		g.conns = g.conns[:last]
		if last == 0 {
			delete(w.groups, e.done)
			if wait = !g.stop(); !wait {
				g.ended.Done() // it will not be called
				g.stop = nil   // and with it the context
				w.spare = g
			}
		}
	}
	w.mu.Unlock()
	if wait {
		g.ended.Wait()
	}
	return e.cut
}
