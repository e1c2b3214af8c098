package live

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/goroutines"
	"example.com/overlap/internal/pipes"
)

// A room is a server without a network, and clients of it. A pipe has no buffer: so a server's
// queue is all that waits for a client, and what is in the writer's hand.
type room struct {
	*Server
	pipes   *pipes.Listener
	clients Clients
	byHand  *[]*websocket.Conn // to be closed in the end
}

// bubble runs a test in virtual time, in a room that ends with it. It fails if anything is left
// of a connection, and, as all bubbles do, of a goroutine.
func bubble(t *testing.T, settings Settings, test func(t *testing.T, r room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(settings)
		require.NoError(t, err)
		p := pipes.Listen()
		s.listen(p)
		var byHand []*websocket.Conn
		defer func() {
			for _, conn := range byHand {
				_ = conn.CloseNow()
			}
			require.NoError(t, s.Close())
			synctest.Wait()
			require.Zero(t, p.Open(), "connections that the clients did not close")
		}()
		transport := &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}
		test(t, room{s, p, Clients{URL: "http://room.example", HTTP: &http.Client{Transport: transport}}, &byHand})
	})
}

// all runs as many clients as keys at once.
func (r room) all(t *testing.T, clients int) []Summary {
	t.Helper()
	summaries, err := overlap.Values(goroutines.Run(t.Context(), r.clients.Job(), numbers(clients)))
	require.NoError(t, err)
	return summaries
}

func numbers(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// balanced requires that the record accounts for every message offered.
func balanced(t *testing.T, r Record) {
	t.Helper()
	require.Equal(t, r.Offered, r.Delivered+r.Dropped+r.Lost, "%+v", r)
	require.Equal(t, r.Joined, r.Finished+r.TimedOut+r.Left, "%+v", r)
	require.Zero(t, r.In)
}
