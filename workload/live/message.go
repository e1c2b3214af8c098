package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// fromRoom is the sender of the room's own messages; clients count from 0.
const fromRoom = -1

// A message is what all in the room get, each the same bytes: JSON in a text frame, so that
// any WebSocket client can read it, and encoded once for all of them. (A binary form would be
// half as long; what a delivery costs is the two system calls, not the decoding.)
type message struct {
	Seq  int64  `json:"seq"`  // its place in the room's one order, from 1
	At   int64  `json:"at"`   // when the room took it, in Unix nanoseconds of the server's clock
	From int    `json:"from"` // the client that posted it, or fromRoom
	Text string `json:"text"`
	Pad  string `json:"pad"` // x's, up to Settings.Size; last, so that append can fill it
}

// A welcome is the first that a client gets: what it is owed.
type welcome struct {
	First    int64 `json:"first"`    // the next message's place in the order
	Messages int   `json:"messages"` // it is owed so many, from the first
	Posts    int   `json:"posts"`    // and may post so many
}

// A bye is the last: what became of what it was owed.
type bye struct {
	Delivered int64 `json:"delivered"`
	Dropped   int64 `json:"dropped"`
}

// A frame is one of these, under its name: {"bye":{"delivered":20,"dropped":0}}.
type frame struct {
	Message *message `json:"message,omitempty"`
	Welcome *welcome `json:"welcome,omitempty"`
	Bye     *bye     `json:"bye,omitempty"`
}

// encode returns the JSON of a frame of its own types, which cannot fail.
func encode(f frame) []byte {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return text
}

// encodeMessage fills a message up to size bytes; one that is longer stays as it is.
func encodeMessage(seq int64, at time.Time, from int, text string, size int) []byte {
	const end = `"}}` // of the empty pad, the message and the frame
	data := encode(frame{Message: &message{Seq: seq, At: at.UnixNano(), From: from, Text: text}})
	if missing := size - len(data); missing > 0 {
		data = append(data[:len(data)-len(end)], strings.Repeat("x", missing)+end...)
	}
	return data
}

// decode reads a frame. The error says what is wrong with it; nothing that a server sends
// makes it panic.
func decode(data []byte) (f frame, err error) {
	if !utf8.Valid(data) { // which encoding/json would mend
		return frame{}, errors.New("no frame: it is not UTF-8")
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return frame{}, fmt.Errorf("no frame: %w", err)
	}
	named := 0
	for _, there := range []bool{f.Message != nil, f.Welcome != nil, f.Bye != nil} {
		if there {
			named++
		}
	}
	if named != 1 {
		return frame{}, fmt.Errorf("no frame: it is %d of message, welcome and bye", named)
	}
	wrong := func(name string, value any) (frame, error) {
		return frame{}, fmt.Errorf("no frame: its %s is %v", name, value)
	}
	switch m, w, b := f.Message, f.Welcome, f.Bye; {
	case m != nil && m.Seq < 1:
		return wrong("seq", m.Seq)
	case m != nil && m.From < fromRoom:
		return wrong("from", m.From)
	case w != nil && w.First < 1:
		return wrong("first", w.First)
	case w != nil && (w.Messages < 1 || w.Messages > maxMessages):
		return wrong("messages", w.Messages)
	case w != nil && (w.Posts < 0 || w.Posts > maxPosts):
		return wrong("posts", w.Posts)
	case b != nil && (b.Delivered < 0 || b.Delivered > maxMessages):
		return wrong("delivered", b.Delivered)
	case b != nil && (b.Dropped < 0 || b.Dropped > maxMessages):
		return wrong("dropped", b.Dropped)
	}
	return f, nil
}
