package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// A visit is a connection to a hub, on two goroutines: one writes what the hub has for the
// client, the other reads what the client posts. (It must read in any case, or nobody
// answers pings and close frames.)
type visit struct {
	server *Server
	hub    *hub
	client int // below zero for one that is not in the room
	conn   *websocket.Conn

	delivered int64
}

// Why a visit ends, beside errEnded, errGate and what went wrong with the connection.
var (
	errFinished = errors.New("all was delivered")
	errTimeout  = errors.New("the client takes nothing")
)

// A refusal is what a client did that ends its visit.
type refusal struct {
	code websocket.StatusCode
	why  string
}

func (r refusal) Error() string { return r.why }

func (v *visit) run() {
	ctx, cancel := context.WithCancel(v.server.cut)
	defer cancel()
	m, first, err := v.hub.join(ctx)
	if err != nil {
		if v.inRoom() {
			v.server.outcomes.refused.Add(1)
		}
		v.close(err)
		return
	}
	var reading sync.WaitGroup
	reading.Go(func() { m.leave(v.read(ctx, m)) })
	err = v.write(ctx, m, first)
	m.leave(err)
	v.close(err)
	reading.Wait()
	offered, dropped := v.hub.remove(m)
	if !errors.Is(err, errFinished) {
		v.server.dropped(v.client, dropped)
		v.server.left(v.client, offered-dropped-v.delivered, err)
	}
}

// close closes the connection, with a reason if the client may still read it.
func (v *visit) close(err error) {
	bad, isBad := errors.AsType[refusal](err)
	switch {
	case isBad:
		_ = v.conn.Close(bad.code, bad.why)
	case errors.Is(err, errFinished):
		_ = v.conn.Close(websocket.StatusNormalClosure, "")
	case errors.Is(err, errEnded):
		_ = v.conn.Close(websocket.StatusGoingAway, err.Error())
	case errors.Is(err, errGate):
		_ = v.conn.Close(websocket.StatusTryAgainLater, err.Error())
	}
	_ = v.conn.CloseNow()
}

// write writes what the client is owed, and says why it ended: never nil.
func (v *visit) write(ctx context.Context, m *member, first int64) error {
	send := func(data []byte) error {
		ctx, cancel := context.WithTimeout(ctx, v.server.settings.WriteTimeout)
		defer cancel()
		err := v.conn.Write(ctx, websocket.MessageText, data)
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return errTimeout
		}
		return err
	}
	if v.inRoom() {
		settings := v.server.settings
		if err := send(encode(frame{Welcome: &welcome{First: first, Messages: settings.Messages, Posts: settings.Posts}})); err != nil {
			return err
		}
	}
	for {
		select {
		case message, more := <-m.queue:
			if !more {
				return v.finish(m, send)
			}
			if err := send(message.data); err != nil {
				return err
			}
			v.delivered++
			v.hub.count.delivered.Add(1)
			if v.inRoom() {
				v.server.delays.record(time.Since(message.at))
			}
		case <-m.gone.Done():
			return context.Cause(m.gone)
		case <-v.hub.ended:
			return errEnded
		}
	}
}

// finish counts before the client can know that it has all: whoever has seen the last close
// frame reads a record that is exact.
func (v *visit) finish(m *member, send func([]byte) error) error {
	if err := send(encode(frame{Bye: &bye{Delivered: v.delivered, Dropped: m.dropped}})); err != nil {
		return err
	}
	v.server.dropped(v.client, m.dropped)
	v.server.outcomes.finished.Add(1)
	return errFinished
}

// read takes the client's posts, and says why it ended: never nil.
func (v *visit) read(ctx context.Context, m *member) error {
	most := 0
	if v.inRoom() {
		most = v.server.settings.Posts
	}
	v.conn.SetReadLimit(MaxPost)
	for posts := 0; ; posts++ {
		kind, line, err := v.conn.Read(ctx)
		switch {
		case err != nil:
			return err
		case posts == most:
			return refusal{websocket.StatusPolicyViolation, fmt.Sprintf("a client may post %d lines here", most)}
		case kind != websocket.MessageText:
			return refusal{websocket.StatusUnsupportedData, "a post is text"}
		case !utf8.Valid(line):
			return refusal{websocket.StatusInvalidFramePayloadData, "a post is UTF-8"}
		}
		err = v.hub.post(m, func(seq int64, at time.Time) []byte {
			return encodeMessage(seq, at, v.client, string(line), v.server.settings.Size)
		})
		if err != nil && !errors.Is(err, errOut) { // who got all that it is owed may still be writing
			return err
		}
	}
}

func (v *visit) inRoom() bool { return v.client >= 0 }

// left counts a client out that did not get all, and what was on its way to it.
func (s *Server) left(client int, lost int64, why error) {
	switch {
	case client < 0:
		return
	case errors.Is(why, errTimeout):
		s.outcomes.timedOut.Add(1)
	default:
		s.outcomes.left.Add(1)
	}
	s.outcomes.lost.Add(lost)
}

func (s *Server) dropped(client int, n int64) {
	if client >= 0 {
		s.outcomes.dropped(client, n)
	}
}
