package faults

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"golang.org/x/net/dns/dnsmessage"
)

// everyThird sends the keys 0, 3, 6 and so on to another host.
func everyThird(host string) func(i int) string {
	return func(i int) string {
		if i%3 == 0 {
			return host
		}
		return ""
	}
}

// resolving returns a dialer with a name server of its own, so that nobody asks the
// network's: answer says what comes back for a question. Without one it cannot be reached.
func resolving(answer func(question []byte) ([]byte, error)) *net.Dialer {
	ask := func(context.Context, string, string) (net.Conn, error) {
		if answer == nil {
			return nil, errors.New("no name server can be reached")
		}
		here, there := net.Pipe() // no packets, so the resolver speaks as over TCP
		go func() {
			defer there.Close()
			var size [2]byte
			for {
				if _, err := io.ReadFull(there, size[:]); err != nil {
					return
				}
				question := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(there, question); err != nil {
					return
				}
				reply, err := answer(question)
				if err != nil {
					return
				}
				reply = append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)
				if _, err := there.Write(reply); err != nil {
					return
				}
			}
		}()
		return here, nil
	}
	return &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: ask}}
}

// noSuchName answers every question with NXDOMAIN, as RFC 6761 wants it for names under
// .invalid.
func noSuchName(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	return (&dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: true, RecursionAvailable: true, RCode: dnsmessage.RCodeNameError},
		Questions: m.Questions,
	}).Pack()
}
