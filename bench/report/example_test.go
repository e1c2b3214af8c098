package report_test

import (
	"fmt"
	"os"
	"strings"

	"example.com/overlap/bench/report"
	"example.com/overlap/bench/results"
)

func ExampleNew() {
	var raw strings.Builder
	for _, tasks := range []int{10, 100, 1000} {
		fmt.Fprintf(&raw, "BenchmarkFetch/tasks=%d/model=sequential-2 1 %d ns/op\n", tasks, tasks*10_000_000)
		fmt.Fprintf(&raw, "BenchmarkFetch/tasks=%d/model=goroutines-2 1 %d ns/op\n", tasks, 10_000_000+tasks*50_000)
	}
	set, err := results.Read(strings.NewReader(raw.String()), "run.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := report.New(set, report.Options{Title: "Fetching"})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	files, err := r.Write(dir)
	fmt.Println(strings.Join(files, "\n"), err)
	fmt.Println(r.Charts[0].Alt)
	// Output:
	// report.html
	// report.md
	// report.csv
	// samples.csv
	// time-per-operation-against-number-of-jobs-fetch.svg <nil>
	// Line chart, Time per operation against number of jobs: Fetch. At 10, lowest is goroutines with 10.5 ms; highest is sequential with 100 ms, 9.52 times as much. At 1,000, lowest is goroutines with 60.0 ms; highest is sequential with 10.0 s, 167 times as much.
}
