package tested

import (
	"context"
	"sync"
)

// Leaky asks all mirrors at once and returns the first answer. The others go on, and
// in the end find nobody who takes theirs.
func Leaky(ctx context.Context, mirrors []string, ask func(ctx context.Context, mirror string) string) string {
	answers := make(chan string)
	for _, mirror := range mirrors {
		go func() { answers <- ask(ctx, mirror) }()
	}
	return <-answers
}

// Fastest does the same, and ends what it has begun: it tells the others to stop,
// has room for what they answer, and waits for them.
func Fastest(ctx context.Context, mirrors []string, ask func(ctx context.Context, mirror string) string) string {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the wait: the last defer is the first to run
	answers := make(chan string, len(mirrors))
	for _, mirror := range mirrors {
		wg.Go(func() { answers <- ask(ctx, mirror) })
	}
	return <-answers
}
