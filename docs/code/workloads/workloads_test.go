package workloads_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/docs/code/workloads"
	"example.com/overlap/workload/pages"
)

// newspaper is a site of 21 pages: home links to four sections, each of them to four
// articles. A page takes 100 ms; the section /0 takes a second.
func newspaper() workloads.Job {
	return workloads.Job{
		Fetch: func(_ context.Context, url string) (string, error) {
			if strings.HasSuffix(url, "example/0") {
				time.Sleep(900 * time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond)
			return url, nil
		},
		Process: func(_ context.Context, url string) (pages.Page, error) {
			page := pages.Page{URL: url}
			for i := range 4 {
				page.Links = append(page.Links, fmt.Sprintf("%s/%d", strings.TrimSuffix(url, "/"), i))
			}
			return page, nil
		},
	}
}

// Both forms visit the same pages. Level by level, everyone waits for the slow section.
func TestCrawl(t *testing.T) {
	for _, c := range []struct {
		name  string
		crawl func(context.Context, workloads.Job, pages.Crawl) iter.Seq2[string, pages.Visit]
		want  time.Duration
	}{
		{"level by level", workloads.Levels, 1500 * time.Millisecond},
		{"with a frontier", workloads.Frontier, 1200 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			visited := map[string]bool{}
			var articles []time.Duration // when they were there
			for url, visit := range c.crawl(t.Context(), newspaper(), pages.Crawl{Seeds: []string{"http://news.example/"}, Depth: 2}) {
				require.NoError(t, visit.Err)
				visited[url] = true
				if visit.Depth == 2 {
					articles = append(articles, time.Since(began))
				}
			}
			fmt.Fprintf(t.Output(), "%s: the first article after %v, all %d pages after %v\n", c.name, articles[0], len(visited), time.Since(began))
			require.Len(t, visited, 21)
			require.Equal(t, c.want, time.Since(began))
		})
	}
}
