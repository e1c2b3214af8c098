package asyncio_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/cost"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/scale"
	"example.com/overlap/internal/process"
)

// flags are globals because go test gives benchmarks no other way to their flags.
var flags struct {
	python  string
	million bool
	sleep   time.Duration
}

func TestMain(m *testing.M) {
	flag.StringVar(&flags.python, "python", "python3", "comma-separated `commands` of the Pythons to measure; the rows of the first are asyncio, of others asyncio-3.13")
	flag.BoolVar(&flags.million, "million", false, "run BenchmarkWaiting with a million tasks in place of 100,000: up to 4 GiB of memory and a minute a row")
	flag.DurationVar(&flags.sleep, "sleep", 0, "how long each task of BenchmarkWaiting sleeps, a `time`; 0s is 2s for each 100,000 tasks")
	flag.Parse()
	// A configuration line of the benchmark format. Who runs one cell alone has it already.
	if f := flag.Lookup("test.bench"); f.Value.String() != "" && os.Getenv(rounds.LatenciesEnv) == "" {
		fmt.Printf("python: %s\n", versions())
	}
	os.Exit(m.Run())
}

// pythons are those to measure, and the names of their rows.
var pythons = sync.OnceValue(func() []*measured {
	var all []*measured
	for command := range strings.SplitSeq(flags.python, ",") {
		p := &measured{name: "asyncio", find: sync.OnceValues(func() (asyncio.Python, error) {
			return asyncio.FindPython(context.Background(), command)
		})}
		if len(all) > 0 {
			found, err := p.find()
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(2) // it was asked for by name
			}
			p.name += fmt.Sprintf("-3.%d", found.Minor)
		}
		all = append(all, p)
	}
	return all
})

// A measured Python is found when its first row begins: most processes run a row of Go's.
type measured struct {
	name string
	find func() (asyncio.Python, error)
}

func versions() string {
	var all []string
	for _, p := range pythons() {
		found, err := p.find()
		if err != nil {
			all = append(all, "none")
			continue
		}
		all = append(all, found.Version)
	}
	return strings.Join(all, " ")
}

// measureFor is how long a row of Python measures, at least.
const measureFor = 200 * time.Millisecond

// BenchmarkSwitch is what it takes to give way: a turn of one of the tasks, which take turns.
func BenchmarkSwitch(b *testing.B) {
	for _, tasks := range []int{1, 100, 10_000} {
		compare(b, fmt.Sprintf("tasks=%d/", tasks), asyncio.Switches(tasks), asyncio.SwitchScripts(tasks))
	}
}

// BenchmarkCreate is what it takes to create a task, run it and await it.
func BenchmarkCreate(b *testing.B) {
	compare(b, "", asyncio.Creates(), asyncio.CreateScripts())
}

// BenchmarkTree is a tree of 55,986 tasks.
func BenchmarkTree(b *testing.B) {
	for _, kind := range []struct {
		name  string
		sleep time.Duration
	}{{"none", 0}, {"io", 50 * time.Millisecond}} {
		tree := asyncio.Tree{Levels: 6, Branches: 6, Sleep: kind.sleep}
		compare(b, "kind="+kind.name+"/", tree.Rows(), tree.Scripts())
	}
}

// BenchmarkOffload is what it takes to hand a function off the loop and to await its result.
func BenchmarkOffload(b *testing.B) {
	compare(b, "", asyncio.Offloads(), asyncio.OffloadScripts())
}

// BenchmarkJob is what a model takes for a job that fetches nothing, of 100 as
// BenchmarkPages has them: beside cpu-ns/job there, its share of a page.
func BenchmarkJob(b *testing.B) {
	const tasks = 100
	for _, row := range asyncio.Jobs(tasks) {
		b.Run(fmt.Sprintf("tasks=%d/model=%s", tasks, row.Model), func(b *testing.B) {
			meter := cpuMeter{B: b}
			done, err := row.Run(b.Context(), &meter, b.N)
			fatal(b, errors.Join(err, meter.err))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/op")
			b.ReportMetric(float64(meter.used.Nanoseconds())/float64(done), "cpu-ns/job")
		})
	}
}

// A cpuMeter takes the CPU time, too.
type cpuMeter struct {
	*testing.B
	used time.Duration
	err  error
}

func (m *cpuMeter) ResetTimer() {
	m.used, m.err = cost.CPU()
	m.B.ResetTimer()
}

func (m *cpuMeter) StopTimer() {
	m.B.StopTimer()
	used, err := cost.CPU()
	m.used, m.err = used-m.used, errors.Join(m.err, err)
}

// BenchmarkWaiting is what a sleeping task takes, of 100,000 or a million.
func BenchmarkWaiting(b *testing.B) {
	s := asyncio.NewSleepers(flags.million, flags.sleep)
	group := fmt.Sprintf("tasks=%d/", s.Tasks)
	for _, row := range s.Rows() {
		b.Run(group+"model="+row.Model, func(b *testing.B) {
			if row.Goroutines > scale.MostGoroutines {
				b.Skipf("%d goroutines are more than the race detector allows", row.Goroutines)
			}
			admit(b, row.Need)
			if sleepers++; sleepers > 1 {
				b.Log("not the first row of its process: memory that an earlier one left behind is not counted")
			}
			fatal(b, s.Measure(b, func() (time.Duration, int64, error) {
				cost, err := row.Run(b.Context())
				return cost.Elapsed, cost.Memory, err
			}))
		})
	}
	inPython(b, group, s.Scripts(), func(b *testing.B, p asyncio.Python, script asyncio.Script) {
		admit(b, s.PythonNeeds())
		fatal(b, s.Measure(b, func() (time.Duration, int64, error) {
			f, err := bounded(script, p, 0)
			return time.Duration(f.NS), f.Bytes, err
		}))
	})
}

// sleepers are the rows of BenchmarkWaiting that this process has begun.
var sleepers int

func admit(b *testing.B, need uint64) {
	b.Helper()
	if err := scale.Available().Admit(need); err != nil {
		b.Skip(err)
	}
}

// compare runs the rows of Go and those of Python.
func compare(b *testing.B, group string, rows []asyncio.Row, scripts []asyncio.Script) {
	for _, row := range rows {
		b.Run(group+"model="+row.Model, func(b *testing.B) {
			b.ReportAllocs()
			done, err := row.Run(b.Context(), b, b.N)
			fatal(b, err)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/op")
		})
	}
	inPython(b, group, scripts, func(b *testing.B, p asyncio.Python, script asyncio.Script) {
		perOp := 0.0
		for b.Loop() {
			f, err := bounded(script, p, measureFor)
			fatal(b, err)
			perOp += float64(f.NS) / float64(f.Ops)
		}
		b.ReportMetric(perOp/float64(b.N), "ns/op")
	})
}

// inPython runs the rows of every Python.
func inPython(b *testing.B, group string, scripts []asyncio.Script, run func(*testing.B, asyncio.Python, asyncio.Script)) {
	for _, p := range pythons() {
		for _, script := range scripts {
			model := p.name
			if script.Form != "" {
				model += "-" + script.Form
			}
			b.Run(group+"model="+model, func(b *testing.B) {
				found, err := p.find()
				if err != nil {
					b.Skip(err)
				}
				if err := script.Check(found); err != nil {
					b.Skip(err)
				}
				run(b, found, script)
			})
		}
	}
}

// watched are the interrupts of this process, once it runs a script.
var watched = sync.OnceValue(process.WatchInterrupts)

// bounded runs a script, which ends with an interrupt, and after five minutes at the latest.
func bounded(script asyncio.Script, p asyncio.Python, atLeast time.Duration) (f asyncio.Figures, err error) {
	err = watched().Run(5*time.Minute, func(ctx context.Context) error {
		f, err = script.Run(ctx, p, atLeast)
		return err
	})
	return f, err
}

func fatal(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
