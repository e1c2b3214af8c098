package rows_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"example.com/overlap/guard"
	"example.com/overlap/internal/postgres"
	"example.com/overlap/pool"
	"example.com/overlap/workload/rows"
)

// server is the PostgreSQL of all tests, if there is one. TestMain ends it.
var server postgres.Shared

func TestMain(m *testing.M) {
	if source := os.Getenv(books); source != "" {
		bookUntilKilled(source)
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// onBoth runs a test on both databases, each with a source that is empty and can be opened
// again.
func onBoth(t *testing.T, test func(t *testing.T, source string)) {
	t.Run("sqlite", func(t *testing.T) {
		name := "rows, 100% & #1?.sqlite"
		if runtime.GOOS == "windows" {
			name = strings.ReplaceAll(name, "?", "")
		}
		test(t, filepath.Join(t.TempDir(), name))
	})
	t.Run("postgres", func(t *testing.T) { test(t, schema(t)) })
}

// schema is the URL of a schema of this test's own, which is removed when it ends.
func schema(t testing.TB) string {
	t.Helper()
	source, err := url.Parse(server.Get(t).DSN)
	require.NoError(t, err)
	name := "overlap_test_" + strings.ToLower(text())
	query := source.Query()
	query.Set("search_path", name)
	source.RawQuery = query.Encode()
	t.Cleanup(func() {
		ctx := context.Background() // the test's has ended
		conn, err := pgx.Connect(ctx, source.String())
		require.NoError(t, err)
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE")
		require.NoError(t, err)
	})
	return source.String()
}

func open(t testing.TB, source string, conns int) *rows.DB {
	t.Helper()
	d, err := rows.Open(t.Context(), source, conns)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestTheSettingsOfSQLiteHoldOnEveryConnection(t *testing.T) {
	d := open(t, "", 2)
	require.Equal(t, "sqlite", d.Database)
	for range 2 {
		conn, err := d.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		for pragma, want := range map[string]string{
			"journal_mode": "wal",
			"synchronous":  "2",
			"busy_timeout": "100",
		} {
			var got string
			require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
	}
}

func TestATemporaryFileIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR")) // Windows
	d, err := rows.Open(t.Context(), "", 4)
	require.NoError(t, err)
	require.NoError(t, d.Fill(t.Context(), 100, 1, nil))
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close(), "again")
	left, err = os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestATemporarySchemaIsRemoved(t *testing.T) {
	source := server.Get(t).DSN
	schemas := func(d *rows.DB) (name string, all int) {
		require.NoError(t, d.QueryRowContext(t.Context(), "SELECT current_schema(), COUNT(*) FROM information_schema.schemata WHERE schema_name = current_schema()").Scan(&name, &all))
		return name, all
	}
	one, err := rows.Open(t.Context(), source, 4)
	require.NoError(t, err)
	require.Equal(t, "postgres", one.Database)
	other := open(t, source, 4)
	require.NoError(t, one.Fill(t.Context(), 100, 1, nil))
	_, err = other.Job().Fetch(t.Context(), 0)
	require.ErrorAs(t, err, new(*rows.NotFoundError), "each has its own")

	name, all := schemas(one)
	require.Equal(t, 1, all)
	require.NoError(t, one.Close())
	require.NoError(t, one.Close(), "again")
	require.NoError(t, other.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = $1", name).Scan(&all))
	require.Zero(t, all)
}

// Tables of others are in schemas that are not named overlap_.
func TestSourcesThatAreRefused(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o644))
	for name, c := range map[string]struct{ source, says string }{
		"a scheme that is not known":      {"mysql://somebody:secret@localhost/theirs", "neither a path nor"},
		"a URI of SQLite":                 {"file:rows.sqlite?mode=ro", "neither a path nor"},
		"memory":                          {":memory:", "another database for each connection"},
		"a directory that is not there":   {filepath.Join(t.TempDir(), "not", "there.sqlite"), "there.sqlite"},
		"a file that is no database":      {text, "not a database"},
		"a schema of others":              {"postgres://localhost/theirs?search_path=public", `search_path is "public"`},
		"a schema and another":            {"postgres://localhost/theirs?search_path=overlap_mine,public", "search_path"},
		"a schema that would need quotes": {"postgres://localhost/theirs?search_path=overlap_%22;", "search_path"},
		"a URL that is none":              {"postgres://user:secret@localhost:port/theirs", "parse"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rows.Open(t.Context(), c.source, 1)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret")
		})
	}
	require.PanicsWithValue(t, "overlap: conns is 0, want at least 1", func() {
		_, _ = rows.Open(t.Context(), "", 0)
	})
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	_, err = rows.Open(t.Context(), "postgres://user:secret@"+listener.Addr().String()+"/theirs", 1)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
	require.True(t, rows.Temporary(err), "it may come: %v", err)
}

func TestOpenIsCancelled(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		why := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		_, err := rows.Open(ctx, source, 1)
		require.ErrorIs(t, err, why)
	})
}

func TestManyOpenAndFillAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		const many, readings = 8, 3000
		all := make([]*rows.DB, many)
		atOnce := func(do func(i int) error) {
			errs := make([]error, many)
			var wg sync.WaitGroup
			for i := range many {
				wg.Go(func() { errs[i] = do(i) })
			}
			wg.Wait()
			require.NoError(t, errors.Join(errs...))
		}
		t.Cleanup(func() {
			for _, d := range all {
				if d != nil {
					require.NoError(t, d.Close())
				}
			}
		})
		atOnce(func(i int) (err error) {
			all[i], err = rows.Open(t.Context(), source, 1)
			return err
		})
		var fillers atomic.Int64
		atOnce(func(i int) error {
			return all[i].Fill(t.Context(), readings, 1, func(n int) {
				if n == readings {
					fillers.Add(1)
				}
			})
		})
		require.EqualValues(t, 1, fillers.Load(), "the others find it done")
		require.Equal(t, readings, count(t, all[0], "overlap_readings"))
	})
}

// The place of SQLite's writer is taken for longer than its own timeout of 100 ms.
func TestOpenAndFillWaitForAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.sqlite")
	writer, err := open(t, path, 1).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer writer.Rollback()
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(200 * time.Millisecond)
		if err := writer.Rollback(); err != nil {
			t.Error(err)
		}
	})
	d := open(t, path, 1)
	wg.Wait()
	require.NoError(t, d.Fill(t.Context(), 100, 1, nil))
}

func count(t testing.TB, d *rows.DB, table string) (n int) {
	t.Helper()
	require.NoError(t, d.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

func TestFill(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 2)
		var told []int
		require.NoError(t, d.Fill(t.Context(), 250, 1, func(n int) { told = append(told, n) }))
		require.Equal(t, []int{100, 200, 250}, told)
		require.Equal(t, 250, count(t, d, "overlap_readings"))

		told = nil
		require.NoError(t, d.Fill(t.Context(), 250, 1, func(n int) { told = append(told, n) }))
		require.Empty(t, told, "it is there")

		first := checksum(t, d, 2)
		require.NoError(t, d.Fill(t.Context(), 250, 2, nil))
		require.Equal(t, 250, count(t, d, "overlap_readings"))
		require.NotEqual(t, first, checksum(t, d, 2), "another seed, other readings")
		require.NoError(t, d.Fill(t.Context(), 20, 1, nil))
		require.Equal(t, 20, count(t, d, "overlap_readings"), "they are replaced")
	})
}

// The numbers say that both databases give the same, on every machine.
func TestFillIsTheSameEverywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 1)
		require.NoError(t, d.Fill(t.Context(), 1000, 1, nil))
		require.Equal(t, uint32(0xe7949556), checksum(t, d, 7))
	})
}

func checksum(t *testing.T, d *rows.DB, sensor int) uint32 {
	t.Helper()
	result := d.Job().Do(t.Context(), sensor)
	require.NoError(t, result.Err)
	return result.Value.Checksum
}

func TestFillIsInterrupted(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		d := open(t, source, 2)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := d.Fill(ctx, 10_000, 1, func(n int) {
			if n == 5000 {
				cancel()
			}
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, d.Stats().InUse, "the rollback is over")
		require.Zero(t, count(t, d, "overlap_readings"), "nothing is there by half")
		require.NoError(t, d.Fill(t.Context(), 300, 1, nil))
		require.Equal(t, 300, count(t, d, "overlap_readings"))
	})
	require.PanicsWithValue(t, "overlap: n is 0, want at least 1", func() {
		_ = open(t, "", 1).Fill(t.Context(), 0, 1, nil)
	})
}

// What a run leaves that was cancelled in the middle.
func TestNothingIsLeftBehind(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		goroutines, files := runtime.NumGoroutine(), openFiles()
		d, err := rows.Open(t.Context(), source, 4)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		job := d.WriteJob()
		process := job.Process
		job.Process = func(ctx context.Context, b rows.Booked) (rows.Receipt, error) {
			cancel()
			return process(ctx, b)
		}
		pool.Run(ctx, guard.Retry(job, patient), rows.Bookings(20), 8)
		require.NoError(t, d.Close())
		waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines })
		waitFor(t, func() bool { return openFiles() <= files })
	})
}

// openFiles is how many descriptors this process has, where that can be seen.
func openFiles() int {
	all, _ := os.ReadDir("/proc/self/fd")
	return len(all)
}
