package runtimes_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/peers/runtimes"
	"example.com/overlap/bench/scale"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
)

// BenchmarkClients is what a client makes of a number of pages: their makespan, CPU time and
// memory, of a program that does nothing else.
func BenchmarkClients(b *testing.B) {
	atSite := sync.OnceValues(func() (*site.Site, error) {
		return site.Start(mockserver.Settings{Seed: 1, Pages: 1000, PageSize: 2048, Links: 8})
	})
	started := false
	b.Cleanup(func() {
		if !started {
			return
		}
		if s, err := atSite(); err == nil {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		}
	})
	const warm = 2000 // a compiler that compiles what runs often has done so
	for _, w := range []runtimes.Work{
		{Pages: 20_000, InFlight: 100, Warm: warm},
		{Pages: 5_000, InFlight: 100, Warm: warm, Wait: 10 * time.Millisecond},
		{Pages: 5_000, InFlight: 1_000, Warm: warm, Wait: 200 * time.Millisecond},
		{Pages: 5_000, InFlight: 100, Warm: warm, Parse: true},
	} {
		for _, c := range runtimes.Clients() {
			if w.Parse && !c.Parses || w.Wait > 0 && c.NoWait {
				continue
			}
			kind := "discard"
			if w.Parse {
				kind = "parse"
			}
			b.Run(fmt.Sprintf("work=%s/wait=%v/inflight=%d/pages=%d/model=%s", kind, w.Wait, w.InFlight, w.Pages, c.Name), func(b *testing.B) {
				started = true
				s, err := atSite()
				fatal(b, err)
				var all []runtimes.Figures
				for b.Loop() {
					fatal(b, bounded(func(ctx context.Context) error {
						f, err := runtimes.Run(ctx, machine(), c, s, w)
						all = append(all, f)
						return err
					}))
				}
				reportClients(b, w, all)
			})
		}
	}
}

// reportClients reports the figures of the clients, in place of this process's.
func reportClients(b *testing.B, w runtimes.Work, all []runtimes.Figures) {
	var ns, cpu, rss, peak int64
	for _, f := range all {
		ns += f.NS
		cpu += f.CPUNS
		rss, peak = max(rss, f.RSS), max(peak, f.Peak)
	}
	runs := float64(len(all))
	jobs := runs * float64(w.Pages)
	b.ReportMetric(float64(ns)/runs, "ns/op")
	b.ReportMetric(jobs/time.Duration(ns).Seconds(), "jobs/s")
	b.ReportMetric(float64(ns)/jobs, "ns/job")
	b.ReportMetric(float64(cpu)/jobs, "cpu-ns/job")
	b.ReportMetric(float64(peak), "peak-inflight")
	if rss > 0 {
		b.ReportMetric(float64(rss), "peak-rss-B")
	} else {
		b.Logf("the peak memory of another process is not known on %s", runtime.GOOS)
	}
	if ideal := w.Ideal(); ideal > 0 {
		b.ReportMetric(float64(ns)/runs/float64(ideal), "x-ideal")
	}
}

// measureFor is how long a script measures, at least.
const measureFor = 200 * time.Millisecond

// BenchmarkSwitch is what it takes to give way, beside BenchmarkSwitch of package asyncio: a
// turn of one of the tasks, which take turns.
func BenchmarkSwitch(b *testing.B) {
	for _, tasks := range []int{1, 100, 10_000} {
		group := fmt.Sprintf("tasks=%d/", tasks)
		for _, row := range asyncio.Switches(tasks) {
			if !slices.Contains([]string{"channel", "gosched"}, row.Model) {
				continue
			}
			b.Run(group+"model="+row.Model, func(b *testing.B) {
				done, err := row.Run(b.Context(), b, b.N)
				fatal(b, err)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/op")
			})
		}
		perOp := func(b *testing.B, run scriptRun) {
			sum := 0.0
			for b.Loop() {
				f := run.figures(b)
				sum += float64(f.NS) / float64(f.Ops)
			}
			b.ReportMetric(sum/float64(b.N), "ns/op")
		}
		for _, script := range asyncio.SwitchScripts(tasks) {
			inPython(b, group, script, func(b *testing.B, p asyncio.Python) {
				perOp(b, func(ctx context.Context) (asyncio.Figures, error) { return script.Run(ctx, p, measureFor) })
			})
		}
		for _, script := range runtimes.NodeSwitches(tasks) {
			b.Run(group+"model="+script.Model, func(b *testing.B) {
				perOp(b, func(ctx context.Context) (asyncio.Figures, error) { return script.Run(ctx, machine(), measureFor) })
			})
		}
	}
}

// BenchmarkWaiting is what a sleeping task takes, beside BenchmarkWaiting of package asyncio, of
// 100,000 or a million.
func BenchmarkWaiting(b *testing.B) {
	s := asyncio.NewSleepers(flags.million, flags.sleep)
	group := fmt.Sprintf("tasks=%d/", s.Tasks)
	for _, row := range s.Rows() {
		if row.Model != "goroutine" {
			continue
		}
		b.Run(group+"model="+row.Model, func(b *testing.B) {
			if row.Goroutines > scale.MostGoroutines {
				b.Skipf("%d goroutines are more than the race detector allows", row.Goroutines)
			}
			admit(b, row.Need)
			fatal(b, s.Measure(b, func() (time.Duration, int64, error) {
				cost, err := row.Run(b.Context())
				return cost.Elapsed, cost.Memory, err
			}))
		})
	}
	ofScript := func(b *testing.B, run scriptRun) {
		admit(b, s.PythonNeeds()) // Node takes less
		fatal(b, s.Measure(b, func() (time.Duration, int64, error) {
			f := run.figures(b)
			return time.Duration(f.NS), f.Bytes, nil
		}))
	}
	for _, script := range s.Scripts() {
		inPython(b, group, script, func(b *testing.B, p asyncio.Python) {
			ofScript(b, func(ctx context.Context) (asyncio.Figures, error) { return script.Run(ctx, p, 0) })
		})
	}
	script := runtimes.NodeSleepers(s)
	b.Run(group+"model="+script.Model, func(b *testing.B) {
		ofScript(b, func(ctx context.Context) (asyncio.Figures, error) { return script.Run(ctx, machine(), 0) })
	})
}

// A scriptRun runs a script, in Python or for Node.
type scriptRun func(context.Context) (asyncio.Figures, error)

func (run scriptRun) figures(b *testing.B) (f asyncio.Figures) {
	b.Helper()
	fatal(b, bounded(func(ctx context.Context) (err error) {
		f, err = run(ctx)
		return err
	}))
	return f
}

func admit(b *testing.B, need uint64) {
	b.Helper()
	if err := scale.Available().Admit(need); err != nil {
		b.Skip(err)
	}
}

// inPython runs a row of package asyncio's.
func inPython(b *testing.B, group string, script asyncio.Script, run func(*testing.B, asyncio.Python)) {
	model := "asyncio"
	if script.Form != "" {
		model += "-" + script.Form
	}
	b.Run(group+"model="+model, func(b *testing.B) {
		found, err := machine().Python()
		fatal(b, err)
		p := asyncio.Python{Python: found.Python, Command: found.Path}
		if err := script.Check(p); err != nil {
			b.Skip(err)
		}
		run(b, p)
	})
}

// fatal fails the row; or skips it, if all that is wrong is that the machine lacks something.
func fatal(b *testing.B, err error) {
	b.Helper()
	if missing, ok := errors.AsType[*runtimes.MissingError](err); ok {
		b.Skip(missing) // without the name of the client, which the benchmark's has
	}
	if err != nil {
		b.Fatal(err)
	}
}
