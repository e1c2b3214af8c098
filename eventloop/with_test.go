package eventloop_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/eventloop"
)

// A door is a resource that takes time, and may fail, both ways.
type door struct {
	s           *script
	name        string
	enter, exit error
	got         error // what Exit was told
}

func (d *door) Enter(co *Co) error {
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	d.s.say("%s is entered", d.name)
	return d.enter
}

func (d *door) Exit(co *Co, err error) error {
	d.got = err
	if err := co.Sleep(time.Second); err != nil {
		return err
	}
	d.s.say("%s is left", d.name)
	return d.exit
}

var errExit = errors.New("exit")

func TestWithLeavesWhatItHasEntered(t *testing.T) {
	wrap := fmt.Errorf("closing after %w", errBad)
	for name, c := range map[string]struct {
		door
		body error
		want error
		said script
	}{
		"a body that succeeds":         {door{}, nil, nil, script{"it is entered", "the body runs", "it is left"}},
		"a body that fails":            {door{}, errBad, errBad, script{"it is entered", "the body runs", "it is left"}},
		"it cannot be entered":         {door{enter: errBad}, nil, errBad, script{"it is entered"}},
		"it cannot be left":            {door{exit: errExit}, nil, errExit, script{"it is entered", "the body runs", "it is left"}},
		"both fail":                    {door{exit: errExit}, errBad, errors.Join(errBad, errExit), script{"it is entered", "the body runs", "it is left"}},
		"it passes the error on":       {door{exit: errBad}, errBad, errBad, script{"it is entered", "the body runs", "it is left"}},
		"it wraps the error":           {door{exit: wrap}, errBad, wrap, script{"it is entered", "the body runs", "it is left"}},
		"it fails after a cancel":      {door{exit: errExit}, eventloop.ErrCancelled, errExit, script{"it is entered", "the body runs", "it is left"}},
		"it does well after a cancel":  {door{}, eventloop.ErrCancelled, eventloop.ErrCancelled, script{"it is entered", "the body runs", "it is left"}},
		"it is cancelled when it ends": {door{exit: eventloop.ErrCancelled}, errBad, errors.Join(errBad, eventloop.ErrCancelled), script{"it is entered", "the body runs", "it is left"}},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				d := c.door
				d.s, d.name = &s, "it"
				err := eventloop.With(co, &d, func() error {
					s.say("the body runs")
					return c.body
				})
				require.Equal(t, c.want, err)
				require.Equal(t, c.body, d.got)
			})
			require.Equal(t, c.said, s)
		})
	}
}

func TestWithLeavesAfterACancelAndMayWait(t *testing.T) {
	var s script
	do(t, func(co *Co) {
		task := begin(co, func(co *Co) error {
			return eventloop.With(co, &door{s: &s, name: "outer"}, func() error {
				return eventloop.With(co, &door{s: &s, name: "inner"}, func() error {
					return co.Sleep(time.Hour)
				})
			})
		})
		require.NoError(t, co.Sleep(time.Minute))
		task.Cancel()
		_, err := task.Await(co)
		require.Equal(t, eventloop.ErrCancelled, err)
		require.Equal(t, time.Minute+2*time.Second, co.Loop().Time())
	})
	require.Equal(t, script{"outer is entered", "inner is entered", "inner is left", "outer is left"}, s)
}

func TestWithLeavesWhenTheBodyDoesNotReturn(t *testing.T) {
	for name, c := range map[string]struct {
		leave func()
		want  error
	}{
		"a panic":  {func() { panic(errBad) }, errBad},
		"a Goexit": {runtime.Goexit, overlap.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			var s script
			do(t, func(co *Co) {
				d := &door{s: &s, name: "it"}
				task := begin(co, func(co *Co) error {
					return eventloop.With(co, d, func() error {
						c.leave()
						return nil
					})
				})
				_, err := task.Await(co)
				require.ErrorIs(t, err, c.want)
				require.EqualError(t, d.got, "eventloop: the body panicked or called runtime.Goexit")
			})
			require.Equal(t, script{"it is entered", "it is left"}, s)
		})
	}
}

func TestWhatExitReturnsAfterAPanicIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		exit func(err error) error
		want string
	}{
		"an error of its own": {
			func(error) error { return errExit },
			"level=ERROR msg=\"a resource was not left well after a panic or a Goexit\" task=Task-1 error=exit\n",
		},
		"what it was told": {func(err error) error { return fmt.Errorf("close: %w", err) }, ""},
		"nothing":          {func(error) error { return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, logged(t, func(co *Co) (nothing, error) {
				return nothing{}, eventloop.With(co, exitOnly(c.exit), func() error { panic(errBad) })
			}))
		})
	}
}

type exitOnly func(error) error

func (exitOnly) Enter(*Co) error               { return nil }
func (e exitOnly) Exit(_ *Co, err error) error { return e(err) }

func TestAPanicThroughWithKeepsItsStack(t *testing.T) {
	_, err := run(t, func(co *Co) (nothing, error) {
		return nothing{}, eventloop.With(co, exitOnly(func(error) error { return nil }), throw)
	})
	var fault *overlap.PanicError
	require.ErrorAs(t, err, &fault)
	require.Contains(t, string(fault.Stack), "eventloop_test.throw")
}

func TestATaskThatIsDroppedLeavesWithoutWaiting(t *testing.T) {
	var s script
	d := &door{s: &s, name: "it"}
	log := logged(t, func(co *Co) (nothing, error) {
		begin(co, func(co *Co) error {
			return eventloop.With(co, d, func() error {
				_ = co.Sleep(time.Hour)
				_, err := eventloop.NewFuture[nothing](co).Await(co) // refuses the cancel, and waits for ever
				return err
			})
		})
		return nothing{}, co.Sleep(time.Minute)
	})
	require.Error(t, d.got, "it was left")
	require.Equal(t, script{"it is entered"}, s, "but could not wait")
	require.Contains(t, log, "a resource was not left well")
}
