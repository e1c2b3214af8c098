package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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
		case !passing(err):
			return err
		case !q.conn.IsConnected():
			quiet = time.Time{}
		case quiet.IsZero():
			quiet = time.Now()
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

// full says whether err, or what the server in this process has said, is of a full disk.
func (q *Queue) full(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && storage(api) {
		return true
	}
	return q.host != nil && q.host.full.Load()
}

// wrong is the one error of something that the server did not do.
func (q *Queue) wrong(what string, err error) error {
	if q.full(err) {
		err = ErrFull
		if q.host != nil {
			err = fmt.Errorf("%w: make room for %s", ErrFull, q.host.dir)
		}
	}
	return fmt.Errorf("queue %s: %s: %w", q.where, what, explained(err))
}

// A sending is a message on its way into a stream, where its subject may hold one only.
type sending struct {
	q   *Queue
	msg *nats.Msg
	ack jetstream.PubAckFuture
	err error // it could not be sent
}

// send begins to store msg if nothing is stored under its subject. How that ends, confirm says.
func (q *Queue) send(msg *nats.Msg) *sending {
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, "0")
	s := &sending{q: q, msg: msg}
	s.again()
	return s
}

func (s *sending) again() {
	s.ack, s.err = s.q.js.PublishMsgAsync(s.msg, jetstream.WithRetryAttempts(0))
}

// settle waits until nothing of the message is on its way any more, which is ackTimeout at most,
// and says whether it is in its stream now, and was before.
func (s *sending) settle() (known, settled bool) {
	if s.err != nil {
		return false, false
	}
	select {
	case ack := <-s.ack.Ok():
		return ack.Duplicate, true
	case err := <-s.ack.Err():
		return true, exists(err)
	case <-s.q.closed:
	case <-time.After(ackTimeout + time.Second): // confirm has had the answer already
	}
	return false, false
}

// exists says whether err is of a subject that has its message.
func exists(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// confirm waits until the server has stored the message, or says that it has one already: known.
// What gets lost on the way is sent again, which is why a subject takes one message only.
func (s *sending) confirm(ctx context.Context) (known bool, err error) {
	first := true
	err = s.q.retry(ctx, func(context.Context) error {
		if !first {
			s.again()
		}
		first = false
		if s.err != nil {
			return s.err
		}
		select {
		case ack := <-s.ack.Ok():
			known = ack.Duplicate
			return nil
		case err := <-s.ack.Err():
			if exists(err) {
				known = true
				return nil
			}
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.q.closed:
			return s.q.gone()
		}
	})
	if err != nil && ctx.Err() == nil {
		err = s.q.wrong("store", err)
	}
	return known, err
}

// The places of the tokens in a subject.
const (
	batchToken = 3
	idToken    = 4
)

// token is the part of a subject at a place, or "" if it has none.
func token(subject string, place int) string {
	parts := strings.Split(subject, ".")
	if place >= len(parts) {
		return ""
	}
	return parts[place]
}
