package plain

import (
	"fmt"
	"sync"
	"time"
)

func ToThread() {
	total := make(chan int, 1)
	go func() { total <- work(1_000_000) }()
	fmt.Println(fetch("meanwhile", 10*time.Millisecond))
	fmt.Println(<-total)
}

func RunInExecutor() {
	limit := make(chan struct{}, 2)
	var totals [3]int
	var wg sync.WaitGroup
	for i, n := range []int{10, 100, 1000} {
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			totals[i] = work(n)
		})
	}
	wg.Wait()
	fmt.Println(totals[0], totals[1], totals[2])
}

func CallSoonThreadsafe() {
	answer := make(chan int, 1)
	go func() { answer <- work(100) }()
	fmt.Println(<-answer)
}

func RunCoroutineThreadsafe() {
	answer := make(chan string, 1)
	go func() { answer <- fetch("a", 10*time.Millisecond) }() // from wherever it is called
	fmt.Println(<-answer)
}
