package mockserver

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzServe: whatever bytes come on a connection, in pieces of whatever size, and whether
// the client stays or leaves when it has sent them: what comes back is an answer of HTTP
// or nothing at all, the connection ends in virtual time, every request is counted out
// and told once, and nothing is logged, least of all a panic.
func FuzzServe(f *testing.F) {
	for _, seed := range []string{
		"",
		"GET /page/0 HTTP/1.1\r\nHost: x\r\n\r\n",
		"HEAD /page/9 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /page/10 HTTP/1.0\r\n\r\n",
		"GET /page/1?fault=hang HTTP/1.1\r\nHost: x\r\n\r\nGET /page/2 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /page/1?fault=slow&pause=1m HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /page/1?fault=reset HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /page/1?fault=truncate HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /page/1?latency=1h&profile=heavy-tail&perrequest=true HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /page/1?status=599&rate=0.001 HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /page/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 500000\r\n\r\nabc",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
		"GET /_overlap/record HTTP/1.1\r\nHost: x\r\n\r\nDELETE /_overlap/record HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT other:443 HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET /page%2F%00/../1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /page/0\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 21_000),
	} {
		f.Add([]byte(seed), uint8(0), true)
		f.Add([]byte(seed), uint8(7), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, piece uint8, stays bool) {
		bubbled(t, Settings{Pages: 10, PageSize: 1024}, func(t *testing.T, s *Server, dial func() net.Conn) {
			conn := dial()
			go func() {
				for rest, n := raw, int(piece); len(rest) > 0; {
					if n == 0 || n > len(rest) {
						n = len(rest)
					}
					if _, err := conn.Write(rest[:n]); err != nil {
						return
					}
					rest = rest[n:]
				}
				if !stays {
					_ = conn.Close()
				}
			}()
			came, _ := io.ReadAll(conn) // an answer may end short, if that was asked for
			if len(came) > 0 {
				method, _, _ := bytes.Cut(raw, []byte(" "))
				answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(came)), &http.Request{Method: string(method)})
				require.NoError(t, err, "%q", came)
				require.GreaterOrEqual(t, answer.StatusCode, 100)
			}
			_ = conn.Close()
			time.Sleep(maxHang) // of who left after sending the next request
			synctest.Wait()
			record := s.Record()
			require.Zero(t, record.InFlight, "%q", came)
			if bytes.Contains(raw, []byte(RecordPath)) {
				return // it may have been cleared in the middle
			}
			told := record.Cancelled
			for _, n := range record.Status {
				told += n
			}
			require.GreaterOrEqual(t, told, record.Requests-record.Faults[Hang])
			pages := record.Other
			for _, n := range record.Paths {
				pages += n
			}
			require.Equal(t, record.Requests, pages)
		})
	})
}
