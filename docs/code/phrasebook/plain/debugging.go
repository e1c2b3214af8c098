package plain

import (
	"fmt"
	"log"
	"os"
	"runtime/pprof"
	"strings"
	"time"
)

func SlowCallback() {
	begun := time.Now()
	time.Sleep(time.Second) // others run: nobody but this goroutine waits
	if time.Since(begun) > 500*time.Millisecond {
		fmt.Println("too slow")
	}
}

func ExceptionHandler() {
	lost := log.New(os.Stdout, "", 0)
	go func() {
		if err := fail("no route", time.Second); err != nil {
			lost.Print(err) // if the goroutine does not say it, nobody will
		}
	}()
	time.Sleep(2 * time.Second)
	fmt.Println("main is done")
}

func GetStack() {
	begun := make(chan struct{})
	go func() {
		close(begun)
		fetch("a", time.Second)
	}()
	<-begun
	var stacks strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	if strings.Contains(stacks.String(), "plain.fetch(") {
		fmt.Println("it waits in fetch")
	}
}
