package rows_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/guard"
	"example.com/overlap/pool"
	"example.com/overlap/workload/rows"
)

// patient retries quickly, and for as long as these tests take.
var patient = guard.RetryPolicy{Tries: 1000, Base: time.Millisecond, Cap: 50 * time.Millisecond, Temporary: rows.Temporary}

// stored are the bookings that are in the database.
func stored(t testing.TB, d *rows.DB) map[int64]rows.Booking {
	t.Helper()
	result, err := d.QueryContext(t.Context(), "SELECT id, account, amount FROM overlap_bookings")
	require.NoError(t, err)
	defer result.Close()
	all := map[int64]rows.Booking{}
	for result.Next() {
		var b rows.Booking
		require.NoError(t, result.Scan(&b.ID, &b.Account, &b.Amount))
		require.NotContains(t, all, b.ID, "twice")
		all[b.ID] = b
	}
	require.NoError(t, result.Err())
	return all
}

// requireExactly requires that these bookings are there, once, and nothing else.
func requireExactly(t testing.TB, d *rows.DB, want []rows.Booking) {
	t.Helper()
	all := stored(t, d)
	require.Equal(t, len(want), len(all), "bookings")
	var total int64
	for _, b := range want {
		require.Equal(t, b, all[b.ID])
		total += b.Amount
	}
	ledger, err := d.Audit(t.Context())
	require.NoError(t, err)
	require.Equal(t, len(want), ledger.Bookings)
	require.Equal(t, total, ledger.Total)
}

// from numbers n bookings from first.
func from(first, n int) []rows.Booking {
	return rows.Bookings(first + n)[first:]
}

func TestWriteJobUnderEveryModel(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		const jobs = 24
		d := open(t, source, 4)
		var all []rows.Booking
		for _, model := range bench.Models[rows.Booking, rows.Booked, rows.Receipt](bench.Limit{InFlight: 8}) {
			t.Run(model.Name, func(t *testing.T) {
				keys := from(len(all), jobs)
				for i, r := range model.Run(t.Context(), guard.Retry(d.WriteJob(), patient), keys) {
					require.NoError(t, r.Err)
					require.Equal(t, rows.Receipt{Booking: keys[i]}, r.Value)
				}
				all = append(all, keys...)
				require.Zero(t, d.Stats().InUse)
				requireExactly(t, d, all)
			})
		}
	})
}

func TestTwiceChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 2)
		ledger, err := d.Audit(t.Context())
		require.NoError(t, err)
		require.Zero(t, ledger, "nothing is booked")

		booking := rows.Booking{ID: 7, Account: 1, Amount: -30}
		require.Equal(t, overlap.Result[rows.Receipt]{Value: rows.Receipt{Booking: booking}}, d.WriteJob().Do(t.Context(), booking))
		require.Equal(t, overlap.Result[rows.Receipt]{Value: rows.Receipt{Booking: booking, Again: true}}, d.WriteJob().Do(t.Context(), booking))
		requireExactly(t, d, []rows.Booking{booking})

		other := rows.Booking{ID: 7, Account: 2, Amount: 5}
		result := d.WriteJob().Do(t.Context(), other)
		var conflict *rows.ConflictError
		require.ErrorAs(t, result.Err, &conflict)
		require.Equal(t, rows.ConflictError{Asked: other, Stored: booking}, *conflict)
		require.EqualError(t, conflict, "booking 7: 5 for account 2, but its number is that of -30 for account 1")
		requireExactly(t, d, []rows.Booking{booking})

		ledger, err = d.Audit(t.Context())
		require.NoError(t, err)
		require.Equal(t, "1 bookings on 1 accounts, -30 in total", ledger.String())
	})
}

func TestAuditFindsWhatIsWrong(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 1)
		for name, statement := range map[string]string{
			"a total":                    "UPDATE overlap_accounts SET total = total + 1 WHERE account = 2",
			"a count":                    "UPDATE overlap_accounts SET bookings = bookings + 1 WHERE account = 2",
			"an account is lost":         "DELETE FROM overlap_accounts WHERE account = 2",
			"an account without booking": "INSERT INTO overlap_accounts VALUES (9, 0, 0)",
			"a booking is lost":          "DELETE FROM overlap_bookings WHERE id = 2",
		} {
			t.Run(name, func(t *testing.T) {
				for _, table := range []string{"overlap_accounts", "overlap_bookings"} {
					_, err := d.ExecContext(t.Context(), "DELETE FROM "+table)
					require.NoError(t, err)
				}
				require.NoError(t, overlap.Errors(pool.Run(t.Context(), d.WriteJob(), rows.Bookings(8), 1)))
				_, err := d.Audit(t.Context())
				require.NoError(t, err)
				_, err = d.ExecContext(t.Context(), statement)
				require.NoError(t, err)
				_, err = d.Audit(t.Context())
				require.ErrorIs(t, err, rows.ErrUnbalanced)
			})
		}
	})
}

// Another writer holds SQLite's only place for one until the guard has heard of it.
func TestBusyIsRetried(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "rows.sqlite"), 2)
	holder, err := d.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer holder.Rollback()
	policy, heard := patient, 0
	policy.Temporary = func(err error) bool {
		heard++
		var code *sqlite.Error
		require.ErrorAs(t, err, &code)
		require.Equal(t, sqlite3.SQLITE_BUSY, code.Code())
		require.ErrorContains(t, err, "booking 0: ")
		require.Equal(t, 1, d.Stats().InUse, "who waits for the next try holds no connection")
		require.NoError(t, holder.Rollback())
		return rows.Temporary(err)
	}
	result := guard.Retry(d.WriteJob(), policy).Do(t.Context(), rows.Bookings(1)[0])
	require.NoError(t, result.Err)
	require.Equal(t, 1, heard)
	requireExactly(t, d, rows.Bookings(1))
}

// Readers are not held up by a writer: that is what WAL is for.
func TestReadersDoNotWaitForAWriter(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 2)
		require.NoError(t, d.Fill(t.Context(), 100, 1, nil))
		want := checksum(t, d, 0)
		writer, err := d.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer writer.Rollback()
		_, err = writer.ExecContext(t.Context(), "DELETE FROM overlap_readings")
		require.NoError(t, err)
		require.Equal(t, want, checksum(t, d, 0), "what was committed")
		require.NoError(t, writer.Rollback())
	})
}

// A transaction that reads first and writes later cannot wait: what it has read is no longer so.
// The timeout of an hour does not apply, and the error comes at once. With BEGIN IMMEDIATE, as
// Open sets it, a transaction waits at its begin.
func TestATransactionThatBecomesAWriterFailsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.sqlite")
	d := open(t, path, 1)
	deferred, err := sql.Open("sqlite", path+"?_busy_timeout=3600000")
	require.NoError(t, err)
	defer deferred.Close()
	tx, err := deferred.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	var n int
	require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM overlap_bookings").Scan(&n))

	require.NoError(t, d.WriteJob().Do(t.Context(), rows.Bookings(1)[0]).Err)

	_, err = tx.ExecContext(t.Context(), "INSERT INTO overlap_bookings VALUES (1, 1, 1)")
	var code *sqlite.Error
	require.ErrorAs(t, err, &code)
	require.Equal(t, sqlite3.SQLITE_BUSY_SNAPSHOT, code.Code())
	require.True(t, rows.Temporary(err), "the transaction may succeed if it begins anew")
}

// The account's row is another transaction's until the job has waited for it; when that one
// commits, the job's is not serializable any more.
func TestASerializationFailureIsRetried(t *testing.T) {
	d := open(t, schema(t), 3)
	bookings := []rows.Booking{{ID: 0, Account: 1, Amount: 10}, {ID: 1, Account: 1, Amount: 20}}
	require.NoError(t, d.WriteJob().Do(t.Context(), bookings[0]).Err)
	other, err := d.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer other.Rollback()
	_, err = other.ExecContext(t.Context(), "UPDATE overlap_accounts SET total = total WHERE account = 1")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		waitFor(t, func() bool { return waiting(t, other) == 1 })
		if err := other.Commit(); err != nil {
			t.Error(err)
		}
	})
	policy, heard := patient, 0
	policy.Temporary = func(err error) bool {
		heard++
		var code *pgconn.PgError
		require.ErrorAs(t, err, &code)
		require.Equal(t, "40001", code.Code)
		return rows.Temporary(err)
	}
	result := guard.Retry(d.WriteJob(), policy).Do(t.Context(), bookings[1])
	wg.Wait()
	require.NoError(t, result.Err)
	require.Equal(t, 1, heard)
	requireExactly(t, d, bookings)
}

// What is cancelled is the statement, at the server. The transaction is rolled back, and its
// connection is as good as before.
func TestACancelledTransactionKeepsItsConnection(t *testing.T) {
	source := schema(t)
	d, others := open(t, source, 1), open(t, source, 1)
	booking := rows.Booking{ID: 0, Account: 1, Amount: 10}
	require.NoError(t, d.WriteJob().Do(t.Context(), booking).Err)
	backend := func() (pid int) {
		require.NoError(t, d.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		return pid
	}
	before := backend()
	other, err := others.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer other.Rollback()
	_, err = other.ExecContext(t.Context(), "UPDATE overlap_accounts SET total = total WHERE account = 1")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		waitFor(t, func() bool { return waiting(t, other) == 1 })
	})
	_, err = d.WriteJob().Fetch(ctx, rows.Booking{ID: 1, Account: 1, Amount: 20})
	wg.Wait()
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, d.Stats().InUse)
	require.Zero(t, waiting(t, other))
	require.Equal(t, before, backend())
	require.NoError(t, other.Rollback())
	requireExactly(t, d, []rows.Booking{booking})
}

// Two that want what the other has: PostgreSQL fails one of them, after a second.
func TestADeadlockIsTemporary(t *testing.T) {
	d := open(t, schema(t), 2)
	for account := range 2 {
		require.NoError(t, d.WriteJob().Do(t.Context(), rows.Booking{ID: int64(account), Account: account, Amount: 1}).Err)
	}
	var errs [2]error
	var both sync.WaitGroup
	both.Add(2)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			tx, err := d.BeginTx(t.Context(), nil)
			if err == nil {
				_, err = tx.ExecContext(t.Context(), "UPDATE overlap_accounts SET total = total WHERE account = $1", i)
			}
			both.Done()
			both.Wait()
			if err == nil {
				_, err = tx.ExecContext(t.Context(), "UPDATE overlap_accounts SET total = total WHERE account = $1", 1-i)
			}
			if err == nil {
				err = tx.Commit()
			} else {
				_ = tx.Rollback()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	err := errors.Join(errs[:]...)
	var code *pgconn.PgError
	require.ErrorAs(t, err, &code)
	require.Equal(t, "40P01", code.Code)
	require.True(t, errs[0] == nil || errs[1] == nil, "one of them goes on")
	require.True(t, rows.Temporary(err))
}

// What has been answered with success is there, whenever the end came; all else is there once or
// not at all; and nothing is still running. The moment is somewhere in the work of a Fetch.
func TestCancelledAtAnyMoment(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	onBoth(t, func(t *testing.T, source string) {
		const jobs, moments = 16, 2
		d := open(t, source, 4)
		connect(t, d, 4)
		var all []rows.Booking
		for _, model := range bench.Models[rows.Booking, rows.Booked, rows.Receipt](bench.Limit{InFlight: 4}) {
			for moment := range moments {
				t.Run(fmt.Sprintf("%s/%d", model.Name, moment), func(t *testing.T) {
					keys := from(len(all), jobs)
					all = append(all, keys...)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					last, within := random.Int64N(jobs), time.Duration(random.Int64N(int64(2*time.Millisecond)))
					job := d.WriteJob()
					fetch := job.Fetch
					var begun atomic.Int64
					job.Fetch = func(ctx context.Context, b rows.Booking) (rows.Booked, error) {
						if begun.Add(1) == last+1 {
							time.AfterFunc(within, cancel)
						}
						return fetch(ctx, b)
					}
					results := model.Run(ctx, guard.Retry(job, patient), keys)
					require.Zero(t, d.Stats().InUse, "nothing is still running")
					there := stored(t, d)
					for i, r := range results {
						if r.Err != nil {
							// Or it failed just before, and was not tried again.
							require.True(t, errors.Is(r.Err, context.Canceled) || rows.Temporary(r.Err), r.Err)
							continue
						}
						require.Equal(t, keys[i], r.Value.Booking)
						require.Equal(t, keys[i], there[keys[i].ID])
					}
					_, err := d.Audit(t.Context())
					require.NoError(t, err)
					require.NoError(t, overlap.Errors(model.Run(t.Context(), guard.Retry(d.WriteJob(), patient), keys)))
					requireExactly(t, d, all)
				})
			}
		}
	})
}
