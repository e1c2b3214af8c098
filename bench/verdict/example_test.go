package verdict_test

import (
	"fmt"
	"os"
	"strings"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

// Five samples of three models, and of the control: pool under another name.
func Example() {
	run := `cores: 2
control: pool-again
BenchmarkPages/tasks=100/model=sequential 1 1010 ns/op
BenchmarkPages/tasks=100/model=pool       1  101 ns/op
BenchmarkPages/tasks=100/model=pipeline   1  108 ns/op
BenchmarkPages/tasks=100/model=pool-again 1  102 ns/op
BenchmarkPages/tasks=100/model=sequential 1 1020 ns/op
BenchmarkPages/tasks=100/model=pool       1  100 ns/op
BenchmarkPages/tasks=100/model=pipeline   1  107 ns/op
BenchmarkPages/tasks=100/model=pool-again 1  105 ns/op
BenchmarkPages/tasks=100/model=sequential 1 1000 ns/op
BenchmarkPages/tasks=100/model=pool       1  104 ns/op
BenchmarkPages/tasks=100/model=pipeline   1  100 ns/op
BenchmarkPages/tasks=100/model=pool-again 1  101 ns/op
BenchmarkPages/tasks=100/model=sequential 1 1030 ns/op
BenchmarkPages/tasks=100/model=pool       1  102 ns/op
BenchmarkPages/tasks=100/model=pipeline   1  105 ns/op
BenchmarkPages/tasks=100/model=pool-again 1  104 ns/op
BenchmarkPages/tasks=100/model=sequential 1 1005 ns/op
BenchmarkPages/tasks=100/model=pool       1  103 ns/op
BenchmarkPages/tasks=100/model=pipeline   1  103 ns/op
BenchmarkPages/tasks=100/model=pool-again 1  103 ns/op
`
	set, err := results.Read(strings.NewReader(run), "run.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	ranking, err := verdict.Within(set, "sec/op")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := ranking.Write(os.Stdout, nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Pages/tasks=100
	//   pool has the best median: 102ns an operation (median of 5).
	//   pool is 9.90 times as fast as sequential (9.71 to 10.2).
	//   pool against pipeline (0.98 to 1.07): no difference that this run can show.
	// What is claimed is proven at 0.05 over all comparisons together (3: every pair of every group, as the best is known only after looking; Mann-Whitney, Holm's correction). Intervals are for one comparison, at 95 %.
	// The noise floor is 1.0 %: so much pool differed from itself at most, run twice under two names, in Pages/tasks=100. Nothing below it is claimed.
}
