// Package client is what the clients in Go share, as client.py and client.mjs are for the
// others: their flags, the pages they fetch, what is measured, and how they end.
//
// A client is a command of its own, since all that a program is linked from may come to lie
// in its memory: with the libraries of the others, and of tests, each would show some
// megabytes that have nothing to do with what it does.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"example.com/overlap/bench/cost"
)

// An Order is what a client is told by its flags.
type Order struct {
	URL      string // where the site is: http://host:port
	Pages    int    // to fetch
	InFlight int    // at once
	Warm     int    // to fetch before, not measured
	Site     int    // pages that the site has
	Query    string // of each page
	Parse    bool   // read what pages say; else count their bytes
}

// errUsage is for flags that are wrong; package flag has said how.
var errUsage = errors.New("bad usage")

// Flags adds the flags that all clients have, and parses args.
func Flags(flags *flag.FlagSet, args []string) (Order, error) {
	var o Order
	flags.StringVar(&o.URL, "url", "", "where the site is: http://host:port")
	flags.IntVar(&o.Pages, "pages", 10_000, "pages to fetch")
	flags.IntVar(&o.InFlight, "in-flight", 100, "pages in flight at once")
	flags.IntVar(&o.Warm, "warm", 0, "pages to fetch before, at least those in flight; 0 is as many")
	flags.IntVar(&o.Site, "site", 1000, "pages that the site has")
	flags.StringVar(&o.Query, "query", "", "query of each page, such as latency=10ms")
	flags.BoolVar(&o.Parse, "parse", false, "read each page's title, links and words; else its bytes are only counted")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errUsage
	}
	if o.Warm == 0 {
		o.Warm = o.InFlight
	}
	for _, f := range []struct {
		name       string
		value, min int
	}{{"pages", o.Pages, 1}, {"in-flight", o.InFlight, 1}, {"warm", o.Warm, o.InFlight}, {"site", o.Site, 1}} {
		if f.value < f.min {
			return o, fmt.Errorf("--%s is %d, want at least %d", f.name, f.value, f.min)
		}
	}
	return o, nil
}

// Paths are those of the site's pages, with the query. They are made beforehand, as the keys
// of every model are; what a library makes of a URL is its own work.
func (o Order) Paths() []string {
	all := make([]string, o.Site)
	for i := range all {
		all[i] = "/page/" + strconv.Itoa(i)
		if o.Query != "" {
			all[i] += "?" + o.Query
		}
	}
	return all
}

// A Report is the line that a client prints.
type Report struct {
	Runtime string `json:"runtime"` // such as CPython 3.11.2, aiohttp 3.8.4
	Pages   int64  `json:"pages"`
	Bytes   int64  `json:"bytes"`            // of their bodies
	NS      int64  `json:"ns"`               // from the begin of the first to the end of the last
	CPUNS   int64  `json:"cpu_ns"`           // CPU time meanwhile, user and system, of all threads
	Digest  string `json:"digest,omitempty"` // of what the pages say, if they were parsed
}

// Found is what a client found in its pages.
type Found struct {
	Bytes  int64
	Digest func() string // of what they say, if they were parsed
}

// A Fetcher fetches pages 0 to n-1, in turn those of the site. It is called twice, one after
// the other.
type Fetcher func(ctx context.Context, n int) (Found, error)

// Run has the pages fetched, first those of the warm-up, prints the report, and waits for
// the end of in: until then the memory of this process can be looked at from outside.
func Run(ctx context.Context, o Order, library string, fetch Fetcher, in io.Reader, out io.Writer) error {
	if _, err := fetch(ctx, o.Warm); err != nil {
		return fmt.Errorf("warm-up: %w", err)
	}
	runtime.GC() // what the warm-up left behind is not measured
	cpu, err := cost.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	found, err := fetch(ctx, o.Pages)
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	used, err := cost.CPU()
	if err != nil {
		return err
	}
	report := Report{
		Runtime: runtime.Version() + ", " + library,
		Pages:   int64(o.Pages),
		Bytes:   found.Bytes,
		NS:      elapsed.Nanoseconds(),
		CPUNS:   (used - cpu).Nanoseconds(),
	}
	if found.Digest != nil {
		report.Digest = found.Digest()
	}
	if err := json.NewEncoder(out).Encode(report); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// Version is that of a module which is part of a program; empty if it is not.
func Version(program *debug.BuildInfo, module string) string {
	for _, m := range program.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return ""
}

// Exit ends a client: with status 0, or, if there is an error, with 1 and what it says. For
// bad usage the status is 2. (An interrupt ends it as any program in Go: at once, and without
// a word.)
func Exit(err error) {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case errors.Is(err, errUsage):
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
