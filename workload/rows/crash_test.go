package rows_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/internal/postgres"
	"example.com/overlap/pool"
	"example.com/overlap/workload/rows"
)

// books is the environment variable that makes of the test binary a program which books, says
// which bookings are committed, and waits to be killed, or for the end of its stdin: then its
// parent has died. Its value is the source.
const books = "OVERLAP_ROWS_BOOKS"

// crashJobs are the bookings of a run that is killed in the middle.
const crashJobs = 400

func bookUntilKilled(source string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	ctx := context.Background()
	d, err := rows.Open(ctx, source, 4)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	job := guard.Retry(d.WriteJob(), patient)
	for key, result := range pool.Stream(ctx, job, slices.Values(rows.Bookings(crashJobs)), 4) {
		if result.Err != nil {
			fmt.Println(result.Err)
			os.Exit(1)
		}
		fmt.Println(key.ID)
	}
	select {} // a run that is through waits for its end, too
}

// A process that is killed may have committed what it did not come to tell, and has committed
// what it told.
func TestAProcessIsKilled(t *testing.T) {
	onBoth(t, func(t *testing.T, source string) {
		for range 3 {
			told := killed(t, source, 1+rand.IntN(crashJobs/2))
			d := open(t, source, 4)
			if d.Database == "sqlite" {
				var says string
				require.NoError(t, d.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&says))
				require.Equal(t, "ok", says)
			}
			there := stored(t, d)
			for _, id := range told {
				require.Equal(t, rows.Bookings(crashJobs)[id], there[int64(id)])
			}
			_, err := d.Audit(t.Context())
			require.NoError(t, err)
		}
		d := open(t, source, 4)
		require.NoError(t, overlap.Errors(pool.Run(t.Context(), guard.Retry(d.WriteJob(), patient), rows.Bookings(crashJobs), 4)))
		requireExactly(t, d, rows.Bookings(crashJobs))
	})
}

// killed lets another process book until it has told of so many bookings, kills it, and returns
// all that it has told of.
func killed(t *testing.T, source string, after int) (told []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), books+"="+source)
	_, err := cmd.StdinPipe() // closes when we have died
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		id, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		if told = append(told, id); len(told) == after {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait())
	require.GreaterOrEqual(t, len(told), after)
	return told
}

// The server dies in the middle, with the connections and transactions of all jobs, and comes
// again. Whether a transaction was committed whose answer was lost nobody knows; so it is done
// again, and is there once.
func TestAServerDies(t *testing.T) {
	shared := server.Get(t)
	if !shared.Ours() {
		t.Skip(postgres.ErrNotOurs)
	}
	d := open(t, schema(t), 4)
	job := d.WriteJob()
	fetch := job.Fetch
	var wg sync.WaitGroup
	var done, failed atomic.Int64
	crashed := make(chan struct{})
	job.Fetch = func(ctx context.Context, b rows.Booking) (rows.Booked, error) {
		booked, err := fetch(ctx, b)
		if err != nil {
			failed.Add(1)
			return booked, err
		}
		switch n := done.Add(1); {
		case n == 50:
			wg.Go(func() {
				defer close(crashed)
				if err := shared.Crash(t.Context()); err != nil {
					t.Error(err)
				}
			})
		case n > crashJobs-50:
			<-crashed // some are left for the server that comes
		}
		return booked, nil
	}
	results := pool.Run(t.Context(), guard.Retry(job, patient), rows.Bookings(crashJobs), 4)
	wg.Wait()
	require.NoError(t, overlap.Errors(results))
	require.NotZero(t, failed.Load(), "the old connections were lost")
	requireExactly(t, d, rows.Bookings(crashJobs))
}

// A server that is there and does not answer any more: a transaction through a proxy that stops.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	source, err := url.Parse(schema(t))
	require.NoError(t, err)
	config, err := pgx.ParseConfig(source.String())
	require.NoError(t, err)
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer proxy.Close()
	stopped := make(chan struct{})
	wg.Go(func() {
		for {
			client, err := proxy.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				t.Error(err)
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
			})
			wg.Go(func() {
				answer := make([]byte, 4096)
				for {
					n, err := server.Read(answer)
					select {
					case <-stopped: // what it says is lost
					default:
						_, _ = client.Write(answer[:n])
					}
					if err != nil {
						_ = client.Close()
						return
					}
				}
			})
		}
	})
	query := source.Query()
	query.Set("host", "127.0.0.1")
	query.Set("port", strconv.Itoa(proxy.Addr().(*net.TCPAddr).Port))
	query.Set("sslmode", "disable")
	source.RawQuery = query.Encode()

	d := open(t, source.String(), 1)
	require.NoError(t, d.WriteJob().Do(t.Context(), rows.Bookings(1)[0]).Err)
	close(stopped)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = d.WriteJob().Fetch(ctx, rows.Bookings(2)[1])
	require.ErrorIs(t, err, context.DeadlineExceeded, "it has returned")
	require.Zero(t, d.Stats().InUse)
}
