package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"example.com/overlap"
)

// Run puts a job for each key into the queue, waits for the workers to do them, and returns one
// result per key, in the order of keys. It does none itself, and waits for as long as there is no
// worker; how many there are and how much they do at once is theirs to say.
//
// A job that fails has a [*RemoteError]; if the queue itself fails, each job without a result has
// that error. A key that stands twice is one job, and both have its result.
//
// When ctx ends, the jobs that no worker has are taken back, the contexts of those that run end,
// and Run returns when the workers have said that they have none of them left, or have not
// answered for the job's AckWait: then such a worker's time for the job is over as well. Each job
// that has no result then has context.Cause(ctx). Between the end of ctx and a worker's hearing of
// it lies a message's way through the network: a job may begin in that time.
//
// If the process dies, its jobs are done for nobody: [Add] and [Collect] are for work that must
// outlive who asked for it.
func Run[K, B, R any](ctx context.Context, q *Queue, job Job[K, B, R], keys []K) []overlap.Result[R] {
	job.Job.MustValid()
	s, batch := job.spec(), nuid.Next()
	c := newCollection(q, job, keys)
	if len(c.missing) == 0 || ctx.Err() != nil {
		return c.end(context.Cause(ctx))
	}
	crew, leave, err := q.crew(s)
	if err != nil {
		return c.end(q.wrong("call the workers", err))
	}
	defer leave()
	if err := q.prepare(ctx, s); err != nil {
		return c.end(err)
	}
	// Results come while jobs are still being added.
	adding, fail := context.WithCancelCause(ctx)
	var added sync.WaitGroup
	added.Go(func() {
		if _, err := q.add(adding, s, batch, past{}, unique(c.keys)); err != nil {
			fail(err)
		}
	})
	err = c.collect(adding, s, batch)
	fail(err)
	added.Wait()
	if err != nil {
		// What was recorded before the jobs were withdrawn still counts.
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ackWait+silence)
		defer cancel()
		q.withdraw(late, s, batch, crew)
		c.collectDone(late, s, batch)
	}
	// A worker that was given up for lost may yet end its try: what it would record then, nobody
	// asks for any more. Those that do not hear of it leave an outcome until Settings.Keep.
	_ = q.conn.Publish(s.subject(withdrawCall), []byte(batch))
	q.erase(s, batch)
	return c.end(err)
}

// Collect waits until each key has an outcome, and returns one result per key, in the order of
// keys. It adds nothing: the keys were added to the batch before, by whatever process, or will be.
// It may be called again, and in several processes, for as long as the outcomes are kept.
//
// When ctx ends, each key without an outcome has context.Cause(ctx), and the jobs stay.
func Collect[K, B, R any](ctx context.Context, q *Queue, job Job[K, B, R], batch string, keys []K) []overlap.Result[R] {
	s := job.spec()
	c := newCollection(q, job, keys)
	if err := batchNamed(batch); err != nil {
		return c.end(err)
	}
	if len(c.missing) == 0 || ctx.Err() != nil {
		return c.end(context.Cause(ctx))
	}
	err := q.prepare(ctx, s)
	if err == nil {
		err = c.collect(ctx, s, batch)
	}
	return c.end(err)
}

// A collection gathers the results of keys as they are recorded.
type collection[R any] struct {
	q       *Queue
	decode  func(data []byte) (R, error)
	keys    [][]byte // those that could be encoded, each once
	results []overlap.Result[R]
	missing map[string]int // the keys that have no result, by the id of their job: the last of the same
	same    []int          // for each key the one before that is the same, or -1
	next    uint64         // where in the stream we are
}

func newCollection[K, B, R any](q *Queue, job Job[K, B, R], keys []K) *collection[R] {
	encode := job.Keys.orJSON().Encode
	c := &collection[R]{
		q: q, decode: job.Results.orJSON().Decode,
		results: make([]overlap.Result[R], len(keys)), missing: make(map[string]int, len(keys)), same: make([]int, len(keys)),
	}
	for i, key := range keys {
		data, err := encode(key)
		switch {
		case err != nil:
			c.results[i].Err = fmt.Errorf("encode key: %w", err)
		case len(data) > q.largest():
			c.results[i].Err = fmt.Errorf("the key has %d bytes, and the server takes %d at most", len(data), q.largest())
		default:
			job := id(data)
			before, again := c.missing[job]
			if c.same[i] = before; !again {
				c.same[i] = -1
				c.keys = append(c.keys, data)
			}
			c.missing[job] = i
		}
	}
	return c
}

// give gives all keys of a job their result.
func (c *collection[R]) give(last int, result overlap.Result[R]) {
	for i := last; i >= 0; i = c.same[i] {
		c.results[i] = result
	}
}

// end gives every key that has no result this error.
func (c *collection[R]) end(err error) []overlap.Result[R] {
	for _, last := range c.missing {
		c.give(last, overlap.Result[R]{Err: err})
	}
	return c.results
}

// collect takes outcomes until none is missing.
func (c *collection[R]) collect(ctx context.Context, s spec, batch string) error {
	for len(c.missing) > 0 {
		err := c.q.retry(ctx, func(context.Context) error { return c.read(ctx, s, batch) })
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return c.q.wrong("collect results", err)
		}
	}
	return nil
}

// read reads the stream of outcomes from where we are.
func (c *collection[R]) read(ctx context.Context, s spec, batch string) error {
	from, err := c.q.js.OrderedConsumer(ctx, s.stream(results), jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{s.subject(resultKind, batch, "*")},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    c.next + 1,
	})
	if err != nil {
		return err
	}
	all, wrong := make(chan struct{}), make(chan error, 1)
	var last jetstream.Msg
	reading, err := from.Consume(func(msg jetstream.Msg) {
		if len(c.missing) == 0 {
			return
		}
		last = msg
		if c.take(s, msg); len(c.missing) == 0 {
			close(all)
		}
	}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		select {
		case wrong <- err:
		default:
		}
	}))
	if err != nil {
		return err
	}
	defer func() {
		reading.Stop()
		<-reading.Closed()
		c.q.dismiss(s.stream(results), from)
		if last != nil { // how far we have come
			if about, err := last.Metadata(); err == nil {
				c.next = about.Sequence.Stream
			}
		}
	}()
	select {
	case <-all:
		return nil
	case err := <-wrong:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.q.closed:
		return c.q.gone()
	}
}

func (c *collection[R]) take(s spec, msg jetstream.Msg) {
	job := token(msg.Subject(), idToken)
	last, ok := c.missing[job]
	if !ok {
		return
	}
	delete(c.missing, job)
	var result overlap.Result[R]
	if msg.Headers().Get(failureHeader) != "" {
		result.Err = s.received(msg.Data())
	} else if result.Value, result.Err = c.decode(msg.Data()); result.Err != nil {
		result.Err = fmt.Errorf("decode result: %w", result.Err)
	}
	c.give(last, result)
}

// collectDone takes the outcomes that are recorded already, and waits for no other.
func (c *collection[R]) collectDone(ctx context.Context, s spec, batch string) {
	done, err := c.q.outcomes(ctx, s, batch)
	if err != nil {
		c.q.log.Warn("results may be left at the server", "job", s.name, "batch", batch, "error", err)
		return
	}
	later := c.missing
	c.missing = map[string]int{}
	for subject := range done {
		job := token(subject, idToken)
		if last, ok := later[job]; ok {
			c.missing[job] = last
			delete(later, job)
		}
	}
	if err := c.collect(ctx, s, batch); err != nil {
		c.q.log.Warn("results may be left at the server", "job", s.name, "batch", batch, "error", err)
	}
	for job, last := range later {
		c.missing[job] = last
	}
}

// withdraw takes back the jobs of a batch, and returns when no worker has one any more.
func (q *Queue) withdraw(ctx context.Context, s spec, batch string, crew *crew) {
	if err := q.drop(ctx, s, s.subject(jobKind, batch, "*")); err != nil {
		q.log.Warn("jobs may be left in the queue", "job", s.name, "batch", batch, "error", err)
	}
	inbox := nats.NewInbox()
	answers, err := q.conn.SubscribeSync(inbox)
	if err != nil {
		return
	}
	defer func() { _ = answers.Unsubscribe() }()
	if err := q.conn.PublishRequest(s.subject(withdrawCall), inbox, []byte(batch)); err != nil {
		return
	}
	wait, cancel := context.WithTimeout(ctx, s.ackWait+s.grace())
	defer cancel()
	left := map[string]int{} // what each worker still has
	for _, worker := range crew.workers() {
		left[worker.ID] = 1
	}
	for !none(left) {
		msg, err := answers.NextMsgWithContext(wait)
		if err != nil {
			q.log.Warn("a worker does not say that it has ended the jobs", "job", s.name, "batch", batch, "error", err)
			return
		}
		var has held
		if json.Unmarshal(msg.Data, &has) == nil {
			left[has.ID] = has.Jobs
		}
		for id := range left {
			if crew.left(id) {
				delete(left, id)
			}
		}
	}
}

func none(left map[string]int) bool {
	for _, jobs := range left {
		if jobs > 0 {
			return false
		}
	}
	return true
}

// erase drops what is kept of a batch whose results nobody will ask for again. Its dead letters
// stay: they are for whoever looks after the queue.
func (q *Queue) erase(s spec, batch string) {
	ctx, cancel := context.WithTimeout(context.Background(), ackTimeout)
	defer cancel()
	from, err := q.js.Stream(ctx, s.stream(results))
	if err == nil {
		err = from.Purge(ctx, jetstream.WithPurgeSubject(s.subject(resultKind, batch, "*")))
	}
	if err != nil {
		q.log.Warn("the results of a run stay until their time is over", "job", s.name, "batch", batch, "error", err)
	}
}

// dismiss drops a consumer of ours, which the server would keep for minutes.
func (q *Queue) dismiss(stream string, consumer jetstream.Consumer) {
	if !q.conn.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if info := consumer.CachedInfo(); info != nil {
		_ = q.js.DeleteConsumer(ctx, stream, info.Name)
	}
}
