package loops_test

import (
	"testing"
	"time"

	"example.com/overlap/docs/code/eventloop/story"
	"example.com/overlap/eventloop"
)

// nothing is what a coroutine returns that has no result.
type nothing = struct{}

// run is eventloop.Main, for a main that returns nothing. Its error fails the test.
func run(t *testing.T, main func(co *eventloop.Co) error, options ...eventloop.Option) {
	t.Helper()
	_, err := eventloop.Main(t.Context(), func(co *eventloop.Co) (nothing, error) {
		return nothing{}, main(co)
	}, options...)
	if err != nil {
		t.Error(err)
	}
}

// What the two programs of the chapter say.
var (
	stepsSay = []string{
		"0s  main has made two tasks",
		"0s  c begins",
		"0s  a begins",
		"0s  b begins",
		"0s  c ends",
		"0s  main awaits a",
		"0s  a ends",
		"0s  b ends",
		"0s  main awaits b",
		"0s  main ends",
	}
	cancelSays = []string{
		"0s  the download begins",
		"1m0s  main has asked",
		"1m0s  the download is told: eventloop: cancelled",
		"1m2s  the download has cleaned up",
		"1m2s  main knows: eventloop: cancelled",
	}
)

// Tasks take turns, and a coroutine that is awaited is a part of the task that awaits.
func TestSteps(t *testing.T) {
	story.Told(t, func(t *testing.T, say func(...any)) {
		//region steps
		walk := func(name string) eventloop.Coroutine[int] {
			return func(co *eventloop.Co) (int, error) {
				say(name, "begins")
				err := co.Yield() // lets the others run
				say(name, "ends")
				return len(name), err
			}
		}
		main := func(co *eventloop.Co) error {
			a := eventloop.CreateTask(co, walk("a"))
			b := eventloop.CreateTask(co, walk("b"))
			say("main has made two tasks")
			_, _ = walk("c").Await(co)
			say("main awaits a")
			_, _ = a.Await(co)
			say("main awaits b")
			_, err := b.Await(co)
			say("main ends")
			return err
		}
		//endregion
		run(t, main)
	}, stepsSay...)
}

// A cancel is an error that a wait returns. It is asked for at once, and told at the
// next step of the task.
func TestCancel(t *testing.T) {
	story.Told(t, func(t *testing.T, say func(...any)) {
		//region cancel
		download := func(co *eventloop.Co) (string, error) {
			say("the download begins")
			if err := co.Sleep(time.Hour); err != nil {
				say("the download is told:", err)
				_ = co.Sleep(2 * time.Second) // it may clean up, and wait while it does
				say("the download has cleaned up")
				return "", err
			}
			return "the page", nil
		}
		main := func(co *eventloop.Co) error {
			task := eventloop.CreateTask(co, download)
			if err := co.Sleep(time.Minute); err != nil {
				return err
			}
			task.Cancel()
			say("main has asked")
			_, err := task.Await(co)
			say("main knows:", err)
			return nil
		}
		//endregion
		run(t, main)
	}, cancelSays...)
}

// A task that is cancelled before its first step never runs; one that awaits nothing
// is not told.
func TestCancelThatIsNotHeard(t *testing.T) {
	story.Told(t, func(t *testing.T, say func(...any)) {
		run(t, func(co *eventloop.Co) error {
			early := eventloop.CreateTask(co, func(*eventloop.Co) (nothing, error) {
				say("never said")
				return nothing{}, nil
			})
			early.Cancel()
			_, err := early.Await(co)
			say("early:", err)

			deaf := eventloop.CreateTask(co, func(co *eventloop.Co) (nothing, error) {
				co.Cancel()
				for i := range 3 {
					say("works on", i)
				}
				err := co.Yield()
				say("is told:", err)
				return nothing{}, err
			})
			_, err = deaf.Await(co)
			say("deaf:", err)
			return nil
		})
	},
		"0s  early: eventloop: cancelled",
		"0s  works on 0",
		"0s  works on 1",
		"0s  works on 2",
		"0s  is told: eventloop: cancelled",
		"0s  deaf: eventloop: cancelled",
	)
}
