package queues

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/cost"
	"example.com/overlap/internal/twin"
	"example.com/overlap/queue"
)

// What this program is, started again.
const (
	serverTwin = "the queue's server"
	workerTwin = "the queue's worker"
)

// TestMain begins with what the other processes of the benchmarks are: this program once more.
func TestMain(m *testing.M) {
	twin.Main(serverTwin, serveQueue)
	twin.Main(workerTwin, workQueue)
	os.Exit(m.Run())
}

// A place is where a server is: one of URL and Dir, as in queue.Settings.
type place struct {
	URL, Dir string
	Sync     bool
}

// connect is for who writes it with NATS's own client.
func (p place) connect() (*nats.Conn, plain, error) {
	conn, err := nats.Connect(p.URL)
	if err != nil {
		return nil, plain{}, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
	}
	return conn, plain{js: js}, err
}

// open is for who uses package queue.
func (p place) open(ctx context.Context) (*queue.Queue, error) {
	return queue.Open(ctx, queue.Settings{URL: p.URL, Dir: p.Dir, Sync: p.Dir != "" && p.Sync})
}

// serveQueue is NATS's server, with the settings that queue.Settings.Dir gives it.
func serveQueue(p place) (url string, end func() error, err error) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: p.Dir, SyncAlways: p.Sync, NoSigs: true,
	})
	if err != nil {
		return "", nil, err
	}
	s.Start()
	end = func() error {
		s.Shutdown()
		s.WaitForShutdown()
		return nil
	}
	if !s.ReadyForConnections(10*time.Second) || !s.JetStreamEnabled() {
		return "", nil, errors.Join(errors.New("the server does not get ready"), end())
	}
	return metered(s.ClientURL(), end)
}

// A working is the settings of a worker: the model that it works for, the place of its server, and
// its job.
type working struct {
	Model string
	Place place
	Limit int
	Wait  time.Duration
}

// workQueue is a worker of a model, until it is ended.
func workQueue(w working) (url string, end func() error, err error) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	job := tiny(w.Wait)
	switch w.Model {
	case modelQueue, modelEmbedded:
		q, err := w.Place.open(ctx)
		if err != nil {
			stop()
			return "", nil, err
		}
		go func() {
			_, err := queue.Work(ctx, q, named(job), w.Limit)
			ended <- errors.Join(err, q.Close())
		}()
	default:
		conn, p, err := w.Place.connect()
		if err != nil {
			stop()
			return "", nil, err
		}
		if w.Model == modelFetch {
			p.take = free
		}
		go func() {
			err := p.work(ctx, w.Limit, func(key []byte) []byte {
				number, _ := strconv.Atoi(string(key))
				return strconv.AppendInt(nil, int64(job.Do(ctx, number).Value), 10)
			})
			err = errors.Join(err, conn.FlushTimeout(time.Second)) // the last acks
			conn.Close()
			ended <- err
		}()
	}
	return metered("worker", func() error {
		stop()
		return <-ended
	})
}

// metered makes of a process one that says how much CPU time it has used: to everyone who
// connects to where it says, beside its own URL.
func metered(url string, end func() error) (string, func() error, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, errors.Join(err, end())
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if used, err := cost.CPU(); err == nil {
				_, _ = fmt.Fprintln(conn, int64(used))
			}
			_ = conn.Close()
		}
	}()
	return url + " " + listener.Addr().String(), func() error { return errors.Join(listener.Close(), end()) }, nil
}

// A process is a twin that says how much CPU time it has used.
type process struct {
	*twin.Twin
	url, meter string
}

// start starts a process that ends with the test.
func start(t testing.TB, name string, settings any) process {
	p, err := twin.Start(name, settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	url, meter, _ := strings.Cut(p.URL, " ")
	return process{p, url, meter}
}

// cpu is what the process has used.
func (p process) cpu() (time.Duration, error) {
	conn, err := net.Dial("tcp", p.meter)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("the process does not say its CPU time: %w", err)
	}
	used, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return time.Duration(used), err
}

type tinyJob = overlap.Job[int, int, int]

// tiny is a job of a number, that waits and makes another number.
func tiny(wait time.Duration) tinyJob {
	return tinyJob{
		Fetch: func(ctx context.Context, key int) (int, error) {
			if wait > 0 {
				timer := time.NewTimer(wait)
				defer timer.Stop()
				select {
				case <-timer.C:
				case <-ctx.Done():
					return 0, context.Cause(ctx)
				}
			}
			return key, nil
		},
		Process: func(_ context.Context, body int) (int, error) { return 2*body + 1, nil },
	}
}

// named is a job as package queue wants it. Its codec is as cheap as one can be, and the same
// bytes that the plain client sends.
func named(job tinyJob) queue.Job[int, int, int] {
	digits := queue.Codec[int]{
		Encode: func(n int) ([]byte, error) { return strconv.AppendInt(nil, int64(n), 10), nil },
		Decode: func(data []byte) (int, error) { return strconv.Atoi(string(data)) },
	}
	return queue.Job[int, int, int]{Name: "bench", Job: job, Keys: digits, Results: digits}
}
