package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"example.com/overlap/mockserver"
)

const serveManual = `
Usage: overlap serve [flags]

Serve is the mock server: a site of linked HTML pages, /page/0 and up, with the
latency and the faults that are asked for, here or in the query of each request
(/page/7?latency=50ms&fault=reset). It prints its address when it is ready.
/_overlap/record tells what it has seen, as JSON; DELETE clears that.

It refuses what would hold it up: headers over 16 KiB or over half a minute in the
coming (431, or closed), bodies (400), connections beyond -connections (503), and
closes those that are idle for two minutes. ` + "`go doc ./mockserver`" + ` has it all.

Ctrl-C or SIGTERM ends it once the requests in flight are answered, a second
Ctrl-C at once.

Exit status: 1 if it could not serve or had to cut requests off, 2 for bad usage.

Examples:
  overlap serve
  overlap serve -addr 127.0.0.1:8080 -latency 50ms -profile lognormal
  overlap serve -faults status=0.05,reset=0.01 -rate 200 -burst 20
  overlap serve -latency 20ms -profile heavy-tail -per-request
  overlap serve -addr 0.0.0.0:8080 -connections 10000
`

func isAddress(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil
}

func (c console) serve(ctx context.Context, flags *flag.FlagSet, args []string) int {
	var settings mockserver.Settings
	siteFlags(flags, &settings)
	addr := flags.String("addr", "127.0.0.1:0", "`host:port` to serve at; port 0 takes a free one, 0.0.0.0 lets other machines in")
	flags.IntVar(&settings.Pages, "n", 1000, "`pages` in the site")
	flags.IntVar(&settings.Order, "order", 1024, "`pages` whose order of arrival the record keeps")
	flags.IntVar(&settings.MaxConnections, "connections", 0, "`connections` that it holds at once, one more gets a 503; refused if the limit of open files is lower. 0 takes what that allows, and says so if it is under 10,000")
	drain := flags.Duration("drain", 10*time.Second, "`time` that requests in flight have to end")
	if status, ok := c.parse(flags, args); !ok {
		return status
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("%q is no flag, and serve takes no arguments", flags.Arg(0))
	case settings.Pages < 1:
		err = fmt.Errorf("-n is %d, want at least 1", settings.Pages)
	case settings.Order == 0:
		err = errors.New("-order is 0, want at least 1")
	case !isAddress(*addr):
		err = fmt.Errorf("-addr is %q, want host:port, such as 127.0.0.1:8080", *addr)
	case *drain < 0:
		err = fmt.Errorf("-drain is %v, want 0s or more", *drain)
	default:
		err = checkSite(settings)
	}
	if err != nil {
		return c.misused(flags, err)
	}
	if c.dry {
		return 0
	}
	if err := mockserver.CheckFiles(settings.MaxConnections); err != nil {
		return c.broken(flags, err)
	}
	if most := mockserver.MaxConnections(); settings.MaxConnections == 0 && most < 10_000 {
		fmt.Fprintf(c.stderr, "at most %d connections at once: the limit of open files (ulimit -n) allows no more\n", most)
	}
	if err := mockserver.Serve(ctx, c.stdout, *addr, settings, *drain); err != nil {
		return c.broken(flags, err)
	}
	return 0
}
