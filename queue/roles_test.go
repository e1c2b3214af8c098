package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/internal/twin"
	"example.com/overlap/queue"
)

// What this test binary is when it is started once more.
const (
	workerRole = "queue worker"
	serverRole = "queue server"
)

// roles plays a role and exits, if there is one to play.
func roles() {
	twin.Main(workerRole, startWorker)
	twin.Main(serverRole, startServer)
}

// A workerRun is one process that works.
type workerRun struct {
	URL, Dir string
	Name     string
	Limit    int
	Tries    int
	AckWait  time.Duration
	Backoff  time.Duration
	Takes    time.Duration // how long a job waits
	Record   string        // the file that says which jobs were begun
	Mended   bool          // it can do what no other worker can
	Bulk     int           // bytes that each outcome has more than it needs
}

var (
	errOnPurpose = errors.New("it fails on purpose")
)

// job is the one job of these tests. What becomes of a key, its first word says: "ok", "fail",
// "panic", "exit" ends the worker, "wait" waits for its gate; "deaf" does so too, but in Process,
// without heeding ctx, and its outcome says who did it.
func (w workerRun) job() queue.Job[string, string, string] {
	return queue.Job[string, string, string]{
		Name: w.Name, Tries: w.Tries, AckWait: w.AckWait, Backoff: w.Backoff,
		Errors: map[string]error{"on-purpose": errOnPurpose},
		Job: overlap.Job[string, string, string]{
			Fetch: func(ctx context.Context, key string) (string, error) {
				if err := w.record("begin", key); err != nil {
					return "", err
				}
				defer func() { _ = w.record("end", key) }()
				time.Sleep(w.Takes)
				what, _, _ := strings.Cut(key, " ")
				switch {
				case w.Mended:
				case what == "fail":
					return "", fmt.Errorf("%s: %w", key, errOnPurpose)
				case what == "panic":
					panic(key)
				case what == "exit":
					os.Exit(3)
				case what == "wait":
					return key, w.await(ctx, key)
				}
				return key, nil
			},
			Process: func(ctx context.Context, body string) (string, error) {
				if !strings.HasPrefix(body, "deaf") {
					return outcomeOf(body) + strings.Repeat("x", w.Bulk), nil
				}
				return outcomeBy(body, os.Getpid()), w.await(context.WithoutCancel(ctx), body)
			},
		},
	}
}

func outcomeOf(key string) string          { return "done: " + key }
func outcomeBy(key string, pid int) string { return fmt.Sprintf("done: %s by %d", key, pid) }

// gate is the file that a key's jobs wait for; with a process, that one's job.
func (w workerRun) gate(key string, pid int) string {
	name := key
	if pid != 0 {
		name += fmt.Sprintf(" by %d", pid)
	}
	return filepath.Join(filepath.Dir(w.Record), name)
}

// await waits until one of the key's gates is open.
func (w workerRun) await(ctx context.Context, key string) error {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		for _, pid := range []int{0, os.Getpid()} {
			if _, err := os.Stat(w.gate(key, pid)); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// open lets the key's jobs go on, in this process, or in all if it is 0.
func (w workerRun) open(t *testing.T, key string, pid int) {
	t.Helper()
	require.NoError(t, os.WriteFile(w.gate(key, pid), nil, 0o600))
}

// record outlives the process: one write appends one line, whoever else writes.
func (w workerRun) record(event, key string) error {
	file, err := os.OpenFile(w.Record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s\t%s\t%d\t%d\n", event, key, os.Getpid(), time.Now().UnixNano())
	return errors.Join(err, file.Close())
}

// A line is one of the record.
type line struct {
	event, key string
	pid        int
	at         time.Time
}

// A journal reads a record while it is written.
type journal struct {
	path string
	read int64
	all  []line
	n    int // the tries that were begun
}

func (j *journal) count(t *testing.T) int {
	j.lines(t)
	return j.n
}

func (j *journal) lines(t *testing.T) []line {
	file, err := os.Open(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	defer file.Close()
	_, err = file.Seek(j.read, 0)
	require.NoError(t, err)
	var text bytes.Buffer
	_, err = text.ReadFrom(file)
	require.NoError(t, err)
	for {
		one, err := text.ReadString('\n')
		if err != nil {
			return j.all // the rest is being written
		}
		j.read += int64(len(one))
		parts := strings.Split(strings.TrimSpace(one), "\t")
		require.Len(t, parts, 4)
		pid, err := strconv.Atoi(parts[2])
		require.NoError(t, err)
		at, err := strconv.ParseInt(parts[3], 10, 64)
		require.NoError(t, err)
		if parts[0] == "begin" {
			j.n++
		}
		j.all = append(j.all, line{parts[0], parts[1], pid, time.Unix(0, at)})
	}
}

// of are the lines of one event.
func (j *journal) of(t *testing.T, event string) (found []line) {
	for _, l := range j.lines(t) {
		if l.event == event {
			found = append(found, l)
		}
	}
	return found
}

// begun are the lines that tell of a try of this key.
func (j *journal) begun(t *testing.T, key string) (tries []line) {
	for _, l := range j.lines(t) {
		if l.event == "begin" && l.key == key {
			tries = append(tries, l)
		}
	}
	return tries
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(t, "it does not happen: "+what)
		}
	}
}

func startWorker(w workerRun) (pid string, end func() error, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	q, err := queue.Open(ctx, queue.Settings{URL: w.URL, Dir: w.Dir, Log: slog.New(takeovers{w})})
	if err != nil {
		return "", nil, err
	}
	var (
		working sync.WaitGroup
		worked  queue.Worked
		failed  error
	)
	context.AfterFunc(ctx, func() { _ = w.record("told", "") })
	working.Go(func() {
		worked, failed = queue.Work(ctx, q, w.job(), w.Limit)
		if failed != nil {
			_ = w.record("error", strings.ReplaceAll(failed.Error(), "\n", " "))
		}
		if ctx.Err() != nil {
			_ = w.record("drained", fmt.Sprint(worked.Done))
		}
	})
	return strconv.Itoa(os.Getpid()), func() error {
		stop()
		working.Wait()
		return errors.Join(failed, q.Close())
	}, nil
}

// takeovers is the log of a worker; it records when its process has taken the server over.
type takeovers struct{ w workerRun }

func (takeovers) Enabled(context.Context, slog.Level) bool { return true }
func (l takeovers) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l takeovers) WithGroup(string) slog.Handler          { return l }
func (l takeovers) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "the server was taken over" {
		return l.w.record("host", "")
	}
	return nil
}

// A worker is a process that works.
type worker struct {
	*twin.Twin
	pid int
}

func (w workerRun) start(t *testing.T) worker {
	t.Helper()
	process, err := twin.Start(workerRole, w)
	require.NoError(t, err)
	t.Cleanup(func() { _ = process.Kill() })
	pid, err := strconv.Atoi(process.URL)
	require.NoError(t, err)
	return worker{process, pid}
}

// A serverRun is a process with a server of its own.
type serverRun struct {
	Dir                   string
	Port                  int // any if it is 0
	Store                 int64
	User, Password, Token string
}

func startServer(s serverRun) (url string, end func() error, err error) {
	options := &server.Options{
		ServerName: "test", Host: "127.0.0.1", Port: s.Port, JetStream: true, StoreDir: s.Dir,
		JetStreamMaxStore: s.Store, Username: s.User, Password: s.Password, Authorization: s.Token, NoSigs: true,
	}
	if s.Port == 0 {
		options.Port = server.RANDOM_PORT
	}
	run, err := serve(options)
	if err != nil {
		return "", nil, err
	}
	return run.ClientURL(), func() error {
		run.Shutdown()
		run.WaitForShutdown()
		return nil
	}, nil
}

// serve starts a server here. At a port that was its own before, it waits until that is free: a
// client that dials it in vain may hold it for a moment.
func serve(options *server.Options) (*server.Server, error) {
	for end := time.Now().Add(10 * time.Second); options.Port != server.RANDOM_PORT; time.Sleep(10 * time.Millisecond) {
		free, err := net.Listen("tcp", net.JoinHostPort(options.Host, strconv.Itoa(options.Port)))
		if err == nil {
			_ = free.Close()
			break
		}
		if time.Now().After(end) {
			return nil, err
		}
	}
	run, err := server.NewServer(options)
	if err != nil {
		return nil, err
	}
	run.Start()
	if !run.ReadyForConnections(30 * time.Second) {
		run.Shutdown()
		run.WaitForShutdown()
		return nil, errors.New("the server does not get ready")
	}
	return run, nil
}

// A remoteServer is a server in a process of its own, which is stopped and started again.
type remoteServer struct {
	*twin.Twin
	run serverRun
	url string
}

func startRemote(t *testing.T, run serverRun) *remoteServer {
	t.Helper()
	r := &remoteServer{run: run}
	r.start(t)
	t.Cleanup(func() { _ = r.Kill() })
	return r
}

func (r *remoteServer) start(t *testing.T) {
	t.Helper()
	process, err := twin.Start(serverRole, r.run)
	require.NoError(t, err)
	r.Twin, r.url = process, process.URL
	_, port, err := net.SplitHostPort(strings.TrimPrefix(r.url, "nats://"))
	require.NoError(t, err)
	r.run.Port, err = strconv.Atoi(port)
	require.NoError(t, err)
}

// opened is a queue that ends with the test.
func opened(t *testing.T, s queue.Settings) *queue.Queue {
	t.Helper()
	q, err := queue.Open(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = q.Close() })
	return q
}

// streams asks a server itself.
func streams(t *testing.T, url string, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url, append(options, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))...)
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

// state is how a stream stands.
func state(t *testing.T, js jetstream.JetStream, name string, options ...jetstream.StreamInfoOpt) jetstream.StreamState {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	require.NoError(t, err)
	info, err := stream.Info(t.Context(), options...)
	require.NoError(t, err)
	return info.State
}

// requireRecordedOnce asserts of the server's own stream of results that n jobs have one record
// each, and never had another: a record that was ever dropped would have left a gap.
func requireRecordedOnce(t *testing.T, js jetstream.JetStream, name string, n int) {
	t.Helper()
	recorded := state(t, js, "OVERLAP_"+name+"_results", jetstream.WithSubjectFilter(">"))
	require.Len(t, recorded.Subjects, n, "jobs with a record")
	require.EqualValues(t, n, recorded.Msgs, "records")
	require.EqualValues(t, n, recorded.LastSeq, "records ever written")
}

// hostURL is where the server of a directory listens, with what it asks for.
func hostURL(t *testing.T, dir string) string {
	t.Helper()
	address, err := os.ReadFile(filepath.Join(dir, "address"))
	require.NoError(t, err)
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	require.NoError(t, err)
	return fmt.Sprintf("nats://%s@%s", token, address)
}

// kindAndBatch is what a subject tells of: overlap.NAME.KIND.BATCH, and perhaps a job's ID.
func kindAndBatch(subject string) string {
	parts := strings.Split(subject, ".")
	return strings.Join(parts[2:min(4, len(parts))], ".")
}
