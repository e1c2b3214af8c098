// Package fast is the pages workload on fasthttp in place of net/http: the same pages, the
// same errors, another client. It is there to tell what the client costs apart from the
// model. fasthttp takes its requests, answers and buffers from pools and keeps headers as
// bytes, where net/http makes them anew and has two goroutines for each connection.
//
// It does HTTP/1.1 alone, with and without TLS, asks for no compression, heeds no proxy
// settings, and takes headers of at most 16 KiB.
package fast

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"example.com/overlap"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/internal/wire"
)

// NewClient returns a client on a [Transport] that opens a connection for each request that
// finds none idle: the caller's limit is the limit. inFlight is not needed for that, but it is
// checked, so that clients are made alike; it panics if it is below 1.
//
// A request that takes longer than timeout fails, its body included; zero is no limit. Each
// redirect begins the time anew. When done, call the client's CloseIdleConnections; two
// goroutines of fasthttp's, which close what is idle for ten seconds, end that much later.
func NewClient(inFlight int, timeout time.Duration) *fasthttp.Client {
	overlap.MustLimit("inFlight", inFlight)
	transport := &Transport{Timeout: timeout}
	return &fasthttp.Client{
		Transport:   transport,
		DialTimeout: transport.Dial,
		// The default of 512 would fail requests beyond it.
		MaxConnsPerHost: math.MaxInt32,
		// The connection used last is the least likely to have been closed.
		ConnPoolStrategy: fasthttp.LIFO,
		// It is also the size of a header at most; the default of 4 KiB is too small for
		// some sites with many cookies.
		ReadBufferSize: 16 << 10,
		// As net/http does: the URL says what is asked for.
		DisablePathNormalizing: true,
	}
}

// Job is [pages.Job] on fasthttp, with the same errors. Where it differs: a body that is
// compressed in any way is a *[pages.EncodingError], as none is asked for, and memory for a
// body is taken as its header announces it, up to maxBytes.
//
// The client is one of [NewClient], or has a [Transport] too; else Job panics.
func Job(client *fasthttp.Client, maxBytes int64) overlap.Job[string, pages.Body, pages.Page] {
	mustHeed(client)
	maxBytes = wire.MaxBytes(maxBytes, pages.MaxBytes)
	return overlap.Job[string, pages.Body, pages.Page]{
		Fetch:   func(ctx context.Context, key string) (pages.Body, error) { return fetch(ctx, client, key, maxBytes) },
		Process: func(_ context.Context, body pages.Body) (pages.Page, error) { return pages.Parse(body) },
	}
}

// Count is [pages.Count] on fasthttp, with the same errors. A body is read whole, into a
// buffer that is used again: that is how fasthttp does it.
func Count(client *fasthttp.Client) overlap.Job[string, int64, int64] {
	mustHeed(client)
	return overlap.Job[string, int64, int64]{
		Fetch: func(ctx context.Context, key string) (int64, error) {
			response, _, err := get(client, key, nil, &call{ctx: ctx, maxBytes: pages.MaxBytes})
			if err != nil {
				return 0, err
			}
			defer fasthttp.ReleaseResponse(response)
			return int64(len(response.Body())), nil
		},
		Process: func(_ context.Context, bytes int64) (int64, error) { return bytes, nil },
	}
}

// Connect is [pages.Connect] on fasthttp.
func Connect(ctx context.Context, client *fasthttp.Client, url string, n int) error {
	mustHeed(client)
	return wire.Connect(n, func(hold func()) error {
		response, _, err := get(client, url, nil, &call{ctx: ctx, maxBytes: math.MaxInt64, hold: hold})
		if _, answered := errors.AsType[*pages.StatusError](err); answered {
			return nil
		}
		if err == nil {
			fasthttp.ReleaseResponse(response)
		}
		return err
	})
}

// mustHeed panics if the client's transport does not heed contexts.
func mustHeed(client *fasthttp.Client) {
	if _, ok := client.Transport.(*Transport); !ok {
		panic("fast: client.Transport is no *fast.Transport")
	}
}

func fetch(ctx context.Context, client *fasthttp.Client, key string, maxBytes int64) (pages.Body, error) {
	at, err := url.Parse(key)
	if err != nil {
		return pages.Body{}, failed(key, err)
	}
	response, at, err := get(client, key, at, &call{ctx: ctx, maxBytes: maxBytes})
	if err != nil {
		return pages.Body{}, err
	}
	defer fasthttp.ReleaseResponse(response)
	if encoding := string(response.Header.ContentEncoding()); encoding != "" && encoding != "identity" {
		name, _ := redacted(key)
		return pages.Body{}, &pages.EncodingError{URL: name, Encoding: wire.Shorten(encoding)}
	}
	return pages.Body{URL: at, ContentType: string(response.Header.ContentType()), Bytes: bytes.Clone(response.Body())}, nil
}

// redacted is what errors call a URL; the error is that it is none.
func redacted(key string) (string, error) {
	u, err := url.Parse(key)
	if err != nil {
		return "", err
	}
	return u.Redacted(), nil
}

// failed is the error of a URL that is not answered.
func failed(key string, err error) error {
	name, none := redacted(key)
	if none != nil {
		return fmt.Errorf("get: %w", none) // names it
	}
	return fmt.Errorf("get %s: %w", name, err)
}

// get returns a page, to be released, and where it was found: at is the key as a URL, or nil
// if that is not known and does not matter.
func get(client *fasthttp.Client, key string, at *url.URL, call *call) (*fasthttp.Response, *url.URL, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	request.SetUserValue(callKey{}, call)
	response.Header.SetNoDefaultContentType(true) // an answer without one has none
	at, err := follow(call.ctx, client, request, response, key, at)
	status := response.StatusCode()
	if err == nil && status >= 200 && status <= 299 {
		return response, at, nil
	}
	defer fasthttp.ReleaseResponse(response)
	if err != nil && !errors.Is(err, fasthttp.ErrBodyTooLarge) {
		if call.body {
			err = fmt.Errorf("body: %w", err)
		}
		return nil, nil, failed(key, err)
	}
	name, none := redacted(key)
	switch {
	case none != nil:
		return nil, nil, failed(key, none)
	case err != nil:
		return nil, nil, &pages.TooLargeError{URL: name, MaxBytes: call.maxBytes}
	}
	return nil, nil, &pages.StatusError{URL: name, StatusCode: status, RetryAfter: wire.Shorten(string(response.Header.Peek("Retry-After")))}
}

// follow asks for a URL, and for those that it is redirected to, and returns the last one.
// fasthttp's own DoRedirects does not say which that was.
func follow(ctx context.Context, client *fasthttp.Client, request *fasthttp.Request, response *fasthttp.Response, key string, at *url.URL) (*url.URL, error) {
	for range wire.Requests {
		if ctx.Err() != nil {
			return at, context.Cause(ctx)
		}
		if plain(key) {
			request.SetRequestURI(key)
		} else if err := aim(request, key, at); err != nil {
			return at, err
		}
		if err := client.Do(request, response); err != nil {
			return at, err
		}
		location := string(response.Header.Peek(fasthttp.HeaderLocation))
		if location == "" || !fasthttp.StatusCodeIsRedirect(response.StatusCode()) {
			return at, nil
		}
		if at == nil {
			var err error
			if at, err = url.Parse(key); err != nil {
				return nil, err
			}
		}
		next, err := at.Parse(location)
		if err != nil {
			return at, fmt.Errorf("redirect: %w", err)
		}
		at, key = next, next.String()
		request.Header.Del(fasthttp.HeaderAuthorization) // of the user of the URL before
	}
	return at, wire.ErrRedirects
}

// plain says whether a key can be sent as it is. Most can, and to take URLs apart and put
// them together again costs a tenth of what the rest of the client does.
func plain(key string) bool {
	rest, ok := strings.CutPrefix(key, "http://")
	if !ok {
		return false
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '/', c == '.', c == '-', c == '_', c == ':', c == '?', c == '=', c == '&':
		default:
			return false
		}
	}
	return true
}

// aim sets the URL of the request to a key that must be looked at.
func aim(request *fasthttp.Request, key string, at *url.URL) error {
	if at == nil {
		var err error
		if at, err = url.Parse(key); err != nil {
			return err
		}
	}
	if at.Scheme != "http" && at.Scheme != "https" {
		return fmt.Errorf("unsupported protocol scheme %q", at.Scheme)
	}
	request.SetRequestURI(at.String()) // escaped where it must be
	return nil
}
