package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"example.com/overlap"
)

// Worked is what a worker has done.
type Worked struct {
	Done   int `json:"done"`   // results that it recorded
	Failed int `json:"failed"` // jobs that it gave up, after their tries or at an error that will stay
	Again  int `json:"again"`  // failed tries that it handed back for another
	// Known are jobs that had an outcome already when it had theirs, or before it began. That
	// may be its own one, sent twice because the server's word of the first got lost.
	Known int `json:"known"`
}

// poll is how long a worker's question for jobs stays open, and so the longest that an idle one
// takes to stop. It is not cut short: what is on its way would be lost until the ack wait is over.
const poll = time.Second

// Work takes jobs from the queue and does them, up to limit at once, until ctx ends. Any number
// of processes on any number of machines may do so at the same time.
//
// When ctx ends, it takes no more. The jobs that run are let finish: their context is not ctx,
// and ends only when their ack wait is over or when the Run that wanted them ends. Work returns
// when their outcomes are recorded, with a nil error.
//
// It returns an error if it cannot reach the queue, cannot make the job's streams, or can go on
// no more: the connection has ended for good, the storage is full ([ErrFull]), somebody has
// deleted the consumer. Jobs that it had then come to another worker after their ack wait.
//
// It asks for as many jobs as it has hands free, and ahead of that for as many as it has ended
// within the last fiftieth of a second, 500 at most: none of jobs that last, and enough of short
// ones that no hand waits for the server. If jobs turn out to last, those that lie here are handed
// back. None at all are asked for ahead if Job.Tries is below 3, as one that lies here when the
// process is killed, or that is handed back, has used up a try. The cost beside the job's own: three messages there and two back, and two writes at the
// server.
func Work[K, B, R any](ctx context.Context, q *Queue, job Job[K, B, R], limit int) (Worked, error) {
	job.Job.MustValid()
	overlap.MustLimit("limit", limit)
	work := job.bytes()
	w := &labour{
		spec: job.spec(), q: q, limit: limit, name: worker(),
		do:      func(ctx context.Context, key []byte) overlap.Result[[]byte] { return work.Do(ctx, key) },
		taken:   make(chan *try, limit+farthest),
		ahead:   ahead{freed: make(chan struct{}, 1)},
		outcome: make(chan *try, window),
		batches: map[string]*batch{},
	}
	err := w.work(ctx)
	return w.worked(), err
}

// A labour is one call of Work.
type labour struct {
	spec
	q     *Queue
	limit int
	name  string
	do    func(ctx context.Context, key []byte) overlap.Result[[]byte]

	taken   chan *try // jobs to do
	outcome chan *try // jobs whose outcome is on its way to the server
	ahead             // how many jobs are asked for

	record     context.Context // ends when outcomes have no hope of being stored any more
	stopRecord context.CancelFunc

	mu      sync.Mutex
	batches map[string]*batch // those with a job here, and those that were withdrawn lately
	err     error             // why it cannot go on
	broken  context.CancelFunc

	running                    atomic.Int64
	done, failed, again, known atomic.Int64
}

// A try is one delivery of a job.
type try struct {
	msg     jetstream.Msg
	came    time.Time // or when the server was told that it is not forgotten
	n       int       // the first is 1
	batch   string
	id      string
	ctx     context.Context // its batch's, and from its beginning its own
	cancel  context.CancelFunc
	result  overlap.Result[[]byte]
	sending *sending
	failure []byte // what is recorded of a failure, as JSON
	seq     uint64 // where in the stream of outcomes it is recorded
}

func (w *labour) worked() Worked {
	return Worked{int(w.done.Load()), int(w.failed.Load()), int(w.again.Load()), int(w.known.Load())}
}

func (w *labour) work(ctx context.Context) error {
	err := w.q.prepare(ctx, w.spec)
	if ctx.Err() != nil {
		return nil // told to stop before it began
	}
	if err != nil {
		return err
	}
	var from jetstream.Consumer
	err = w.q.retry(ctx, func(ctx context.Context) (err error) {
		from, err = w.q.js.CreateOrUpdateConsumer(ctx, w.stream(jobs), jetstream.ConsumerConfig{
			Durable:       consumer,
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       w.ackWait + w.grace(),
			MaxDeliver:    -1, // the tries are counted here: a job that is given up needs its dead letter
			MaxAckPending: -1, // each worker has a limit of its own
		})
		return err
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return w.q.wrong(fmt.Sprintf("make the consumer of %s", w.stream(jobs)), err)
	}
	ctx, w.broken = context.WithCancel(ctx)
	defer w.broken()
	w.record, w.stopRecord = context.WithCancel(context.Background())
	defer w.stopRecord()
	leave, err := w.join()
	if err != nil {
		return w.q.wrong("tell of this worker", err)
	}
	defer leave()

	var doing, recording sync.WaitGroup
	for range w.limit {
		overlap.Go(&doing, func() {
			for t := range w.taken {
				if w.begin(t) {
					w.try(t)
				}
			}
		})
	}
	recording.Go(func() {
		for t := range w.outcome {
			w.confirm(t)
		}
	})
	w.take(ctx, from)
	w.giveBack(0)
	close(w.taken)
	doing.Wait()
	close(w.outcome)
	recording.Wait()
	return w.err
}

// fail ends the work. What has an outcome has a few seconds to be stored all the same.
func (w *labour) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
		w.broken()
		timer := time.AfterFunc(ackTimeout, w.stopRecord)
		context.AfterFunc(w.record, func() { timer.Stop() })
	}
}

// take asks for jobs until ctx ends.
func (w *labour) take(ctx context.Context, from jetstream.Consumer) {
	for {
		n := w.room(ctx)
		if n == 0 {
			return
		}
		var came int
		err := w.q.retry(ctx, func(context.Context) error {
			fetched, err := from.Fetch(n-came, jetstream.FetchMaxWait(poll))
			if err != nil {
				return err
			}
			for msg := range fetched.Messages() {
				came++
				w.accept(ctx, msg)
			}
			if came > 0 {
				return nil // whatever ended it, the next question will tell
			}
			return fetched.Error()
		})
		w.release(n-came, 0)
		if err != nil && ctx.Err() == nil {
			w.fail(w.q.wrong(fmt.Sprintf("take jobs from %s", w.stream(jobs)), err))
			return
		}
	}
}

// accept takes a job that has come.
func (w *labour) accept(ctx context.Context, msg jetstream.Msg) {
	t := &try{
		msg: msg, came: time.Now(), n: 1, cancel: func() {},
		batch: token(msg.Subject(), batchToken), id: token(msg.Subject(), idToken),
	}
	if about, err := msg.Metadata(); err == nil {
		t.n = int(about.NumDelivered)
	}
	if t.n > 1 {
		_ = w.q.conn.Publish(w.subject(againKind, t.batch), nil) // for Status; no job waits for it
	}
	t.ctx = w.enter(t.batch)
	if ctx.Err() != nil && w.spare(t) {
		// It came while we stop. At once it would come back, on the question that is still open.
		w.handBack(t, poll)
		return
	}
	w.taken <- t // has room for all that is asked for
}

// giveBack gives the jobs that lie here to other workers, but for so many. A job that is handed
// back has used up a try, which the server counts, without having been done: so that it does once
// at most, and stays here if it came for a second time, or if it has no try to spare.
func (w *labour) giveBack(but int) {
	for range len(w.taken) - but {
		select {
		case t := <-w.taken:
			if w.spare(t) {
				w.handBack(t, 0)
				continue
			}
			w.remind(t)
			w.taken <- t
		default: // a hand was faster
		}
	}
}

func (w *labour) spare(t *try) bool { return t.n == 1 && w.tries > spareTries }

// handBack gives a job that was not begun to another worker, after a time.
func (w *labour) handBack(t *try, after time.Duration) {
	_ = t.msg.NakWithDelay(after)
	w.leave(t, 0)
}

// remind has the server count the ack wait of a job from now on.
func (w *labour) remind(t *try) {
	_ = t.msg.InProgress()
	t.came = time.Now()
}

// late says whether another may have the job by now: it is not ours to hand back any more.
func (w *labour) late(t *try) bool { return time.Since(t.came) >= w.ackWait+w.grace()/2 }

// begin says whether a job that may have lain here is still ours to do. If so, its time begins.
func (w *labour) begin(t *try) bool {
	switch {
	case w.late(t):
		w.leave(t, 0)
		return false
	case time.Since(t.came) > w.grace()/4:
		w.remind(t)
	}
	t.ctx, t.cancel = context.WithDeadlineCause(t.ctx, t.came.Add(w.ackWait), ErrAckWait)
	return true
}

// try does a job. A job that ends its goroutine ends this one: the deferred call still runs.
func (w *labour) try(t *try) {
	w.running.Add(1)
	t.result.Err = overlap.ErrGoexit
	defer func() {
		w.running.Add(-1)
		w.judge(t)
	}()
	if (t.n > 1 || t.msg.Headers().Get(againHeader) != "") && w.remember(t) {
		return
	}
	if t.n > w.tries {
		t.result.Err = fmt.Errorf("%w in each of %d tries", ErrLost, w.tries)
		return
	}
	result := w.do(t.ctx, t.msg.Data())
	switch {
	case result.Err != nil && t.ctx.Err() != nil && errors.Is(result.Err, t.ctx.Err()):
		result.Err = context.Cause(t.ctx) // the job says that its context ended; this says why
	case len(result.Value) > w.q.largest():
		result.Err = &codecError{CodeTooLarge, fmt.Errorf("the result has %d bytes, and the server takes %d at most", len(result.Value), w.q.largest())}
	}
	t.result = result
}

// remember says whether the job has an outcome already, which then is this try's. If the server
// does not say, the job is done once more, which is allowed: it is recorded once.
func (w *labour) remember(t *try) bool {
	// If it is a failure, its worker may have died before it wrote the dead letter.
	if err := w.recorded(t.ctx, t); err != nil {
		return false
	}
	w.known.Add(1)
	t.result.Err = errKnown
	return true
}

// recorded looks up the job's outcome: t.failure is nil if that is a result.
func (w *labour) recorded(ctx context.Context, t *try) error {
	from, err := w.q.js.Stream(ctx, w.stream(results))
	if err != nil {
		return err
	}
	found, err := from.GetLastMsgForSubject(ctx, w.subject(resultKind, t.batch, t.id))
	if err != nil {
		return err
	}
	t.seq, t.failure = found.Sequence, nil
	if found.Header.Get(failureHeader) != "" {
		t.failure = found.Data
	}
	return nil
}

// errKnown is the result of a job that was not done, as its outcome is recorded.
var errKnown = errors.New("recorded already")

// judge says what becomes of a try.
func (w *labour) judge(t *try) {
	err := t.result.Err
	switch {
	case w.withdrawn(t.batch):
		_ = t.msg.Term()
		w.leave(t, 1)
	case errors.Is(err, errKnown) && t.failure == nil:
		_ = t.msg.Ack()
		w.leave(t, 1)
	case errors.Is(err, errKnown):
		w.handOver(t)
	case err == nil:
		t.sending = w.q.send(w.outcomeOf(t, t.result.Value))
		w.handOver(t)
	case t.n < w.tries && w.worthwhile(t):
		w.again.Add(1)
		if !w.late(t) {
			_ = t.msg.NakWithDelay(w.wait(t.n))
		}
		w.leave(t, 1)
	default:
		t.failure = w.spec.failed(t.result.Err, min(t.n, w.tries), w.name).json()
		msg := w.outcomeOf(t, t.failure)
		msg.Header.Set(failureHeader, "1")
		t.sending = w.q.send(msg)
		w.handOver(t)
	}
}

// worthwhile says whether another try may end otherwise. A panic in Job.Temporary is the job's, and
// takes the place of what it was asked about.
func (w *labour) worthwhile(t *try) (again bool) {
	defer func() {
		if v := recover(); v != nil {
			t.result.Err = &overlap.PanicError{Value: v, Stack: debug.Stack()}
			again = false
		}
	}()
	_, codec := errors.AsType[*codecError](t.result.Err)
	return !codec && w.temporary(t.result.Err)
}

func (w *labour) outcomeOf(t *try, data []byte) *nats.Msg {
	return &nats.Msg{Subject: w.subject(resultKind) + "." + t.batch + "." + t.id, Data: data, Header: nats.Header{}}
}

// leave ends a try that has no outcome to record; ended is 0 if it was not begun.
func (w *labour) leave(t *try, ended int) {
	w.part(t)
	w.release(1, ended)
}

// handOver leaves it to confirm to see a try's outcome into its stream.
func (w *labour) handOver(t *try) {
	w.outcome <- t
	w.release(1, 1)
}

// confirm sees an outcome into its stream, then the dead letter if it has one, and acks the job
// only then: whoever dies in between, the job comes again and finds what was recorded.
func (w *labour) confirm(t *try) {
	defer w.part(t)
	if t.sending != nil && t.failure == nil {
		if known, err := t.sending.answer(w.record); err == nil && !known { // nearly always
			w.done.Add(1)
			_ = t.msg.Ack()
			return
		}
	}
	// Long enough to outlast a restart of the server. Then another worker has the job.
	long := w.ackWait + silence
	ctx, cancel := context.WithTimeoutCause(w.record, long, fmt.Errorf("the server has not taken it for %v", long))
	defer cancel()
	fail := func(err error) {
		if ctx.Err() != nil {
			err = w.q.wrong("store an outcome", context.Cause(ctx))
		}
		w.fail(err)
	}
	recorded := false
	if t.sending != nil {
		known, err := t.sending.confirm(ctx)
		if err != nil {
			fail(err)
			return
		}
		t.seq = t.sending.seq
		if recorded = !known; known { // another worker was faster, and its outcome counts
			w.known.Add(1)
			t.failure = nil
			err := w.q.retry(ctx, func(ctx context.Context) error { return w.recorded(ctx, t) })
			if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) { // else it was dropped meanwhile, and the job with it
				fail(w.q.wrong("look up an outcome", err))
				return
			}
		}
	}
	if t.failure != nil {
		if err := w.bury(ctx, t); err != nil {
			fail(err)
			return
		}
	}
	switch {
	case recorded && t.failure != nil:
		w.failed.Add(1)
	case recorded:
		w.done.Add(1)
	}
	_ = t.msg.Ack()
}

// bury writes the dead letter: the job's key, and why it failed. One of an earlier outcome may
// still be there, as a Revive drops it last.
func (w *labour) bury(ctx context.Context, t *try) error {
	subject := w.subject(deadKind, t.batch, t.id)
	w.q.log.Warn("a job is dead", "job", w.spec.name, "batch", t.batch, "key", string(t.msg.Data()), "error", w.received(t.failure))
	for last := uint64(0); ; {
		msg := &nats.Msg{Subject: subject, Data: t.msg.Data(), Header: nats.Header{}}
		msg.Header.Set(failureHeader, string(t.failure))
		msg.Header.Set(outcomeHeader, strconv.FormatUint(t.seq, 10))
		known, err := w.q.sendAfter(msg, last).confirm(ctx)
		if err != nil || !known {
			return err
		}
		var about uint64
		if last, about, err = w.letter(ctx, subject); err != nil || about >= t.seq {
			return err
		}
	}
}

// letter looks up the dead letter under a subject: where it is stored, and which outcome it is
// about; zeros if there is none.
func (w *labour) letter(ctx context.Context, subject string) (seq, about uint64, err error) {
	err = w.q.retry(ctx, func(ctx context.Context) error {
		from, err := w.q.js.Stream(ctx, w.stream(dead))
		if err != nil {
			return err
		}
		found, err := from.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		seq = found.Sequence
		about, err = strconv.ParseUint(found.Header.Get(outcomeHeader), 10, 64)
		return err
	})
	if err != nil {
		err = w.q.wrong("look up a dead letter", err)
	}
	return seq, about, err
}
