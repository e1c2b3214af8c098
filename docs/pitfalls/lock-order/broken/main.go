//go:build pitfall

// Two accounts, and a transfer in each direction at once, 10,000 times.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

type Account struct {
	number  int
	mu      sync.Mutex
	balance int
}

//region transfer

func transfer(from, to *Account, amount int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	runtime.Gosched() // another goroutine's turn, as at any other moment
	to.mu.Lock()
	defer to.mu.Unlock()
	from.balance -= amount
	to.balance += amount
}

//endregion

func main() {
	ada, bob := &Account{number: 1, balance: 100}, &Account{number: 2, balance: 100}
	for range 10_000 {
		var wg sync.WaitGroup
		wg.Go(func() { transfer(ada, bob, 1) })
		wg.Go(func() { transfer(bob, ada, 1) })
		wg.Wait()
	}
	fmt.Println("20,000 transfers, balances", ada.balance, "and", bob.balance)
}
