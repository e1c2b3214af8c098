// Package pages is the workload that fetches web pages: Fetch is a GET over real
// HTTP, so it waits; Process parses the page, so it works, for some tens of
// microseconds a page of a few kilobytes.
//
// The part that is real is the HTTP client and whatever server the URLs lead to; the
// benchmarks use package mockserver. The client is net/http, made by [NewClient] or
// [NewDirectClient], or fasthttp, in package fast; package clients has them by name.
// For tests without a network, give [Job] a client with another Transport
// (mockserver.NewTransport, httpmock).
package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.com/overlap"
	"example.com/overlap/workload/pages/internal/wire"
)

// MaxBytes is how large a body may be when Job is not told.
const MaxBytes = 8 << 20

// A Body is a page as it was fetched.
type Body struct {
	URL         *url.URL // where it was found, after redirects; links are relative to it
	ContentType string   // as the server gave it; it may name the character set
	Bytes       []byte
}

// Job returns the workload: the key is a URL, the result what the page says.
//
// A body of more than maxBytes is a *[TooLargeError], and no more of it than
// that is ever held; zero stands for [MaxBytes], less panics. A status other than
// 2xx is a *[StatusError], an encoding that net/http does not undo an
// *[EncodingError]; what is not HTML is a *[TypeError] of Process. Other errors
// wrap net/http's, or the parser's. Each names the URL, without its password.
//
// A body is read to its end, so that its connection can be used again; of an
// error's, what comes within 100 ms, at most 64 KiB; of one that is announced as
// too large, nothing. Both functions are safe for concurrent use, as client is.
func Job(client *http.Client, maxBytes int64) overlap.Job[string, Body, Page] {
	maxBytes = wire.MaxBytes(maxBytes, MaxBytes)
	return overlap.Job[string, Body, Page]{
		Fetch:   func(ctx context.Context, url string) (Body, error) { return fetch(ctx, client, url, maxBytes) },
		Process: func(_ context.Context, body Body) (Page, error) { return Parse(body) },
	}
}

// NewClient returns a client for so many requests in flight to one host. It
// keeps a connection for each of them: net/http's default of 2 closes the others
// after every answer, and most of the time then goes into new connections.
//
// A request that takes longer than timeout fails, its body included; zero is no
// limit. When done, call the client's CloseIdleConnections.
func NewClient(inFlight int, timeout time.Duration) *http.Client {
	overlap.MustLimit("inFlight", inFlight)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = inFlight
	transport.MaxIdleConns = 0 // no limit over all hosts
	return &http.Client{Transport: transport, Timeout: timeout}
}

// A StatusError is an answer that is no page.
type StatusError struct {
	URL        string
	StatusCode int
	RetryAfter string // the header as it was, often empty; RetryIn reads it
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("get %s: status %d", e.URL, e.StatusCode)
	if name := http.StatusText(e.StatusCode); name != "" {
		text += " " + name
	}
	if e.RetryAfter != "" {
		text += ", retry after " + e.RetryAfter
	}
	return text
}

// A TooLargeError is a body of more bytes than are allowed.
type TooLargeError struct {
	URL      string
	MaxBytes int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("get %s: body is larger than %d bytes", e.URL, e.MaxBytes)
}

// An EncodingError is a body that is compressed in a way that was not asked for.
type EncodingError struct {
	URL      string
	Encoding string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("get %s: content encoding %q is not understood", e.URL, e.Encoding)
}

// A TypeError is a body that is not HTML.
type TypeError struct {
	URL         string
	ContentType string
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("parse %s: content type %q is not HTML", e.URL, e.ContentType)
}

// get returns a page whose body is still to be read and closed, and the name that errors
// give to its URL.
func get(ctx context.Context, client *http.Client, rawURL string) (response *http.Response, name string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return nil, "", fmt.Errorf("get: %w", err) // names the URL
	}
	name = request.URL.Redacted()
	response, err = client.Do(request)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err // it names where a redirect led, not what was asked for
		}
		return nil, "", fmt.Errorf("get %s: %w", name, err)
	}
	if response.StatusCode >= 200 && response.StatusCode <= 299 {
		return response, name, nil
	}
	body := response.Body // the result of that name is nil when the timer reads it
	defer body.Close()
	// Only a connection whose answer was read is used again; if this fails,
	// it is not, and the error is still the status.
	late := time.AfterFunc(wire.ErrorTime, func() { _ = body.Close() }) // ends a Read
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, body, wire.ErrorBytes)
	return nil, "", &StatusError{name, response.StatusCode, wire.Shorten(response.Header.Get("Retry-After"))}
}

func fetch(ctx context.Context, client *http.Client, rawURL string, maxBytes int64) (Body, error) {
	response, name, err := get(ctx, client, rawURL)
	if err != nil {
		return Body{}, err
	}
	defer response.Body.Close()
	if response.ContentLength > maxBytes {
		return Body{}, &TooLargeError{name, maxBytes}
	}
	var content bytes.Buffer
	// Room for the whole and to see its end, but not on the word of a header alone.
	content.Grow(int(min(max(0, response.ContentLength), 64<<10)) + bytes.MinRead)
	if _, err := content.ReadFrom(io.LimitReader(response.Body, oneMore(maxBytes))); err != nil {
		return Body{}, fmt.Errorf("get %s: body: %w", name, err)
	}
	if int64(content.Len()) > maxBytes {
		return Body{}, &TooLargeError{name, maxBytes}
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return Body{}, &EncodingError{name, wire.Shorten(encoding)}
	}
	return Body{URL: response.Request.URL, ContentType: response.Header.Get("Content-Type"), Bytes: content.Bytes()}, nil
}

// oneMore is a byte more than the most, which tells a body that is too large.
func oneMore(most int64) int64 { return most + min(1, math.MaxInt64-most) }

// isHTML lets a missing type pass: many small servers send none.
func isHTML(contentType string) bool {
	if strings.TrimSpace(contentType) == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) && (mediaType == "text/html" || mediaType == "application/xhtml+xml")
}

// A Page is what Process makes of a body.
type Page struct {
	URL   string
	Title string   // with its white space joined; empty if there is none
	Links []string // where <a> and <area> lead, absolute, in the order of the page
	Words int      // in the text, see Parse
	Hash  [sha256.Size]byte
}
