package mockserver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/jarcoal/httpmock"
)

// A Transport is a site without a network: an http.RoundTripper that answers as a
// Server with the same settings would. In a testing/synctest bubble its latency
// is virtual.
type Transport struct {
	*httpmock.MockTransport
	site *site
}

// NewTransport returns a transport for any host, or a *FieldError.
func NewTransport(settings Settings) (*Transport, error) {
	site, err := newSite(settings)
	if err != nil {
		return nil, err
	}
	t := &Transport{MockTransport: httpmock.NewMockTransport(), site: site}
	anything := regexp.MustCompile(`.*`)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		t.RegisterRegexpResponder(method, anything, t.respond)
	}
	return t, nil
}

// PageURL is a URL of page i.
func (t *Transport) PageURL(i int) string { return "http://site.example" + PagePath(i) }

// Record returns what the transport has seen so far.
func (t *Transport) Record() Record { return t.site.record.snapshot() }

func (t *Transport) respond(r *http.Request) (*http.Response, error) {
	record := t.site.record
	record.begin()
	a := t.site.decide(r.Method, r.URL)
	if err := sleep(r.Context(), a.wait); err != nil {
		record.cancelled.Add(1)
		record.end()
		return nil, err
	}
	switch a.fault {
	case Hang:
		<-r.Context().Done()
		record.cancelled.Add(1)
		record.end()
		return nil, r.Context().Err()
	case Reset:
		record.end()
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	record.answered(a.status)
	body := &body{ctx: r.Context(), answer: a, left: a.body, record: record}
	switch {
	case r.Method == http.MethodHead:
		body.left = nil
	case a.fault == Truncate:
		body.left = a.body[:len(a.body)/2]
	}
	if a.fault != Slow {
		body.end() // as on the wire: the server has sent it all
	}
	header := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Content-Length": {strconv.Itoa(len(a.body))}}
	for name, values := range a.header {
		header[name] = values
	}
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          body,
		ContentLength: int64(len(a.body)),
		Request:       r,
	}, nil
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// body gives an answer's body as a connection would: slowly, or cut short.
type body struct {
	ctx    context.Context
	answer answer
	left   []byte
	record *recorder
	ended  bool
}

func (b *body) Read(p []byte) (int, error) {
	if len(b.left) == 0 {
		b.end()
		if b.answer.fault == Truncate {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, io.EOF
	}
	if b.answer.fault == Slow {
		if len(b.left) < len(b.answer.body) {
			if err := sleep(b.ctx, b.answer.pause); err != nil {
				return 0, err
			}
		}
		p = p[:min(len(p), max(1, len(b.answer.body)/pieces))]
	}
	n, err := bytes.NewReader(b.left).Read(p)
	b.left = b.left[n:]
	return n, err
}

func (b *body) Close() error {
	if len(b.left) > 0 && !b.ended {
		b.record.cancelled.Add(1)
	}
	b.end()
	return nil
}

func (b *body) end() {
	if !b.ended {
		b.ended = true
		b.record.end()
	}
}
