package eventloop

// An Event is a flag that tasks wait for (asyncio.Event). Its zero value is not set.
//
// It is for what many wait for and what may come again: the flag can be cleared. What
// comes once, or brings a value, is a [Future].
type Event struct {
	waiters waiters
	set     bool
}

// Set sets the flag (Event.set) and wakes all that wait, in the order in which they came.
// They take their next step even if the flag is cleared before that.
func (e *Event) Set() {
	e.set = true
	for e.waiters.wake() {
	}
}

// Clear takes the flag back (Event.clear): who comes now will wait.
func (e *Event) Clear() { e.set = false }

// IsSet reports whether the flag is set (Event.is_set).
func (e *Event) IsSet() bool { return e.set }

// Wait suspends the task until the flag is set (Event.wait), and does not suspend if it
// is. The error is [ErrCancelled] or nil.
func (e *Event) Wait(co *Co) error { return e.wait(co, kindEvent) }

func (e *Event) wait(co *Co, k kind) error {
	co.mustRun()
	if e.set {
		return nil
	}
	_, err := e.waiters.wait(co, k)
	return err
}
