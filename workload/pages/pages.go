// Package pages is the workload that fetches web pages: Fetch is a GET over real
// HTTP, so it waits; Process parses the page, so it works, for some tens of
// microseconds a page of a few kilobytes.
//
// The part that is real is net/http and whatever server the URLs lead to; the
// benchmarks use package mockserver. For tests without a network, give [Job] a
// client with another Transport (mockserver.NewTransport, httpmock).
package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.com/overlap"
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
// that is ever held; zero stands for [MaxBytes]. A status other than 2xx is a
// *[StatusError]. What is not HTML is a *[TypeError] of Process. Other errors
// are net/http's, or the parser's, with the URL.
//
// Each body is read to its end or, when it is an error's, for 64 KiB at most, so
// that its connection can be used again. Both functions are safe for concurrent
// use, as client is.
func Job(client *http.Client, maxBytes int64) overlap.Job[string, Body, Page] {
	if maxBytes == 0 {
		maxBytes = MaxBytes
	}
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
	RetryAfter string // the header as it was, a number of seconds or a date; often empty
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

// A TypeError is a body that is not HTML.
type TypeError struct {
	URL         string
	ContentType string
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("parse %s: content type %q is not HTML", e.URL, e.ContentType)
}

func fetch(ctx context.Context, client *http.Client, rawURL string, maxBytes int64) (Body, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return Body{}, fmt.Errorf("get %s: %w", rawURL, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Body{}, err // says "Get URL" already
	}
	defer response.Body.Close()

	if response.StatusCode < 200 || response.StatusCode > 299 {
		// Only a connection whose answer was read is used again; if this fails,
		// it is not, and the error is still the status.
		_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
		return Body{}, &StatusError{rawURL, response.StatusCode, response.Header.Get("Retry-After")}
	}
	if response.ContentLength > maxBytes {
		return Body{}, &TooLargeError{rawURL, maxBytes}
	}
	var content bytes.Buffer
	content.Grow(int(max(0, response.ContentLength)) + bytes.MinRead) // room to see the end without growing
	if _, err := content.ReadFrom(io.LimitReader(response.Body, maxBytes+1)); err != nil {
		return Body{}, fmt.Errorf("get %s: body: %w", rawURL, err)
	}
	if int64(content.Len()) > maxBytes {
		return Body{}, &TooLargeError{rawURL, maxBytes}
	}
	return Body{URL: response.Request.URL, ContentType: response.Header.Get("Content-Type"), Bytes: content.Bytes()}, nil
}

// isHTML lets a missing type pass: many small servers send none.
func isHTML(contentType string) bool {
	if strings.TrimSpace(contentType) == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "text/html" || mediaType == "application/xhtml+xml")
}

// A Page is what Process makes of a body.
type Page struct {
	URL   string
	Title string   // with its white space joined; empty if there is none
	Links []string // where <a> and <area> lead, absolute, in the order of the page
	Words int      // in the text, see Parse
	Hash  [sha256.Size]byte
}
