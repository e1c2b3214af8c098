package plain

import (
	"context"
	"fmt"
	"time"
)

func Run() {
	fmt.Println("hello")
	time.Sleep(time.Second)
	fmt.Println("world")
}

func Runner() {
	fmt.Println(fetch("a", time.Second))
	fmt.Println(fetch("b", time.Second))
}

func RunForever(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	time.AfterFunc(time.Second, stop)
	<-ctx.Done()
	fmt.Println("stopped")
}

func LoopTime() {
	begun := time.Now()
	time.Sleep(2 * time.Second)
	fmt.Println(time.Since(begun).Round(time.Second))
}
