package live

import (
	"cmp"
	"fmt"
	"time"
)

// MaxPost is how many bytes a line may have that a client posts.
const MaxPost = 1 << 10

const (
	maxMessages = 1_000_000
	maxPosts    = 100_000
	maxSize     = 32 << 10
	maxFrame    = 64 << 10 // bytes; more than the largest message and the longest post with every byte escaped
)

// Slow says what becomes of a message whose turn has come at a client that has Queue of
// them waiting for it already.
type Slow string

const (
	// Wait has the message wait until there is room, and with it the room: nobody gets the
	// next one before. No message is lost, and everyone is as slow as the slowest. It is the
	// default.
	Wait Slow = "wait"
	// Drop leaves the message out for that client alone, and counts it. The others do not
	// notice; the client does by the gap in the sequence numbers, and is told in the end.
	Drop Slow = "drop"
)

// Settings say what a room does. The zero value is a room that says something every 10 ms,
// lets each client go after 20 messages, and waits for the slow.
type Settings struct {
	Messages int           // what each client is owed: the next so many; 0 stands for 20, at most a million
	Interval time.Duration // from one message of the room's own to the next; 0 stands for 10 ms; 1 µs to 1 h
	Size     int           // bytes of a message, filled up to it; 0 stands for 128; at most 32 KiB
	Posts    int           // lines that each client posts, at most; 0 to 100,000

	Slow         Slow          // what becomes of a slow client's messages: Wait (also ""), or Drop
	Queue        int           // messages that wait for each client, before Slow decides; 0 stands for 16; at most 100,000
	WriteTimeout time.Duration // how long a client may take nothing at all, before it is cut off; 0 stands for 10 s; 1 ms to 1 h

	// Gate holds the first message back until so many clients are in; 0 and 1 hold nothing
	// back. They must come within GateTimeout of the first of them (0 stands for 30 s; 1 ms
	// to 1 h), or all are sent away: see [Server.Reset]. A Gate above the limit of the model
	// that runs the clients never opens.
	Gate        int
	GateTimeout time.Duration

	// Clients are connected at once, at most, those that watch the metrics included; the others
	// get status 503. One that was let go counts until its connection is closed here too, so a
	// model's limit needs some more. 0 stands for 10,000; at most a million.
	Clients int
}

// A FieldError says which setting is wrong.
type FieldError struct {
	Field   string // as in Settings
	Problem string // what it is and what it, or another setting, should be
}

// Error gives field and problem in one line.
func (e *FieldError) Error() string { return fmt.Sprintf("live: %s is %s", e.Field, e.Problem) }

// Validate returns a *FieldError for the first setting that makes no sense: one out of its
// bounds, or one that would do nothing, such as a GateTimeout without a Gate.
func (s Settings) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
	}
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"Messages", s.Messages, maxMessages},
		{"Size", s.Size, maxSize},
		{"Posts", s.Posts, maxPosts},
		{"Queue", s.Queue, 100_000},
		{"Gate", s.Gate, maxMessages},
		{"Clients", s.Clients, maxMessages},
	} {
		if f.value < 0 || f.value > f.max {
			return bad(f.name, "%d, want 0 to %d", f.value, f.max)
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
		min   time.Duration
	}{
		{"Interval", s.Interval, time.Microsecond},
		{"WriteTimeout", s.WriteTimeout, time.Millisecond},
		{"GateTimeout", s.GateTimeout, time.Millisecond},
	} {
		if f.value != 0 && (f.value < f.min || f.value > time.Hour) {
			return bad(f.name, "%v, want %v to %v, or 0", f.value, f.min, time.Hour)
		}
	}
	switch full := s.withDefaults(); {
	case s.Slow != "" && s.Slow != Wait && s.Slow != Drop:
		return bad("Slow", "%q, want %s or %s", s.Slow, Wait, Drop)
	case s.GateTimeout != 0 && s.Gate == 0:
		return bad("GateTimeout", "%v, want a Gate beside it", s.GateTimeout)
	case full.Gate > full.Clients:
		return bad("Gate", "%d, want at most Clients (%d), or it never opens", full.Gate, full.Clients)
	}
	return nil
}

func (s Settings) withDefaults() Settings {
	s.Messages = cmp.Or(s.Messages, 20)
	s.Interval = cmp.Or(s.Interval, 10*time.Millisecond)
	s.Size = cmp.Or(s.Size, 128)
	s.Slow = cmp.Or(s.Slow, Wait)
	s.Queue = cmp.Or(s.Queue, 16)
	s.WriteTimeout = cmp.Or(s.WriteTimeout, 10*time.Second)
	if s.Gate > 0 {
		s.GateTimeout = cmp.Or(s.GateTimeout, 30*time.Second)
	}
	s.Clients = cmp.Or(s.Clients, 10_000)
	return s
}
