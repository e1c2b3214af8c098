package pages

import (
	"context"
	"errors"
	"io"
	"net/http"

	"example.com/overlap/workload/pages/internal/wire"
)

// Connect opens n connections to the server of a URL and leaves them idle in the
// client, so that a measurement begins with open ones: each request holds its
// answer until all have one, so no two share a connection. The client must keep
// as many idle ones ([NewClient]); what the answers say does not matter, but that
// they have a body.
func Connect(ctx context.Context, client *http.Client, url string, n int) error {
	return wire.Connect(n, func(hold func()) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		hold()
		_, err = io.Copy(io.Discard, response.Body)
		return errors.Join(err, response.Body.Close())
	})
}
