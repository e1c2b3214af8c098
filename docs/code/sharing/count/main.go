// Count lets eight goroutines add one to a number: without a lock, which is broken
// on purpose, a thousand, a million and 50 million times each; then with a mutex,
// with an atomic, and with a number for each goroutine, a million times each.
//
// -times does no more than one count without a lock, of so many times each.
package main

import (
	"flag"
	"fmt"

	"example.com/overlap/docs/code/sharing"
)

type line struct {
	name  string
	count func(goroutines, times int) int
	times int
}

func main() {
	times := flag.Int("times", 0, "count without a lock, so many times each, and no more")
	flag.Parse()

	lines := []line{
		{"no lock", sharing.WithNothing, 1_000},
		{"no lock", sharing.WithNothing, 1_000_000},
		{"no lock", sharing.WithNothing, 50_000_000},
		{"mutex", sharing.WithMutex, 1_000_000},
		{"atomic", sharing.WithAtomic, 1_000_000},
		{"own numbers", sharing.WithOwn, 1_000_000},
	}
	if *times > 0 {
		lines = []line{{"no lock", sharing.WithNothing, *times}}
	}
	const goroutines = 8
	fmt.Printf("%-11s %11s %11s\n", "", "want", "counted")
	for _, l := range lines {
		fmt.Printf("%-11s %11d %11d\n", l.name, goroutines*l.times, l.count(goroutines, l.times))
	}
}
