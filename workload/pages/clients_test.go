package pages_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// What all clients do alike. What only one of them does is beside it.

func TestFetchReturnsTheBody(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = r.URL.Query()["type"]
			_, _ = io.WriteString(w, "<p>hello")
		})
		job := n.client(t, name, 1, 0).Job(0)
		body, err := job.Fetch(t.Context(), there+"?type=text/html")
		require.NoError(t, err)
		require.Equal(t, "<p>hello", string(body.Bytes))
		require.Equal(t, "text/html", body.ContentType)
		require.Equal(t, there+"?type=text/html", body.URL.String())

		body, err = job.Fetch(t.Context(), there)
		require.NoError(t, err)
		require.Empty(t, body.ContentType, "a missing one is not made up")
	})
}

func TestStatusErrors(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		status, header := 0, http.Header{}
		n.serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range header {
				w.Header()[k] = v
			}
			w.WriteHeader(status)
			if status != 304 {
				_, _ = io.WriteString(w, "why")
			}
		})
		c := n.client(t, name, 1, 0)
		for _, x := range []struct {
			status int
			retry  string
			text   string
		}{
			{404, "", "get http://site.example/a: status 404 Not Found"},
			{429, "3", "get http://site.example/a: status 429 Too Many Requests, retry after 3"},
			{503, "", "get http://site.example/a: status 503 Service Unavailable"},
			{599, "", "get http://site.example/a: status 599"},
			{304, "", "get http://site.example/a: status 304 Not Modified"},
			{302, "", "get http://site.example/a: status 302 Found"}, // to nowhere
			{408, "", "get http://site.example/a: status 408 Request Timeout"},
		} {
			status, header = x.status, http.Header{"Retry-After": {x.retry}}
			_, err := c.Job(0).Fetch(t.Context(), there)
			failure, ok := errors.AsType[*pages.StatusError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, pages.StatusError{URL: there, StatusCode: x.status, RetryAfter: x.retry}, *failure)
			require.EqualError(t, err, x.text)
			_, err = c.Count.Fetch(t.Context(), there)
			require.EqualError(t, err, x.text)
			time.Sleep(time.Second)
		}
		require.EqualValues(t, 1, n.Opened(), "the connection outlives an error")

		status, header = 429, http.Header{"Retry-After": {strings.Repeat("9", 3000)}}
		_, err := c.Job(0).Fetch(t.Context(), there)
		require.ErrorAs(t, err, new(*pages.StatusError))
		require.Less(t, len(err.Error()), 200, "a header is not the whole error")
	})
}

func TestBodiesAreBounded(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\n"
	for _, x := range []struct {
		name  string
		text  string
		large bool
	}{
		{"just as large, announced", page + "Content-Length: 10\r\n\r\n0123456789", false},
		{"just as large, in chunks", page + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", false},
		{"just as large, with a trailer", page + "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\na\r\n0123456789\r\n0\r\nX: y\r\n\r\n", false},
		{"just as large, till the end", page + "\r\n0123456789", false},
		{"just as large, of an old server", "HTTP/1.0 200 OK\r\n\r\n0123456789", false},
		{"a byte too large, announced", page + "Content-Length: 11\r\n\r\n0123456789a", true},
		{"a byte too large, in chunks", page + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n", true},
		{"a byte too large, till the end", page + "\r\n0123456789a", true},
		{"far too large, announced and never sent", page + "Content-Length: 1000000000000\r\n\r\n", true},
		{"larger than announced", page + "Content-Length: 5\r\n\r\n0123456789a", false},
		{"empty", page + "Content-Length: 0\r\n\r\n", false},
		{"none", "HTTP/1.1 204 No Content\r\n\r\n", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				n.answer(t, func(_ int, conn net.Conn, requests *bufio.Reader) {
					_, _ = http.ReadRequest(requests)
					_, _ = io.WriteString(conn, x.text)
					if strings.Contains(x.text, "never sent") {
						_, _ = io.Copy(io.Discard, requests)
					}
				})
				c := n.client(t, name, 1, 0)
				body, err := c.Job(10).Fetch(t.Context(), there)
				if !x.large {
					require.NoError(t, err)
					require.Equal(t, "0123456789"[:len(body.Bytes)], string(body.Bytes))
					size, err := c.Count.Do(t.Context(), there).Value, error(nil)
					require.NoError(t, err)
					require.EqualValues(t, len(body.Bytes), size)
					return
				}
				large, ok := errors.AsType[*pages.TooLargeError](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, pages.TooLargeError{URL: there, MaxBytes: 10}, *large)
				require.EqualError(t, err, "get http://site.example/a: body is larger than 10 bytes")
			})
		})
	}
}

// An answer in chunks is read to its very end, so that the connection can be used again.
func TestChunksOnOneConnection(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.always(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n4\r\npage\r\n0\r\nX: y\r\n\r\n")
		job := n.client(t, name, 1, 0).Job(0)
		for range 3 {
			body, err := job.Fetch(t.Context(), there)
			require.NoError(t, err)
			require.Equal(t, "page", string(body.Bytes))
			synctest.Wait()
		}
		require.EqualValues(t, 1, n.Opened())
	})
}

// What is discarded has a limit too: whoever sends without end is left.
func TestCountIsBounded(t *testing.T) {
	for _, length := range []string{"", strconv.Itoa(pages.MaxBytes + 1)} {
		each(t, func(t *testing.T, name string, n *network) {
			sent := 0
			n.serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				for err := error(nil); err == nil; {
					var n int
					n, err = w.Write(make([]byte, 1<<20))
					sent += n
				}
			})
			_, err := n.client(t, name, 1, 0).Count.Fetch(t.Context(), there)
			require.EqualError(t, err, "get http://site.example/a: body is larger than 8388608 bytes")
			synctest.Wait()
			if length != "" {
				require.Less(t, sent, 1<<21)
			}
		})
	}
}

// An error's body that does not end is given up soon; the status is the error.
func TestAnErrorsBodyIsNotWaitedFor(t *testing.T) {
	for _, timeout := range []time.Duration{0, time.Minute} {
		each(t, func(t *testing.T, name string, n *network) {
			n.serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(503)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			c := n.client(t, name, 1, timeout)
			begin := time.Now()
			_, err := c.Job(0).Fetch(t.Context(), there)
			require.EqualError(t, err, "get http://site.example/a: status 503 Service Unavailable")
			require.Equal(t, 100*time.Millisecond, time.Since(begin))
			require.Zero(t, n.Open())
		})
	}
}

// An error's body that ends just when its time does: who comes second must not find what the
// first has left.
func TestAnErrorsBodyEndsAsItIsGivenUp(t *testing.T) {
	for range 50 {
		each(t, func(t *testing.T, name string, n *network) {
			n.serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(503)
				_ = http.NewResponseController(w).Flush()
				time.Sleep(100 * time.Millisecond)
			})
			_, err := n.client(t, name, 1, 0).Job(0).Fetch(t.Context(), there)
			require.ErrorAs(t, err, new(*pages.StatusError))
		})
	}
}

// Nor is an error's body without an end read for long.
func TestAnErrorsBodyIsNotReadOn(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		var sent int
		n.serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			for err := error(nil); err == nil && sent < 1<<20; {
				var n int
				n, err = w.Write(make([]byte, 1024))
				sent += n
			}
		})
		_, err := n.client(t, name, 1, 0).Job(0).Fetch(t.Context(), there)
		require.ErrorAs(t, err, new(*pages.StatusError))
		synctest.Wait()
		require.Less(t, sent, 1<<17)
	})
}

func TestFetchErrorsNameTheURL(t *testing.T) {
	for _, x := range []struct {
		name, url, text string
		is              error
		answer          string
	}{
		{name: "no URL", url: "http://[bad", text: `get: parse "http://[bad": `},
		{name: "a port that is none", url: "http://site.example:port/", text: `get: parse "http://site.example:port/": invalid port`},
		{name: "no scheme", url: "site.example/a", text: `get site.example/a: unsupported protocol scheme ""`},
		{name: "another scheme", url: "ftp://site.example/a", text: `get ftp://site.example/a: unsupported protocol scheme "ftp"`},
		{name: "no host", url: "http:///a", text: "get http:///a: "},
		{name: "nothing", url: "http://", text: "get http:: "},
		{name: "a control character", url: "http://site.example/a\nb", text: `get: parse "http://site.example/a\nb": `},
		{name: "no answer", url: there, text: "get http://site.example/a: ", is: io.EOF},
		{name: "half a header", url: there, text: "get http://site.example/a: ", is: io.ErrUnexpectedEOF, answer: "HTTP/1.1 200 OK\r\n"},
		{name: "half a body", url: there, text: "get http://site.example/a: body: ", is: io.ErrUnexpectedEOF, answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
		{name: "half a chunk", url: there, text: "get http://site.example/a: body: ", is: io.ErrUnexpectedEOF, answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf"},
		{name: "no HTTP", url: there, text: "get http://site.example/a: ", answer: "220 mail.example ready\r\n\r\n"},
		{name: "endless headers", url: there, text: "get http://site.example/a: ", answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 12_000)},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				n.answer(t, func(_ int, conn net.Conn, requests *bufio.Reader) {
					_, _ = http.ReadRequest(requests)
					_, _ = io.WriteString(conn, x.answer)
				})
				c := n.client(t, name, 1, 0)
				_, err := c.Job(0).Fetch(t.Context(), x.url)
				require.ErrorContains(t, err, x.text)
				_, countErr := c.Count.Fetch(t.Context(), x.url)
				require.EqualError(t, countErr, err.Error())
				if x.is != nil {
					require.ErrorIs(t, err, x.is)
				}
				require.Zero(t, n.Open())
			})
		})
	}
}

func TestNobodyThere(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		nowhere := newNetwork(t)
		require.NoError(t, nowhere.Close())
		_, err := nowhere.client(t, name, 1, time.Minute).Job(0).Fetch(t.Context(), there)
		require.EqualError(t, err, "get http://site.example/a: connection refused")
	})
}

// What a URL says of its user's password is for the server, and stays out of every error.
func TestErrorsKeepThePassword(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			switch {
			case user != "us er" || password != "sec:ret":
				w.WriteHeader(401)
			case r.URL.Path == "/large":
				_, _ = io.WriteString(w, strings.Repeat("x", 11))
			case r.URL.Path == "/encoded":
				w.Header().Set("Content-Encoding", "br")
			case r.URL.Path == "/broken":
				panic(http.ErrAbortHandler)
			case r.URL.Path == "/good":
			default:
				w.WriteHeader(500)
			}
		})
		job := n.client(t, name, 1, 0).Job(10)
		const site = "http://us%20er:sec%3Aret@site.example"
		_, err := job.Fetch(t.Context(), site+"/good")
		require.NoError(t, err)
		for _, path := range []string{"/status", "/large", "/encoded", "/broken"} {
			_, err := job.Fetch(t.Context(), site+path)
			require.ErrorContains(t, err, "get http://us%20er:xxxxx@site.example"+path+": ")
			require.NotContains(t, err.Error(), "ret@")
			require.NotContains(t, err.Error(), "401")
		}
	})
}

// A redirect that goes round names the page that was asked for.
func TestRedirects(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		requests := 0
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			_, _, authorized := r.BasicAuth()
			switch r.URL.Path {
			case "/moved":
				http.Redirect(w, r, "/dir/page?a=b%20c", http.StatusFound)
			case "/away":
				http.Redirect(w, r, "http://other.example/dir/page", http.StatusMovedPermanently)
			case "/mail":
				w.Header().Set("Location", "mailto:me@site.example")
				w.WriteHeader(http.StatusSeeOther)
			case "/bad":
				w.Header().Set("Location", "http://[bad")
				w.WriteHeader(http.StatusTemporaryRedirect)
			case "/dir/page":
				if authorized != (r.Host == "site.example") {
					w.WriteHeader(401)
				}
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, "<a href=other>x</a>")
			default:
				http.Redirect(w, r, "/loop", http.StatusPermanentRedirect)
			}
		})
		c := n.client(t, name, 1, 0)
		job := c.Job(0)
		_, err := job.Fetch(t.Context(), "http://site.example/first")
		require.EqualError(t, err, "get http://site.example/first: stopped after 10 redirects")
		require.Equal(t, 10, requests)

		result := job.Do(t.Context(), "http://me:secret@site.example/moved")
		require.NoError(t, result.Err)
		require.Equal(t, "http://me:secret@site.example/dir/page?a=b%20c", result.Value.URL)
		result = job.Do(t.Context(), "http://me:secret@site.example/away")
		require.NoError(t, result.Err, "the password is not told to another site")
		require.Equal(t, "http://other.example/dir/page", result.Value.URL)
		require.Equal(t, []string{"http://other.example/dir/other"}, result.Value.Links, "links are relative to where the page was found")

		_, err = job.Fetch(t.Context(), "http://site.example/mail")
		require.EqualError(t, err, `get http://site.example/mail: unsupported protocol scheme "mailto"`)
		_, err = job.Fetch(t.Context(), "http://site.example/bad")
		require.ErrorContains(t, err, "get http://site.example/bad: ")
		require.ErrorContains(t, err, "http://[bad")

		size, err := c.Count.Fetch(t.Context(), "http://other.example/moved")
		require.NoError(t, err)
		require.EqualValues(t, len("<a href=other>x</a>"), size)
		_, err = c.Count.Fetch(t.Context(), "http://site.example/bad")
		require.ErrorContains(t, err, "get http://site.example/bad: ")
	})
}

// The server is asked for what the URL says, however odd that is.
func TestWhatIsAskedFor(t *testing.T) {
	for url, want := range map[string]string{
		"http://site.example":                          "GET / of site.example",
		"http://site.example?a=b":                      "GET /?a=b of site.example",
		"http://site.example:81/a":                     "GET /a of site.example:81",
		"http://site.example/a//b/../c/./":             "GET /a//b/../c/./ of site.example",
		"http://site.example/a%2Fb%20c":                "GET /a%2Fb%20c of site.example",
		"http://site.example/a b":                      "GET /a%20b of site.example",
		"http://site.example/ü?x=%C3%BC&y":             "GET /%C3%BC?x=%C3%BC&y of site.example",
		"http://site.example/a;b,c+d*e'f(g)!$~:@":      "GET /a;b,c+d*e'f(g)!$~:@ of site.example",
		"http://site.example/a?b=c;d#e":                "GET /a?b=c;d of site.example",
		"http://[2001:db8::1]:8080/a":                  "GET /a of [2001:db8::1]:8080",
		"http://127.0.0.1:8080/page/7?latency=1.5ms":   "GET /page/7?latency=1.5ms of 127.0.0.1:8080",
		"http://site.example/a?q=1&r=http://b.example": "GET /a?q=1&r=http://b.example of site.example",
	} {
		t.Run(url, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				got := ""
				n.serve(t, func(_ http.ResponseWriter, r *http.Request) {
					got = fmt.Sprintf("%s %s of %s", r.Method, r.RequestURI, r.Host)
				})
				c := n.client(t, name, 1, 0)
				_, err := c.Job(0).Fetch(t.Context(), url)
				require.NoError(t, err)
				require.Equal(t, want, got)
				got = ""
				_, err = c.Count.Fetch(t.Context(), url)
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		})
	}
}

func TestEncodings(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Encoding"] = r.URL.Query()["encoding"]
			_, _ = io.WriteString(w, "x")
		})
		job := n.client(t, name, 1, 0).Job(0)
		for encoding, ok := range map[string]bool{"": true, "identity": true, "br": false, "gzip,br": false} {
			url := there + "?encoding=" + encoding
			_, err := job.Fetch(t.Context(), url)
			if ok {
				require.NoError(t, err, encoding)
				continue
			}
			require.EqualError(t, err, fmt.Sprintf("get %s: content encoding %q is not understood", url, encoding))
			require.ErrorAs(t, err, new(*pages.EncodingError))
		}
	})
}

func TestAnswersBeforeTheAnswer(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.always(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
		job := n.client(t, name, 1, 0).Job(0)
		for range 3 {
			body, err := job.Fetch(t.Context(), there)
			require.NoError(t, err)
			require.Equal(t, "page", string(body.Bytes))
		}
		require.EqualValues(t, 1, n.Opened())
	})
}

// A context that ends, ends the request at once, wherever it is; its connection is closed,
// and the next request has another.
func TestFetchEndsWithItsContext(t *testing.T) {
	for _, x := range []struct {
		name, prefix string
		serve        http.HandlerFunc // nil: nobody takes the connection
	}{
		{"while it connects", "", nil},
		{"before the answer", "", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"in the body", "body: ", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(make([]byte, 5000))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
		{"in the body of an error", "", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
		{"after a redirect", "", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				http.Redirect(w, r, "/b", http.StatusFound)
				return
			}
			<-r.Context().Done()
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				var slow atomic.Bool
				var requests atomic.Int64
				slow.Store(x.serve != nil)
				serve := func() {
					n.serve(t, func(w http.ResponseWriter, r *http.Request) {
						requests.Add(1)
						if slow.Load() {
							x.serve(w, r)
						}
					})
				}
				if x.serve != nil {
					serve()
				}
				c := n.client(t, name, 2, time.Hour)
				cause := errors.New("nobody wants it any more")
				ctx, cancel := context.WithCancelCause(t.Context())
				after := 50 * time.Millisecond // an error's body takes no longer than 100
				time.AfterFunc(after, func() { cancel(cause) })
				begin := time.Now()
				_, err := c.Job(0).Fetch(ctx, there)
				require.Error(t, err)
				require.Equal(t, after, time.Since(begin))
				if x.name == "in the body of an error" {
					require.ErrorAs(t, err, new(*pages.StatusError))
				} else if x.name != "while it connects" || name != "nethttp" {
					require.EqualError(t, err, "get "+there+": "+x.prefix+cause.Error())
					require.ErrorIs(t, err, cause)
				}
				require.Zero(t, n.Open())

				slow.Store(false)
				if x.serve == nil {
					serve()
				}
				_, err = c.Job(0).Fetch(t.Context(), there)
				require.NoError(t, err)

				// Nothing begins that has ended.
				synctest.Wait()
				before, open := requests.Load(), n.Open()
				_, err = c.Job(0).Fetch(ctx, there)
				require.ErrorIs(t, err, cause)
				require.Equal(t, before, requests.Load())
				require.Equal(t, open, n.Open())

				// The same on a connection that was used.
				if x.serve != nil {
					slow.Store(true)
					dialed := n.Dialed()
					ctx, cancel := context.WithTimeout(t.Context(), after)
					defer cancel()
					_, err = c.Job(0).Fetch(ctx, there)
					require.Error(t, err)
					require.Equal(t, dialed, n.Dialed(), "it is not sent again")
				}
				c.CloseIdleConnections()
				require.Zero(t, n.Open())
			})
		})
	}
}

// A cancel while many are in flight ends them all, and none of those under another context.
func TestManyEndWithTheirContext(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		})
		c := n.client(t, name, 100, 0)
		one, cancel := context.WithCancel(t.Context())
		other, cancelOther := context.WithCancel(t.Context())
		defer cancelOther()
		time.AfterFunc(time.Second, cancel)
		ended := make(chan time.Duration)
		begin := time.Now()
		go func() {
			_, err := overlap.Values(pool.Run(other, c.Count, urls("http://site.example", 50), 50))
			if err != nil {
				t.Error(err)
			}
			ended <- time.Since(begin)
		}()
		results := pool.Run(one, c.Job(0), urls("http://site.example", 50), 50)
		require.Equal(t, time.Second, time.Since(begin))
		require.Equal(t, 50, overlap.Failures(results))
		require.Equal(t, time.Minute, <-ended)
		synctest.Wait()
		require.EqualValues(t, 50, n.Open(), "those of the others are idle")
	})
}

func TestTimeouts(t *testing.T) {
	for _, where := range []string{"while it connects", "before the answer", "in the body"} {
		t.Run(where, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				if where != "while it connects" {
					n.serve(t, func(w http.ResponseWriter, r *http.Request) {
						if r.URL.RawQuery == "quick" {
							return
						}
						if where == "in the body" {
							_, _ = w.Write(make([]byte, 5000))
							_ = http.NewResponseController(w).Flush()
						}
						<-r.Context().Done()
					})
				}
				c := n.client(t, name, 1, 3*time.Second)
				if where != "while it connects" {
					_, err := c.Job(0).Fetch(t.Context(), there+"?quick")
					require.NoError(t, err)
				}
				for i, job := range []func() error{
					func() error { _, err := c.Job(0).Fetch(t.Context(), there); return err },
					func() error { _, err := c.Count.Fetch(t.Context(), there); return err },
				} {
					begin := time.Now()
					err := job()
					require.ErrorContains(t, err, "get "+there+": ")
					require.Equal(t, 3*time.Second, time.Since(begin))
					timeout, ok := errors.AsType[net.Error](err)
					require.True(t, ok && timeout.Timeout(), "%v", err)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.Zero(t, n.Open())
					if where != "while it connects" {
						require.EqualValues(t, i+1, n.Dialed(), "it is not sent again")
					}
				}
			})
		})
	}
}

// A timeout is of each request: an idle connection has none.
func TestATimeoutIsOfOneRequest(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(http.ResponseWriter, *http.Request) { time.Sleep(2 * time.Second) })
		job := n.client(t, name, 1, 3*time.Second).Job(0)
		for range 5 {
			_, err := job.Fetch(t.Context(), there)
			require.NoError(t, err)
			time.Sleep(5 * time.Second)
		}
		require.EqualValues(t, 1, n.Opened())
	})
}

func TestADeadlineOfTheContext(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := n.client(t, name, 1, time.Minute).Job(0).Fetch(ctx, there)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
	})
}

// Once there is one for each request in flight, no other connection is opened, however many
// requests there are and whether they fail or not; and in the end none is left.
func TestConnectionsAreUsedAgain(t *testing.T) {
	const inFlight, pagesOf = 20, 200
	each(t, func(t *testing.T, name string, n *network) {
		site, err := mockserver.New(mockserver.Settings{Pages: pagesOf, Faults: mockserver.Faults{Status: 0.3}})
		require.NoError(t, err)
		n.serve(t, site.ServeHTTP)
		c := n.client(t, name, inFlight, time.Minute)
		require.NoError(t, c.Connect(t.Context(), "http://site.example"+mockserver.PagePath(0), inFlight))
		require.EqualValues(t, inFlight, n.Opened())
		synctest.Wait() // net/http's connections become idle by and by
		site.Reset()

		results := pool.Run(t.Context(), c.Job(0), urls("http://site.example", pagesOf), inFlight)
		failed := overlap.Failures(results)
		require.Positive(t, failed)
		require.Less(t, failed, pagesOf)
		require.LessOrEqual(t, site.Record().PeakInFlight, int64(inFlight))
		require.Zero(t, site.Record().Duplicates)
		require.EqualValues(t, inFlight, n.Opened())

		synctest.Wait()
		c.CloseIdleConnections()
		require.Zero(t, n.Open())
	})
}

// What the server closed while it was idle is no error.
func TestAnIdleConnectionThatTheServerCloses(t *testing.T) {
	for _, x := range []struct{ name, last string }{
		{"without a word", ""},
		{"with a status 408", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				closed := make(chan struct{})
				n.answer(t, func(i int, conn net.Conn, requests *bufio.Reader) {
					for served := 0; ; served++ {
						if i <= 3 && served == 1 { // those that Connect opened
							<-closed
							go func() { _, _ = io.Copy(io.Discard, requests) }()
							_ = conn.SetWriteDeadline(time.Now().Add(time.Second)) // nobody need read it
							_, _ = io.WriteString(conn, x.last)
							return
						}
						if _, err := http.ReadRequest(requests); err != nil {
							return
						}
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
					}
				})
				c := n.client(t, name, 3, time.Minute)
				require.NoError(t, c.Connect(t.Context(), there, 3))
				close(closed)
				if name == "nethttp" {
					time.Sleep(time.Minute) // it reads what comes in the background
				}
				for i := range 3 {
					body, err := c.Job(0).Fetch(t.Context(), there)
					require.NoError(t, err, i)
					require.Equal(t, "page", string(body.Bytes))
				}
			})
		})
	}
}

// A request is not sent again that a server may have begun to work on.
func TestWhatIsNotSentAgain(t *testing.T) {
	for _, x := range []struct {
		name, answer string
		is           error
	}{
		{"closed without an answer on a new connection", "", io.EOF},
		{"with a status 408 on a new connection", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", nil},
		{"closed in the header", "HTTP/1.1 200 OK\r\n", io.ErrUnexpectedEOF},
		{"closed in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", io.ErrUnexpectedEOF},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, name string, n *network) {
				var requestsSeen atomic.Int64
				n.answer(t, func(i int, conn net.Conn, requests *bufio.Reader) {
					for served := 0; ; served++ {
						if _, err := http.ReadRequest(requests); err != nil {
							return
						}
						requestsSeen.Add(1)
						if served == 0 && x.is == io.ErrUnexpectedEOF { // so that the next one is on a connection that was used
							_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
							continue
						}
						_, _ = io.WriteString(conn, x.answer)
						return
					}
				})
				job := n.client(t, name, 1, 0).Job(0)
				if x.is == io.ErrUnexpectedEOF {
					_, err := job.Fetch(t.Context(), there)
					require.NoError(t, err)
					requestsSeen.Store(0)
				}
				_, err := job.Fetch(t.Context(), there)
				if x.is == nil {
					require.ErrorAs(t, err, new(*pages.StatusError))
				} else {
					require.ErrorIs(t, err, x.is)
				}
				require.EqualValues(t, 1, requestsSeen.Load())
			})
		})
	}
}

// What follows an answer is not taken for the next one.
func TestMoreThanTheAnswer(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.always(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npageHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
		job := n.client(t, name, 1, 0).Job(0)
		for i := range 3 {
			body, err := job.Fetch(t.Context(), there)
			require.NoError(t, err)
			require.Equal(t, "page", string(body.Bytes))
			if name == "nethttp" {
				synctest.Wait()
			}
			require.EqualValues(t, i+1, n.Opened())
		}
	})
}

func TestAServerThatClosesEachConnection(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
		job := n.client(t, name, 1, 0).Job(0)
		for i := range 3 {
			_, err := job.Fetch(t.Context(), there)
			require.NoError(t, err)
			require.EqualValues(t, i+1, n.Opened())
			synctest.Wait()
			require.Zero(t, n.Open())
		}
	})
}

func TestConnectSaysWhatFailed(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		nowhere := newNetwork(t)
		require.NoError(t, nowhere.Close())
		c := nowhere.client(t, name, 2, 0)
		err := c.Connect(t.Context(), there, 2)
		require.ErrorContains(t, err, "open 2 connections: ")
		require.ErrorContains(t, err, "connection refused")
		require.ErrorContains(t, c.Connect(t.Context(), "http://[bad", 1), `parse "http://[bad"`)
	})
}

// A connection that is held when the context ends is of no more use.
func TestConnectEndsWithItsContext(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		var requests atomic.Int64
		n.serve(t, func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1) > 3 {
				<-r.Context().Done()
			}
			http.NotFound(w, r)
		})
		c := n.client(t, name, 5, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, c.Connect(ctx, there, 5), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
		synctest.Wait()
		require.Zero(t, n.Open())
	})
}

func TestConnectDoesNotMindTheStatus(t *testing.T) {
	each(t, func(t *testing.T, name string, n *network) {
		n.serve(t, http.NotFound)
		require.NoError(t, n.client(t, name, 7, 0).Connect(t.Context(), there, 7))
		require.EqualValues(t, 7, n.Open())
	})
}

// All clients bring the same pages, over real connections, as fetching without a network.
func TestAllClientsFetchTheSame(t *testing.T) {
	const n = 50
	settings := mockserver.Settings{Pages: n, PageSize: 9000}
	server, err := mockserver.Start("", settings)
	require.NoError(t, err)
	defer server.Close()
	transport, err := mockserver.NewTransport(settings)
	require.NoError(t, err)
	want, err := overlap.Values(sequential.Run(t.Context(), pages.Job(&http.Client{Transport: transport}, 0), urls(server.URL(), n)))
	require.NoError(t, err)
	eachReal(t, 8, func(t *testing.T, c client) {
		got, err := overlap.Values(pool.Run(t.Context(), c.Job(0), urls(server.URL(), n), 8))
		require.NoError(t, err)
		require.Equal(t, want, got)
		sizes, err := overlap.Values(pool.Run(t.Context(), c.Count, urls(server.URL(), n), 8))
		require.NoError(t, err)
		for i, size := range sizes {
			require.EqualValues(t, len(settings.Page(i)), size)
		}
	})
}

// Under a server that does all it can do wrong, each job ends in one result, and no
// connection is left.
func TestAgainstFaults(t *testing.T) {
	const n = 300
	server, err := mockserver.Start("", mockserver.Settings{Pages: n, Faults: mockserver.Faults{Status: 0.1, Reset: 0.1, Truncate: 0.1, Malformed: 0.1}})
	require.NoError(t, err)
	defer server.Close()
	eachReal(t, 30, func(t *testing.T, c client) {
		server.Reset()
		results := pool.Run(t.Context(), c.Job(0), urls(server.URL(), n), 30)
		require.Len(t, results, n)
		failed := overlap.Failures(results)
		require.Greater(t, failed, n/10)
		require.Less(t, failed, n/2)
		require.Zero(t, server.Record().Duplicates)
		for _, r := range results {
			if r.Err != nil {
				require.ErrorContains(t, r.Err, "get "+server.URL())
				require.NotErrorIs(t, r.Err, os.ErrDeadlineExceeded)
			}
		}
	})
}
