package rows_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/workload/rows"
)

// SQLite's own are in write_test.go, as they happen.
func TestTemporary(t *testing.T) {
	postgres := func(code string) error { return &pgconn.PgError{Severity: "ERROR", Code: code} }
	job := guard.Timeout(overlap.Job[int, int, int]{
		Fetch: func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		},
		Process: func(context.Context, int) (int, error) { return 0, nil },
	}, time.Nanosecond)
	_, timeout := job.Fetch(t.Context(), 0)
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"no error":                        {nil, false},
		"any error":                       {errors.New("any"), false},
		"cancelled":                       {context.Canceled, false},
		"cancelled, and so cut off":       {fmt.Errorf("%w: %w", context.Canceled, driver.ErrBadConn), false},
		"a guard's timeout":               {timeout, true},
		"no rows":                         {sql.ErrNoRows, false},
		"closed":                          {sql.ErrConnDone, false},
		"a sensor that is not there":      {&rows.NotFoundError{}, false},
		"a booking of another content":    {&rows.ConflictError{}, false},
		"serialization failure":           {postgres("40001"), true},
		"deadlock":                        {postgres("40P01"), true},
		"lock not available":              {postgres("55P03"), true},
		"too many connections":            {postgres("53300"), true},
		"disk full":                       {postgres("53100"), false},
		"shut down by its administrator":  {postgres("57P01"), true},
		"shut down after a crash":         {postgres("57P02"), true},
		"not up yet":                      {postgres("57P03"), true},
		"database dropped":                {postgres("57P04"), false},
		"idle for too long":               {postgres("57P05"), true},
		"connection failure":              {postgres("08006"), true},
		"cancelled at the server":         {postgres("57014"), false},
		"unique violation":                {postgres("23505"), false},
		"wrong password, when connecting": {fmt.Errorf("dial: %w", postgres("28P01")), false},
		"syntax error":                    {postgres("42601"), false},
		"bad connection":                  {driver.ErrBadConn, true},
		"connection closed":               {pgconn.ErrConnClosed, true},
		"end of the stream":               {io.ErrUnexpectedEOF, true},
		"nobody listens":                  {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"reset":                           {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		"no such host":                    {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, false},
		"no answer of the name server":    {&net.OpError{Op: "dial", Err: &net.DNSError{IsTimeout: true}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, rows.Temporary(c.err))
			if c.err != nil {
				require.Equal(t, c.want, rows.Temporary(fmt.Errorf("booking 1: %w", c.err)), "wrapped")
			}
		})
	}
}
