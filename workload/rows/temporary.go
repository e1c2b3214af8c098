package rows

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Temporary says whether a job that failed with this error may succeed if it is done again, as
// it is: it is made for guard.RetryPolicy. Both jobs of this package may be done again after any
// error; with one of your own, mind that after the last two kinds nobody knows whether the
// transaction was committed.
//
// Others were in the way, and the transaction was rolled back:
//   - SQLite: SQLITE_BUSY and SQLITE_LOCKED with their extended codes, such as
//     SQLITE_BUSY_SNAPSHOT (sqlite.org/rescode.html).
//   - PostgreSQL: class 40, transaction rollback, of which 40001 is the serialization failure
//     and 40P01 the deadlock, and 55P03, a lock not available. Its manual says of the first two
//     that applications must be ready to try again, the whole transaction from its begin (13.5,
//     Serialization Failure Handling; the codes are in appendix A).
//
// The server has no place, or is going away or coming: 53300 (too many connections), 57P01 to
// 57P03 (shut down by its administrator, after a crash, not up yet), 57P05, class 08.
//
// The connection was lost, or there was none: driver.ErrBadConn, the end of the stream, and
// whatever package net says, except that the host's name does not exist.
//
// Besides, what calls itself so by a method Temporary() bool, as guard.TimeoutError does.
// context.Canceled is never temporary.
func Temporary(err error) bool {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return false
	case inTheWay(err):
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "53300", "57P01", "57P02", "57P03", "57P05":
			return true
		}
		return strings.HasPrefix(e.Code, "08")
	}
	if lost(err) {
		return true
	}
	e, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && e.Temporary()
}

// inTheWay says whether it was other transactions that made this one fail.
func inTheWay(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		primary := e.Code() & 0xff // an extended code has the primary one in its low byte
		return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "40") || e.Code == "55P03"
	}
	return false
}

// lost says whether there is no connection, or none any more.
func lost(err error) bool {
	for _, target := range []error{driver.ErrBadConn, pgconn.ErrConnClosed, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, target) {
			return true
		}
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return false
	}
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}
