package mockserver

import (
	"bufio"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/pipes"
)

// bubbled runs a test with a server on pipes, in virtual time.
func bubbled(t *testing.T, settings Settings, test func(t *testing.T, s *Server, dial func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		if settings.MaxConnections == 0 {
			settings.MaxConnections = 100
		}
		log := new(logged)
		s, p := listenWith(t, settings, log)
		var conns []net.Conn
		t.Cleanup(func() {
			for _, conn := range conns {
				_ = conn.Close()
			}
			require.NoError(t, s.Close())
			time.Sleep(time.Minute) // whoever drips notices
			require.Zero(t, s.Record().InFlight)
			require.Zero(t, s.listening.listener.open.Load(), "connections that were never counted out")
			require.Empty(t, log.String())
		})
		test(t, s, func() net.Conn {
			conn, err := p.Dial(t.Context(), "", "")
			require.NoError(t, err)
			conns = append(conns, conn)
			return conn
		})
	})
}

// untilClosed reads to the end of the connection and returns what came, and when it ended.
func untilClosed(t *testing.T, conn net.Conn, begin time.Time) (text string, after time.Duration) {
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(all), time.Since(begin)
}

// drip sends text byte by byte, until it is through or nobody takes it.
func drip(conn net.Conn, text string, each time.Duration) {
	for i := range len(text) {
		if _, err := conn.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(each)
	}
}

const whole = "GET /page/0 HTTP/1.1\r\nHost: x\r\n\r\n"

// Who sends nothing, half a header, or a header that never ends has half a minute; and
// whoever sends it slowly but in time is answered.
func TestSlowHeaders(t *testing.T) {
	endless := whole[:len(whole)-2] + "A: " + strings.Repeat("a", 10_000)
	for name, send := range map[string]func(net.Conn){
		"nothing":                  nil,
		"half of one":              func(c net.Conn) { _, _ = io.WriteString(c, whole[:20]) },
		"no end of it":             func(c net.Conn) { drip(c, endless, 100*time.Millisecond) },
		"no end of its first line": func(c net.Conn) { drip(c, "GET /"+strings.Repeat("a", 10_000), 100*time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
				conn := dial()
				begin := time.Now()
				if send != nil {
					go send(conn)
				}
				text, after := untilClosed(t, conn, begin)
				require.Equal(t, headerTimeout, after)
				if text != "" { // net/http takes what it has of a first line for the line
					require.Contains(t, text, "400 Bad Request")
				}
				require.Zero(t, s.Record().Requests)
			})
		})
	}
	t.Run("slow, but in time", func(t *testing.T) {
		bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
			conn := dial()
			go drip(conn, whole, (headerTimeout-time.Second)/time.Duration(len(whole)))
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			require.Equal(t, 200, answer.StatusCode)
		})
	})
}

// The time for a second request begins with its first bytes: until then the connection is
// idle.
func TestSlowSecondHeader(t *testing.T) {
	bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
		conn := dial()
		answers := ask(t, conn, whole)
		time.Sleep(time.Minute)
		begin := time.Now()
		go drip(conn, whole[:len(whole)-2]+"A: "+strings.Repeat("a", 10_000), 10*time.Millisecond)
		rest, err := io.ReadAll(answers)
		require.NoError(t, err)
		require.Empty(t, rest)
		require.InDelta(t, headerTimeout.Seconds(), time.Since(begin).Seconds(), 0.1, "net/http waits for four bytes")
		require.EqualValues(t, 1, s.Record().Requests)
	})
}

// ask sends a request and reads its answer, which is 200; further ones follow.
func ask(t *testing.T, conn net.Conn, request string) *bufio.Reader {
	go func() { _, _ = io.WriteString(conn, request) }()
	answers := bufio.NewReader(conn)
	answer, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	require.Equal(t, 200, answer.StatusCode)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	return answers
}

func TestIdleConnectionsEnd(t *testing.T) {
	for name, send := range map[string]string{"nothing": "", "not enough to begin a request": "GET"} {
		t.Run(name, func(t *testing.T) {
			bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
				conn := dial()
				answers := ask(t, conn, whole)
				begin := time.Now()
				go drip(conn, send, time.Second)
				_, err := answers.ReadByte()
				require.ErrorIs(t, err, io.EOF)
				require.Equal(t, idleTimeout, time.Since(begin))
			})
		})
	}
}

// The answer comes at once, however the body does.
func TestSlowBodies(t *testing.T) {
	for name, request := range map[string]string{
		"for a page":             "POST /page/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"in chunks":              "POST /page/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
		"for what is no page":    "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"for the record":         "PUT /_overlap/record HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"for the record's reset": "POST /_overlap/record HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"for all":                "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"by HTTP/1.0":            "GET /page/0 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1000\r\n\r\n",
		"of a gigabyte":          "POST /page/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
				conn := dial()
				begin := time.Now()
				go func() {
					_, _ = io.WriteString(conn, request)
					drip(conn, strings.Repeat("1", 1000), 100*time.Millisecond)
				}()
				answers := bufio.NewReader(conn)
				answer, err := http.ReadResponse(answers, nil)
				require.NoError(t, err)
				require.Zero(t, time.Since(begin))
				require.True(t, answer.Close)
				_, err = io.Copy(io.Discard, answer.Body)
				require.NoError(t, err)
				_, err = answers.ReadByte()
				require.ErrorIs(t, err, io.EOF)
				require.LessOrEqual(t, time.Since(begin), bodyTimeout)
				if name != "of a gigabyte" { // which net/http does not begin to read
					require.Equal(t, bodyTimeout, time.Since(begin))
				}
			})
		})
	}
}

// A client that does not read is given up; one that reads slowly is not.
func TestSlowReaders(t *testing.T) {
	const size = 4 * writePiece
	t.Run("not at all", func(t *testing.T) {
		for _, query := range []string{"", "?fault=slow&pause=0", "?fault=malformed"} {
			bubbled(t, Settings{PageSize: size}, func(t *testing.T, s *Server, dial func() net.Conn) {
				conn := dial()
				_, err := io.WriteString(conn, strings.Replace(whole, "/page/0", "/page/0"+query, 1))
				require.NoError(t, err)
				time.Sleep(writeTimeout - time.Nanosecond)
				synctest.Wait()
				require.EqualValues(t, 1, s.Record().InFlight)
				require.Zero(t, s.Record().Cancelled)
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				require.Zero(t, s.Record().InFlight)
				require.EqualValues(t, 1, s.Record().Cancelled)
				_, err = io.ReadAll(conn)
				require.NoError(t, err, "closed")
			})
		}
	})
	t.Run("the answer that net/http writes", func(t *testing.T) {
		bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
			conn := dial()
			_, err := io.WriteString(conn, "nonsense\r\n")
			require.NoError(t, err)
			time.Sleep(writeTimeout)
			synctest.Wait()
			text, _ := untilClosed(t, conn, time.Now())
			require.Empty(t, text)
		})
	})
	t.Run("slowly", func(t *testing.T) {
		bubbled(t, Settings{PageSize: size}, func(t *testing.T, s *Server, dial func() net.Conn) {
			conn := dial()
			begin := time.Now()
			go func() {
				_, _ = io.WriteString(conn, strings.Replace(whole, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
			}()
			n, buffer := 0, make([]byte, 1024)
			for {
				read, err := conn.Read(buffer)
				n += read
				if err != nil {
					require.ErrorIs(t, err, io.EOF)
					break
				}
				time.Sleep(writeTimeout / 80) // 64 of them are a piece
			}
			require.Greater(t, n, size)
			require.Greater(t, time.Since(begin), 3*writeTimeout)
			require.Zero(t, s.Record().Cancelled)
		})
	})
}

// net/http does not see the end of a client that has sent more than one request.
func TestHangEndsOfItself(t *testing.T) {
	bubbled(t, Settings{}, func(t *testing.T, s *Server, dial func() net.Conn) {
		conn := dial()
		_, err := io.WriteString(conn, strings.Replace(whole, "/page/0", "/page/0?fault=hang", 1))
		require.NoError(t, err)
		synctest.Wait()
		_, err = io.WriteString(conn, "G")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		time.Sleep(maxHang - time.Nanosecond)
		synctest.Wait()
		require.EqualValues(t, 1, s.Record().InFlight)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Zero(t, s.Record().InFlight)
	})
}

func TestOneConnectionTooMany(t *testing.T) {
	settings := Settings{MaxConnections: 2}
	t.Run("who sends nothing is closed", func(t *testing.T) {
		bubbled(t, settings, func(t *testing.T, s *Server, dial func() net.Conn) {
			_, _ = dial(), dial()
			text, after := untilClosed(t, dial(), time.Now())
			require.Empty(t, text)
			require.Equal(t, refusalTimeout, after)
			require.EqualValues(t, 1, s.Record().Refused)
		})
	})
	t.Run("who sends is told at once", func(t *testing.T) {
		bubbled(t, settings, func(t *testing.T, s *Server, dial func() net.Conn) {
			_, _ = dial(), dial()
			conn := dial()
			begin := time.Now()
			go func() { _, _ = io.WriteString(conn, whole) }()
			text, after := untilClosed(t, conn, begin)
			require.Zero(t, after)
			require.Contains(t, text, "HTTP/1.1 503 Service Unavailable\r\n")
			require.Zero(t, s.Record().Requests)
		})
	})
	t.Run("who does not read is closed", func(t *testing.T) {
		bubbled(t, settings, func(t *testing.T, s *Server, dial func() net.Conn) {
			_, _ = dial(), dial()
			conn := dial()
			_, err := io.WriteString(conn, whole)
			require.NoError(t, err)
			time.Sleep(refusalTimeout)
			synctest.Wait()
			text, _ := untilClosed(t, conn, time.Now())
			require.Empty(t, text)
		})
	})
	t.Run("a crowd is closed without a word", func(t *testing.T) {
		bubbled(t, settings, func(t *testing.T, s *Server, dial func() net.Conn) {
			_, _ = dial(), dial()
			begin := time.Now()
			for range maxRefusals {
				dial()
			}
			_, after := untilClosed(t, dial(), begin)
			require.Zero(t, after)
			require.EqualValues(t, maxRefusals+1, s.Record().Refused)
			time.Sleep(refusalTimeout)
			synctest.Wait()
			_, after = untilClosed(t, dial(), time.Now())
			require.Equal(t, refusalTimeout, after, "there is room for a word again")
		})
	})
	t.Run("who leaves makes room", func(t *testing.T) {
		bubbled(t, settings, func(t *testing.T, s *Server, dial func() net.Conn) {
			first := dial()
			dial()
			for range 10 {
				require.NoError(t, first.Close())
				synctest.Wait()
				first = dial()
				ask(t, first, whole)
			}
			require.Zero(t, s.Record().Refused)
		})
	})
	t.Run("a shutdown does not wait", func(t *testing.T) {
		bubbled(t, settings, func(t *testing.T, s *Server, dial func() net.Conn) {
			_, _, _ = dial(), dial(), dial()
			synctest.Wait()
			begin := time.Now()
			require.NoError(t, s.Shutdown(t.Context()))
			require.Zero(t, time.Since(begin).Truncate(refusalTimeout))
		})
	})
}

// outOfFiles fails as accept does without a descriptor, until it is closed.
type outOfFiles struct {
	*pipes.Listener
	closed atomic.Bool
}

func (l *outOfFiles) Accept() (net.Conn, error) {
	if l.closed.Load() {
		return nil, net.ErrClosed
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
}

func (l *outOfFiles) Close() error {
	l.closed.Store(true)
	return l.Listener.Close()
}

// net/http would say so once a second, for as long as it lasts.
func TestLogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Settings{})
		require.NoError(t, err)
		log := new(logged)
		s.listen(&outOfFiles{Listener: pipes.Listen()}, 1, log)
		time.Sleep(time.Hour)
		require.NoError(t, s.Close())
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.Len(t, lines, maxLogEntries+1)
		for _, line := range lines[:maxLogEntries] {
			require.Contains(t, line, "too many open files; retrying in")
		}
		require.Equal(t, "mockserver: no more of this is told", lines[maxLogEntries])
	})
}

// A port that was just left can be had again, with connections of before in all states.
func TestStartAgainAtTheSameAddress(t *testing.T) {
	s, err := Start("", Settings{})
	require.NoError(t, err)
	addr := s.listening.listener.Addr().String()
	for i := range 20 {
		idle, waiting, fresh := dialTCP(t, s), dialTCP(t, s), dialTCP(t, s)
		ask(t, idle, whole)
		_, err = io.WriteString(waiting, strings.Replace(whole, "/page/0", "/page/0?fault=hang", 1))
		require.NoError(t, err)
		for s.Record().InFlight == 0 {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, s.Close())
		for _, conn := range []net.Conn{idle, waiting, fresh} {
			_, err := conn.Read(make([]byte, 1))
			require.Error(t, err, "of the server that is gone")
		}
		s, err = Start(addr, Settings{})
		require.NoError(t, err, i)
	}
	require.NoError(t, s.Close())
}

// Each client gives up at another moment: before it has sent all, while it waits, in a
// hang, in a slow body, and with its answer unread. Each request is told once, by its
// answer or as given up.
func TestRecordIsExactWhenClientsAbort(t *testing.T) {
	const rounds = 20
	aborts := []struct {
		request               string
		sent, reads           int
		seen, cancelled, page int64
	}{
		{request: whole, sent: 10},
		{request: whole, sent: len(whole) - 1},
		{request: "GET /page/1?latency=1h HTTP/1.1\r\nHost: x\r\n\r\n", sent: -1, seen: 1, cancelled: 1, page: 1},
		{request: "GET /page/2?fault=hang HTTP/1.1\r\nHost: x\r\n\r\n", sent: -1, seen: 1, cancelled: 1, page: 2},
		{request: "GET /page/3?fault=slow&pause=1m HTTP/1.1\r\nHost: x\r\n\r\n", sent: -1, reads: 1, seen: 1, cancelled: 1, page: 3},
		{request: "GET /page/4 HTTP/1.1\r\nHost: x\r\n\r\n", sent: -1, reads: 1, seen: 1, page: 4},
	}
	s, log := startLogged(t, Settings{}, 1000)
	want := Record{Paths: map[string]int64{}}
	var wg sync.WaitGroup
	for range rounds {
		for _, a := range aborts {
			want.Requests += a.seen
			want.Cancelled += a.cancelled
			if a.seen > 0 {
				want.Paths[PagePath(int(a.page))]++
			}
			conn := dialTCP(t, s)
			wg.Go(func() {
				text := a.request
				if a.sent >= 0 {
					text = text[:a.sent]
				}
				_, _ = io.WriteString(conn, text)
				for a.seen > 0 && s.Record().Paths[PagePath(int(a.page))] < rounds {
					time.Sleep(time.Millisecond) // until all of its kind are there
				}
				_, _ = conn.Read(make([]byte, a.reads))
				_ = conn.Close()
			})
		}
	}
	wg.Wait()
	for s.Record().InFlight > 0 || s.Record().Cancelled < want.Cancelled {
		time.Sleep(time.Millisecond)
	}
	record := s.Record()
	require.Equal(t, want.Requests, record.Requests)
	require.Equal(t, want.Cancelled, record.Cancelled)
	require.Equal(t, want.Paths, record.Paths)
	require.Equal(t, map[int]int64{200: 2 * rounds}, record.Status)
	require.Equal(t, map[Fault]int64{Hang: rounds, Slow: rounds}, record.Faults)
	require.Empty(t, log.String())
}

// The package comment's section on limits says the numbers of the code.
func TestLimitsAreAsDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "mockserver.go", nil, parser.ParseComments)
	require.NoError(t, err)
	_, limits, ok := strings.Cut(file.Doc.Text(), "# Limits\n")
	require.True(t, ok)
	for name, line := range map[string]string{
		"a query":              fmt.Sprintf("at most %d bytes; else 400", maxQuery),
		"buckets":              fmt.Sprintf("%d at once", maxBuckets),
		"a quotation":          fmt.Sprintf("at most %d bytes", maxQuoted),
		"a hang":               fmt.Sprintf("%v at the most", maxHang),
		"line and header":      fmt.Sprintf("%d KiB, and some 4 KiB", maxHeaderBytes>>10),
		"time for a header":    fmt.Sprintf("%v from the first byte", headerTimeout),
		"time for a body":      fmt.Sprintf("the answer does not wait for it; then %v until", bodyTimeout),
		"time between two":     fmt.Sprintf("%v;", idleTimeout),
		"time to take answers": fmt.Sprintf("%v for each %d KiB;", writeTimeout, writePiece>>10),
		"time for an answer":   "none",
		"entries in the log":   fmt.Sprintf("%d of what net/http logs", maxLogEntries),
	} {
		require.Regexp(t, `(?m)^\t`+name+` +`+regexp.QuoteMeta(line), limits)
	}
	require.Contains(t, limits, fmt.Sprintf("if that is within %v;", refusalTimeout))
	require.Contains(t, limits, "If "+strconv.Itoa(maxRefusals)+" are being told so")
	require.Contains(t, limits, fmt.Sprintf("up to %d MiB of pages", cacheBytes>>20))
	server := newHTTPServer(nil)
	require.Equal(t, maxHeaderBytes, server.MaxHeaderBytes)
	require.Zero(t, server.WriteTimeout, "no limit of time for an answer")
	require.Zero(t, server.ReadTimeout, "net/http would give up whoever waits for longer")
}
