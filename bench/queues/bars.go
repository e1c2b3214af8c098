package queues

import "example.com/overlap/bench/bars"

// The models that are not bench.Models'.
const (
	modelQueue    = "queue"
	modelEmbedded = "queue-embedded"
	modelNATS     = "nats"
	modelFetch    = "nats-fetch"
)

// Bars returns the bars that were set for package queue: what it does in a second is 80 % of what
// NATS's own client does in the same run.
func Bars() (all []bars.Bar) {
	for _, group := range []struct{ name, called string }{
		{"Queue/wait=0s/tasks=20000/limit=8", "8 in hand"},
		{"Queue/wait=0s/tasks=20000/limit=64", "64 in hand"},
	} {
		rate := func(model string) bars.Figure { return bars.Row(group.name, model, "jobs/s") }
		all = append(all, bars.Ratio("the queue's empty jobs a second over those of NATS's own client, "+group.called,
			rate(modelQueue), rate(modelNATS), bars.AtLeast, 0.8))
	}
	return all
}
