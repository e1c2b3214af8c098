//go:build pitfall

// A shop that thanks for an order at once and writes it down afterwards.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

//region handler

func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	s.writers.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := s.write(ctx); err != nil {
			s.lost.Add(1)
		}
	})
	fmt.Fprintln(w, "thank you for your order")
}

//endregion

//region shop

type Shop struct {
	writers       sync.WaitGroup
	slow          chan struct{} // closed when the database has time
	written, lost atomic.Int64
}

// write puts an order into the database, and gives up when ctx ends, as a
// transaction of database/sql does.
func (s *Shop) write(ctx context.Context) error {
	select {
	case <-s.slow:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.written.Add(1)
	return nil
}

//endregion

func main() {
	shop := &Shop{slow: make(chan struct{})}
	server := httptest.NewServer(shop)
	thanked := 0
	for range 10 {
		response, err := http.Get(server.URL)
		if err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		thanked++
	}
	close(shop.slow) // now that all customers have their answers
	server.Close()
	shop.writers.Wait()

	fmt.Println("customers who were thanked:", thanked)
	fmt.Println("orders in the database:    ", shop.written.Load())
	fmt.Println("context canceled:          ", shop.lost.Load())
	if shop.lost.Load() > 0 {
		os.Exit(1)
	}
}
