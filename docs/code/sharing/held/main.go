// Held asks two stores for eight pages at once, each of which takes 50 ms to come,
// and prints when each of them was there. One store holds its lock while it fetches, the
// other does not.
//
// -timeline names a file for a recording of the first; -promised records the other.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/docs/code/sharing"
	"example.com/overlap/goroutines"
)

func main() {
	file := flag.String("timeline", "", "`file` for the recording")
	other := flag.Bool("promised", false, "record the store that does not hold its lock")
	flag.Parse()

	fetch := func(path string) string {
		time.Sleep(50 * time.Millisecond)
		return "the page " + path
	}
	held := ask("lock held", sharing.NewHeld(fetch))
	promised := ask("promise", sharing.NewPromised(fetch))
	if *other {
		held = promised
	}
	if *file != "" {
		if err := save(*file, held); err != nil {
			fmt.Fprintln(os.Stderr, "held:", err)
			os.Exit(1)
		}
	}
}

// ask gets eight pages on eight goroutines, and says how long that took.
func ask(name string, store sharing.Store) timeline.Timeline {
	recorder := timeline.NewRecorder[string](nil)
	job := overlap.Job[string, string, int]{
		Fetch:   func(_ context.Context, path string) (string, error) { return store.Get(path), nil },
		Process: func(_ context.Context, page string) (int, error) { return len(page), nil },
	}
	paths := make([]string, 8)
	for i := range paths {
		paths[i] = fmt.Sprint("/page/", i)
	}
	goroutines.Run(context.Background(), timeline.Record(job, recorder), paths)
	recorded := recorder.Timeline()
	recorded.Title = fmt.Sprintf("%s: 8 pages of 50 ms, 8 goroutines", name)
	recorded.Model = "goroutines"
	recorded.Caption = fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Printf("%-10s pages come after", name)
	for _, job := range slices.SortedFunc(slices.Values(recorded.Jobs), byEnd) {
		fmt.Print(" ", (job.End() - recorded.Jobs[0].Begin()).Round(time.Millisecond))
	}
	fmt.Println()
	return recorded
}

func byEnd(a, b timeline.Job) int { return cmp.Compare(a.End(), b.End()) }

func save(name string, recorded timeline.Timeline) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return timeline.Write(file, recorded)
}
