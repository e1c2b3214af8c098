package pages

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"example.com/overlap"
)

// Count returns the workload without the work, for measuring a client by itself: the key is
// a URL, the result how many bytes its body has. They are discarded as they come, as a load
// generator does it.
//
// Errors are those of [Job] with a maxBytes of zero, but that the encoding does not matter.
func Count(client *http.Client) overlap.Job[string, int64, int64] {
	return overlap.Job[string, int64, int64]{
		Fetch:   func(ctx context.Context, url string) (int64, error) { return count(ctx, client, url) },
		Process: func(_ context.Context, bytes int64) (int64, error) { return bytes, nil },
	}
}

func count(ctx context.Context, client *http.Client, rawURL string) (int64, error) {
	response, name, err := get(ctx, client, rawURL)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.ContentLength > MaxBytes {
		return 0, &TooLargeError{name, MaxBytes}
	}
	n, err := io.Copy(io.Discard, io.LimitReader(response.Body, oneMore(MaxBytes)))
	switch {
	case err != nil:
		return 0, fmt.Errorf("get %s: body: %w", name, err)
	case n > MaxBytes:
		return 0, &TooLargeError{name, MaxBytes}
	}
	return n, nil
}
