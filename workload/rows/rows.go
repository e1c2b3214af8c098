// Package rows is the workload that asks a database: Fetch is a query, or a whole transaction,
// so it waits; Process decodes and aggregates what came back, so it works.
//
// The part that is real is database/sql and what is beneath it: SQLite in a file (the driver
// modernc.org/sqlite, in Go, so that no C compiler is needed), or PostgreSQL (jackc/pgx). [Open]
// takes either by its name, and everything else is the same code; see dialect.go for what is not.
//
// There are two jobs. [DB.Job] reads: the key is a sensor, the result what a hundred readings of
// it come to. [DB.WriteJob] writes: the key is a booking, and each job is a transaction of its
// own, in the way of all others that book on the same account. Such a transaction fails now
// and then through no fault of its own, and is meant to be done again: guard.Retry does that,
// with [Temporary] to say when.
//
// # What waits
//
// PostgreSQL is another process, so Fetch waits for it. SQLite is a library: a read whose pages
// are in memory is work on the calling goroutine, some 0.1 ms a sensor, and overlapping it buys
// cores and not waits. A write waits for the disk, and for the one writer that SQLite allows.
//
// # Two limits
//
// A model bounds the jobs in flight, database/sql the connections. A job has one connection from
// the begin of its Fetch to the end of it, none in Process, and never two: a job that asked for a
// second while it holds the first would wait for ever once all jobs do. What the model lets
// through beyond the connections waits in database/sql's queue; Stats of [DB] says how often
// (WaitCount), and for how long in sum (WaitDuration).
//
// database/sql keeps two idle connections unless it is told otherwise, and closes the others
// as they come back: the trap of net/http's default once more. Open keeps them all.
package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"example.com/overlap"
)

// A DB is a database with the tables of this package, all named overlap_. It is the sql.DB of
// one, with its pool of connections, and safe for concurrent use.
type DB struct {
	*sql.DB
	Database string // sqlite or postgres

	dialect dialect
	remove  func(context.Context) error // what was made for this DB alone
	close   func() error

	readings, insert, stored, total *sql.Stmt
}

// EndWithin is how long a Fetch goes on after its context has ended, at most, if the server does
// not answer; then it drops the connection. Else it is a tenth of a second at most, for either
// database.
const EndWithin = 2 * time.Second

// Open opens a database with so many connections at most, and makes the tables that it lacks.
// It panics if conns is below one.
//
// The source is the path of an SQLite file, which is made if need be, or a URL that begins with
// postgres:// or postgresql://. There the tables are in a schema of their own; its name, which
// must begin with overlap_, is the URL's parameter search_path.
//
// Without a name (source is empty, or the URL has no search_path) the file or schema is a new
// one, which Close removes; a process that is killed leaves it behind, in os.TempDir or as a
// schema overlap_ and sixteen digits. So any number of processes can open the same PostgreSQL.
//
// # SQLite's settings
//
//   - journal_mode WAL: readers do not wait for the writer, nor the writer for them. Beside the
//     file are then two more, -wal and -shm, which belong to it until the last Close.
//   - synchronous FULL: a commit is on the disk when it returns, and so outlives the machine's
//     end, too, for the cost of a flush each. With NORMAL the last commits could be gone then,
//     and only then: a process that dies loses none.
//   - BEGIN IMMEDIATE for what writes. A transaction that begins as a reader and writes later
//     has to fail at once if anybody wrote in between (SQLITE_BUSY_SNAPSHOT): to wait would not
//     help it, so no timeout applies. One that begins as a writer waits at its begin only.
//   - busy_timeout 100 ms: so long a transaction waits for the writer before it, polling, until
//     it is SQLITE_BUSY. Longer than a short transaction takes, and no longer than that: who
//     waits here holds a connection, and who waits in guard.Retry holds none.
//
// # PostgreSQL's
//
// Transactions are serializable. When a context ends, the statement is cancelled at the server,
// and Fetch returns when it has ended there. That takes the tenth of a second which the driver
// waits in case the cancel is late. (pgx's default returns at once, drops the connection and lets
// the statement run on.)
func Open(ctx context.Context, source string, conns int) (*DB, error) {
	overlap.MustLimit("conns", conns)
	var d *DB
	var err error
	switch {
	case strings.HasPrefix(source, "postgres://"), strings.HasPrefix(source, "postgresql://"):
		d, err = openPostgres(source)
	case strings.Contains(source, "://"), strings.HasPrefix(source, "file:"):
		err = fmt.Errorf("rows: open: source is neither a path nor a URL of PostgreSQL")
	case source == ":memory:":
		err = fmt.Errorf("rows: open: %s is another database for each connection; an empty source is a temporary file", source)
	default:
		d, err = openSQLite(source)
	}
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(conns)
	d.SetMaxIdleConns(conns)
	d.close = sync.OnceValue(d.closeAll)
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("rows: open %s: %w", d.dialect.source, err), d.Close())
	}
	return d, nil
}

// Close closes the connections, and removes the file or schema if it is a temporary one. Jobs
// must have ended. It may be called again.
func (d *DB) Close() error { return d.close() }

// removeWithin bounds the removal of a schema.
const removeWithin = 10 * time.Second

func (d *DB) closeAll() error {
	var errs []error
	for _, s := range []*sql.Stmt{d.readings, d.insert, d.stored, d.total} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
	defer cancel()
	if d.dialect.removeFirst {
		errs = append(errs, d.remove(ctx), d.DB.Close())
	} else {
		errs = append(errs, d.DB.Close(), d.remove(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("rows: close %s: %w", d.dialect.source, err)
	}
	return nil
}

// prepare makes the tables, and the statements that the jobs use. database/sql prepares them on
// every connection that comes to use them, once.
func (d *DB) prepare(ctx context.Context) error {
	if err := d.alone(ctx, d.makeTables); err != nil {
		return err
	}
	for _, s := range []struct {
		statement **sql.Stmt
		query     string
	}{
		{&d.readings, selectReadings},
		{&d.insert, insertBooking},
		{&d.stored, selectBooking},
		{&d.total, addToAccount},
	} {
		var err error
		if *s.statement, err = d.PrepareContext(ctx, s.query); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) makeTables(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range d.dialect.tables() {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// inTx does work in a transaction of its own, on one connection: all of it is there when it
// returns nil. When it returns an error, nothing is, unless the error is of the commit itself
// and the connection was lost: then nobody here can know.
//
// The context that BeginTx gets holds for the whole transaction. When it ends, database/sql
// rolls back on a goroutine of its own and does not wait for it, and drops the connection if the
// driver is pgx. So it is one that lasts longer than ctx: the statements of work heed ctx, the
// rollback is done here, and a commit is let finish, as to cut it off would leave open whether it
// was done. When inTx has returned, nothing of it is still running.
func (d *DB) inTx(ctx context.Context, work func(context.Context, *sql.Tx) error) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // it fails if the connection is lost: the pool knows
	longer, stop := outlast(ctx)
	defer stop()
	tx, err := conn.BeginTx(longer, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := work(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// outlast returns a context that ends half of EndWithin after ctx does, for a server that does not
// answer. The other half is the driver's.
func outlast(ctx context.Context) (context.Context, func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(EndWithin/2, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() {
		release()
		cancel()
	}
}

// aloneWithin is how long what needs the database for itself waits for others.
const aloneWithin = time.Minute

// alone does work in a transaction, again and again while others are in its way. It is for the
// tables and what fills them: that a hundred processes begin at once is not an error.
func (d *DB) alone(ctx context.Context, work func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, aloneWithin)
	defer cancel()
	for {
		err := d.inTx(ctx, work)
		if err == nil || !inTheWay(err) {
			return ended(ctx, err)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ended(ctx, err)
		}
	}
}

// ended adds the cause to an error if ctx has ended: a driver says that in words of its own, or
// that its connection was closed.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
