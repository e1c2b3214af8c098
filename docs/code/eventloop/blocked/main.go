// Blocked fetches twelve pages on an event loop. The work on one of them blocks: it
// writes to a slow disk. Then it does the same with the work off the loop.
//
// -timeline names a file for a recording of the first; -cured records the other.
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
	"example.com/overlap/eventloop"
)

func main() {
	file := flag.String("timeline", "", "`file` for the recording")
	other := flag.Bool("cured", false, "record the run with the work off the loop")
	flag.Parse()

	fmt.Println("page           1   2   3   4   5   6   7   8   9  10  11  12   done after ms")
	held := fetch("on the loop", onTheLoop)
	say("on the loop", held)
	cured := fetch("off the loop", offTheLoop)
	say("off the loop", cured)
	if *other {
		held = cured
	}
	if *file != "" {
		if err := save(*file, held); err != nil {
			fmt.Fprintln(os.Stderr, "blocked:", err)
			os.Exit(1)
		}
	}
}

func onTheLoop(ctx context.Context, job recorded, pages []int) []overlap.Result[int] {
	return eventloop.Run(ctx, job, pages)
}

func offTheLoop(ctx context.Context, job recorded, pages []int) []overlap.Result[int] {
	return eventloop.RunToThread(ctx, job, pages, 4)
}

type recorded = overlap.Job[int, timeline.Body[int], int]

// fetch runs twelve pages in this way.
func fetch(name string, run func(context.Context, recorded, []int) []overlap.Result[int]) timeline.Timeline {
	//region job
	job := overlap.Job[int, int, int]{
		Fetch: func(_ context.Context, page int) (int, error) {
			time.Sleep(time.Duration(page) * 20 * time.Millisecond) // each comes 20 ms after the one before
			return page, nil
		},
		Process: func(_ context.Context, page int) (int, error) {
			work := 10 * time.Millisecond
			if page == 2 {
				work = 150 * time.Millisecond
			}
			time.Sleep(work) // holds the goroutine that runs it
			return page, nil
		},
	}
	//endregion
	recorder := timeline.NewRecorder(func(page int) string { return fmt.Sprint("/page/", page) })
	pages := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	run(context.Background(), timeline.Record(job, recorder), pages)
	seen := recorder.Timeline()
	seen.Title = "12 pages, work " + name
	seen.Model = "eventloop"
	seen.Caption = fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	return seen
}

// say prints when each page was done.
func say(name string, seen timeline.Timeline) {
	fmt.Printf("%-12s", name)
	for _, end := range ends(seen) {
		fmt.Printf(" %3d", end.Round(10*time.Millisecond).Milliseconds())
	}
	fmt.Println()
}

// ends are when the pages were done, in the order in which they were fetched.
func ends(seen timeline.Timeline) []time.Duration {
	var all []time.Duration
	for _, page := range slices.SortedFunc(slices.Values(seen.Jobs), byFetch) {
		all = append(all, page.End()-seen.Jobs[0].Begin())
	}
	return all
}

// byFetch orders pages as they were fetched.
func byFetch(a, b timeline.Job) int { return cmp.Compare(a.Fetch.End, b.Fetch.End) }

func save(name string, seen timeline.Timeline) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return timeline.Write(file, seen)
}
