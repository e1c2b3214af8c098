// Four does four jobs of CPU work, each of which takes 100 ms of a core: one after
// another, and on a goroutine each. It prints how long each way took, and each job
// from its begin to its end: of the fastest of three tries, as whatever else the
// machine does can only make it slower.
//
// -procs is how many goroutines may run at one moment; -timeline names a file for a
// recording of the goroutines.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/goroutines"
	"example.com/overlap/sequential"
)

const each = 100 * time.Millisecond

var steps = int(each/time.Microsecond) * bench.StepsPerMicrosecond()

func main() {
	procs := flag.Int("procs", runtime.GOMAXPROCS(0), "GOMAXPROCS: `goroutines` that may run at one moment")
	file := flag.String("timeline", "", "`file` for the recording")
	flag.Parse()
	if *procs < 1 {
		fmt.Fprintln(os.Stderr, "four: -procs is", *procs, "and must be at least 1")
		os.Exit(2)
	}
	runtime.GOMAXPROCS(*procs)

	fmt.Printf("4 jobs of %v of CPU work, GOMAXPROCS=%d, %d cores\n", each, *procs, runtime.NumCPU())
	measure("one after another", sequential.Run)
	recorded := measure("a goroutine each", goroutines.Run)
	recorded.Title = fmt.Sprintf("4 jobs of CPU work, a goroutine each, GOMAXPROCS=%d", *procs)
	recorded.Model = "goroutines"
	recorded.Caption = fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if *file != "" {
		if err := save(*file, recorded); err != nil {
			fmt.Fprintln(os.Stderr, "four:", err)
			os.Exit(1)
		}
	}
}

// A runner is a model whose jobs are recorded.
type runner = overlap.Runner[int, timeline.Body[int], uint64]

func measure(name string, run runner) timeline.Timeline {
	fastest := once(run)
	for range 2 {
		if again := once(run); again.Makespan() < fastest.Makespan() {
			fastest = again
		}
	}
	shortest, longest := time.Hour, time.Duration(0)
	for _, job := range fastest.Jobs {
		shortest, longest = min(shortest, job.Process.Length()), max(longest, job.Process.Length())
	}
	fmt.Printf("%-18s %v in all, each job %v to %v\n", name,
		ms(fastest.Makespan()), ms(shortest), ms(longest))
	return fastest
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func once(run runner) timeline.Timeline {
	//region job
	job := overlap.Job[int, int, uint64]{
		Fetch:   func(_ context.Context, n int) (int, error) { return n, nil }, // nothing to wait for
		Process: func(_ context.Context, n int) (uint64, error) { return bench.Spin(uint64(n), steps), nil },
	}
	//endregion
	recorder := timeline.NewRecorder[int](nil)
	results := run(context.Background(), timeline.Record(job, recorder), []int{1, 2, 3, 4})
	if err := overlap.Errors(results); err != nil {
		fmt.Fprintln(os.Stderr, "four:", err)
		os.Exit(1)
	}
	return recorder.Timeline()
}

func save(name string, recorded timeline.Timeline) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return timeline.Write(file, recorded)
}
