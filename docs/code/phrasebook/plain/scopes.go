package plain

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

func AsyncWith() {
	fmt.Println(fetch("open", time.Second))
	defer func() { fmt.Println(fetch("closed", time.Second)) }()
	fmt.Println("inside")
}

//region ContextManager

func withDoor(name string, body func(name string)) {
	fmt.Println(name, fetch("open", time.Second))
	defer func() { fmt.Println(name, fetch("closed", time.Second)) }()
	body(name)
}

func ContextManager() {
	withDoor("a", func(name string) { fmt.Println("inside", name) })
}

//endregion

func ExitStack() {
	for _, name := range []string{"a", "b"} {
		defer func() { fmt.Println(fetch(name, time.Second), "closed") }() // the last one first
	}
	fmt.Println("inside")
}

//region AsyncFor

type countdown struct{ n int }

func (c *countdown) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; c.n > 0; c.n-- {
			time.Sleep(time.Second)
			if !yield(c.n) {
				return
			}
		}
	}
}

func AsyncFor() {
	three := countdown{3}
	for n := range three.all() {
		fmt.Println(n)
	}
}

//endregion

//region AsyncGenerator

func pages(yield func(string) bool) {
	for number := 1; number <= 3; number++ {
		if !yield(fetch(fmt.Sprint("page ", number), time.Second)) {
			return
		}
	}
}

func AsyncGenerator() {
	for page := range pages {
		fmt.Println(page)
	}
}

//endregion

//region Aclosing

func closingPages(yield func(string) bool) {
	defer fmt.Println("closed") // runs when the loop ends, also by break
	pages(yield)
}

func Aclosing() {
	for page := range closingPages {
		fmt.Println(page)
		break
	}
}

//endregion

//region Comprehension

func numbers(yield func(int) bool) {
	for n := 1; n <= 3; n++ {
		time.Sleep(time.Second)
		if !yield(n) {
			return
		}
	}
}

func Comprehension() {
	var squares []any
	for n := range numbers {
		squares = append(squares, n*n)
	}
	fmt.Println(squares...)
}

//endregion

func AnextOne() {
	next, stop := iter.Pull(slices.Values([]int{1, 2}))
	defer stop()
	for range 3 {
		if n, ok := next(); ok {
			fmt.Println(n)
		} else {
			fmt.Println("no more")
		}
	}
}
