package pipes_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/pipes"
)

func TestAServerOnPipes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipes.Listen()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Hour)
			_, _ = io.WriteString(w, "hello")
		})}
		go func() { _ = server.Serve(listener) }()
		client := &http.Client{Transport: &http.Transport{DialContext: listener.Dial}}
		begin := time.Now()
		for range 2 {
			response, err := client.Get("http://anywhere.example")
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, "hello", string(text))
		}
		require.Equal(t, 2*time.Hour, time.Since(begin), "virtual")
		require.EqualValues(t, 1, listener.Dialed(), "it is kept")
		require.EqualValues(t, 1, listener.Opened())
		require.EqualValues(t, 1, listener.Open())
		client.CloseIdleConnections()
		require.Zero(t, listener.Open())

		require.NoError(t, server.Close())
		_, err := client.Get("http://anywhere.example")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.EqualValues(t, 2, listener.Dialed())
		require.EqualValues(t, 1, listener.Opened())
	})
}

func TestWhoeverClosesItCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipes.Listen()
		var there net.Conn
		go func() { there, _ = listener.Accept() }()
		here, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, there.Close())
		require.EqualValues(t, 1, listener.Open(), "it is the client's end that counts")
		_, err = here.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, here.Close())
		require.NoError(t, here.Close())
		require.Zero(t, listener.Open())
	})
}

func TestNobodyAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipes.Listen()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, err := listener.Dial(ctx, "", "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(begin))
		require.EqualValues(t, 1, listener.Dialed())
		require.Zero(t, listener.Opened()+listener.Open())

		go func() {
			time.Sleep(time.Minute)
			_ = listener.Close()
		}()
		_, err = listener.Dial(t.Context(), "", "")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		_, err = listener.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, listener.Close(), net.ErrClosed, "the second time")
	})
}
