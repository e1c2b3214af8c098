//go:build pitfall

// Two mirrors of one page are asked; the first answer counts.
package broken

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A mirror is a server that has the page. It gives up when ctx ends.
type mirror func(ctx context.Context) (string, error)

// An answer is what a mirror gave.
type answer struct {
	page string
	err  error
}

//region fastest

// fastest asks all mirrors and returns the answer that comes first.
func fastest(ctx context.Context, mirrors ...mirror) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan answer, len(mirrors))
	for _, ask := range mirrors {
		go func() {
			page, err := ask(ctx)
			answers <- answer{page, err}
		}()
	}
	first := <-answers
	if first.err != nil {
		return "", first.err
	}
	cancel() // nobody waits for the others
	return first.page, nil
}

//endregion

//region test

func TestFastest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Not t.Context(): that one ends with the test, and the leak with it.
		_, err := fastest(context.Background(), failing, silent)
		if err == nil {
			t.Error("the first answer was an error, and is lost")
		}
	})
}

// failing answers soon, with an error.
func failing(context.Context) (string, error) {
	time.Sleep(10 * time.Millisecond)
	return "", errors.New("503 Service Unavailable")
}

// silent never answers.
func silent(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

//endregion
