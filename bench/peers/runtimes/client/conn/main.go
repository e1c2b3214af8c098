// Command conn is Go's best by hand, as protocol_client.py is asyncio's: a goroutine and a bare
// connection for each page in flight, requests that are made beforehand, and of HTTP/1.1 what
// it takes to read the mock server's answers. It is no client for anything else: a body must
// have its Content-Length.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"example.com/overlap/bench/peers/runtimes/client"
)

func main() { client.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout)) }

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	o, err := client.Flags(flag.NewFlagSet("conn", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if o.Parse {
		return errors.New("--parse: this client only counts bytes")
	}
	s, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	return client.Run(ctx, o, "net", s.fetch, in, out)
}

// A site is the connections to it, and what it is asked for.
type site struct {
	urls     []string
	requests [][]byte
	conns    []*conn
}

// A conn is a kept-alive connection, for one goroutine.
type conn struct {
	net.Conn
	in *bufio.Reader
}

// open opens the connections. They close when ctx ends, which ends whatever waits for them.
func open(ctx context.Context, o client.Order) (*site, error) {
	at, err := url.Parse(o.URL)
	if err != nil {
		return nil, err
	}
	s := &site{}
	for _, path := range o.Paths() {
		s.urls = append(s.urls, o.URL+path)
		s.requests = append(s.requests, []byte("GET "+path+" HTTP/1.1\r\nHost: "+at.Host+"\r\n\r\n"))
	}
	var dialer net.Dialer
	for range o.InFlight {
		c, err := dialer.DialContext(ctx, "tcp", at.Host)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("get %s: %w", s.urls[0], err)
		}
		context.AfterFunc(ctx, func() { _ = c.Close() })
		s.conns = append(s.conns, &conn{c, bufio.NewReader(c)})
	}
	return s, nil
}

func (s *site) close() {
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *site) fetch(_ context.Context, n int) (client.Found, error) {
	var next, size atomic.Int64
	errs := make([]error, len(s.conns))
	var all sync.WaitGroup
	for k, c := range s.conns {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				page := i % len(s.urls)
				length, err := c.get(s.requests[page])
				if err != nil {
					errs[k] = fmt.Errorf("get %s: %w", s.urls[page], err)
					return
				}
				size.Add(int64(length))
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return client.Found{}, err // one says enough
		}
	}
	return client.Found{Bytes: size.Load()}, nil
}

// get fetches a page, throws its body away and returns how long that was.
func (c *conn) get(request []byte) (int, error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return 0, fmt.Errorf("status line %q", bytes.TrimSpace(status))
	}
	length := -1
	for {
		field, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if field = bytes.TrimSpace(field); len(field) == 0 {
			break
		}
		name, value, _ := bytes.Cut(field, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("the answer has no Content-Length")
	}
	n, err := c.in.Discard(length)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("body of %d bytes: %w", length, io.ErrUnexpectedEOF)
	}
	return n, err
}
