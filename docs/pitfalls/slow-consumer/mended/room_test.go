//go:build pitfall

// A chat room with three members, of whom one is on a slow line.
package mended

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

//region room

// A Room hands each line to all its members.
type Room struct {
	mu      sync.Mutex
	members []*Member
}

// A Member reads its lines from the inbox, which has room for four.
type Member struct {
	inbox   chan string
	dropped int // lines that found no room
}

func (r *Room) Say(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		select {
		case m.inbox <- line:
		default:
			m.dropped++
		}
	}
}

//endregion

func (r *Room) Join() *Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &Member{inbox: make(chan string, 4)}
	r.members = append(r.members, m)
	return m
}

// Close says that no more lines come.
func (r *Room) Close() {
	for _, m := range r.members {
		close(m.inbox)
	}
}

// A reader reads a member's lines, and takes so long for each.
type reader struct {
	name    string
	perLine time.Duration
	lines   int
	last    time.Duration // when the last line came, from the beginning
}

func (r *reader) read(m *Member, began time.Time) {
	for range m.inbox {
		r.lines++
		r.last = time.Since(began)
		time.Sleep(r.perLine)
	}
}

//region test

// Twenty lines, ten a second. Ann and Bob read a line in no time, Tom in 970 ms.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var room Room
		var reading sync.WaitGroup
		readers := []*reader{{name: "Ann"}, {name: "Tom", perLine: 970 * time.Millisecond}, {name: "Bob"}}
		began := time.Now()
		for _, r := range readers {
			m := room.Join()
			reading.Go(func() { r.read(m, began) })
		}
		for range 20 {
			room.Say("hello")
			time.Sleep(100 * time.Millisecond)
		}
		room.Close()
		reading.Wait()

		for _, r := range readers {
			fmt.Fprintf(t.Output(), "%s read %d lines, the last of them after %v\n", r.name, r.lines, r.last)
		}
		if tom := room.members[1]; tom.dropped > 0 {
			fmt.Fprintf(t.Output(), "Tom missed %d lines, and it is known\n", tom.dropped)
		}
		if ann := readers[0]; ann.last > 2*time.Second {
			t.Error("Ann waited for Tom")
		}
	})
}

//endregion
