package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// Subjects without a stream, for what only those who are there need to hear.
const (
	helloCall    = "hello"    // overlap.NAME.hello: each worker answers with its Worker
	workerCall   = "worker"   // overlap.NAME.worker: a Worker that has come, or that leaves
	withdrawCall = "withdraw" // overlap.NAME.withdraw BATCH: each worker answers with what it holds
)

// A Worker is one call of Work, somewhere.
type Worker struct {
	Name    string `json:"name"`  // its machine and process
	Limit   int    `json:"limit"` // how many jobs it does at once
	Running int    `json:"running"`
	Worked
	ID   string `json:"id"`
	Left bool   `json:"left,omitempty"` // it has ended
}

// held is a worker's answer to a withdrawal: how many of the batch's jobs it still has. One that
// has some answers again when it has none.
type held struct {
	ID   string `json:"id"`
	Jobs int    `json:"jobs"`
}

// A batch is what a worker knows of the jobs that came together.
type batch struct {
	ctx       context.Context
	cancel    context.CancelCauseFunc
	held      int
	withdrawn bool
	empty     chan struct{} // closed when it is withdrawn and none is held
}

// remembered is how many withdrawn batches a worker knows: a job of one may still be on its way.
const remembered = 1000

// join tells of this worker, and answers those who ask, until leave is called.
func (w *labour) join() (leave func(), err error) {
	id := nuid.Next()
	self := func(left bool) []byte {
		text, _ := json.Marshal(Worker{w.name, w.limit, int(w.running.Load()), w.worked(), id, left})
		return text
	}
	var answering sync.WaitGroup
	hello, err := w.q.conn.Subscribe(w.subject(helloCall), func(msg *nats.Msg) { _ = msg.Respond(self(false)) })
	if err != nil {
		return nil, err
	}
	var order []string
	withdraw, err := w.q.conn.Subscribe(w.subject(withdrawCall), func(msg *nats.Msg) {
		name := string(msg.Data)
		jobs, empty := w.withdraw(name)
		if order = append(order, name); len(order) > remembered {
			w.forget(order[0])
			order = slices.Delete(order, 0, 1)
		}
		say := func(jobs int) {
			text, _ := json.Marshal(held{id, jobs})
			_ = msg.Respond(text)
		}
		say(jobs)
		if jobs > 0 {
			answering.Go(func() {
				<-empty
				say(0)
			})
		}
	})
	if err != nil {
		_ = hello.Unsubscribe()
		return nil, err
	}
	if err := w.q.conn.Publish(w.subject(workerCall), self(false)); err != nil {
		return nil, err
	}
	return func() {
		_ = withdraw.Unsubscribe()
		_ = hello.Unsubscribe()
		answering.Wait()
		_ = w.q.conn.Publish(w.subject(workerCall), self(true))
		_ = w.q.conn.FlushTimeout(time.Second)
	}, nil
}

// enter counts a job into its batch, whose context it returns.
func (w *labour) enter(name string) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.batchOf(name)
	b.held++
	return b.ctx
}

// batchOf wants the lock.
func (w *labour) batchOf(name string) *batch {
	b := w.batches[name]
	if b == nil {
		b = &batch{empty: make(chan struct{})}
		b.ctx, b.cancel = context.WithCancelCause(context.Background())
		w.batches[name] = b
	}
	return b
}

// part counts a job out of its batch.
func (w *labour) part(t *try) {
	t.cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.batches[t.batch]
	b.held--
	switch {
	case b.held > 0:
	case b.withdrawn:
		close(b.empty)
		b.empty = make(chan struct{}) // a job that was on its way may still come
	default:
		b.cancel(nil)
		delete(w.batches, t.batch)
	}
}

// withdraw ends the contexts of a batch's jobs, and says how many there are, and when there are
// none.
func (w *labour) withdraw(name string) (jobs int, empty <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.batchOf(name)
	b.withdrawn = true
	b.cancel(ErrWithdrawn)
	return b.held, b.empty
}

func (w *labour) withdrawn(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.batches[name].withdrawn
}

// forget drops a withdrawn batch of which nothing is held.
func (w *labour) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.batches[name]; b != nil && b.held == 0 {
		delete(w.batches, name)
	}
}

// A crew is the workers of a job that somebody knows to be there.
type crew struct {
	mu    sync.Mutex
	there map[string]Worker // by ID, also those who have left
}

// crew listens for workers who come and go, and calls those who are there. What it has not heard
// of because the server was away, it does not know.
func (q *Queue) crew(s spec) (c *crew, leave func(), err error) {
	c = &crew{there: map[string]Worker{}}
	heed := func(msg *nats.Msg) {
		var worker Worker
		if json.Unmarshal(msg.Data, &worker) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.there[worker.ID].Left { // its answer to our call may come after its farewell
			c.there[worker.ID] = worker
		}
	}
	answers := nats.NewInbox()
	var subscriptions []*nats.Subscription
	leave = func() {
		for _, s := range subscriptions {
			_ = s.Unsubscribe()
		}
	}
	for _, subject := range []string{answers, s.subject(workerCall)} {
		subscription, err := q.conn.Subscribe(subject, heed)
		if err != nil {
			leave()
			return nil, nil, err
		}
		subscriptions = append(subscriptions, subscription)
	}
	if err := q.conn.PublishRequest(s.subject(helloCall), answers, nil); err != nil {
		leave()
		return nil, nil, err
	}
	return c, leave, nil
}

// workers are those who are there, by their names.
func (c *crew) workers() []Worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Worker
	for _, worker := range c.there {
		if !worker.Left {
			all = append(all, worker)
		}
	}
	slices.SortFunc(all, func(a, b Worker) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return all
}

// left says whether a worker has said that it leaves.
func (c *crew) left(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.there[id].Left
}
