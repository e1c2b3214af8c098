package eventloop

import (
	"context"
	"sync"
)

// An offContext is the context of a function off the loop: the loop's, with an end of its
// own. It is context.WithCancel for a function that most often does not look: its
// channel, and its place among the children of the loop's context, are made when somebody
// asks for them. That is half of what it takes to go off the loop.
type offContext struct {
	context.Context // the loop's

	mu     sync.Mutex
	err    error
	done   chan struct{} // nil until somebody asks
	forget func() bool   // leaves the loop's context
}

// Done gives the channel that is closed when the future is cancelled, the function has
// returned or the loop ends.
func (c *offContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		} else {
			c.forget = context.AfterFunc(c.Context, func() { c.end(c.Context.Err()) })
		}
	}
	return c.done
}

// Err is why the context has ended, if it has.
func (c *offContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.Context.Err(); err != nil {
		c.close(err) // now, as who sees the error must find the channel closed
	}
	return c.err
}

// cancel ends the context, unless it has ended.
func (c *offContext) cancel() { c.end(context.Canceled) }

// cancelled reports whether it has ended; while nobody has asked for its end, only by
// itself, and not by the end of the loop.
func (c *offContext) cancelled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

func (c *offContext) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close(err)
}

// close is end for who has the lock.
func (c *offContext) close(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	if c.done != nil {
		close(c.done)
		c.forget()
	}
}
