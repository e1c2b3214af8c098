package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/live"
)

func liveWorkload() workload {
	return workload{
		name:  "live",
		heeds: namesOf((*task).roomFlags),
		check: func(t *task, _ *flag.FlagSet) error {
			t.room.Clients = 2 * t.inFlight() // those who were just let go may not have left yet
			return checkRoom(t.room)
		},
		run: console.runLive,
	}
}

func (t *task) roomFlags(flags *flag.FlagSet) {
	flags.IntVar(&t.room.Messages, "messages", 20, "`messages` that each client stays for")
	flags.DurationVar(&t.room.Interval, "interval", 10*time.Millisecond, "`time` from one message of the room's own to the next")
	flags.IntVar(&t.room.Posts, "posts", 0, "`lines` that each client writes, which everyone in the room gets")
	flags.StringVar((*string)(&t.room.Slow), "slow", string(live.Wait), "what becomes of a slow client's messages when its queue is full: wait or drop")
	flags.IntVar(&t.room.Queue, "queue", 16, "`messages` that wait for a client, at most")
	flags.IntVar(&t.room.Gate, "gate", 0, "`clients` that must be in before the first message")
}

// checkRoom names the flag of a setting that makes no sense. In the settings some zeros stand
// for another number; who gives one as a flag means something else.
func checkRoom(s live.Settings) error {
	switch {
	case s.Messages == 0:
		return errors.New("-messages is 0, want at least 1")
	case s.Interval == 0:
		return errors.New("-interval is 0s, want at least 1µs")
	case s.Queue == 0:
		return errors.New("-queue is 0, want at least 1")
	}
	err := s.Validate()
	field, ok := errors.AsType[*live.FieldError](err)
	if !ok {
		return err
	}
	name := map[string]string{
		"Messages": "messages", "Interval": "interval", "Posts": "posts", "Slow": "slow", "Queue": "queue", "Gate": "gate",
	}[field.Field]
	return fmt.Errorf("-%s: %s is %s", name, field.Field, field.Problem)
}

func (c console) runLive(ctx context.Context, t task) (*report, error) {
	if t.room.Gate > t.inFlight() {
		return nil, misuse{fmt.Errorf("-gate is %d, and no more than %d clients are in the room at once", t.room.Gate, t.inFlight())}
	}
	if err := t.checkFiles(); err != nil {
		return nil, misuse{err}
	}
	if err := mockserver.CheckFiles(2 * t.inFlight()); err != nil {
		return nil, err
	}
	room, err := live.Start("", t.room)
	if err != nil {
		return nil, err
	}
	defer room.Close()
	return do(ctx, c, t, material[int, live.Received, live.Summary]{
		job:    live.Clients{URL: room.URL()}.Job(),
		keys:   numbers(t.n),
		label:  func(k numbered[int]) string { return fmt.Sprintf("client %d", k.key) },
		about:  fmt.Sprintf("%d messages each, one in %v", t.room.Messages, t.room.Interval),
		peak:   func() int { return int(room.Record().PeakIn) },
		peaked: "client",
		sum: func(results []overlap.Result[live.Summary]) (totals, string) {
			var total live.Total
			for _, s := range valuesOf(results) {
				total.Add(s)
			}
			return totals{"messages": total.Messages, "dropped": total.Dropped, "lost": total.Lost, "posted": total.Posted}, total.String()
		},
	})
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
