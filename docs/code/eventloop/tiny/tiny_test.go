package tiny_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/docs/code/eventloop/story"
	"example.com/overlap/docs/code/eventloop/tiny"
)

func TestOrder(t *testing.T) {
	story.Told(t, func(_ *testing.T, say func(...any)) {
		//region order
		var loop tiny.Loop
		loop.Later(time.Second, func() { say("the timer") })
		loop.Soon(func() {
			say("one")
			loop.Soon(func() { say("what one asked for") })
		})
		loop.Soon(func() { say("two") })
		say("main calls Run")
		loop.Run()
		//endregion
	},
		"0s  main calls Run",
		"0s  one",
		"0s  two",
		"0s  what one asked for",
		"1s  the timer",
	)
}

func TestTasks(t *testing.T) {
	story.Told(t, func(_ *testing.T, say func(...any)) {
		//region tasks
		var loop tiny.Loop
		task := func(name string, pause time.Duration) {
			loop.Go(func(wait func(time.Duration)) {
				for i := range 2 {
					say(name, "is at", i)
					wait(pause)
				}
				say(name, "ends")
			})
		}
		task("a", 2*time.Second)
		task("b", 3*time.Second)
		loop.Run()
		//endregion
	},
		"0s  a is at 0",
		"0s  b is at 0",
		"2s  a is at 1",
		"3s  b is at 1",
		"4s  a ends",
		"6s  b ends",
	)
}

// Timers of one time are called in the order in which they were set, and what is ready
// goes before a timer that becomes due in the same turn.
func TestTimersOfOneTime(t *testing.T) {
	story.Told(t, func(_ *testing.T, say func(...any)) {
		var loop tiny.Loop
		for name := range 3 {
			loop.Later(time.Second, func() { say("timer", name) })
		}
		loop.Later(0, func() { say("due at once") })
		loop.Soon(func() { say("soon") })
		loop.Run()
	},
		"0s  soon",
		"0s  due at once",
		"1s  timer 0",
		"1s  timer 1",
		"1s  timer 2",
	)
}

// A function that asks for itself again keeps neither others nor timers from running.
func TestATurnEnds(t *testing.T) {
	var loop tiny.Loop
	times, other, timer := 0, 0, 0
	var again func()
	again = func() {
		if times++; times < 1000 {
			loop.Soon(again)
		}
	}
	loop.Soon(again)
	loop.Soon(func() {
		other = times
		loop.Later(0, func() { timer = times })
	})
	loop.Run()
	require.Equal(t, 1000, times)
	require.Equal(t, 1, other)
	require.Equal(t, 2, timer)
}
