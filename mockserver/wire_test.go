package mockserver

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// logged is a log that a test can read while others write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startLogged is Start with a log of the test's own.
func startLogged(t *testing.T, settings Settings, most int) (*Server, *logged) {
	s, err := New(settings)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	log := new(logged)
	s.listen(listener, most, log)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, log
}

func dialTCP(t *testing.T, s *Server) net.Conn {
	c, err := net.Dial("tcp", s.listening.listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Whatever comes, the answer is that of the package comment; and what comes behind it is
// a request of its own or none at all.
func TestWhatComesOnTheWire(t *testing.T) {
	s, log := startLogged(t, Settings{Pages: 10}, 100)
	const end = " HTTP/1.1\r\nHost: x\r\n\r\n"
	const get = "GET /page/0 HTTP/1.1\r\nHost: x\r\n"
	const hidden = "GET /page/1" + end
	const page = "<title>Page 0</title>"
	const stays, closes = false, true
	for _, c := range []struct {
		name, raw string
		status    int
		says      string
		closed    bool
		requests  int64 // that the record knows of
	}{
		{"a page", "GET /page/0" + end, 200, page, stays, 1},
		{"two slashes", "GET //page/0" + end, 404, "//page/0 is no page", stays, 1},
		{"two slashes within", "GET /page//0" + end, 404, "/page//0 is no page", stays, 1},
		{"a dot", "GET /./page/0" + end, 404, "is no page", stays, 1},
		{"two dots", "GET /page/../page/0" + end, 404, "is no page", stays, 1},
		{"two dots in disguise", "GET /page/%2e%2e/page/0" + end, 404, "/page/%2e%2e/page/0 is no page", stays, 1},
		{"above the root", "GET /../../etc/passwd" + end, 404, "/../../etc/passwd is no page", stays, 1},
		{"a letter in disguise", "GET /%70age/0" + end, 404, "/%70age/0 is no page", stays, 1},
		{"a slash in disguise", "GET /page%2F0" + end, 404, "/page%2F0 is no page", stays, 1},
		{"a digit in disguise", "GET /page/%30" + end, 404, "/page/%30 is no page", stays, 1},
		{"a backslash", "GET /page%5C0" + end, 404, "/page%5C0 is no page", stays, 1},
		{"a NUL in disguise", "GET /page/0%00" + end, 404, "/page/0%00 is no page", stays, 1},
		{"an escape for terminals", "GET /%1b[2J" + end, 404, "/%1b[2J is no page", stays, 1},
		{"a tag", "GET /<script>" + end, 404, "/%3Cscript%3E is no page", stays, 1},
		{"a fragment", "GET /page/0#top" + end, 404, "/page/0%23top is no page", stays, 1},
		{"a NUL", "GET /page/0\x00" + end, 400, "", closes, 0},
		{"no escape", "GET /%zz" + end, 400, "", closes, 0},
		{"a relative path", "GET page/0" + end, 400, "", closes, 0},
		{"a long path", "GET /" + strings.Repeat("a", 16_000) + end, 404, "/" + strings.Repeat("a", maxQuoted-1) + "... is no page", stays, 1},
		{"too long a path", "GET /" + strings.Repeat("a", 21_000) + end, 431, "", closes, 0},
		{"the record in disguise", "DELETE /_overlap%2Frecord" + end, 404, "/_overlap%2Frecord is no page", stays, 1},

		{"a long query", "GET /page/0?" + strings.Repeat("a", maxQuery) + end, 400, "is unknown, want one of", stays, 1},
		{"too long a query", "GET /page/0?" + strings.Repeat("a", maxQuery+1) + end, 400, "query: is of 1025 bytes, want at most 1024", stays, 1},
		{"a query of many parameters", "GET /page/0?" + strings.Repeat("a&", 8_000) + end, 400, "query: is of 16000 bytes", stays, 1},
		{"a semicolon", "GET /page/0?a;b" + end, 400, "query: invalid semicolon", stays, 1},

		{"an absolute URI", "GET http://other/page/0" + end, 200, page, stays, 1},
		{"an absolute URI without a path", "GET http://other" + end, 404, "/ is no page", stays, 1},
		{"a URI of another kind", "GET mailto:x" + end, 404, "/ is no page", stays, 1},
		{"a broken URI", "GET http://[::1/page/0" + end, 400, "", closes, 0},
		{"CONNECT", "CONNECT other:443" + end, 404, "/ is no page", stays, 1},
		{"CONNECT to a page", "CONNECT /page/0" + end, 405, "CONNECT is not for pages", stays, 1},
		{"OPTIONS of all", "OPTIONS *" + end, 404, "* is no page", stays, 1},
		{"OPTIONS of all with a body", "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 404, "* is no page", closes, 1},
		{"TRACE", "TRACE /page/0" + end, 405, "TRACE is not for pages", stays, 1},
		{"a method nobody knows", "PURGE /page/0" + end, 405, "PURGE is not for pages", stays, 1},
		{"a method in small letters", "get /page/0" + end, 405, "get is not for pages", stays, 1},
		{"a long method", strings.Repeat("M", 5_000) + " /page/0" + end, 405, strings.Repeat("M", maxQuoted) + "... is not for pages", stays, 1},
		{"a long method for the record", strings.Repeat("M", 5_000) + " " + RecordPath + end, 405, strings.Repeat("M", maxQuoted) + "... is not for the record", stays, 0},
		{"a method that is none", "G\x01T /page/0" + end, 400, "", closes, 0},

		{"HTTP/1.0", "GET /page/0 HTTP/1.0\r\n\r\n", 200, page, closes, 1},
		{"HTTP/1.0 that keeps alive", "GET /page/0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, page, stays, 1},
		{"HTTP/0.9", "GET /page/0\r\n", 400, "", closes, 0},
		{"HTTP/2 without a preface", "GET /page/0 HTTP/2.0\r\nHost: x\r\n\r\n", 505, "", closes, 0},
		{"HTTP/2 with it", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 404, "* is no page", closes, 1},
		{"HTTP/3", "GET /page/0 HTTP/3.0\r\nHost: x\r\n\r\n", 505, "", closes, 0},
		{"TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n\n", 400, "", closes, 0},
		{"SSH", "SSH-2.0-OpenSSH_9.6\r\n", 400, "", closes, 0},
		{"an upgrade to WebSocket", get + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", 200, page, stays, 1},
		{"an upgrade to HTTP/2", get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 200, page, stays, 1},
		{"expects more than one can", get + "Expect: tea\r\n\r\n", 417, "", closes, 0},

		{"no Host", "GET /page/0 HTTP/1.1\r\n\r\n", 400, "missing required Host", closes, 0},
		{"two Hosts", get + "Host: y\r\n\r\n", 400, "", closes, 0},
		{"a Host that is none", "GET /page/0 HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed Host", closes, 0},

		{"a long header", get + "A: " + strings.Repeat("a", 16_000) + "\r\n\r\n", 200, page, stays, 1},
		{"too long a header", get + "A: " + strings.Repeat("a", 21_000) + "\r\n\r\n", 431, "", closes, 0},
		{"many fields", get + strings.Repeat("a:\r\n", 4_000) + "\r\n", 200, page, stays, 1},
		{"too many fields", get + strings.Repeat("a:\r\n", 5_200) + "\r\n", 431, "", closes, 0},
		{"a field that is none", get + "no colon\r\n\r\n", 400, "", closes, 0},
		{"a NUL in a field", get + "A: \x00\r\n\r\n", 400, "", closes, 0},
		{"a space before a colon", get + "Content-Length : 5\r\n\r\n", 400, "", closes, 0},

		{"a body", get + "Content-Length: 5\r\n\r\nabcde", 400, "has no body", closes, 1},
		{"a body that is expected first", get + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 400, "has no body", closes, 1},
		{"a body in chunks", get + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 400, "has no body", closes, 1},
		{"a body in chunks that are none", get + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "has no body", closes, 1},
		{"a large body", "POST /page/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("a", 1_000_000), 405, "POST is not for pages", closes, 1},
		{"a body for what is no page", "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde", 404, "/x is no page", closes, 1},
		{"a body for the record", "POST " + RecordPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde", 200, "cleared", closes, 0},
		{"a request in a body", get + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 400, "has no body", closes, 1},
		{"a request in a body of no length", get + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 400, "has no body", closes, 1},
		{"a request after a body", get + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde" + hidden, 400, "has no body", closes, 1},
		{"chunks of HTTP/1.0, which has none", "GET /page/0 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 200, page, closes, 1},
		{"two lengths", get + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "", closes, 0},
		{"a length below 0", get + "Content-Length: -1\r\n\r\n", 400, "", closes, 0},
		{"a length with a sign", get + "Content-Length: +5\r\n\r\n", 400, "", closes, 0},
		{"a length beyond all", get + "Content-Length: 99999999999999999999\r\n\r\n", 400, "", closes, 0},
		{"a coding nobody knows", get + "Transfer-Encoding: gzip\r\n\r\n", 501, "", closes, 0},
		{"chunks in chunks", get + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, "", closes, 0},
		{"two codings", get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 501, "", closes, 0},
		{"a coding in disguise", get + "Transfer-Encoding:\x0bchunked\r\n\r\n", 400, "", closes, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Reset()
			conn := dialTCP(t, s)
			go func() {
				_, _ = io.WriteString(conn, c.raw+"GET /page/9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			}()
			answers := bufio.NewReader(conn)
			read := func() (status int, text string) {
				r, err := http.ReadResponse(answers, nil)
				require.NoError(t, err)
				defer r.Body.Close()
				body, err := io.ReadAll(r.Body)
				require.NoError(t, err)
				return r.StatusCode, string(body)
			}
			status, text := read()
			require.Equal(t, c.status, status, text)
			require.Contains(t, text, c.says)
			require.Less(t, len(text), 2049, "no more than a page")
			if !c.closed {
				c.requests++
				status, text = read()
				require.Equal(t, 200, status)
				require.Contains(t, text, "<title>Page 9</title>")
			}
			// A reset may come in place of an end, where net/http closes what it has not read.
			rest, _ := io.ReadAll(answers)
			require.Empty(t, rest, "no further answer")
			require.NoError(t, conn.Close())
			record := s.Record()
			require.Equal(t, c.requests, record.Requests)
			require.Zero(t, record.Paths["/page/1"], "what was hidden was asked for")
			require.Zero(t, record.InFlight)
		})
	}
	require.Empty(t, log.String())
}

// Requests that are sent together are answered in their order, each once.
func TestPipelinedRequestsAreAnsweredInTurn(t *testing.T) {
	s, _ := startLogged(t, Settings{Pages: 100, Order: 100}, 100)
	conn := dialTCP(t, s)
	var sent strings.Builder
	var want []string
	for i := range 100 {
		sent.WriteString("GET " + PagePath(i) + " HTTP/1.1\r\nHost: x\r\n\r\n")
		want = append(want, PagePath(i))
	}
	go func() { _, _ = io.WriteString(conn, sent.String()) }()
	answers := bufio.NewReader(conn)
	for i := range 100 {
		r, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, Settings{Pages: 100}.Page(i), body)
	}
	require.Equal(t, want, s.Record().Order)
	require.EqualValues(t, 1, s.Record().PeakInFlight)
}

// One connection too many has its answer over TCP, and no reset before it; when one of
// the others has ended there is a place again.
func TestTooManyConnectionsOverTCP(t *testing.T) {
	s, log := startLogged(t, Settings{}, 2)
	ask := func(conn net.Conn) (*http.Response, string) {
		long := strings.Repeat("a", 10_000) // of which a refusal leaves something unread
		_, err := io.WriteString(conn, "GET /page/0 HTTP/1.1\r\nHost: x\r\nA: "+long+"\r\n\r\n")
		require.NoError(t, err)
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r, string(body)
	}
	first, second := dialTCP(t, s), dialTCP(t, s)
	for _, conn := range []net.Conn{first, second} {
		r, _ := ask(conn)
		require.Equal(t, 200, r.StatusCode)
	}
	const refused = 100
	for range refused {
		conn := dialTCP(t, s)
		r, text := ask(conn)
		require.Equal(t, 503, r.StatusCode)
		require.Equal(t, "1", r.Header.Get("Retry-After"))
		require.True(t, r.Close)
		require.Equal(t, "too many connections: this server holds 2 at once\n", text)
		n, err := conn.Read(make([]byte, 1))
		require.Zero(t, n)
		require.ErrorIs(t, err, io.EOF, "closed")
		require.NoError(t, conn.Close())
	}
	for _, conn := range []net.Conn{first, second} {
		r, _ := ask(conn)
		require.Equal(t, 200, r.StatusCode, "who is there stays")
	}
	record := s.Record()
	require.EqualValues(t, refused, record.Refused)
	require.EqualValues(t, 4, record.Requests)
	s.Reset()
	require.Zero(t, s.Record().Refused)

	require.NoError(t, first.Close())
	for { // the server has yet to notice
		conn := dialTCP(t, s)
		r, _ := ask(conn)
		if r.StatusCode == 200 {
			break
		}
		require.NoError(t, conn.Close())
		time.Sleep(time.Millisecond)
	}
	require.Empty(t, log.String())
}

// A connection that was taken over and reset has given its place back.
func TestResetGivesItsPlaceBack(t *testing.T) {
	s, _ := startLogged(t, Settings{Faults: Faults{Reset: 1}}, 1)
	for range 50 {
		conn := dialTCP(t, s)
		_, err := io.WriteString(conn, "GET /page/0 HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		_, err = io.ReadAll(conn)
		require.ErrorContains(t, err, "reset")
	}
	require.Zero(t, s.Record().Refused)
}

func TestMoreConnectionsThanThereCanBe(t *testing.T) {
	if MaxConnections() > 1<<40 {
		t.Skip("no limit of open files here")
	}
	_, err := Start("", Settings{MaxConnections: MaxConnections() + 1})
	require.ErrorContains(t, err, "mockserver: ")
	require.ErrorContains(t, err, "this process may open")
	s, err := Start("", Settings{MaxConnections: MaxConnections()})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
