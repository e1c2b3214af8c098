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
	"os"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/bars"
)

func main() { os.Exit(bars.Main(asyncio.Bars(), os.Args[1:], os.Stdout, os.Stderr)) }
