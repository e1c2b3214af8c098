package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/overlap"
	"example.com/overlap/bench/schedule"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/pages/clients"
)

func pagesWorkload() workload {
	return workload{
		name:  "pages",
		heeds: append(namesOf((*task).webFlags), "url-file"),
		check: func(t *task, flags *flag.FlagSet) error {
			if t.urlFile == "" {
				return t.checkWeb()
			}
			return cmp.Or(t.checkClient(), withURLs(flags))
		},
		run: console.runPages,
	}
}

// withURLs refuses what is for the mock server alone.
func withURLs(flags *flag.FlagSet) (err error) {
	names := append(namesOf(func(t *task, own *flag.FlagSet) { siteFlags(own, &t.site) }), "n")
	flags.Visit(func(f *flag.Flag) {
		if slices.Contains(names, f.Name) {
			err = fmt.Errorf("-%s is for the mock server, which -url-file does not use", f.Name)
		}
	})
	return err
}

// webFlags are those of a workload that fetches from the mock server.
func (t *task) webFlags(flags *flag.FlagSet) {
	siteFlags(flags, &t.site)
	// Other workloads have it too.
	flags.Lookup("seed").Usage = "`seed` of what is generated: pages with their waits and faults, the readings that rows asks for, files; same seed, same again"
	flags.StringVar(&t.client, "client", clients.Default, "the HTTP `client`: "+strings.Join(clients.Names(), ", "))
	flags.DurationVar(&t.timeout, "timeout", 30*time.Second, "`time` after which a request fails; 0 is never")
	flags.Int64Var(&t.maxBytes, "max-bytes", pages.MaxBytes, "`bytes` of a body at most; a larger one is an error")
}

// namesOf are the names of the flags that define defines.
func namesOf(define func(*task, *flag.FlagSet)) (names []string) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	define(new(task), flags)
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

func (t *task) checkWeb() error {
	if err := t.checkClient(); err != nil {
		return err
	}
	return checkSite(t.site)
}

func (t *task) checkClient() error {
	if err := atLeast("max-bytes", t.maxBytes, 1); err != nil {
		return err
	}
	if err := atLeast("timeout", t.timeout, 0); err != nil {
		return err
	}
	if err := clients.Check(t.client); err != nil {
		return fmt.Errorf("-client: %w", err)
	}
	return nil
}

func (c console) runPages(ctx context.Context, t task) (*report, error) {
	on := material[string, pages.Body, pages.Page]{sum: sumOfPages, label: func(k numbered[string]) string { return k.key }}
	if t.urlFile != "" {
		urls, err := c.readURLs(t.urlFile)
		if err != nil {
			return nil, misuse{err}
		}
		t.n, on.keys = len(urls), urls
		from := filepath.Base(t.urlFile)
		if t.urlFile == "-" {
			from = "standard input"
		}
		on.about = "URLs of " + from
	}
	if err := t.checkFiles(); err != nil {
		return nil, misuse{err}
	}
	if t.urlFile == "" {
		site, err := t.startSite()
		if err != nil {
			return nil, err
		}
		defer site.Close()
		for i := range t.n {
			on.keys = append(on.keys, site.PageURL(i))
			on.costs = append(on.costs, schedule.Job{Wait: t.site.Latency.For(t.site.Seed, mockserver.PagePath(i))})
		}
		on.label = func(k numbered[string]) string { return mockserver.PagePath(k.i) }
		on.about = t.latency()
		on.peak = func() int { return int(site.Record().PeakInFlight) }
	} else if err := mockserver.CheckFiles(t.inFlight()); err != nil {
		return nil, err
	}
	client, err := clients.New(t.client, t.inFlight(), t.timeout)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	on.job = client.Job(t.maxBytes)
	on.about, on.client = t.onClient(on.about), t.client
	return do(ctx, c, t, on)
}

// startSite starts a mock server of n pages. Both ends of each connection are in this
// process.
func (t task) startSite() (*mockserver.Server, error) {
	if err := mockserver.CheckFiles(2 * t.inFlight()); err != nil {
		return nil, err
	}
	t.site.Pages = t.n
	return mockserver.Start("", t.site)
}

// onClient puts the client before what a title says, unless it is the usual one.
func (t task) onClient(about string) string {
	if t.client == clients.Default {
		return about
	}
	return "on " + t.client + ", " + about
}

// latency is what a title says of the server.
func (t task) latency() string {
	if t.site.Latency.Profile == mockserver.Constant {
		return fmt.Sprintf("latency %v", t.site.Latency.Mean)
	}
	return fmt.Sprintf("latency %v %s", t.site.Latency.Mean, t.site.Latency.Profile)
}

func sumOfPages(results []overlap.Result[pages.Page]) (totals, string) {
	words, links := 0, 0
	for _, page := range valuesOf(results) {
		words += page.Words
		links += len(page.Links)
	}
	return totals{"words": int64(words), "links": int64(links)}, fmt.Sprintf("%d words, %d links", words, links)
}
