// Command fasthttp is the client on fasthttp, under one of the models.
package main

import (
	"context"
	"flag"
	"io"
	"os"
	"runtime/debug"

	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/bench/peers/runtimes/client/model"
	"example.com/overlap/workload/pages/fast"
)

func main() { client.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout)) }

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("fasthttp", flag.ContinueOnError)
	under := flags.String("model", "pool", "sequential, goroutines-limit or pool")
	o, err := client.Flags(flags, args)
	if err != nil {
		return err
	}
	c := fast.NewClient(o.InFlight, 0) // no time limit: ctx ends what hangs
	defer c.CloseIdleConnections()
	fetch, err := model.Fetcher(ctx, o, *under, model.HTTP{
		Count:   fast.Count(c),
		Parse:   fast.Job(c, 0),
		Connect: func(ctx context.Context, url string, n int) error { return fast.Connect(ctx, c, url, n) },
	})
	if err != nil {
		return err
	}
	library := "fasthttp"
	if info, ok := debug.ReadBuildInfo(); ok {
		library += " " + client.Version(info, "github.com/valyala/fasthttp")
	}
	return client.Run(ctx, o, library+", model "+*under, fetch, in, out)
}
