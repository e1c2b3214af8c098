package pages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Connect opens n connections to the server of a URL and leaves them idle in the
// client, so that a measurement begins with open ones: each request holds its
// answer until all have one, so no two share a connection. The client must keep
// as many idle ones ([NewClient]); what the answers say does not matter.
func Connect(ctx context.Context, client *http.Client, url string, n int) error {
	var all, answered sync.WaitGroup
	errs := make([]error, n)
	answered.Add(n)
	for i := range n {
		all.Go(func() {
			response, err := get(ctx, client, url)
			answered.Done()
			if err != nil {
				errs[i] = err
				return
			}
			answered.Wait()
			_, err = io.Copy(io.Discard, response.Body)
			errs[i] = errors.Join(err, response.Body.Close())
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("open %d connections: %w", n, err)
	}
	return nil
}

func get(ctx context.Context, client *http.Client, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}
