package plain

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

func AwaitOne() {
	begun := time.Now()
	a := fetch("a", 2*time.Second)
	b := fetch("b", time.Second)
	fmt.Println(a, b, time.Since(begun).Round(time.Second))
}

func CreateTask() {
	begun := time.Now()
	a := make(chan string, 1)
	go func() { a <- fetch("a", 2*time.Second) }()
	b := fetch("b", time.Second)
	fmt.Println(<-a, b, time.Since(begun).Round(time.Second))
}

func TaskResult() {
	var text string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		text = fetch("a", time.Second)
		err = fail("no route", time.Second)
	}()
	select {
	case <-done:
		fmt.Println("done")
	default:
		fmt.Println("pending")
	}
	<-done // before this nobody may read text and err
	fmt.Println(text, err)
}

func EnsureFuture() {
	twice := func(answer func() string) {
		fmt.Println(answer(), answer())
	}
	twice(sync.OnceValue(func() string { return fetch("a", time.Second) }))
	twice(sync.OnceValue(func() string { return fetch("b", time.Second) }))
}

func CurrentTask(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() {
		pprof.Do(ctx, pprof.Labels("job", "download"), func(ctx context.Context) {
			name, _ := pprof.Label(ctx, "job")
			fmt.Println(name)
		})
	})
	wg.Wait()
}

func AllTasks(ctx context.Context) {
	var begun, jobs sync.WaitGroup
	begun.Add(2)
	for _, name := range []string{"a", "b"} {
		jobs.Go(func() {
			pprof.Do(ctx, pprof.Labels("job", name), func(context.Context) {
				begun.Done()
				fetch(name, time.Second)
			})
		})
	}
	begun.Wait()
	var profile strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // all there are, and where
	fmt.Println(strings.Count(profile.String(), `"job":`), "running")
	jobs.Wait()
}

func Eager() {
	cache := map[string]string{"a": "the text of a"}
	answer := make(chan string, 1)
	if text, ok := cache["a"]; ok {
		answer <- text // no goroutine is needed
	} else {
		go func() { answer <- fetch("a", time.Second) }()
	}
	fmt.Println(<-answer)
}

func GiveWay() {
	other := make(chan string, 1)
	go func() { other <- fetch("the other ran", 0) }()
	total := 0
	for n := range 1000 {
		total += n // nobody need give way: the scheduler takes turns by itself
	}
	fmt.Println(<-other, total)
}
