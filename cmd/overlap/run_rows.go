package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/internal/postgres"
	"example.com/overlap/internal/spell"
	"example.com/overlap/workload/rows"
)

func rowsWorkload() workload {
	return workload{
		name:  "rows",
		heeds: append(namesOf((*task).rowsFlags), "seed"),
		check: func(t *task, _ *flag.FlagSet) error {
			return atLeast("conns", t.conns, 0)
		},
		run: console.runRows,
	}
}

func (t *task) rowsFlags(flags *flag.FlagSet) {
	flags.StringVar(&t.database, "db", "", "`file` of an SQLite database to use and keep; without it a temporary one")
	flags.IntVar(&t.conns, "conns", 0, "`connections` to the database at most; 0 is as many as jobs in flight, but no more than 16")
	flags.BoolVar(&t.write, "write", false, "book on accounts, a transaction a job, which is tried again when others were in its way")
}

func (c console) runRows(ctx context.Context, t task) (_ *report, err error) {
	if err := t.checkFiles(); err != nil {
		return nil, misuse{err}
	}
	source := t.database
	if url := os.Getenv(postgres.Env); url != "" {
		if source != "" {
			return nil, misuse{fmt.Errorf("-db is %s, and %s is set: which of the two?", source, postgres.Env)}
		}
		source = url
	}
	conns := cmp.Or(t.conns, min(t.inFlight(), 16))
	db, err := rows.Open(ctx, source, conns)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	about := fmt.Sprintf("%s with %s", db.Database, spell.Count(conns, "connection"))
	queued := func() string {
		stats := db.Stats()
		return fmt.Sprintf("%s; %d waits for a connection, %v in sum", about, stats.WaitCount, stats.WaitDuration.Round(time.Millisecond))
	}
	if t.write {
		var audit error
		r, err := do(ctx, c, t, material[rows.Booking, rows.Booked, rows.Receipt]{
			job:   guard.Retry(db.WriteJob(), guard.RetryPolicy{Tries: 100, Base: 2 * time.Millisecond, Cap: 200 * time.Millisecond, Temporary: rows.Temporary}),
			keys:  rows.Bookings(t.n),
			label: func(k numbered[rows.Booking]) string { return fmt.Sprintf("booking %d", k.key.ID) },
			about: "writes to " + about,
			sum: func(results []overlap.Result[rows.Receipt]) (totals, string) {
				booked, again := 0, 0
				for _, r := range results {
					switch {
					case r.Err != nil:
					case r.Value.Again:
						again++
					default:
						booked++
					}
				}
				words := fmt.Sprintf("%d booked, %d were there before", booked, again)
				var ledger rows.Ledger
				if ledger, audit = db.Audit(context.WithoutCancel(ctx)); audit == nil {
					words += "; the audit: " + ledger.String()
				}
				return totals{"booked": int64(booked), "again": int64(again)}, words + "; " + queued()
			},
		})
		if err != nil {
			return nil, err
		}
		r.unsaved = errors.Join(r.unsaved, audit)
		return r, nil
	}
	meter := newMeter(c.stderr, rows.DefaultReadings)
	began := time.Now()
	err = db.Fill(ctx, rows.DefaultReadings, t.site.Seed, func(done int) {
		left := time.Since(began).Seconds() / float64(done) * float64(rows.DefaultReadings-done)
		meter.show(done, "readings are written", time.Duration(left*float64(time.Second)))
	})
	meter.end()
	if err != nil {
		return nil, err
	}
	return do(ctx, c, t, material[int, rows.Readings, rows.Summary]{
		job:   db.Job(),
		keys:  rows.Sensors(t.n),
		label: func(k numbered[int]) string { return fmt.Sprintf("sensor %d", k.key) },
		about: "reads from " + about,
		sum: func(results []overlap.Result[rows.Summary]) (totals, string) {
			all := rows.Sum(valuesOf(results))
			return totals{"sensors": int64(all.Sensors), "readings": int64(all.Readings)}, all.String() + "; " + queued()
		},
	})
}

// valuesOf are the values of the jobs that succeeded.
func valuesOf[R any](results []overlap.Result[R]) []R {
	var values []R
	for _, r := range results {
		if r.Err == nil {
			values = append(values, r.Value)
		}
	}
	return values
}
