package conform_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
)

// TestMain is a worker of one of the engines below, if it is to be one.
func TestMain(m *testing.M) {
	engines := []conform.Remote{engine(flawless)}
	for _, m := range remoteMutants() {
		engines = append(engines, engine(m.flaw))
	}
	conform.RemoteMain(engines...)
	os.Exit(m.Run())
}

// A distributed engine that is small and right keeps the contract.
func TestRemote(t *testing.T) {
	conform.TestRemote(t, engine(flawless))
}

// flawless is the flaw of the engine that is right.
const flawless = ""

// engine is a distributed engine over net/rpc: a broker in the process of Run, which workers ask
// for tasks. A flaw, one of remoteMutants, is what it does wrong.
func engine(flaw string) conform.Remote {
	return conform.Remote{
		Name:      flaw,
		LimitName: "limit",
		New: func(t *testing.T) (string, conform.RemoteRunner) {
			b := &broker{flaw: flaw, done: map[string]Outcome{}, tasks: map[int]*task{}, left: map[string]bool{}}
			b.changed.L = &b.mu
			server := rpc.NewServer()
			require.NoError(t, server.RegisterName("Broker", b))
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, listener.Close()) })
			go server.Accept(listener)
			return listener.Addr().String(), b.run
		},
		Work: func(ctx context.Context, address string, job conform.RemoteJob, limit int) error {
			return work(ctx, flaw, address, job, limit)
		},
	}
}

// A broker has the tasks that are to be done. Its exported methods are called by workers.
type broker struct {
	flaw string

	mu      sync.Mutex
	changed sync.Cond
	queue   []*task
	later   []*task
	done    map[string]Outcome
	tasks   map[int]*task // that are not done
	last    int           // ID
	first   string        // worker who took a task
	left    map[string]bool
}

type task struct {
	id, index int
	key       string
	tried     bool
	run       *run
}

// A run is one call of Run.
type run struct {
	results   []conform.Result
	open      int // results that are missing
	order     int // of completion
	withdrawn bool
}

// A Task is one on its way to a worker.
type Task struct {
	ID  int
	Key string
}

// An Outcome is one on its way back.
type Outcome struct {
	ID                       int
	Value, Code, Text, Stack string
}

// remoteError is an error that has travelled.
type remoteError struct {
	text string
	is   error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.is }

func (b *broker) run(ctx context.Context, job conform.RemoteJob, keys []string) []conform.Result {
	if b.flaw != "looks at the job if there are keys" || len(keys) > 0 {
		if b.flaw == "panics without a name" && (job.Fetch == nil || job.Process == nil) {
			panic("bad argument")
		}
		job.MustValid()
	}
	if b.flaw == "gives a key that stands twice one result" {
		keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	}
	r := &run{results: make([]conform.Result, len(keys)), open: len(keys)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil && b.flaw != "begins though ctx has ended before" {
		return fill(r.results, context.Cause(ctx))
	}
	for i, key := range keys {
		b.last++
		t := &task{id: b.last, index: i, key: key, run: r}
		b.queue = append(b.queue, t)
		b.tasks[t.id] = t
	}
	b.changed.Broadcast()
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changed.Broadcast()
	})
	defer stop()
	for r.open > 0 && (ctx.Err() == nil || b.flaw == "begins though ctx has ended before") {
		b.changed.Wait()
	}
	if r.open > 0 {
		b.withdraw(ctx, r)
	}
	if b.flaw == "mixes two results up beyond 8192" && len(keys) > 8193 {
		r.results[8192], r.results[8193] = r.results[8193], r.results[8192]
	}
	if b.flaw == "begins though ctx has ended before" && ctx.Err() != nil {
		return fill(r.results, context.Cause(ctx))
	}
	return r.results
}

// withdraw takes a run's tasks back, and waits for those that a worker has.
func (b *broker) withdraw(ctx context.Context, r *run) {
	cause := context.Cause(ctx)
	if b.flaw == "gives ctx.Err() for the cause" {
		cause = ctx.Err()
	}
	takeBack := func() {
		b.queue = slices.DeleteFunc(b.queue, func(t *task) bool {
			if t.run != r {
				return false
			}
			r.open--
			r.results[t.index].Err = cause
			if b.flaw == "does later what nobody took" {
				b.later = append(b.later, t)
				return true
			}
			delete(b.tasks, t.id)
			return true
		})
	}
	r.withdrawn = b.flaw != "tells no worker that ctx has ended"
	b.changed.Broadcast()
	switch {
	case b.flaw == "takes back last what nobody took":
		for slices.ContainsFunc(b.queue, func(t *task) bool { return t.run == r }) && r.open > len(b.queue) {
			b.changed.Wait()
		}
		takeBack()
	case b.flaw == "leaves in the queue what nobody took", b.flaw == "takes nothing back where nobody works" && b.first == "":
		fill(r.results, cause)
		return
	default:
		takeBack()
	}
	if b.flaw == "does not wait for functions that run" || b.flaw == "tells no worker that ctx has ended" {
		for _, t := range b.tasks {
			if t.run == r {
				r.results[t.index].Err = cause
			}
		}
		r.results = slices.Clone(r.results) // nobody writes to these
		return
	}
	for r.open > 0 {
		b.changed.Wait()
	}
	for i := range r.results {
		if r.results[i].Err != nil && !errors.Is(r.results[i].Err, cause) {
			r.results[i].Err = cause // whatever a function said when its ctx ended
		}
	}
}

func fill(results []conform.Result, err error) []conform.Result {
	for i := range results {
		results[i] = conform.Result{Err: err}
	}
	return results
}

// Take waits for a task. None is for a worker that has said that it leaves.
func (b *broker) Take(worker string, reply *[]Task) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if len(b.queue) == 0 && len(b.tasks) == len(b.later) {
			b.queue, b.later = b.later, nil
		}
		switch {
		case b.left[worker]:
			return nil
		case len(b.queue) > 0 && (b.flaw != "gives tasks to one worker only" || b.first == "" || b.first == worker):
			n := 1
			if b.flaw == "begins what it had taken before ctx ended" {
				n = min(2, len(b.queue))
			}
			taken := b.queue[:n]
			b.queue, b.first = b.queue[n:], worker
			if o, ok := b.done[taken[0].key]; ok && b.flaw == "does no key that it has done before" {
				b.finish(taken[0], o)
				continue
			}
			for _, t := range taken {
				*reply = append(*reply, Task{t.id, t.key})
			}
			return nil
		}
		b.changed.Wait()
	}
}

// Leave says that a worker wants no more.
func (b *broker) Leave(worker string, _ *struct{}) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left[worker] = true
	b.changed.Broadcast()
	return nil
}

// Withdrawn waits until a task that a worker has is withdrawn, or done.
func (b *broker) Withdrawn(id int, reply *bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tasks[id]
	for t != nil && b.tasks[id] == t && !t.run.withdrawn {
		b.changed.Wait()
	}
	*reply = t != nil && t.run.withdrawn
	return nil
}

// Done takes what became of a task.
func (b *broker) Done(o Outcome, _ *struct{}) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tasks[o.ID]
	if t == nil {
		return nil
	}
	if o.Code != "" && !t.tried && b.flaw == "tries again what has failed" {
		t.tried = true
		b.queue = append(b.queue, t)
		b.changed.Broadcast()
		return nil
	}
	b.finish(t, o)
	return nil
}

// finish wants the lock.
func (b *broker) finish(t *task, o Outcome) {
	delete(b.tasks, t.id)
	b.done[t.key] = o
	r, index := t.run, t.index
	switch {
	case b.flaw == "gives results in the order of completion":
		index = r.order
	case b.flaw == "gives an error to the neighbour" && o.Code != "" && index > 0:
		index--
	}
	r.order++
	r.open--
	r.results[index] = conform.Result{Value: o.Value, Err: b.received(o)}
	if o.Code != "" && b.flaw == "ends a run at the first error" {
		b.queue = slices.DeleteFunc(b.queue, func(other *task) bool {
			if other.run == r {
				r.open--
				r.results[other.index].Err = r.results[index].Err
			}
			return other.run == r
		})
	}
	b.changed.Broadcast()
}

func (b *broker) received(o Outcome) error {
	switch {
	case o.Code == "":
		return nil
	case o.Code == "panic":
		return &overlap.PanicError{Value: o.Text, Stack: []byte(o.Stack)}
	case o.Code == "goexit":
		return overlap.ErrGoexit
	case b.flaw == "knows errors by their text only":
		return errors.New(o.Text)
	}
	return &remoteError{o.Text, conform.RemoteErrors()[o.Code]}
}

// work is a worker.
func work(ctx context.Context, flaw, address string, job conform.RemoteJob, limit int) error {
	if flaw != "does not look at the job in Work" {
		job.MustValid()
	}
	if flaw == "takes a limit of 0 for 1" {
		limit = max(1, limit)
	}
	overlap.MustLimit("limit", limit)
	if flaw == "does one job more than the limit" {
		limit++
	}
	client, err := rpc.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer client.Close()
	w := &worker{flaw: flaw, name: fmt.Sprint(os.Getpid()), client: client, job: job}
	stop := context.AfterFunc(ctx, func() { _ = client.Call("Broker.Leave", w.name, &struct{}{}) })
	defer stop()
	for range limit {
		if flaw == "loses a hand to each Goexit" {
			w.hands.Go(w.hand)
		} else {
			overlap.Go(&w.hands, w.hand)
		}
	}
	w.hands.Wait()
	if flaw == "returns ctx.Err() from Work" {
		return ctx.Err()
	}
	return nil
}

type worker struct {
	flaw   string
	name   string
	client *rpc.Client
	job    conform.RemoteJob
	hands  sync.WaitGroup
}

// hand does tasks, one at a time.
func (w *worker) hand() {
	for {
		var tasks []Task
		if w.client.Call("Broker.Take", w.name, &tasks) != nil || len(tasks) == 0 {
			return
		}
		for _, t := range tasks {
			if w.flaw != "counts Fetches only" {
				w.do(t, w.job)
				continue
			}
			fetched, job := make(chan struct{}), w.job
			job.Fetch = func(ctx context.Context, key string) ([]byte, error) {
				defer close(fetched)
				return w.job.Fetch(ctx, key)
			}
			w.hands.Go(func() { w.do(t, job) })
			<-fetched
		}
	}
}

// do does a task, and tells what became of it also when it ends the goroutine.
func (w *worker) do(t Task, job conform.RemoteJob) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		var withdrawn bool
		if w.client.Call("Broker.Withdrawn", t.ID, &withdrawn) == nil && withdrawn {
			cancel()
		}
	}()
	result := conform.Result{Err: overlap.ErrGoexit}
	returned := false
	defer func() {
		if !returned && w.flaw == "has a hand more after each Goexit" {
			overlap.Go(&w.hands, w.hand)
		}
		if returned || w.flaw != "loses the result of a Goexit" {
			_ = w.client.Call("Broker.Done", outcome(w.flaw, t.ID, result), &struct{}{})
		}
	}()
	switch w.flaw {
	case "ends the worker at a panic":
		var body []byte
		if body, result.Err = job.Fetch(ctx, t.Key); result.Err == nil {
			result.Value, result.Err = job.Process(ctx, body)
		}
	case "does not look at ctx after Fetch":
		result = conform.RemoteJob{
			Fetch:   func(_ context.Context, key string) ([]byte, error) { return job.Fetch(ctx, key) },
			Process: func(_ context.Context, body []byte) (string, error) { return job.Process(ctx, body) },
		}.Do(context.Background(), t.Key)
	default:
		result = job.Do(ctx, t.Key)
	}
	returned = true
}

func outcome(flaw string, id int, r conform.Result) Outcome {
	if r.Err == nil {
		return Outcome{ID: id, Value: r.Value}
	}
	o := Outcome{ID: id, Code: "unknown", Text: r.Err.Error()}
	for code, err := range conform.RemoteErrors() {
		if errors.Is(r.Err, err) {
			o.Code = code
		}
	}
	if p, ok := errors.AsType[*overlap.PanicError](r.Err); ok {
		o.Code, o.Text, o.Stack = "panic", fmt.Sprint(p.Value), string(p.Stack)
		if flaw == "forgets the stack of a panic" {
			o.Stack = ""
		}
	}
	if errors.Is(r.Err, overlap.ErrGoexit) {
		o.Code = "goexit"
		if flaw == "takes a Goexit for a panic" {
			o.Code = "panic"
		}
	}
	return o
}

// A remoteMutant is an engine that breaks one clause, and what the suite has to say of it.
type remoteMutant struct {
	clause int
	flaw   string
	says   string
	hangs  bool // somebody has to be given up for it, or a worker that died
}

func remoteMutants() []remoteMutant {
	return []remoteMutant{
		{1, "gives results in the order of completion", "its value is", false},
		{1, "gives a key that stands twice one result", "Run gave 3 results for 12 keys", false},
		{1, "mixes two results up beyond 8192", "result 8193 of 10007, of key 8192, is wrong", false},
		{1, "does no key that it has done before", "began 1 times, want 2", false},
		{2, "knows errors by their text only", "errors.Is does not find that in its error", false},
		{2, "returns ctx.Err() from Work", "was told to end, and did not end well", false},
		{2, "ends a run at the first error", "the job succeeded, and its error is", false},
		{2, "tries again what has failed", "Fetch began 2 times, want 1", false},
		{2, "gives an error to the neighbour", "the job succeeded, and its error is", false},
		{3, "ends the worker at a panic", "a worker process has ended", true},
		{3, "loses a hand to each Goexit", "it does not come to it that 6 jobs are in flight at once", true},
		{3, "loses the result of a Goexit", "Run has not returned", true},
		{3, "takes a Goexit for a panic", "not overlap.ErrGoexit", false},
		{3, "forgets the stack of a panic", "does not show where the job panicked", false},
		{4, "leaves in the queue what nobody took", "more requests came: of key", false},
		{4, "takes back last what nobody took", "and 24 began in all", false},
		{4, "tells no worker that ctx has ended", "0 of them had seen their ctx end", true},
		{4, "does not wait for functions that run", "while a function of one of its jobs still ran", false},
		{4, "takes nothing back where nobody works", "more requests came: of key", false},
		{4, "does later what nobody took", "more requests came: of key", true},
		{4, "begins what it had taken before ctx ended", "began in all", true},
		{4, "does not look at ctx after Fetch", "Processes began after it", false},
		{4, "begins though ctx has ended before", "ctx had ended before, and 40 requests came", true},
		{4, "gives ctx.Err() for the cause", "want context.Cause(ctx)", false},
		{6, "does one job more than the limit", "jobs were in flight at once; the limit allows", false},
		{6, "counts Fetches only", "jobs were in flight at once; the limit allows", false},
		{6, "has a hand more after each Goexit", "jobs were in flight at once; the limit allows", false},
		{6, "gives tasks to one worker only", "it does not come to it that 6 jobs are in flight at once", true},
		{9, "looks at the job if there are keys", "job.Fetch is nil, and Run with 0 keys did not panic", false},
		{9, "panics without a name", "panicked, and the panic does not name it", false},
		{9, "takes a limit of 0 for 1", "limit is 0, and Work did not panic", true},
		{9, "does not look at the job in Work", "job.Fetch is nil, and Work did not panic", true},
	}
}

// remoteSubject is the environment variable that names the mutant for TestRemoteSubject.
const remoteSubject = "CONFORM_REMOTE_MUTANT"

// TestRemoteSubject is what TestRemoteMutants starts in a process of its own: the suite on one
// mutant.
func TestRemoteSubject(t *testing.T) {
	flaw, ok := os.LookupEnv(remoteSubject)
	if !ok {
		t.Skip("started by TestRemoteMutants with the name of a mutant")
	}
	conform.TestRemote(t, engine(flaw))
}

// TestRemoteMutants proves that the suite rejects each mutant by the name of the clause that it
// breaks, and says in which way.
//
// Those that hang wait for most of their time, so they are all tried at once, and first.
func TestRemoteMutants(t *testing.T) {
	type saying struct {
		out string
		err error
	}
	told := map[int]int{}
	var mutants []remoteMutant
	var said []<-chan saying
	for _, m := range remoteMutants() {
		if told[m.clause]++; conform.RaceEnabled && told[m.clause] > 1 {
			continue // it costs some seconds of processes, and adds nothing to what is proven here
		}
		says := make(chan saying, 1)
		if m.hangs {
			go func() {
				out, err := m.tried(t.Context())
				says <- saying{out, err}
			}()
		}
		mutants, said = append(mutants, m), append(said, says)
	}
	for _, hang := range []bool{false, true} {
		for i, m := range mutants {
			if m.hangs != hang {
				continue
			}
			t.Run(fmt.Sprintf("clause %d: %s", m.clause, m.flaw), func(t *testing.T) {
				var s saying
				if hang {
					s = <-said[i]
				} else {
					s.out, s.err = m.tried(t.Context())
				}
				t.Logf("%s", s.out)
				exit, ok := errors.AsType[*exec.ExitError](s.err)
				require.True(t, ok && exit.ExitCode() == 1, "the suite did not reject the mutant with a verdict: %v", s.err)
				require.Regexp(t, regexp.MustCompile(fmt.Sprintf(`(?m)^\s+--- FAIL: TestRemoteSubject/clause_%d:`, m.clause)), s.out)
				require.Contains(t, s.out, m.says)
			})
		}
	}
}

// tried is what the suite says of the mutant, in a process of its own.
func (m remoteMutant) tried(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	timeout := "-test.timeout=1m30s"
	if m.hangs {
		timeout = "-test.timeout=20s" // of which a check may take a quarter
	}
	cmd := exec.CommandContext(ctx, self, "-test.v", timeout, fmt.Sprintf("-test.run=^TestRemoteSubject$/^clause_%d:", m.clause))
	cmd.Env = append(os.Environ(), remoteSubject+"="+m.flaw, "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
