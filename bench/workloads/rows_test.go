package workloads

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/guard"
	"example.com/overlap/internal/postgres"
	"example.com/overlap/pool"
	"example.com/overlap/workload/rows"
)

// rowsConns are the connections of the pool, and the limit of the models that have one, where
// these are not what is compared.
const rowsConns = 16

// BenchmarkRows reads a thousand sensors, a hundred rows each, over sixteen connections. SQLite
// answers on the goroutine that asks, so there is nothing to wait for and two cores are all that
// there is to gain; PostgreSQL is another process, on the same cores.
//
// It is skipped by name where there is no PostgreSQL.
func BenchmarkRows(b *testing.B) {
	onDatabases(b, func(b *testing.B, source string) {
		db := openRows(b, source, rowsConns)
		require.NoError(b, db.Fill(b.Context(), rows.DefaultReadings, 1, nil))
		bench.Comparison[int, rows.Readings, rows.Summary]{
			Job:    db.Job(),
			Keys:   rows.Sensors(rows.DefaultReadings / rows.PerSensor),
			Limits: bench.Limits(rowsConns),
			Warm:   func(int) error { return connectRows(b.Context(), db, rowsConns) },
		}.Run(b)
	})
}

// BenchmarkRowsWrite books, a transaction a job, on four accounts: the jobs are in each other's
// way, and what fails for that is tried again. One at a time meets nobody.
func BenchmarkRowsWrite(b *testing.B) {
	type model = bench.Model[rows.Booking, rows.Booked, rows.Receipt]
	few := []string{"sequential", "goroutines", "goroutines-limit", "pool", "eventloop-limit"}
	onDatabases(b, func(b *testing.B, source string) {
		db := openRows(b, source, rowsConns)
		bench.Comparison[rows.Booking, rows.Booked, rows.Receipt]{
			Job:    anew(db.WriteJob()),
			Keys:   rows.Bookings(200),
			Limits: bench.Limits(rowsConns),
			Models: func(limit bench.Limit) []model {
				return slices.DeleteFunc(bench.Models[rows.Booking, rows.Booked, rows.Receipt](limit), func(m model) bool {
					return !slices.Contains(few, m.Name)
				})
			},
			Warm: func(int) error { return connectRows(b.Context(), db, rowsConns) },
		}.Run(b)
		_, err := db.Audit(b.Context())
		require.NoError(b, err)
	})
}

// anew gives each booking a number of its own, as the same keys are booked run after run: one
// that is there already writes nothing. Its tries have the same number.
func anew(job overlap.Job[rows.Booking, rows.Booked, rows.Receipt]) overlap.Job[rows.Booking, rows.Booked, rows.Receipt] {
	retried := guard.Retry(job, guard.RetryPolicy{Tries: 1000, Base: time.Millisecond, Cap: 100 * time.Millisecond, Temporary: rows.Temporary})
	var last atomic.Int64
	return overlap.Job[rows.Booking, rows.Booked, rows.Receipt]{
		Fetch: func(ctx context.Context, booking rows.Booking) (rows.Booked, error) {
			booking.ID = last.Add(1)
			return retried.Fetch(ctx, booking)
		},
		Process: func(ctx context.Context, booked rows.Booked) (rows.Receipt, error) {
			receipt, err := retried.Process(ctx, booked)
			receipt.ID = 0 // the same each time
			if err == nil && receipt.Again {
				err = errors.New("nothing was written")
			}
			return receipt, err
		},
	}
}

// BenchmarkRowsLimits is the pool's limit beside the connections'. What the model lets through
// beyond the connections waits in database/sql:
//
//	conn-waits/job    how often a job waited for a connection
//	conn-wait-us/job  how long, on average over all jobs
func BenchmarkRowsLimits(b *testing.B) {
	keys := rows.Sensors(rows.DefaultReadings / rows.PerSensor)
	onDatabases(b, func(b *testing.B, source string) {
		for _, conns := range []int{4, 16} {
			b.Run(fmt.Sprintf("conns=%d", conns), func(b *testing.B) {
				db := openRows(b, source, conns)
				require.NoError(b, db.Fill(b.Context(), rows.DefaultReadings, 1, nil))
				require.NoError(b, connectRows(b.Context(), db, conns))
				for _, limit := range []int{4, 16, 64} {
					b.Run(fmt.Sprintf("tasks=%d/limit=%d/model=pool", len(keys), limit), func(b *testing.B) {
						before := db.Stats()
						for b.Loop() {
							require.NoError(b, overlap.Errors(pool.Run(b.Context(), db.Job(), keys, limit)))
						}
						after, jobs := db.Stats(), float64(b.N*len(keys))
						b.ReportMetric(jobs/b.Elapsed().Seconds(), "jobs/s")
						b.ReportMetric(float64(b.Elapsed().Nanoseconds())/jobs, "ns/job")
						b.ReportMetric(float64(after.WaitCount-before.WaitCount)/jobs, "conn-waits/job")
						b.ReportMetric(float64((after.WaitDuration-before.WaitDuration).Microseconds())/jobs, "conn-wait-us/job")
					})
				}
			})
		}
	})
}

// databases says which are measured, and whether a commit of theirs is on the disk. One that
// cannot be asked is left out: its benchmark says why.
func databases(ctx context.Context) string {
	all := []string{"PostgreSQL started for each cell (fsync off)"}
	ask := map[string]string{"": "SELECT 'SQLite ' || sqlite_version() || ' (synchronous FULL)'"}
	if url := os.Getenv(postgres.Env); url != "" {
		all = nil
		ask[url] = "SELECT 'PostgreSQL ' || current_setting('server_version') || ' (fsync ' || current_setting('fsync') || ')'"
	}
	for source, query := range ask {
		db, err := rows.Open(ctx, source, 1)
		if err != nil {
			continue
		}
		var says string
		if db.QueryRowContext(ctx, query).Scan(&says) == nil {
			all = append(all, says)
		}
		_ = db.Close()
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// onDatabases runs a benchmark on a temporary file of SQLite, and on a PostgreSQL, which is
// started for it if none is named.
func onDatabases(b *testing.B, run func(b *testing.B, source string)) {
	b.Run("database=sqlite", func(b *testing.B) { run(b, "") })
	b.Run("database=postgres", func(b *testing.B) {
		server, err := postgres.Start(b.Context())
		if errors.Is(err, postgres.ErrNotInstalled) {
			b.Skip(err)
		}
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, server.Close()) })
		run(b, server.DSN)
	})
}

func openRows(b testing.TB, source string, conns int) *rows.DB {
	db, err := rows.Open(b.Context(), source, conns)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	return db
}

// connectRows opens all connections, by holding them at one time.
func connectRows(ctx context.Context, db *rows.DB, conns int) error {
	errs := make([]error, conns)
	var wg sync.WaitGroup
	var all sync.WaitGroup
	all.Add(conns)
	for i := range conns {
		wg.Go(func() {
			var conn *sql.Conn
			conn, errs[i] = db.Conn(ctx)
			all.Done()
			all.Wait()
			if conn != nil {
				errs[i] = errors.Join(errs[i], conn.Close())
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestEachRunBooksAnew(t *testing.T) {
	db := openRows(t, "", 4)
	job := anew(db.WriteJob())
	for run := range 2 {
		results := pool.Run(t.Context(), job, rows.Bookings(20), 4)
		require.NoError(t, overlap.Errors(results))
		ledger, err := db.Audit(t.Context())
		require.NoError(t, err)
		require.Equal(t, 20*(run+1), ledger.Bookings)
	}
}
