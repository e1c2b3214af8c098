package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"example.com/overlap"
)

// A Booking is the key of the writing job: an amount for an account, under a number that is
// this booking's own. Whoever asks chooses the number, so that the same booking, asked for
// twice, is known to be the same (an idempotency key).
type Booking struct {
	ID      int64
	Account int
	Amount  int64
}

// Booked is what a transaction brings: the booking that was asked for, and the one that is in
// the database under its number.
type Booked struct {
	Asked, Stored Booking
	Again         bool // it was there before, and nothing was written
}

// A Receipt is what Process makes of it.
type Receipt struct {
	Booking
	Again bool // it was there before: somebody has booked it already, or this job's own earlier try
}

// A ConflictError is a booking whose number another one has.
type ConflictError struct{ Asked, Stored Booking }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("booking %d: %d for account %d, but its number is that of %d for account %d",
		e.Asked.ID, e.Asked.Amount, e.Asked.Account, e.Stored.Amount, e.Stored.Account)
}

// WriteJob returns the writing job. Fetch is one transaction: it inserts the booking, and adds
// its amount to the account's total, which many jobs share. Process checks that what is stored is
// what was asked for, else it is a *[ConflictError].
//
// The job is idempotent: one that is done again, by whomever, changes nothing and gives the same
// booking. So it may be retried after any error, also one that leaves open whether the
// transaction was committed, as a lost connection or a timeout does. And retried it must be:
//
//	job := guard.Retry(db.WriteJob(), guard.RetryPolicy{Temporary: rows.Temporary})
//
// Jobs that book on one account wait for each other in the database. With SQLite that is true of
// all writers, and one that has waited for too long fails with SQLITE_BUSY; PostgreSQL lets one
// of two go on that have changed the same row, and fails the other (40001).
//
// Errors wrap the driver's, and the context's cause if that has ended; they name the booking.
// When the context ends, the transaction is rolled back before Fetch returns, or committed, if
// only that was left to do.
func (d *DB) WriteJob() overlap.Job[Booking, Booked, Receipt] {
	return overlap.Job[Booking, Booked, Receipt]{
		Fetch: func(ctx context.Context, asked Booking) (Booked, error) {
			booked, err := d.book(ctx, asked)
			if err != nil {
				return Booked{}, fmt.Errorf("booking %d: %w", asked.ID, ended(ctx, err))
			}
			return booked, nil
		},
		Process: func(_ context.Context, b Booked) (Receipt, error) {
			if b.Stored != b.Asked {
				return Receipt{}, &ConflictError{b.Asked, b.Stored}
			}
			return Receipt{b.Stored, b.Again}, nil
		},
	}
}

const (
	insertBooking = `INSERT INTO overlap_bookings (id, account, amount) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`
	selectBooking = `SELECT account, amount FROM overlap_bookings WHERE id = $1`
	addToAccount  = `INSERT INTO overlap_accounts (account, bookings, total) VALUES ($1, 1, $2)
		ON CONFLICT (account) DO UPDATE SET bookings = overlap_accounts.bookings + 1, total = overlap_accounts.total + excluded.total`
)

func (d *DB) book(ctx context.Context, asked Booking) (Booked, error) {
	booked := Booked{Asked: asked, Stored: asked}
	err := d.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.StmtContext(ctx, d.insert).ExecContext(ctx, asked.ID, asked.Account, asked.Amount)
		if err != nil {
			return err
		}
		inserted, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if inserted == 0 {
			booked.Again = true
			return tx.StmtContext(ctx, d.stored).QueryRowContext(ctx, asked.ID).Scan(&booked.Stored.Account, &booked.Stored.Amount)
		}
		_, err = tx.StmtContext(ctx, d.total).ExecContext(ctx, asked.Account, asked.Amount)
		return err
	})
	return booked, err
}

// accounts is how many accounts Bookings spreads over: few, so that jobs meet.
const accounts = 4

// Bookings returns n keys for [DB.WriteJob], numbered from 0, on four accounts.
func Bookings(n int) []Booking {
	keys := make([]Booking, n)
	for i := range keys {
		keys[i] = Booking{ID: int64(i), Account: i % accounts, Amount: 1 + int64(i)*7919%997}
	}
	return keys
}

// A Ledger is what is booked.
type Ledger struct {
	Accounts, Bookings int
	Total              int64
}

func (l Ledger) String() string {
	return fmt.Sprintf("%d bookings on %d accounts, %d in total", l.Bookings, l.Accounts, l.Total)
}

// ErrUnbalanced says that an account's total is not the sum of its bookings: a transaction was
// done by half, or twice.
var ErrUnbalanced = errors.New("the accounts are not what was booked on them")

// Audit adds up what is booked and compares it with the accounts. The error is ErrUnbalanced, or
// wraps the driver's.
func (d *DB) Audit(ctx context.Context) (Ledger, error) {
	var l Ledger
	var wrong int
	// One statement, so it sees one state.
	err := d.QueryRowContext(ctx, `
		SELECT COUNT(*), CAST(COALESCE(SUM(n), 0) AS BIGINT), CAST(COALESCE(SUM(amount), 0) AS BIGINT),
			COUNT(CASE WHEN a.account IS NULL OR b.account IS NULL OR n <> bookings OR amount <> total THEN 1 END)
		FROM (SELECT account, COUNT(*) AS n, CAST(SUM(amount) AS BIGINT) AS amount FROM overlap_bookings GROUP BY account) AS b
		FULL JOIN overlap_accounts AS a ON a.account = b.account`).Scan(&l.Accounts, &l.Bookings, &l.Total, &wrong)
	switch {
	case err != nil:
		return Ledger{}, fmt.Errorf("rows: audit: %w", ended(ctx, err))
	case wrong > 0:
		return l, fmt.Errorf("rows: audit: %w: %d of %d", ErrUnbalanced, wrong, l.Accounts)
	}
	return l, nil
}
