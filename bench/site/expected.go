package site

import (
	"context"
	"net/http"
	"strings"

	"example.com/overlap"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

// Expected are the right results of the pages workload for URLs of this site: those of a
// sequential run without latency and without network, as what their queries ask for is left
// out. The error is ctx's, or that a URL is no page of the site.
func (s *Site) Expected(ctx context.Context, urls []string) ([]overlap.Result[pages.Page], error) {
	transport, err := mockserver.NewTransport(s.Settings)
	if err != nil {
		return nil, err
	}
	plain := make([]string, len(urls))
	for i, url := range urls {
		plain[i], _, _ = strings.Cut(url, "?")
	}
	want := sequential.Run(ctx, pages.Job(&http.Client{Transport: transport}, 0), plain)
	for i := range want {
		want[i].Value.URL = urls[i] // with its query
	}
	return want, overlap.Errors(want)
}
