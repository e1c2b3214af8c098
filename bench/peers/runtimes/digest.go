package runtimes

import (
	"context"
	"fmt"
	"net/http"

	"example.com/overlap"
	"example.com/overlap/bench/peers/runtimes/client/model"
	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// expected is the digest of the site's pages, in turn, without a network.
func expected(ctx context.Context, s *site.Site, n int) (string, error) {
	transport, err := mockserver.NewTransport(s.Settings)
	if err != nil {
		return "", err
	}
	keys := make([]string, s.Settings.Pages)
	for i := range keys {
		keys[i] = s.PageURL(i)
	}
	found, err := overlap.Values(sequential.Run(ctx, pages.Job(&http.Client{Transport: transport}, 0), keys))
	if err != nil {
		return "", fmt.Errorf("the pages of the site: %w", err)
	}
	return model.Digest(n, func(i int) pages.Page { return found[i%len(found)] }), nil
}
