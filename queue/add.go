package queue

import (
	"context"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Added is what became of keys that were added.
//
// A message whose confirmation got lost is sent again, and counts as known then.
type Added struct {
	New   int `json:"new"`   // jobs that were not there
	Known int `json:"known"` // jobs that wait, run, or have their outcome already
}

// Add puts a job for each key into the queue, as part of a batch, and returns when the server
// has stored them all. It uses the job's Name and Keys only.
//
// It is idempotent: within a batch a key is one job, however often it is added and by whomever,
// until its outcome has been kept for Settings.Keep or somebody deletes it. So an Add that was
// interrupted, by an error or by ctx, is simply done again. The batch's name is like a job's.
//
// It returns an error if a key cannot be encoded or is too large, with the number of the key, the
// first being 0; if the storage is full ([ErrFull]); if ctx ends; or if the server cannot be
// reached any more. What it says was added then is stored.
func Add[K, B, R any](ctx context.Context, q *Queue, job Job[K, B, R], batch string, keys iter.Seq[K]) (Added, error) {
	s, codec := job.spec(), job.Keys.orJSON()
	if err := batchNamed(batch); err != nil {
		return Added{}, err
	}
	if err := q.prepare(ctx, s); err != nil {
		return Added{}, err
	}
	past, err := q.enroll(ctx, s, batch)
	if err != nil {
		return Added{}, err
	}
	return q.add(ctx, s, batch, past, func(yield func([]byte, error) bool) {
		for key := range keys {
			if !yield(codec.Encode(key)) {
				return
			}
		}
	})
}

// A past is what a batch had before keys are added to it; the zero past is that of a new one.
type past struct {
	again bool              // it was there
	done  map[string]uint64 // the subjects of its outcomes
}

func (q *Queue) add(ctx context.Context, s spec, batch string, past past, keys iter.Seq2[[]byte, error]) (added Added, err error) {
	var waiting []*sending
	defer func() { // after an error: what is on its way arrives before we return, or never
		for _, s := range waiting {
			switch known, settled := s.settle(); {
			case !settled:
			case known:
				added.Known++
			default:
				added.New++
			}
		}
	}()
	confirm := func() error {
		known, err := waiting[0].confirm(ctx)
		if err == nil || ctx.Err() == nil {
			waiting = waiting[1:] // else it is still on its way
		}
		switch {
		case err != nil:
		case known:
			added.Known++
		default:
			added.New++
		}
		return err
	}
	n, prefix := 0, s.subject(jobKind, batch)+"."
	for key, err := range keys {
		if ctx.Err() != nil {
			return added, context.Cause(ctx)
		}
		if err != nil {
			return added, fmt.Errorf("key %d: %w", n, err)
		}
		if len(key) > q.largest() {
			return added, fmt.Errorf("key %d: it has %d bytes, and the server takes %d at most", n, len(key), q.largest())
		}
		n++
		job := id(key)
		if len(past.done) > 0 && past.done[s.subject(resultKind, batch, job)] > 0 {
			added.Known++
			continue
		}
		msg := &nats.Msg{Subject: prefix + job, Data: key, Header: nats.Header{}}
		msg.Header.Set(jetstream.MsgIDHeader, batch+"."+job)
		if past.again {
			msg.Header.Set(againHeader, "1")
		}
		if len(waiting) >= window {
			if err := confirm(); err != nil {
				return added, err
			}
		}
		waiting = append(waiting, q.send(msg))
	}
	for len(waiting) > 0 {
		if err := confirm(); err != nil {
			return added, err
		}
	}
	return added, nil
}

// unique are keys that are encoded.
func unique(keys [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
	}
}

func batchNamed(batch string) error {
	if !named(batch) {
		return fmt.Errorf("queue: the batch's name is %q, %s", batch, nameRule)
	}
	return nil
}

// enroll writes the batch down, and says what it had before.
// Jobs of a batch that is not new carry a mark, and a worker looks for their outcome before it
// does them: one may have come after we looked, and after the server has forgotten that it saw
// the job.
func (q *Queue) enroll(ctx context.Context, s spec, batch string) (p past, err error) {
	msg := &nats.Msg{Subject: s.subject(batchKind, batch), Header: nats.Header{}}
	if p.again, err = q.send(msg).confirm(ctx); err != nil {
		return past{}, err
	}
	if p.done, err = q.outcomes(ctx, s, batch); err != nil {
		return past{}, err
	}
	p.again = p.again || len(p.done) > 0 // the record is older than they are, and goes first
	return p, nil
}

// outcomes are the subjects of a batch's outcomes.
func (q *Queue) outcomes(ctx context.Context, s spec, batch string) (subjects map[string]uint64, err error) {
	err = q.retry(ctx, func(ctx context.Context) error {
		from, err := q.js.Stream(ctx, s.stream(results))
		if err != nil {
			return err
		}
		info, err := from.Info(ctx, jetstream.WithSubjectFilter(s.subject(resultKind, batch, "*")))
		if err == nil {
			subjects = info.State.Subjects
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = q.wrong("list outcomes", err)
	}
	return subjects, err
}
