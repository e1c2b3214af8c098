// Package workloads is the code that the chapter on the workloads shows, beside theirs.
package workloads

import (
	"context"
	"iter"

	"example.com/overlap"
	"example.com/overlap/pool"
	"example.com/overlap/workload/pages"
)

// A Job fetches a page, and finds its links.
type Job = overlap.Job[string, string, pages.Page]

// Levels crawls a site level by level, with four pages in flight.
func Levels(ctx context.Context, job Job, crawl pages.Crawl) iter.Seq2[string, pages.Visit] {
	four := func(ctx context.Context, job Job, urls []string) []overlap.Result[pages.Page] {
		return pool.Run(ctx, job, urls, 4)
	}
	return pages.CrawlLevels(ctx, job, four, crawl)
}

// Frontier crawls a site with four pages in flight, each as soon as it is found.
func Frontier(ctx context.Context, job Job, crawl pages.Crawl) iter.Seq2[string, pages.Visit] {
	four := func(ctx context.Context, job Job, urls iter.Seq[string]) iter.Seq2[string, overlap.Result[pages.Page]] {
		return pool.Stream(ctx, job, urls, 4)
	}
	return pages.CrawlFrontier(ctx, job, four, crawl)
}
