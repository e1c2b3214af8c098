// Bars says which of the bars hold that were set for package queue beside NATS's own client.
//
// Usage:
//
//	go run ./bench/queues/bars FILE...
//
// The files are what `overlap bench -pkg ./bench/queues` wrote. A bar whose rows are not in
// them is said to be not measured.
//
// The exit status is 1 if a bar does not hold, and 2 if the files cannot be read.
package main

import (
	"os"

	"example.com/overlap/bench/bars"
	"example.com/overlap/bench/queues"
)

func main() { os.Exit(bars.Main(queues.Bars(), os.Args[1:], os.Stdout, os.Stderr)) }
