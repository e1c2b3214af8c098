package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// moment is how long those who are there are given to answer.
const moment = 300 * time.Millisecond

// A Status is how the queue of a job stands.
type Status struct {
	Pending     int      `json:"pending"`     // jobs that no worker has
	InFlight    int      `json:"in_flight"`   // jobs that a worker has, or that wait for another try
	Redelivered int      `json:"redelivered"` // how often a job came to a worker again, as they noted
	Done        int      `json:"done"`        // outcomes that are kept, the dead letters' among them
	Dead        int      `json:"dead"`        // dead letters that are kept
	Workers     []Worker `json:"workers"`     // those who answered within a moment
}

// Status asks the server how the queue of a job of this name stands, and the workers who are
// there what they do. The counts are the server's, each of its own instant. A name that has no
// queue yet has the zero Status. It takes 0.3 seconds, for the workers' answers.
func (q *Queue) Status(ctx context.Context, job string) (status Status, err error) {
	s, err := specNamed(job)
	if err != nil {
		return status, err
	}
	crew, leave, err := q.crew(s)
	if err != nil {
		return status, q.wrong("call the workers", err)
	}
	defer leave()
	if err := q.retry(ctx, func(ctx context.Context) (err error) {
		status, err = q.counts(ctx, s)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil
		}
		return err
	}); err != nil {
		return status, q.wrong("ask for the status", err)
	}
	select {
	case <-time.After(moment):
	case <-ctx.Done():
		return status, context.Cause(ctx)
	}
	status.Workers = crew.workers()
	return status, nil
}

// specNamed is the spec of a job of which only the name is known.
func specNamed(job string) (spec, error) {
	if !named(job) {
		return spec{}, fmt.Errorf("queue: the job's name is %q, %s", job, nameRule)
	}
	return spec{name: job}, nil
}

func (q *Queue) counts(ctx context.Context, s spec) (status Status, err error) {
	from, err := q.js.Stream(ctx, s.stream(jobs))
	if err != nil {
		return status, err
	}
	status.Pending = int(from.CachedInfo().State.Msgs)
	workers, err := from.Consumer(ctx, consumer)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound): // no worker ever came
	case err != nil:
		return status, err
	default:
		info := workers.CachedInfo()
		status.InFlight = info.NumAckPending
		status.Pending = max(0, status.Pending-status.InFlight)
	}
	recorded, err := q.js.Stream(ctx, s.stream(results))
	if err != nil {
		return status, err
	}
	letters, err := q.js.Stream(ctx, s.stream(dead))
	if err != nil {
		return status, err
	}
	info, err := letters.Info(ctx, jetstream.WithSubjectFilter(s.subject(deadKind, "*", "*")))
	if err != nil {
		return status, err
	}
	status.Dead = len(info.State.Subjects)
	if info, err = letters.Info(ctx, jetstream.WithSubjectFilter(s.subject(againKind, "*"))); err != nil {
		return status, err
	}
	for _, n := range info.State.Subjects {
		status.Redelivered += int(n)
	}
	status.Done = int(recorded.CachedInfo().State.Msgs)
	return status, nil
}

// A DeadLetter is a job that was given up.
type DeadLetter struct {
	Batch string
	ID    string // the job's within its batch
	Key   []byte // as the job's codec encoded it
	Time  time.Time
	Err   error // a *RemoteError, without what its code stands for in the job's Errors

	seq uint64
}

// Dead gives the dead letters of a job, the oldest first, as they stand when it is called. The
// error, which ends the sequence, says that the server did not give one, or that ctx has ended.
func (q *Queue) Dead(ctx context.Context, job string) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		s, err := specNamed(job)
		if err != nil {
			yield(DeadLetter{}, err)
			return
		}
		err = q.letters(ctx, s, func(msg *jetstream.RawStreamMsg) bool {
			return yield(DeadLetter{
				Batch: token(msg.Subject, batchToken), ID: token(msg.Subject, idToken), Key: msg.Data, Time: msg.Time,
				Err: s.received([]byte(msg.Header.Get(failureHeader))),
				seq: msg.Sequence,
			}, nil)
		})
		if err != nil {
			yield(DeadLetter{}, q.wrong("read dead letters", err))
		}
	}
}

func (q *Queue) letters(ctx context.Context, s spec, take func(*jetstream.RawStreamMsg) bool) error {
	from, err := q.js.Stream(ctx, s.stream(dead))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	last := from.CachedInfo().State.LastSeq
	for next := uint64(1); next <= last; {
		msg, err := from.GetMsg(ctx, next, jetstream.WithGetMsgSubject(s.subject(deadKind, "*", "*")))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if msg.Sequence > last || !take(msg) {
			return nil
		}
		next = msg.Sequence + 1
	}
	return nil
}

// Revive gives the dead letters of a job another chance: each job is put back into the queue, as
// new, and its outcome and letter are dropped. It returns how many, also beside an error; one that
// was interrupted is simply called again.
func (q *Queue) Revive(ctx context.Context, job string) (n int, err error) {
	s, err := specNamed(job)
	if err != nil {
		return 0, err
	}
	for letter, err := range q.Dead(ctx, job) {
		if err != nil {
			return n, err
		}
		if err := q.revive(ctx, s, letter); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (q *Queue) revive(ctx context.Context, s spec, letter DeadLetter) error {
	outcomes, err := q.js.Stream(ctx, s.stream(results))
	if err != nil {
		return q.wrong("revive", err)
	}
	letters, err := q.js.Stream(ctx, s.stream(dead))
	if err != nil {
		return q.wrong("revive", err)
	}
	outcome, err := outcomes.GetLastMsgForSubject(ctx, s.subject(resultKind, letter.Batch, letter.ID))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound): // an earlier call dropped it, and may have ended before it went on
	case err != nil:
		return q.wrong("revive", err)
	case outcome.Header.Get(failureHeader) != "":
		if err := outcomes.Purge(ctx, jetstream.WithPurgeSubject(outcome.Subject), jetstream.WithPurgeSequence(outcome.Sequence+1)); err != nil {
			return q.wrong("revive", err)
		}
	}
	if outcome == nil || outcome.Header.Get(failureHeader) != "" {
		// The job itself may still be there, if its worker has yet to ack it, or died before: that
		// ack must not take the revived one.
		subject := s.subject(jobKind, letter.Batch, letter.ID)
		if err := q.drop(ctx, s, subject); err != nil {
			return q.wrong("revive", err)
		}
		// No message ID: the server may still know the first one, and would drop this.
		msg := &nats.Msg{Subject: subject, Data: letter.Key, Header: nats.Header{}}
		msg.Header.Set(againHeader, "1")
		if _, err := q.send(msg).confirm(ctx); err != nil {
			return err
		}
	}
	// Not one that was written since: the job may have failed once more.
	subject := s.subject(deadKind, letter.Batch, letter.ID)
	if err := letters.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(letter.seq+1)); err != nil {
		return q.wrong("revive", err)
	}
	return nil
}
