package queues

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"example.com/overlap"
)

// A plain is what package queue does in its good hours, written with NATS's own client alone: no
// tries, no dead letters, no failures that come back, no server that is waited for. It asks the
// server for the same acks: a job is stored before it counts as sent, its result is stored, once,
// before the job is acked, and what is acked is gone.
type plain struct {
	js   jetstream.JetStream
	take take
}

// A take is how a worker gets its jobs.
type take string

const (
	ahead take = "consume" // Consume as it comes: up to 500 jobs lie here beside those in hand
	free  take = "fetch"   // Fetch of as many as there are hands free: none lies here
)

// prepare makes the two streams and the workers' consumer, with package queue's settings.
func (p plain) prepare(ctx context.Context) error {
	for _, config := range []jetstream.StreamConfig{
		{Name: "PLAIN_jobs", Subjects: []string{"plain.job.*.*"}, Retention: jetstream.WorkQueuePolicy},
		{Name: "PLAIN_results", Subjects: []string{"plain.result.*.*"}, MaxAge: 7 * 24 * time.Hour},
	} {
		config.Storage = jetstream.FileStorage
		config.Duplicates = 2 * time.Minute
		config.AllowDirect = true
		if _, err := p.js.CreateOrUpdateStream(ctx, config); err != nil {
			return err
		}
	}
	_, err := p.js.CreateOrUpdateConsumer(ctx, "PLAIN_jobs", jetstream.ConsumerConfig{
		Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxDeliver: -1, MaxAckPending: -1,
	})
	return err
}

// run sends a job for each key, and returns when it has the result of each: results come while
// jobs are still being sent. Keys are their own names, so they must be fit for a subject; each
// stands there once.
func (p plain) run(ctx context.Context, batch string, keys []string) (map[string][]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	from, err := p.js.OrderedConsumer(ctx, "PLAIN_results", jetstream.OrderedConsumerConfig{FilterSubjects: []string{"plain.result." + batch + ".*"}})
	if err != nil {
		return nil, err
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		if err := p.send(ctx, batch, keys); err != nil {
			cancel(err)
		}
	})
	results := make(map[string][]byte, len(keys))
	all := make(chan struct{})
	collecting, err := from.Consume(func(msg jetstream.Msg) {
		results[last(msg.Subject())] = msg.Data()
		if len(results) == len(keys) {
			close(all)
		}
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		collecting.Stop()
		<-collecting.Closed()
	}()
	select {
	case <-all:
		return results, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// window is how many jobs are on their way to the server at once. Of more than 4000 NATS's client
// lets the next one wait, and gives it up after 0.2 s.
const window = 2048

// send stores a job for each key, if none is stored under its name, and waits for all of them.
func (p plain) send(ctx context.Context, batch string, keys []string) error {
	acks := make([]jetstream.PubAckFuture, len(keys))
	for i, key := range keys {
		var err error
		if i >= window {
			if err = stored(ctx, acks[i-window]); err != nil {
				return err
			}
		}
		acks[i], err = p.js.PublishMsgAsync(&nats.Msg{Subject: "plain.job." + batch + "." + key, Data: []byte(key)},
			jetstream.WithMsgID(batch+"."+key), jetstream.WithExpectLastSequencePerSubject(0))
		if err != nil {
			return err
		}
	}
	for _, ack := range acks[max(0, len(acks)-window):] {
		if err := stored(ctx, ack); err != nil {
			return err
		}
	}
	return nil
}

// stored waits until a message is stored. That one was there before is as good.
func stored(ctx context.Context, ack jetstream.PubAckFuture) error {
	select {
	case <-ack.Ok():
		return nil
	case err := <-ack.Err():
		if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
			return nil
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// last is the last token of a subject.
func last(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// work does jobs, up to limit at once, until ctx ends; do makes of a key its result. A hand is free
// again when its result is on its way; the ack follows when that is stored.
func (p plain) work(ctx context.Context, limit int, do func(key []byte) []byte) error {
	from, err := p.js.Consumer(ctx, "PLAIN_jobs", "workers")
	if err != nil {
		return err
	}
	type outcome struct {
		job jetstream.Msg
		ack jetstream.PubAckFuture
	}
	taken, outcomes := make(chan jetstream.Msg), make(chan outcome, 1024)
	hands := make(chan struct{}, limit)
	var doing, confirming sync.WaitGroup
	var failed error
	for range limit {
		overlap.Go(&doing, func() {
			for job := range taken {
				ack, err := p.js.PublishMsgAsync(&nats.Msg{Subject: strings.Replace(job.Subject(), ".job.", ".result.", 1), Data: do(job.Data())},
					jetstream.WithExpectLastSequencePerSubject(0))
				if err == nil { // else the job comes again after its ack wait
					outcomes <- outcome{job, ack}
				}
				<-hands
			}
		})
	}
	confirming.Go(func() {
		for o := range outcomes {
			err := stored(context.Background(), o.ack)
			if err == nil {
				err = o.job.Ack()
			}
			failed = errors.Join(failed, err)
		}
	})
	if p.take == free {
		err = fetch(ctx, from, hands, taken)
	} else {
		err = consume(ctx, from, hands, taken)
	}
	close(taken)
	doing.Wait()
	close(outcomes)
	confirming.Wait()
	return errors.Join(err, failed)
}

// consume hands over jobs that the client has asked for ahead of their need.
func consume(ctx context.Context, from jetstream.Consumer, hands chan<- struct{}, taken chan<- jetstream.Msg) error {
	consuming, err := from.Consume(func(job jetstream.Msg) {
		hands <- struct{}{}
		taken <- job
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	consuming.Drain()
	<-consuming.Closed()
	return nil
}

// fetch asks for as many jobs as there are hands free.
func fetch(ctx context.Context, from jetstream.Consumer, hands chan struct{}, taken chan<- jetstream.Msg) error {
	for ctx.Err() == nil {
		hands <- struct{}{}
		n := 1
		for more := true; more; {
			select {
			case hands <- struct{}{}:
				n++
			default:
				more = false
			}
		}
		fetched, err := from.Fetch(n, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return fmt.Errorf("fetch: %w", err)
		}
		for job := range fetched.Messages() {
			n--
			taken <- job
		}
		for range n {
			<-hands
		}
	}
	return nil
}
