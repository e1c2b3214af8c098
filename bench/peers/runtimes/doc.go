// Package runtimes measures clients that fetch pages, in Go and in what else is used for it:
// Python, Node.js, and wrk, which is the limit of what a client can do. All fetch the same
// pages from the same mock server, package site's, which is a process of its own.
//
//	make bin; cd bench/peers
//	../../bin/overlap bench -pkg ./runtimes -bench Clients -benchtime 1x
//	../../bin/overlap bench -pkg ./runtimes -bench Clients -benchtime 1x -- -python python3.13
//	go run ./bars FILE...
//
// # What is measured
//
//	BenchmarkClients  ns/op: the makespan of a number of pages, at most so many of them in flight;
//	                  cpu-ns/job: the client's CPU time over the pages; peak-rss-B: its resident
//	                  memory at its highest; x-ideal: the makespan over that of the waits alone;
//	                  peak-inflight: requests that the server saw at once, at most
//	BenchmarkSwitch   the rows of Node beside those of package asyncio, and what they are compared
//	                  with: ns/op is a turn of one of the tasks, which give way in turn
//	BenchmarkWaiting  likewise, for tasks that sleep: B/job and us/job; -million has a million
//
// With work=discard bodies are read and thrown away. With work=parse each page is parsed, by
// the parser that the field uses: golang.org/x/net/html, html.parser, htmlparser2; and what
// was read must be the same.
//
// # The rows
//
//	python-sequential            http.client, one page after another
//	python-threads               http.client, a thread for each page in flight
//	asyncio-executor             the same threads, from asyncio, by run_in_executor
//	asyncio-aiohttp              aiohttp, on asyncio's own loop
//	asyncio-aiohttp-lean         aiohttp without what can be done without: cookies, timers
//	asyncio-streams              HTTP by hand over asyncio's streams
//	asyncio-protocol             HTTP by hand as an asyncio protocol: the least that it takes
//	asyncio-...-uvloop           the same, on uvloop's loop
//	node-fetch, node-undici      Node's built-in fetch, and undici's Pool
//	wrk                          wrk, on one thread
//	go-sequential                net/http, one page after another
//	go-goroutines-limit          net/http, a goroutine for each page and a semaphore
//	go-pool                      net/http, a worker for each page in flight
//	go-pool-default-client       the same with net/http's default of two idle connections: the trap
//	go-pool-direct               the same over pages.DirectTransport, which is net/http without
//	                             the two goroutines for each connection
//	go-pool-fasthttp             the same on fasthttp
//	go-conn                      HTTP by hand, a goroutine and a bare net.Conn for each page in flight
//
// Some have something to say only where the server does not wait. What a machine lacks is
// skipped, and the reason named: Python is the first of python3 and /usr/bin/python3 that can
// import aiohttp (-python names another), Node is node (-node), wrk is wrk (-wrk); Node's
// packages are installed by npm ci in this directory, where go test runs benchmarks.
//
// # The protocol
//
// A client is a program. Its arguments are
//
//	--url BASE --pages N --in-flight K --warm W --site P --query Q [--parse]
//
// It opens its connections and fetches W pages, unmeasured, by the same code as then N, which
// are BASE/page/(i mod P)?Q, for i from 0. At most K are in flight, and just as many as long as
// there are pages, on connections that are kept. Bodies are read to their end. With --parse
// each is parsed, see workload/pages. Then it prints a line,
//
//	{"runtime":"CPython 3.11.2, aiohttp 3.8.4","pages":N,"bytes":TOTAL,"ns":WALL,"cpu_ns":CPU,"digest":"HEX"}
//
// where ns and cpu_ns are the wall time, and the CPU time of all its threads, user and system,
// of the N pages. The digest, only with --parse, is the SHA-256 of a line for each page: title,
// tab, words, tab, links joined by spaces, tab, SHA-256 of the body in hex, newline. Then it
// waits for the end of its standard input, while its memory is looked at, and exits with 0.
// A page that fails, is not a 200 or ends early ends it with 1, and its URL on standard error.
//
// # What is checked
//
// That the number of pages and bytes is right; that the digest is what Go reads of the same
// pages without a network; that the makespan is not shorter than the waits; and by the
// server's record: the number of requests, that no more were in flight than allowed, none was
// given up, and no answer was another than 200. A client that does something else fails. How
// many the server saw at once says less where it does not wait: on two cores most answers are
// there before the next request comes.
//
// # What is fair, and what is not
//
//   - Client and server share the cores, so a client that takes less CPU time leaves more for
//     the server: at no wait the makespans are closer together than the CPU times are.
//   - What it takes to start an interpreter, to import and to open connections is in no figure.
//     Compilers have 2,000 pages to warm up. Garbage of the warm-up is collected before, where
//     a program can ask for it.
//   - URLs and, where there is no library in between, requests are made beforehand, in all
//     languages. What a library makes of a URL is its own work.
//   - No client has a time limit for a page, but those whose library sets one by default.
//   - Memory is that of the whole program, interpreter and libraries included, shared pages of
//     files too (VmHWM, known on Linux alone). Go's clients are therefore commands of their
//     own, each linked from what it needs, which the benchmark builds: as the test binary
//     once more, go-conn had 11 MB in place of 6.5, and go-pool 20.5 in place of 18, for code
//     that never runs. The collector's settings are the defaults.
//   - wrk fetches for a time, a second or fifty waits, and counts no pages: its makespan is the
//     pages over its rate, so that it never waits for its last pages while it has no others.
//     Answers under way at its end count half. Its CPU time is that of its whole life. It has
//     no warm-up, and looks at no status below 400: the server's record does.
//   - HTTP by hand, in Python and in Go, understands this server's answers and no others.
package runtimes
