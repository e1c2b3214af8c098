package loops_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"example.com/overlap/docs/code/eventloop/story"
	"example.com/overlap/eventloop"
)

// to is a logger whose lines go to say, without their times.
func to(say func(...any)) *slog.Logger {
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewTextHandler(lines(say), &slog.HandlerOptions{ReplaceAttr: noTime}))
}

// lines is a writer of whole lines.
type lines func(...any)

func (say lines) Write(p []byte) (int, error) {
	say(strings.TrimSpace(string(p)))
	return len(p), nil
}

//region held

// beat says when it is its turn, and rests.
func beat(say func(...any)) eventloop.Coroutine[nothing] {
	return func(co *eventloop.Co) (nothing, error) {
		for i := range 4 {
			say("beat", i)
			if err := co.Sleep(100 * time.Millisecond); err != nil {
				return nothing{}, err
			}
		}
		return nothing{}, nil
	}
}

// readFile stands for a call that blocks.
func readFile(context.Context) (string, error) {
	time.Sleep(200 * time.Millisecond)
	return "the file", nil
}

func onTheLoop(co *eventloop.Co) (string, error) {
	if err := co.Sleep(50 * time.Millisecond); err != nil {
		return "", err
	}
	return readFile(co.Context()) // holds the loop
}

//endregion

//region cured

func offTheLoop(co *eventloop.Co) (string, error) {
	if err := co.Sleep(50 * time.Millisecond); err != nil {
		return "", err
	}
	return eventloop.ToThread(co, readFile)
}

//endregion

// beside runs a reader beside a beating heart, in debug mode.
func beside(t *testing.T, say func(...any), read eventloop.Coroutine[string]) {
	run(t, func(co *eventloop.Co) error {
		heart := eventloop.CreateTask(co, beat(say)).SetName("heart")
		reader := eventloop.CreateTask(co, read).SetName("reader")
		text, err := reader.Await(co)
		if err != nil {
			return err
		}
		say("the reader has", text)
		_, err = heart.Await(co)
		return err
	}, eventloop.Debug(0), eventloop.Logger(to(say)))
}

func TestHeld(t *testing.T) {
	story.Told(t, func(t *testing.T, say func(...any)) { beside(t, say, onTheLoop) },
		"0s  beat 0",
		`250ms  level=WARN msg="the loop was held" took=200ms task=reader made=held_test.go:78 until="its end"`,
		"250ms  the reader has the file",
		"250ms  beat 1",
		"350ms  beat 2",
		"450ms  beat 3",
	)
}

func TestNotHeld(t *testing.T) {
	story.Told(t, func(t *testing.T, say func(...any)) { beside(t, say, offTheLoop) },
		"0s  beat 0",
		"100ms  beat 1",
		"200ms  beat 2",
		"250ms  the reader has the file",
		"300ms  beat 3",
	)
}
