package plain

import (
	"context"
	"fmt"
	"sync"
	"time"
)

func Shared() {
	visits := map[string]int{"a": 0}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			time.Sleep(time.Second)
			mu.Lock()
			visits["a"]++ // without the lock: a data race
			mu.Unlock()
		})
	}
	wg.Wait()
	fmt.Println(visits["a"])
}

func Lock() {
	var mu sync.Mutex
	balance := 0
	deposit := func() {
		mu.Lock()
		defer mu.Unlock()
		before := balance
		balance = before + 1
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(deposit)
	}
	wg.Wait()
	fmt.Println(balance)
}

func Event() {
	ready := make(chan struct{})
	var names [2]string
	var wg sync.WaitGroup
	for i, name := range []string{"a", "b"} {
		wg.Go(func() {
			<-ready
			names[i] = name
		})
	}
	time.Sleep(time.Second)
	close(ready) // wakes all, now and later
	wg.Wait()
	fmt.Println(names[0], names[1])
}

func Condition() {
	var mu sync.Mutex
	changed := sync.NewCond(&mu)
	var stock []string
	bought := make(chan string, 1)
	go func() {
		mu.Lock()
		defer mu.Unlock()
		for len(stock) == 0 {
			changed.Wait()
		}
		bought <- stock[0]
		stock = stock[1:]
	}()
	mu.Lock()
	stock = append(stock, "tea")
	mu.Unlock()
	changed.Signal()
	fmt.Println(<-bought)
}

func Semaphore() {
	begun := time.Now()
	limit := make(chan struct{}, 2)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			fetch("a", time.Second)
		})
	}
	wg.Wait()
	fmt.Println(time.Since(begun).Round(time.Second))
}

func BoundedSemaphore() {
	limit := make(chan struct{}, 2)
	limit <- struct{}{}
	fmt.Println("inside")
	<-limit
	select {
	case <-limit:
	default:
		fmt.Println("released once too often")
	}
}

func Barrier() {
	begun := time.Now()
	var barrier, wg sync.WaitGroup
	barrier.Add(3)
	for _, d := range []time.Duration{1, 2, 3} {
		wg.Go(func() {
			time.Sleep(d * time.Second)
			barrier.Done()
			barrier.Wait()
			fmt.Println("off at", time.Since(begun).Round(time.Second))
		})
	}
	wg.Wait()
}

func BrokenBarrier(ctx context.Context) {
	ctx, abort := context.WithCancel(ctx)
	full := make(chan struct{}) // the last who comes closes it
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-full:
		case <-ctx.Done():
			fmt.Println("called off")
		}
	})
	time.Sleep(time.Second)
	abort()
	wg.Wait()
}
