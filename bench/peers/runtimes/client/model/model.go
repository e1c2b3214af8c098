// Package model has the clients in Go that run pages through this module's models, whatever
// their library for HTTP.
package model

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"example.com/overlap"
	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// HTTP is a library's client for pages, of package pages or of one beside it.
type HTTP struct {
	Count   overlap.Job[string, int64, int64]
	Parse   overlap.Job[string, pages.Body, pages.Page]
	Connect func(ctx context.Context, url string, n int) error // opens connections, as pages.Connect does
}

// Fetcher returns a fetcher that runs the client's jobs under a model, sequential,
// goroutines-limit or pool, over the URLs of the pages. Its connections are open.
func Fetcher(ctx context.Context, o client.Order, model string, http HTTP) (client.Fetcher, error) {
	switch model {
	case "sequential":
		o.InFlight = 1
	case "goroutines-limit", "pool":
	default:
		return nil, fmt.Errorf("--model is %q, want sequential, goroutines-limit or pool", model)
	}
	urls := o.Paths()
	for i, path := range urls {
		urls[i] = o.URL + path
	}
	if err := http.Connect(ctx, urls[0], o.InFlight); err != nil {
		return nil, fmt.Errorf("get %s: %w", urls[0], err)
	}
	return func(ctx context.Context, n int) (client.Found, error) {
		keys := func(yield func(string) bool) {
			for i := 0; i < n && yield(urls[i%len(urls)]); i++ {
			}
		}
		if !o.Parse {
			return count(stream(ctx, model, http.Count, keys, o.InFlight))
		}
		results := run(ctx, model, sized(http.Parse), slices.Collect(keys), o.InFlight)
		var found client.Found
		for _, r := range results {
			found.Bytes += r.Value.size
		}
		found.Digest = func() string {
			return Digest(n, func(i int) pages.Page { return results[i].Value.Page })
		}
		return found, firstError(results)
	}, nil
}

// count adds up the bytes, and ends at the first page that fails: one says enough.
func count(results iter.Seq2[string, overlap.Result[int64]]) (found client.Found, err error) {
	for _, r := range results {
		if r.Err != nil {
			return found, r.Err
		}
		found.Bytes += r.Value
	}
	return found, nil
}

// Digest is one hash of all that n pages say, in their order: see the protocol.
func Digest(n int, page func(i int) pages.Page) string {
	all := sha256.New()
	for i := range n {
		p := page(i)
		fmt.Fprintf(all, "%s\t%d\t%s\t%x\n", p.Title, p.Words, strings.Join(p.Links, " "), p.Hash)
	}
	return hex.EncodeToString(all.Sum(nil))
}

// firstError is that of the first page that failed.
func firstError[R any](results []overlap.Result[R]) error {
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// run is for pages whose results are all kept, in their order.
func run[B, R any](ctx context.Context, model string, job overlap.Job[string, B, R], keys []string, inFlight int) []overlap.Result[R] {
	switch model {
	case "sequential":
		return sequential.Run(ctx, job, keys)
	case "goroutines-limit":
		return goroutines.RunLimit(ctx, job, keys, inFlight)
	default:
		return pool.Run(ctx, job, keys, inFlight)
	}
}

// stream is for pages of which only a sum is kept: in memory that does not grow with them, as
// the other runtimes' clients do it too.
func stream[B, R any](ctx context.Context, model string, job overlap.Job[string, B, R], keys iter.Seq[string], inFlight int) iter.Seq2[string, overlap.Result[R]] {
	switch model {
	case "sequential":
		return sequential.Stream(ctx, job, keys)
	case "goroutines-limit":
		return goroutines.StreamLimit(ctx, job, keys, inFlight)
	default:
		return pool.Stream(ctx, job, keys, inFlight)
	}
}

// A sizedPage is a page, and how many bytes it has.
type sizedPage struct {
	pages.Page
	size int64
}

func sized(job overlap.Job[string, pages.Body, pages.Page]) overlap.Job[string, pages.Body, sizedPage] {
	return overlap.Job[string, pages.Body, sizedPage]{
		Fetch: job.Fetch,
		Process: func(ctx context.Context, body pages.Body) (sizedPage, error) {
			page, err := job.Process(ctx, body)
			return sizedPage{page, int64(len(body.Bytes))}, err
		},
	}
}
