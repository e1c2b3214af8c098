package mockserver_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/overlap/mockserver"
	"github.com/stretchr/testify/require"
)

// clientVariable makes this test binary a client: a process of its own, so that
// its descriptors and its processor time are not the server's.
const clientVariable = "OVERLAP_TEST_CLIENT"

func TestMain(m *testing.M) {
	if addr := os.Getenv(clientVariable); addr != "" {
		if err := runClient(addr, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runClient takes orders, a line each: connections, requests, path. It sends so
// many requests over so many connections and prints how many whole answers with
// status 200 came. It is lean on purpose: a write, reads, nothing allocated.
func runClient(addr string, orders io.Reader, out io.Writer) error {
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
	}()
	lines := bufio.NewScanner(orders)
	for lines.Scan() {
		var n, requests int
		var path string
		if _, err := fmt.Sscan(lines.Text(), &n, &requests, &path); err != nil {
			return err
		}
		if len(conns) < n {
			if err := mockserver.CheckFiles(n); err != nil {
				return err
			}
			more, err := dialAll(addr, n-len(conns))
			if err != nil {
				return err
			}
			conns = append(conns, more...)
		}
		used := processorTime()
		request := []byte("GET " + path + " HTTP/1.1\r\nHost: site.example\r\n\r\n")
		workers := (n + batch - 1) / batch
		good := make([]int, workers)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				buffer := make([]byte, 8<<10)
				left := (requests + workers - 1 - w) / workers
				for left > 0 {
					mine := conns[:0:0]
					for i := w; i < n && len(mine) < left; i += workers {
						mine = append(mine, conns[i])
					}
					whole, err := exchange(mine, request, buffer)
					good[w] += whole
					if err != nil {
						fmt.Fprintln(os.Stderr, err)
						return
					}
					left -= len(mine)
				}
			})
		}
		wg.Wait()
		sum := 0
		for _, g := range good {
			sum += g
		}
		fmt.Fprintln(out, sum, int64(processorTime()-used))
	}
	return lines.Err()
}

// dialAll is patient with the server's backlog: few dials at once.
func dialAll(addr string, n int) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	errs := make([]error, n)
	places := make(chan struct{}, 64)
	var wg sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			conns[i], errs[i] = net.Dial("tcp", addr)
		})
	}
	wg.Wait()
	return conns, errors.Join(errs...)
}

// batch is how many connections one goroutine of the client has. It sends a
// request on each, then reads the answers, most of which are there by then: that
// saves it most waits, and many goroutines and buffers.
const batch = 32

func exchange(conns []net.Conn, request, buffer []byte) (whole int, err error) {
	for _, conn := range conns {
		if _, err := conn.Write(request); err != nil {
			return 0, err
		}
	}
	for _, conn := range conns {
		if err := readAnswer(conn, buffer); err != nil {
			return whole, err
		}
		whole++
	}
	return whole, nil
}

func readAnswer(conn net.Conn, buffer []byte) error {
	read, want := 0, -1
	for want < 0 || read < want {
		n, err := conn.Read(buffer[read:])
		if err != nil {
			return fmt.Errorf("after %d bytes: %w", read, err)
		}
		read += n
		if end := bytes.Index(buffer[:read], []byte("\r\n\r\n")); want < 0 && end > 0 {
			length, err := contentLength(buffer[:end+2])
			if err != nil {
				return err
			}
			want = end + 4 + length
		}
	}
	if read != want {
		return fmt.Errorf("%d bytes too many", read-want)
	}
	return nil
}

func contentLength(head []byte) (int, error) {
	_, after, ok := bytes.Cut(head, []byte("Content-Length: "))
	digits, _, _ := bytes.Cut(after, []byte("\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return 0, fmt.Errorf("no answer to go by:\n%s", head)
	}
	return strconv.Atoi(string(digits))
}

// A clientProcess is runClient in a process of its own.
type clientProcess struct {
	orders io.WriteCloser
	lines  *bufio.Scanner
	cmd    *exec.Cmd
}

func startClient(t testing.TB, url string, env ...string) *clientProcess {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(binary)
	cmd.Env = append(append(os.Environ(), clientVariable+"="+strings.TrimPrefix(url, "http://")), env...)
	cmd.Stderr = os.Stderr
	orders, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &clientProcess{orders, bufio.NewScanner(out), cmd}
	t.Cleanup(func() {
		_ = orders.Close() // ends the client, unless a request keeps it
		if t.Failed() {
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
	})
	return c
}

func (c *clientProcess) order(t testing.TB, conns, requests int, path string) {
	t.Helper()
	_, err := fmt.Fprintln(c.orders, conns, requests, path)
	require.NoError(t, err)
}

func (c *clientProcess) answers(t testing.TB) (n int, used time.Duration) {
	t.Helper()
	require.True(t, c.lines.Scan(), "the client has ended")
	_, err := fmt.Sscan(c.lines.Text(), &n, (*int64)(&used))
	require.NoError(t, err)
	return n, used
}

// All requests are in flight before the first can end: a slow body goes on for
// minutes, unless the server shuts down. So nothing here depends on speed.
func TestTenThousandInFlight(t *testing.T) {
	const n = 10_000
	if err := mockserver.CheckFiles(n); err != nil {
		t.Skip("this process cannot hold 10,000 connections: ", err)
	}
	s, _ := start(t, mockserver.Settings{})
	client := startClient(t, s.URL())
	client.order(t, n, n, "/page/0?fault=slow&pause=1m")
	until(t, "all are in flight", func() bool {
		require.Zero(t, s.Record().Cancelled, "the client has ended")
		return s.Record().InFlight == n
	})
	record := s.Record()
	require.EqualValues(t, n, record.PeakInFlight)
	require.EqualValues(t, n, record.Requests)
	require.NoError(t, s.Shutdown(t.Context()))
	whole, _ := client.answers(t)
	require.Equal(t, n, whole, "whole answers")
	record = s.Record()
	require.Zero(t, record.InFlight)
	require.Zero(t, record.Cancelled)
	require.Equal(t, map[int]int64{200: n}, record.Status)
}
