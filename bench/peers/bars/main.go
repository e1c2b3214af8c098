// Bars says which of the bars hold that were set for this module's pool beside the clients
// of other runtimes.
//
// Usage, in the directory bench/peers:
//
//	go run ./bars FILE...
//
// The files are what `overlap bench` wrote of ./runtimes. A bar whose rows are not in them
// is said to be not measured.
//
// The exit status is 1 if a bar does not hold, and 2 if the files cannot be read.
package main

import (
	"os"

	"example.com/overlap/bench/bars"
	"example.com/overlap/bench/peers/runtimes"
)

func main() { os.Exit(bars.Main(runtimes.Bars(), os.Args[1:], os.Stdout, os.Stderr)) }
