package pitfalls_test

import (
	"fmt"

	"example.com/overlap/docs/pitfalls"
)

func ExampleParse() {
	p, err := pitfalls.Parse("docs/pitfalls/race-on-map/pitfall.txt", `
title: Two goroutines write one map
detector: race detector
label: varies
broken: go run -race -tags pitfall ./broken
broken exit: nonzero
broken want: WARNING: DATA RACE
mended: go run -race -tags pitfall ./mended
mended exit: 0
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := p.Broken[0]
	fmt.Printf("%s: %s\n%s\nexit status %v, and it says %q\n", p.Name, p.Title, c.Text, c.Exit, c.Wants)
	// Output:
	// race-on-map: Two goroutines write one map
	// go run -race -tags pitfall ./broken
	// exit status nonzero, and it says ["WARNING: DATA RACE"]
}
