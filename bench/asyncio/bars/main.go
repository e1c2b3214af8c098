// Bars says which of the bars hold that were set for the event loop.
//
// Usage:
//
//	go run ./bench/asyncio/bars FILE...
//
// The files are what `overlap bench -pkg ./bench/asyncio` wrote and, for the loop's share
// in a page, a run of BenchmarkPages. A bar whose rows are not in them is said to be not
// measured.
//
// The exit status is 1 if a bar does not hold, and 2 if the files cannot be read.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/results"
)

func main() { os.Exit(bars(os.Args[1:], os.Stdout, os.Stderr)) }

func bars(files []string, stdout, stderr io.Writer) int {
	if len(files) == 0 {
		fmt.Fprintln(stderr, "usage: bars FILE...")
		return 2
	}
	set, err := results.ReadFiles(files...)
	if err != nil {
		fmt.Fprintln(stderr, "bars:", err)
		return 2
	}
	findings := asyncio.Judge(set, asyncio.Bars())
	if err := asyncio.Write(stdout, findings); err != nil {
		fmt.Fprintln(stderr, "bars:", err)
		return 2
	}
	if slices.ContainsFunc(findings, func(f asyncio.Finding) bool { return f.Lacking == "" && !f.Holds }) {
		return 1
	}
	return 0
}
