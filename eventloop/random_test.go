package eventloop_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
	"example.com/overlap/internal/process"
	"example.com/overlap/internal/python"
)

var recordRandom = flag.Bool("record-random", false, "record what python3 says of the programs in testdata/random")

const (
	randomDir = "testdata/random"

	// recordedPrograms were picked from random ones, so that each of some hundred changes to
	// the primitives is noticed by one of them.
	recordedPrograms = randomDir + "/recorded.jsonl"

	// As in play.py.
	randomTurns    = 60
	randomPatience = 30 // turns until main begins to cancel all
)

// A randomProgram is some tasks that use primitives in ways that nobody would write down,
// and refuse every cancel.
type randomProgram struct {
	Max     int            `json:"max"`     // of the queues
	Room    int            `json:"room"`    // of the semaphores
	Parties int            `json:"parties"` // of the barrier
	Share   bool           `json:"share"`   // the condition has the lock for its own
	Tasks   [][]randomStep `json:"tasks"`
}

type randomStep struct {
	Op string
	N  int
}

func (s randomStep) MarshalJSON() ([]byte, error) { return json.Marshal([]any{s.Op, s.N}) }

func (s *randomStep) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &[]any{&s.Op, &s.N}) }

// randomOps are what the programs are made of, with how often; a program takes one to
// three groups of them.
var randomOps = []map[string]int{
	{"lock.acquire": 4, "lock.release": 4, "lock.locked": 1, "yield": 2, "cancel": 2},
	{"event.wait": 4, "event.set": 2, "event.clear": 2, "yield": 2, "cancel": 2},
	{"condition.acquire": 6, "condition.release": 4, "condition.wait": 6, "condition.wait_for": 2, "flag": 2,
		"condition.notify": 3, "condition.notify_all": 2, "lock.acquire": 1, "yield": 3, "cancel": 3},
	{"semaphore.acquire": 5, "semaphore.release": 4, "semaphore.locked": 1, "yield": 2, "cancel": 2},
	{"bounded.acquire": 4, "bounded.release": 4, "yield": 2, "cancel": 2},
	{"barrier.wait": 12, "barrier.reset": 2, "barrier.abort": 1, "barrier.state": 3, "yield": 4, "cancel": 3},
	{"queue.put": 4, "queue.put_nowait": 2, "queue.get": 4, "queue.get_nowait": 2, "queue.state": 1, "yield": 2, "cancel": 3},
	{"queue.put": 6, "queue.get": 6, "queue.task_done": 6, "queue.join": 4, "queue.shutdown": 1, "yield": 4, "cancel": 2},
	{"lifo.put": 4, "lifo.get": 4, "yield": 1, "cancel": 1},
	{"priority.put": 6, "priority.put_nowait": 4, "priority.get": 4, "priority.get_nowait": 4, "yield": 2, "cancel": 2},
}

func newRandomProgram(random *rand.Rand) (p randomProgram) {
	var ops []string
	for range 1 + max(0, random.IntN(5)-2) {
		group := randomOps[random.IntN(len(randomOps))]
		for _, op := range slices.Sorted(maps.Keys(group)) {
			for range group[op] {
				ops = append(ops, op)
			}
		}
	}
	p.Max = random.IntN(4)
	p.Room = random.IntN(4)
	p.Parties = 1 + random.IntN(4)
	p.Share = random.IntN(3) == 0
	p.Tasks = make([][]randomStep, 2+random.IntN(6))
	for i := range p.Tasks {
		for range 2 + random.IntN(9) {
			step := randomStep{Op: ops[random.IntN(len(ops))]}
			switch step.Op {
			case "cancel":
				step.N = random.IntN(len(p.Tasks))
			case "condition.notify", "queue.shutdown":
				step.N = random.IntN(3)
			default:
				if strings.Contains(step.Op, "put") {
					step.N = random.IntN(6)
				}
			}
			p.Tasks[i] = append(p.Tasks[i], step)
		}
	}
	return p
}

// play runs the program and says what happened, and in which turn of the loop: the same as
// play.py.
func (p randomProgram) play() (said script, err error) {
	var trace script
	_, err = eventloop.Main(context.Background(), func(co *Co) (nothing, error) {
		r := newRandomStage(p)
		for i, steps := range p.Tasks {
			r.tasks = append(r.tasks, begin(co, func(co *Co) error {
				for _, step := range steps {
					result := "done"
					value, err := r.step(co, step)
					switch {
					case err != nil:
						result = pythonName(step.Op, err)
					case value != nil:
						result = fmt.Sprint(value)
					}
					trace.say("%d %d %s %d: %s", r.turn, i, step.Op, step.N, result)
				}
				return nil
			}))
		}
		for r.turn = range randomTurns {
			if r.turn > randomPatience && r.turn%2 == 0 {
				for _, task := range r.tasks {
					task.Cancel()
				}
			}
			if err := co.Yield(); err != nil {
				return nothing{}, err
			}
		}
		for _, task := range r.tasks {
			trace.say("%v %v", task.Done(), task.Cancelled())
		}
		said = trace // what comes after is the end of those that refuse to be cancelled
		return nothing{}, nil
	})
	return said, err
}

// pythonName is the name that an error has in Python.
func pythonName(op string, err error) string {
	switch {
	case errors.Is(err, eventloop.ErrNotAcquired) && strings.HasPrefix(op, "bounded."), errors.Is(err, eventloop.ErrTaskDone):
		return "ValueError"
	case errors.Is(err, eventloop.ErrNotAcquired):
		return "RuntimeError"
	case errors.Is(err, eventloop.ErrCancelled):
		return "CancelledError"
	case errors.Is(err, eventloop.ErrBrokenBarrier):
		return "BrokenBarrierError"
	case errors.Is(err, eventloop.ErrQueueFull):
		return "QueueFull"
	case errors.Is(err, eventloop.ErrQueueEmpty):
		return "QueueEmpty"
	case errors.Is(err, eventloop.ErrQueueShutDown):
		return "QueueShutDown"
	}
	return err.Error()
}

// A randomStage is what the tasks of a program share.
type randomStage struct {
	turn       int
	flag, made int
	tasks      []*eventloop.Task[nothing]

	lock      *eventloop.Lock
	event     eventloop.Event
	condition *eventloop.Condition
	semaphore *eventloop.Semaphore
	bounded   *eventloop.Semaphore
	barrier   *eventloop.Barrier
	queue     *eventloop.Queue[int]
	lifo      *eventloop.Queue[int]
	priority  *eventloop.Queue[randomItem]
}

// Items of one priority compare equal.
type randomItem struct{ priority, number int }

func (i randomItem) String() string { return fmt.Sprintf("%d#%d", i.priority, i.number) }

func newRandomStage(p randomProgram) *randomStage {
	r := &randomStage{
		lock:      &eventloop.Lock{},
		condition: eventloop.NewCondition(nil),
		semaphore: eventloop.NewSemaphore(p.Room),
		bounded:   eventloop.NewBoundedSemaphore(p.Room),
		barrier:   eventloop.NewBarrier(p.Parties),
		queue:     eventloop.NewQueue[int](p.Max),
		lifo:      eventloop.NewLifoQueue[int](p.Max),
		priority: eventloop.NewPriorityQueue(p.Max, func(a, b randomItem) int {
			return cmp.Compare(a.priority, b.priority)
		}),
	}
	if p.Share {
		r.condition = eventloop.NewCondition(r.lock)
	}
	return r
}

func (r *randomStage) item(n int) randomItem {
	r.made++
	return randomItem{n, r.made}
}

func (r *randomStage) step(co *Co, s randomStep) (any, error) {
	switch s.Op {
	case "yield":
		return nil, co.Yield()
	case "cancel":
		return r.tasks[s.N].Cancel(), nil
	case "flag":
		r.flag++
		return nil, nil
	case "lock.acquire":
		return nil, r.lock.Acquire(co)
	case "lock.release":
		return nil, r.lock.Release()
	case "lock.locked":
		return r.lock.Locked(), nil
	case "event.wait":
		return nil, r.event.Wait(co)
	case "event.set":
		r.event.Set()
		return nil, nil
	case "event.clear":
		r.event.Clear()
		return nil, nil
	case "condition.acquire":
		return nil, r.condition.Acquire(co)
	case "condition.release":
		return nil, r.condition.Release()
	case "condition.wait":
		return nil, r.condition.Wait(co)
	case "condition.wait_for":
		seen := r.flag
		return nil, r.condition.WaitFor(co, func() bool { return r.flag > seen })
	case "condition.notify":
		return nil, r.condition.Notify(s.N)
	case "condition.notify_all":
		return nil, r.condition.NotifyAll()
	case "semaphore.acquire":
		return nil, r.semaphore.Acquire(co)
	case "semaphore.release":
		return nil, r.semaphore.Release()
	case "semaphore.locked":
		return r.semaphore.Locked(), nil
	case "bounded.acquire":
		return nil, r.bounded.Acquire(co)
	case "bounded.release":
		return nil, r.bounded.Release()
	case "barrier.wait":
		return r.barrier.Wait(co)
	case "barrier.reset":
		r.barrier.Reset()
		return nil, nil
	case "barrier.abort":
		r.barrier.Abort()
		return nil, nil
	case "barrier.state":
		return fmt.Sprint(r.barrier.Waiting(), r.barrier.Broken()), nil
	case "queue.put":
		return nil, r.queue.Put(co, s.N)
	case "queue.put_nowait":
		return nil, r.queue.PutNowait(s.N)
	case "queue.get":
		return r.queue.Get(co)
	case "queue.get_nowait":
		return r.queue.GetNowait()
	case "queue.task_done":
		return nil, r.queue.TaskDone()
	case "queue.join":
		return nil, r.queue.Join(co)
	case "queue.shutdown":
		r.queue.Shutdown(s.N > 0)
		return nil, nil
	case "queue.state":
		return fmt.Sprint(r.queue.Len(), r.queue.Empty(), r.queue.Full()), nil
	case "lifo.put":
		return nil, r.lifo.Put(co, s.N)
	case "lifo.get":
		return r.lifo.Get(co)
	case "priority.put":
		return nil, r.priority.Put(co, r.item(s.N))
	case "priority.put_nowait":
		return nil, r.priority.PutNowait(r.item(s.N))
	case "priority.get":
		return r.priority.Get(co)
	case "priority.get_nowait":
		return r.priority.GetNowait()
	}
	panic(s.Op)
}

// A randomTrace is what Python said of a program.
type randomTrace struct {
	Program randomProgram `json:"program"`
	Trace   script        `json:"trace"`
}

func (r randomTrace) require(t *testing.T) {
	t.Helper()
	trace, err := r.Program.play()
	require.NoError(t, err)
	program, err := json.Marshal(r.Program)
	require.NoError(t, err)
	require.Equal(t, strings.Join(r.Trace, "\n"), strings.Join(trace, "\n"), "%s", program)
}

func recorded(t *testing.T) (recorded []randomTrace) {
	t.Helper()
	text, err := os.ReadFile(recordedPrograms)
	require.NoError(t, err)
	for decoder := json.NewDecoder(bytes.NewReader(text)); decoder.More(); {
		var r randomTrace
		require.NoError(t, decoder.Decode(&r))
		recorded = append(recorded, r)
	}
	require.NotEmpty(t, recorded)
	return recorded
}

func TestRandomProgramsAsPythonPlayedThem(t *testing.T) {
	for _, r := range recorded(t) {
		r.require(t)
	}
}

// The primitives are those of Python 3.13: older ones have no Queue.shutdown, and do other
// things when a task is cancelled at a condition or a semaphore.
func TestRandomProgramsInPython(t *testing.T) {
	found, err := python.Find(t.Context(), "python3")
	switch {
	case err != nil:
		t.Skip(err)
	case found.Minor < 13:
		t.Skip("python3 is", found.Version+": 3.13 or newer is not installed")
	}

	programs := recorded(t)
	old := len(programs)
	seed := rand.Uint64()
	t.Log("the seed is", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		programs = append(programs, randomTrace{Program: newRandomProgram(random)})
	}
	var input, output, failures bytes.Buffer
	encoder := json.NewEncoder(&input)
	for _, p := range programs {
		require.NoError(t, encoder.Encode(p.Program))
	}
	cmd := exec.CommandContext(t.Context(), found.Path, "-I", "play.py")
	cmd.Dir = randomDir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &input, &output, &failures
	require.NoError(t, process.Run(cmd), failures.String())

	var record bytes.Buffer
	decoder := json.NewDecoder(&output)
	encoder = json.NewEncoder(&record)
	for i, p := range programs {
		p.Trace = nil
		require.NoError(t, decoder.Decode(&p.Trace))
		p.require(t)
		if i < old {
			require.NoError(t, encoder.Encode(p))
		}
	}
	if *recordRandom {
		require.NoError(t, os.WriteFile(recordedPrograms, record.Bytes(), 0o666))
	}
}
