package plain

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

func Future() {
	answer := make(chan string, 1)
	time.AfterFunc(time.Second, func() { answer <- "a letter" })
	fmt.Println(<-answer)
}

func InvalidState() {
	answer := make(chan string, 1)
	answer <- "first"
	select {
	case answer <- "second":
	default:
		fmt.Println("there is an answer already")
	}
	fmt.Println(<-answer)
}

func SetException() {
	type result struct {
		text string
		err  error
	}
	answer := make(chan result, 1)
	time.AfterFunc(time.Second, func() { answer <- result{err: errors.New("no route")} })
	if r := <-answer; r.err != nil {
		fmt.Println(r.err)
	} else {
		fmt.Println(r.text)
	}
}

func CallSoon() {
	first := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		<-first // goroutines have no order but that which they wait for
		fmt.Println("second")
	})
	fmt.Println("first")
	close(first)
	wg.Wait()
}

func CallLater() {
	time.AfterFunc(time.Second, func() { fmt.Println("after a second") })
	never := time.AfterFunc(2*time.Second, func() { fmt.Println("never") })
	time.Sleep(1500 * time.Millisecond)
	never.Stop()
	time.Sleep(time.Second)
}

func DoneCallback() {
	go func() {
		text := fetch("a", time.Second)
		fmt.Println("got", text)
	}()
	time.Sleep(2 * time.Second)
}
