// Command nethttp is the client on net/http, under one of the models.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"

	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/bench/peers/runtimes/client/model"
	"example.com/overlap/workload/pages"
)

func main() { client.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout)) }

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("nethttp", flag.ContinueOnError)
	under := flags.String("model", "pool", "sequential, goroutines-limit or pool")
	transport := flags.String("transport", "pages", "pages: with an idle connection for each page in flight; default: net/http's own, with two; direct: package pages' DirectTransport")
	o, err := client.Flags(flags, args)
	if err != nil {
		return err
	}
	// No time limit: ctx ends what hangs.
	var c *http.Client
	switch *transport {
	case "pages":
		c = pages.NewClient(o.InFlight, 0)
	case "default":
		c = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	case "direct":
		c = pages.NewDirectClient(o.InFlight, 0)
	default:
		return fmt.Errorf("--transport is %q, want pages, default or direct", *transport)
	}
	defer c.CloseIdleConnections()
	fetch, err := model.Fetcher(ctx, o, *under, model.HTTP{
		Count:   pages.Count(c),
		Parse:   pages.Job(c, 0),
		Connect: func(ctx context.Context, url string, n int) error { return pages.Connect(ctx, c, url, n) },
	})
	if err != nil {
		return err
	}
	return client.Run(ctx, o, "net/http, transport "+*transport+", model "+*under, fetch, in, out)
}
