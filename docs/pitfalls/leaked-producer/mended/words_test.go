//go:build pitfall

// The words of a text come one after another, and the reader stops early.
package mended

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
)

//region words

// words sends the words of a text until ctx ends.
func words(ctx context.Context, text string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for _, word := range strings.Fields(text) {
			select {
			case out <- word:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// firstLong returns the first word of more than n bytes.
func firstLong(text string, n int) string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for word := range words(ctx, text) {
		if len(word) > n {
			return word
		}
	}
	return ""
}

//endregion

//region test

func TestFirstLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if word := firstLong("a channel is a queue", 3); word != "channel" {
			t.Errorf("found %q, want channel", word)
		}
	})
}

//endregion
