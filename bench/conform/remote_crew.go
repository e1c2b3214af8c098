package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workerEnv is the environment variable that makes of the test binary a worker: which one, as
// JSON.
const workerEnv = "OVERLAP_CONFORM_WORKER"

type workerSettings struct {
	Engine  string
	Address string
	Limit   int
}

// RemoteMain is what TestMain begins with where [TestRemote] is called: if this process is to be a
// worker of one of the engines, it works and exits; else RemoteMain returns at once.
//
//	func TestMain(m *testing.M) {
//		conform.RemoteMain(engine())
//		os.Exit(m.Run())
//	}
//
// A worker ends with the process that has started it, however that ends, and heeds no interrupt: a
// terminal sends that to both.
func RemoteMain(engines ...Remote) {
	if !isWorker() {
		return
	}
	var settings workerSettings
	err := json.Unmarshal([]byte(os.Getenv(workerEnv)), &settings)
	for _, engine := range engines {
		if err == nil && engine.Name == settings.Engine {
			signal.Ignore(os.Interrupt, syscall.SIGTERM)
			if err = engine.workUntilClosed(settings, os.Stdin); err == nil {
				os.Exit(0)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func isWorker() bool {
	_, ok := os.LookupEnv(workerEnv)
	return ok
}

// orphaned is how long a worker whose parent has gone may take to end: nobody is left to kill it.
const orphaned = 2 * time.Minute

func (r Remote) workUntilClosed(settings workerSettings, stdin io.Reader) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		time.AfterFunc(orphaned, func() { os.Exit(1) })
		cancel()
	}()
	err := r.Work(ctx, settings.Address, remoteJob(newClient()), settings.Limit)
	if err == nil && ctx.Err() == nil {
		err = errors.New("the engine's Work has returned before its ctx ended")
	}
	return err
}

// A crew is worker processes at one queue, and this process's Run on it.
type crew struct {
	suite   *remote
	workers []*worker
	limit   int // of each worker
	run     RemoteRunner
	hire    func()          // starts the workers
	ctx     context.Context // ends when a worker ends that was not told to
	sites   []*site         // of the checks that were made with it
	stuck   bool            // a check of it did not come to an end
}

// hands is how many jobs the crew can do at once.
func (c *crew) hands() int { return len(c.workers) * c.limit }

func (c *crew) String() string { return crewOf(len(c.workers), c.limit) }

func crewOf(workers, limit int) string { return fmt.Sprintf("workers=%d, limit=%d", workers, limit) }

// A worker is one process.
type worker struct {
	cmd   *exec.Cmd
	stdin io.Closer // it ends when this closes, also because we have died
	said  *beginning
	told  chan struct{} // closed when it is told to end
	ended chan struct{} // closed when it has
	err   error         // how
}

// newCrew starts a crew at a queue of its own.
func (s *remote) newCrew(t *testing.T, workers, limit int) *crew {
	t.Helper()
	c := s.noCrew(t, workers, limit)
	c.hire()
	return c
}

// noCrew is a crew of which nobody is there until they are hired.
func (s *remote) noCrew(t *testing.T, workers, limit int) *crew {
	t.Helper()
	address, run := s.New(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	t.Cleanup(func() { cancel(nil) })
	c := &crew{suite: s, limit: limit, run: run, ctx: ctx}
	t.Cleanup(func() { c.end(t) })
	c.hire = func() {
		for range workers {
			w, err := start(workerSettings{s.Name, address, limit}, cancel)
			if err != nil {
				t.Fatalf("start a worker process: %v", err)
			}
			c.workers = append(c.workers, w)
		}
	}
	return c
}

// start starts a worker process; died is told when that ends by itself.
func start(settings workerSettings, died context.CancelCauseFunc) (*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	// Without a RemoteMain for it the process would run tests: there are none of that name.
	w := &worker{cmd: exec.Command(self, "-test.run=^$"), said: &beginning{}, told: make(chan struct{}), ended: make(chan struct{})}
	w.cmd.Env = append(os.Environ(), workerEnv+"="+string(text),
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // or a race build sleeps for a second when it ends
	w.cmd.Stderr = w.said
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		w.err = w.cmd.Wait()
		close(w.ended)
		select {
		case <-w.told:
		default:
			died(fmt.Errorf("a worker process has ended (%s; does TestMain begin with conform.RemoteMain for the engine %q?):\n%s",
				w.cmd.ProcessState, settings.Engine, crash(w.said.String())))
		}
	}()
	return w, nil
}

// end tells the workers to end, waits until they have, and holds the sites of all checks to what
// they were sealed with: so what has not come by now never will.
func (c *crew) end(t *testing.T) {
	if c.workers == nil {
		return
	}
	for _, w := range c.workers {
		close(w.told)
		_ = w.stdin.Close()
	}
	late := time.After(patience(t))
	if c.stuck || c.ctx.Err() != nil {
		late = time.After(time.Second) // what is wrong is said already
	}
	for i, w := range c.workers {
		select {
		case <-w.ended:
			if c.ctx.Err() == nil && !c.stuck && w.err != nil {
				t.Errorf("worker process %d of %d was told to end, and did not end well (%v):\n%s", i+1, len(c.workers), w.err, crash(w.said.String()))
			}
		case <-late:
			if !c.stuck {
				t.Errorf("worker process %d of %d was told to end, and does not: it is killed", i+1, len(c.workers))
				c.stuck = true
			}
			late = time.After(0)
			_ = w.cmd.Process.Kill()
			<-w.ended
		}
	}
	c.workers = nil
	for _, s := range c.sites {
		if text := s.broken(); text != "" {
			t.Error(text)
		}
		if err := s.close(); err != nil {
			t.Errorf("close a site: %v", err)
		}
	}
	c.sites = nil
}

// A beginning keeps the first of what is written to it.
type beginning struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *beginning) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	const most = 64 << 10
	b.text.Write(p[:min(len(p), max(0, most-b.text.Len()))])
	return len(p), nil
}

func (b *beginning) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
