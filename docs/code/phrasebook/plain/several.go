package plain

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

func Gather() {
	begun := time.Now()
	var a, b string
	var wg sync.WaitGroup
	wg.Go(func() { a = fetch("a", 2*time.Second) })
	wg.Go(func() { b = fetch("b", time.Second) })
	wg.Wait()
	fmt.Println(a, b, time.Since(begun).Round(time.Second))
}

func GatherList() {
	names := []string{"a", "b", "c"}
	texts := make([]string, len(names)) // a place for each
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { texts[i] = fetch(name, time.Second) })
	}
	wg.Wait()
	fmt.Println(strings.Join(texts, " "))
}

func GatherFails() {
	slow := make(chan string, 1)
	failed := make(chan error, 1)
	go func() { slow <- fetch("a", 2*time.Second) }()
	go func() { failed <- fail("no route", time.Second) }()
	if err := <-failed; err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-slow) // nobody has told it to end
}

func GatherErrors() {
	var results [2]struct {
		text string
		err  error
	}
	var wg sync.WaitGroup
	wg.Go(func() { results[0].text = fetch("a", 2*time.Second) })
	wg.Go(func() { results[1].err = fail("no route", time.Second) })
	wg.Wait()
	for _, result := range results {
		if result.err != nil {
			fmt.Println(result.err)
		} else {
			fmt.Println(result.text)
		}
	}
}

func TaskGroup() {
	var a, b string
	var group sync.WaitGroup
	group.Go(func() { a = fetch("a", 2*time.Second) })
	group.Go(func() { b = fetch("b", time.Second) })
	group.Wait()
	fmt.Println(a, b)
}

func TaskGroupFails(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var slow error
	var group sync.WaitGroup
	group.Go(func() { _, slow = fetchContext(ctx, "a", 5*time.Second) })
	group.Go(func() {
		if err := fail("no route", time.Second); err != nil {
			cancel(err) // only the first counts
		}
	})
	group.Wait()
	fmt.Println(context.Cause(ctx))
	if slow != nil {
		fmt.Println("cancelled")
	}
}

func WaitTimeout() {
	texts := make(chan string, 2) // a late one must not wait for a reader
	go func() { texts <- fetch("fast", time.Second) }()
	go func() { texts <- fetch("slow", 5*time.Second) }()
	enough := time.After(2 * time.Second)
	for pending := 2; pending > 0; pending-- {
		select {
		case text := <-texts:
			fmt.Println(text)
		case <-enough:
			fmt.Println(pending, "not yet")
			return
		}
	}
}

func WaitFirst(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the slower one
	first := make(chan string, 2)
	try := func(name string, d time.Duration) {
		if text, err := fetchContext(ctx, name, d); err == nil {
			first <- text
		}
	}
	go try("slow", 5*time.Second)
	go try("fast", time.Second)
	fmt.Println(<-first)
}

func WaitException() {
	results := make(chan error, 3)
	go func() { fetch("a", time.Second); results <- nil }()
	go func() { results <- fail("no route", 2*time.Second) }()
	go func() { fetch("b", 5*time.Second); results <- nil }()
	done := 0
	for done < 3 {
		done++
		if err := <-results; err != nil {
			break
		}
	}
	fmt.Println(done, "done,", 3-done, "pending")
}

func AsCompleted() {
	texts := make(chan string)
	go func() { texts <- fetch("slow", 2*time.Second) }()
	go func() { texts <- fetch("fast", time.Second) }()
	for range 2 {
		fmt.Println(<-texts)
	}
}
