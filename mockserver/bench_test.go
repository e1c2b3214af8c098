package mockserver_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/overlap/mockserver"
	"github.com/stretchr/testify/require"
)

// benchConnections are enough that one is always ready.
const benchConnections = 64

// BenchmarkServer compares the mock server with a bare handler that writes the
// same bytes, over loopback and under a client in a process of its own:
// mock-started in the server that Start makes, the others in httptest's.
// server-ns/req and client-ns/req are the processor time of the two processes:
// the client is able to saturate the server while its own is the smaller.
//
// One run measures all rounds of one handler before the next begins, so drift
// looks like a difference. To compare, run the two in turn, ten times or more:
//
//	go test -c && for i in $(seq 10); do
//		for h in bare mock mock-started; do ./mockserver.test -test.run '^$' -test.bench Server/handler=$h'$'; done
//	done
func BenchmarkServer(b *testing.B) {
	serve := func(handler http.Handler) func(*testing.B) string {
		return func(b *testing.B) string {
			server := httptest.NewServer(handler)
			b.Cleanup(server.Close)
			return server.URL
		}
	}
	type served struct {
		name string
		url  func(*testing.B) string
	}
	var all []served
	for _, c := range handlers(b) {
		all = append(all, served{c.name, serve(c.handler)})
	}
	all = append(all, served{"mock-started", func(b *testing.B) string {
		server, err := mockserver.Start("", mockserver.Settings{})
		require.NoError(b, err)
		b.Cleanup(func() { _ = server.Close() })
		return server.URL()
	}})
	for _, c := range all {
		b.Run("handler="+c.name, func(b *testing.B) {
			client := startClient(b, c.url(b))
			b.Cleanup(func() { _ = client.orders.Close(); _ = client.cmd.Wait() }) // before the server waits for it
			client.order(b, benchConnections, 1000, "/page/7")
			whole, _ := client.answers(b)
			require.Equal(b, 1000, whole)
			before := processorTime()
			b.ResetTimer()
			client.order(b, benchConnections, b.N, "/page/7")
			whole, used := client.answers(b)
			b.StopTimer()
			require.Equal(b, b.N, whole)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
			if before >= 0 {
				b.ReportMetric(float64(processorTime()-before)/float64(b.N), "server-ns/req")
				b.ReportMetric(float64(used)/float64(b.N), "client-ns/req")
			}
		})
	}
}

// BenchmarkHandler is what the handlers themselves cost, without net/http.
func BenchmarkHandler(b *testing.B) {
	for _, c := range handlers(b) {
		b.Run("handler="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				w := &nowhere{header: http.Header{}}
				r := httptest.NewRequest("GET", "/page/7", nil)
				for pb.Next() {
					c.handler.ServeHTTP(w, r)
					clear(w.header) // as each response has its own
				}
			})
		})
	}
}

type namedHandler struct {
	name    string
	handler http.Handler
}

func handlers(b *testing.B) []namedHandler {
	page := mockserver.Settings{}.Page(7)
	bare := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }
	mock, err := mockserver.New(mockserver.Settings{})
	require.NoError(b, err)
	drawn, err := mockserver.New(mockserver.Settings{
		Latency: mockserver.Latency{Profile: mockserver.LogNormal, Mean: 1}, // drawn, and over at once
		Faults:  mockserver.Faults{Status: 1e-9},
	})
	require.NoError(b, err)
	return []namedHandler{{"bare", http.HandlerFunc(bare)}, {"mock", mock}, {"mock-drawn", drawn}}
}

type nowhere struct{ header http.Header }

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) WriteHeader(int)             {}

// BenchmarkPage is what a page beyond the kept ones costs.
func BenchmarkPage(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		mockserver.Settings{}.Page(i % 1000)
	}
}
