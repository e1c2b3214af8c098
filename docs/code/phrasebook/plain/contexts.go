package plain

import (
	"context"
	"fmt"
	"sync"
)

//region Contextvar

type userKey struct{}

func greet(ctx context.Context) {
	fmt.Println("hello", ctx.Value(userKey{}))
}

func Contextvar(ctx context.Context) {
	ada := context.WithValue(ctx, userKey{}, "Ada")
	grace := context.WithValue(ctx, userKey{}, "Grace")
	var wg sync.WaitGroup
	wg.Go(func() { greet(ada) })
	wg.Wait()
	greet(grace)
}

//endregion
