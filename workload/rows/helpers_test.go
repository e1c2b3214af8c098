package rows_test

import (
	"crypto/rand"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/workload/rows"
)

// text is some letters and digits that nobody else has.
func text() string { return rand.Text() }

// waitFor waits until something is true that will be, for a minute at most.
func waitFor(t testing.TB, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !is() {
		if time.Now().After(deadline) {
			t.Error("it did not come about within a minute")
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// waiting is how many statements wait at the server for a lock that this transaction holds.
func waiting(t testing.TB, tx *sql.Tx) (n int) {
	t.Helper()
	require.NoError(t, tx.QueryRowContext(t.Context(),
		"SELECT COUNT(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))").Scan(&n))
	return n
}

// hold takes so many connections, until release.
func hold(t testing.TB, d *rows.DB, conns int) (release func()) {
	t.Helper()
	var held []*sql.Conn
	for range conns {
		conn, err := d.Conn(t.Context())
		require.NoError(t, err)
		held = append(held, conn)
	}
	return func() {
		for _, conn := range held {
			require.NoError(t, conn.Close())
		}
	}
}

// connect opens so many connections. A pool that opens some while nobody wants them any more,
// as the context has ended, counts them as in use.
func connect(t testing.TB, d *rows.DB, conns int) {
	t.Helper()
	hold(t, d, conns)()
}
