package main

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"strings"

	"example.com/overlap"
	"example.com/overlap/internal/spell"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

func crawlWorkload() workload {
	return workload{
		name:  "crawl",
		heeds: append(namesOf((*task).webFlags), "depth", "levels"),
		check: func(t *task, _ *flag.FlagSet) error {
			if err := atLeast("depth", t.depth, 0); err != nil {
				return err
			}
			return t.checkWeb()
		},
		run: console.runCrawl,
	}
}

func (t *task) crawlFlags(flags *flag.FlagSet) {
	flags.IntVar(&t.depth, "depth", 3, "`links` from the first page, at most")
	flags.BoolVar(&t.levels, "levels", false, "wait for all pages of a level before the next begins, as models without a Stream must")
}

func (c console) runCrawl(ctx context.Context, t task) (*report, error) {
	if err := t.checkFiles(); err != nil {
		return nil, misuse{err}
	}
	site, err := t.startSite()
	if err != nil {
		return nil, err
	}
	defer site.Close()
	client, err := clients.New(t.client, t.inFlight(), t.timeout)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()

	crawl := pages.Crawl{Seeds: []string{site.PageURL(0)}, Depth: t.depth}
	way := "without a barrier"
	if model, _ := modelOf[int, int, int](t); t.levels || model.Stream == nil {
		t.levels, way = true, "level by level"
	}
	deepest := 0
	return do(ctx, c, t, material[string, pages.Body, pages.Page]{
		job:    client.Job(t.maxBytes),
		client: t.client,
		label:  func(k numbered[string]) string { return strings.TrimPrefix(k.key, site.URL()) },
		about:  t.onClient(t.latency() + ", " + way),
		peak:   func() int { return int(site.Record().PeakInFlight) },
		sum: func(results []overlap.Result[pages.Page]) (totals, string) {
			all, words := sumOfPages(results)
			all["depth"] = int64(deepest)
			return all, fmt.Sprintf("%s; up to %s from the first page, %s", words, spell.Count(deepest, "link"), way)
		},
		walk: func(ctx context.Context, model pageModel, job pageJob) []overlap.Result[pages.Page] {
			w := walk{model: model, job: job}
			visits := pages.CrawlFrontier(ctx, client.Job(t.maxBytes), w.stream, crawl)
			if t.levels {
				visits = pages.CrawlLevels(ctx, client.Job(t.maxBytes), w.run, crawl)
			}
			for _, visit := range visits {
				deepest = max(deepest, visit.Depth)
			}
			return w.results
		},
	})
}

type (
	pageJob   = watchedJob[string, pages.Body, pages.Page]
	pageModel = watchedModel[string, pages.Body, pages.Page]
)

// A walk numbers the pages as they are found, and keeps their results by these numbers. What
// it gives the crawl for a model does the job that is watched, in place of the crawl's.
type walk struct {
	model   pageModel
	job     pageJob
	results []overlap.Result[pages.Page]
}

func (w *walk) run(ctx context.Context, _ overlap.Job[string, pages.Body, pages.Page], urls []string) []overlap.Result[pages.Page] {
	keys := number(urls)
	for i := range keys {
		keys[i].i += len(w.results)
	}
	results := w.model.Run(ctx, w.job, keys)
	w.results = append(w.results, results...)
	return results
}

func (w *walk) stream(ctx context.Context, _ overlap.Job[string, pages.Body, pages.Page], urls iter.Seq[string]) iter.Seq2[string, overlap.Result[pages.Page]] {
	keys := func(yield func(numbered[string]) bool) {
		i := 0
		for url := range urls {
			if !yield(numbered[string]{i, url}) {
				return
			}
			i++
		}
	}
	return func(yield func(string, overlap.Result[pages.Page]) bool) {
		for k, result := range w.model.Stream(ctx, w.job, keys) {
			w.results = append(w.results, make([]overlap.Result[pages.Page], max(0, k.i+1-len(w.results)))...)
			w.results[k.i] = result
			if !yield(k.key, result) {
				return
			}
		}
	}
}
