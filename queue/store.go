package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// The three streams of a job, by the kind that ends their names, and the kinds of their subjects.
const (
	jobs    = "jobs"    // overlap.NAME.job.BATCH.ID: a key, until its outcome is recorded
	results = "results" // overlap.NAME.result.BATCH.ID: the outcome, at most one
	dead    = "dead"    // overlap.NAME.dead.BATCH.ID: the key of a job that failed, and why

	jobKind    = "job"
	resultKind = "result"
	deadKind   = "dead"
	batchKind  = "batch" // overlap.NAME.batch.BATCH, kept with the dead: there was such a batch
	againKind  = "again" // overlap.NAME.again.BATCH, likewise: each is a job that came to a worker again

	consumer = "workers"
)

// Headers of our own.
const (
	againHeader   = "Overlap-Again"   // on a job: its batch is not new, so look for an outcome first
	failureHeader = "Overlap-Failure" // on a result: it is a failure as JSON; on a dead letter: that JSON
	outcomeHeader = "Overlap-Outcome" // on a dead letter: the sequence of the outcome that it is about
)

// duplicates is for how long the server itself drops what it has seen.
const duplicates = 2 * time.Minute

// prepare makes the streams of a job if they are not there. They are as whoever made them wanted:
// another Replicas or Keep afterwards changes nothing.
func (q *Queue) prepare(ctx context.Context, s spec) error {
	for _, config := range []jetstream.StreamConfig{{
		Name:      s.stream(jobs),
		Subjects:  []string{s.subject(jobKind, "*", "*")},
		Retention: jetstream.WorkQueuePolicy, // gone when it is acked
	}, {
		Name:     s.stream(results),
		Subjects: []string{s.subject(resultKind, "*", "*")},
		MaxAge:   q.settings.Keep,
	}, {
		Name:     s.stream(dead),
		Subjects: []string{s.subject(deadKind, "*", "*"), s.subject(batchKind, "*"), s.subject(againKind, "*")},
		MaxAge:   q.settings.Keep,
	}} {
		config.Storage = jetstream.FileStorage
		config.Replicas = q.settings.Replicas
		config.Duplicates = min(duplicates, q.settings.Keep)
		config.AllowDirect = true
		err := q.retry(ctx, func(ctx context.Context) error {
			_, err := q.js.Stream(ctx, config.Name)
			if errors.Is(err, jetstream.ErrStreamNotFound) {
				_, err = q.js.CreateStream(ctx, config)
				if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
					err = nil // somebody else was faster
				}
			}
			return err
		})
		if err != nil {
			return q.wrong(fmt.Sprintf("make stream %s", config.Name), err)
		}
	}
	return nil
}

// retry calls do until it succeeds, ctx ends, or what is wrong will stay so. A server that is
// away is waited for; one that is there and leaves JetStream unanswered for too long is not.
func (q *Queue) retry(ctx context.Context, do func(context.Context) error) error {
	var quiet time.Time // since when the server has not answered though it is there
	for {
		began := time.Now()
		try, cancel := context.WithTimeout(ctx, ackTimeout)
		err := do(try)
		cancel()
		if time.Since(began) > silence {
			quiet = time.Time{} // it was answered for long, and only then not
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case q.conn.IsClosed():
			return q.gone()
		case !passing(err):
			return err
		case !q.conn.IsConnected():
			quiet = time.Time{}
		case quiet.IsZero():
			// A server that is back has not heard of what was on its way: of a thousand
			// such messages, none shall wait for the others' sake.
			quiet = time.Now()
			continue
		case time.Since(quiet) > silence:
			return fmt.Errorf("the server is there, and has not answered for %v: %w", silence, err)
		}
		if q.full(nil) {
			return ErrFull
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-q.closed:
			return q.gone()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// passing says whether an error may be gone in a moment: the server is away, or just starts.
func passing(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api.Code == 503 && !storage(api)
	}
	for _, temporary := range []error{
		nats.ErrNoResponders, nats.ErrTimeout, nats.ErrDisconnected, nats.ErrConnectionReconnecting,
		nats.ErrReconnectBufExceeded, jetstream.ErrAsyncPublishTimeout, jetstream.ErrTooManyStalledMsgs,
		jetstream.ErrNoStreamResponse, jetstream.ErrNoHeartbeat, jetstream.ErrServerShutdown,
		jetstream.ErrConsumerLeadershipChanged, jetstream.ErrMsgIteratorClosed, jetstream.ErrOrderedConsumerReset,
		context.DeadlineExceeded,
	} {
		if errors.Is(err, temporary) {
			return true
		}
	}
	return false
}

// storage says whether the server has no room left. Its codes: 10023 (resources), 10047 (storage),
// 10077 (the stream's own limit or what the disk said).
func storage(err *jetstream.APIError) bool {
	switch err.ErrorCode {
	case 10023, 10047:
		return true
	case 10077:
		return strings.Contains(err.Description, "no space") || strings.Contains(err.Description, "maximum bytes")
	}
	return false
}

// full says whether err, or what the server of Dir has said, is of a full disk. If that runs in
// another process, it is asked there.
func (q *Queue) full(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && storage(api) || errors.Is(err, ErrFull) {
		return true
	}
	if q.host == nil {
		return false
	}
	if q.host.serves.Load() || q.conn == nil || !q.conn.IsConnected() {
		return q.host.full.Load()
	}
	answer, err := q.conn.Request(fullCall, nil, moment)
	return err == nil && string(answer.Data) == fullYes
}

// fullAt says what to do.
func fullAt(dir string) error { return fmt.Errorf("%w: make room for %s", ErrFull, dir) }

// Subject without a stream: the process that runs the server of Dir answers whether its disk is
// full.
const (
	fullCall = "overlap.full"
	fullYes  = "yes"
	fullNo   = "no"
)

// tellFull answers those who ask.
func (q *Queue) tellFull() error {
	_, err := q.conn.Subscribe(fullCall, func(msg *nats.Msg) {
		switch {
		case !q.host.serves.Load(): // another will answer
		case q.host.full.Load():
			_ = msg.Respond([]byte(fullYes))
		default:
			_ = msg.Respond([]byte(fullNo))
		}
	})
	return err
}

// wrong is the one error of something that the server did not do.
func (q *Queue) wrong(what string, err error) error {
	if q.full(err) {
		err = fmt.Errorf("%w: make room, or raise the server's limit", ErrFull)
		if q.host != nil {
			err = fullAt(q.host.dir)
		}
	}
	return fmt.Errorf("queue %s: %s: %w", q.where, what, explained(err))
}

// drop takes the jobs under a subject back out of their stream, also those that a worker has.
//
// It does so one by one. A purge would be one message, but nats-server 2.15.2 then takes the jobs
// of other batches that are in flight for acked, as soon as a later one is: it moves the
// consumer's ack floor to the last of those that it purged. They would be lost with their worker.
func (q *Queue) drop(ctx context.Context, s spec, subject string) error {
	for next := uint64(1); ; {
		var done bool
		err := q.retry(ctx, func(ctx context.Context) error {
			var all errgroup.Group
			all.SetLimit(droppers)
			from, err := q.js.Stream(ctx, s.stream(jobs))
			for n := 0; err == nil && n < 8*droppers; n++ {
				var msg *jetstream.RawStreamMsg
				if msg, err = from.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject)); err == nil {
					next = msg.Sequence + 1
					all.Go(func() error { return q.dropOne(ctx, from, msg.Sequence) })
				}
			}
			if done = errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrStreamNotFound); done {
				err = nil
			}
			if failed := all.Wait(); failed != nil {
				next, err = 1, failed
			}
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// droppers is how many jobs are dropped at once.
const droppers = 16

// dropOne drops a job, if it is still there.
func (q *Queue) dropOne(ctx context.Context, from jetstream.Stream, seq uint64) error {
	err := from.DeleteMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) { // that is all that the client says
		if _, gone := from.GetMsg(ctx, seq); errors.Is(gone, jetstream.ErrMsgNotFound) {
			return nil
		}
	}
	return err
}

// A sending is a message on its way into a stream, where its subject may hold one only.
type sending struct {
	q   *Queue
	msg *nats.Msg
	ack jetstream.PubAckFuture
	err error // it could not be sent, or the server has refused it

	answered bool   // the server has said what became of it
	known    bool   // there was one already
	seq      uint64 // where it is stored, if not
}

// send begins to store msg if nothing is stored under its subject. How that ends, confirm says.
func (q *Queue) send(msg *nats.Msg) *sending { return q.sendAfter(msg, 0) }

// sendAfter does so if what is stored under its subject has this sequence.
func (q *Queue) sendAfter(msg *nats.Msg, last uint64) *sending {
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(last, 10))
	s := &sending{q: q, msg: msg}
	s.again()
	return s
}

func (s *sending) again() {
	s.answered = false
	s.ack, s.err = s.q.js.PublishMsgAsync(s.msg, s.q.once...)
}

// settle waits until nothing of the message is on its way any more, which is ackTimeout at most,
// and says whether it is in its stream now, and was before.
func (s *sending) settle() (known, settled bool) {
	ctx, cancel := context.WithTimeout(context.Background(), ackTimeout+time.Second)
	defer cancel()
	known, err := s.answer(ctx)
	return known, err == nil
}

// exists says whether err is of a subject that has its message.
func exists(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// confirm waits until the server has stored the message, or says that it has one already: known.
// What gets lost on the way is sent again, which is why a subject takes one message only.
func (s *sending) confirm(ctx context.Context) (known bool, err error) {
	known, err = s.answer(ctx)
	if err == nil { // nearly always: what a retry needs is not made for it
		return known, nil
	}
	first := true
	err = s.q.retry(ctx, func(context.Context) error {
		if !first {
			// What was stored may be done by now, and the server may have died and forgotten that
			// it saw it: of a job, the worker looks for the outcome first.
			s.msg.Header.Set(againHeader, "1")
			s.again()
			known, err = s.answer(ctx)
		}
		first = false
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = s.q.wrong("store", err)
	}
	return known, err
}

// answer waits for the server's answer to what was sent last, for ackTimeout at most. It may be
// called again.
func (s *sending) answer(ctx context.Context) (known bool, err error) {
	if s.err != nil || s.answered {
		return s.known, s.err
	}
	select {
	case ack := <-s.ack.Ok():
		s.known, s.seq = ack.Duplicate, ack.Sequence
	case s.err = <-s.ack.Err():
		if exists(s.err) {
			s.known, s.err = true, nil
		}
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case <-s.q.closed:
		return false, s.q.gone()
	}
	s.answered = true
	return s.known, s.err
}

// The places of the tokens in a subject.
const (
	batchToken = 3
	idToken    = 4
)

// token is the part of a subject at a place, or "" if it has none.
func token(subject string, place int) string {
	for ; place > 0; place-- {
		_, subject, _ = strings.Cut(subject, ".")
	}
	part, _, _ := strings.Cut(subject, ".")
	return part
}
