package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/peers/runtimes/client"
)

func TestFlags(t *testing.T) {
	parse := func(args ...string) (client.Order, error) {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		return client.Flags(flags, args)
	}
	o, err := parse("--url", "http://127.0.0.1:80", "--pages", "7", "--in-flight", "3", "--warm", "4", "--site", "2", "--query", "latency=1ms", "--parse")
	require.NoError(t, err)
	require.Equal(t, client.Order{URL: "http://127.0.0.1:80", Pages: 7, InFlight: 3, Warm: 4, Site: 2, Query: "latency=1ms", Parse: true}, o)
	require.Equal(t, []string{"/page/0?latency=1ms", "/page/1?latency=1ms"}, o.Paths())

	o, err = parse("--in-flight", "9", "--query", "")
	require.NoError(t, err)
	require.Equal(t, 9, o.Warm, "as many as are in flight")
	require.Equal(t, "/page/999", o.Paths()[999])

	for _, c := range []struct{ args, want string }{
		{"--pages=0", "--pages is 0, want at least 1"},
		{"--in-flight=0", "--in-flight is 0, want at least 1"},
		{"--in-flight=9 --warm=8", "--warm is 8, want at least 9"},
		{"--site=-1", "--site is -1, want at least 1"},
		{"--pages=many", "bad usage"},
		{"--fast", "bad usage"},
	} {
		_, err := parse(strings.Fields(c.args)...)
		require.EqualError(t, err, c.want)
	}
	_, err = parse("--help")
	require.ErrorIs(t, err, flag.ErrHelp)
}

// What is measured are the pages, not the warm-up; and the end of the program is that of its
// standard input.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []int
		fetch := func(_ context.Context, n int) (client.Found, error) {
			asked = append(asked, n)
			time.Sleep(time.Duration(n) * time.Second)
			return client.Found{Bytes: int64(10 * n), Digest: func() string { return "abc" }}, nil
		}
		in, end := io.Pipe()
		out := new(bytes.Buffer)
		ended := false
		go func() {
			defer func() { ended = true }()
			if err := client.Run(t.Context(), client.Order{Pages: 7, Warm: 4}, "lib", fetch, in, out); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, []int{4, 7}, asked)
		require.Equal(t, 1, strings.Count(out.String(), "\n"))
		var report client.Report
		require.NoError(t, json.Unmarshal(out.Bytes(), &report))
		require.Regexp(t, `^go1\S*, lib$`, report.Runtime)
		require.EqualValues(t, 7, report.Pages)
		require.EqualValues(t, 70, report.Bytes)
		require.EqualValues(t, 7*time.Second, report.NS)
		require.Less(t, report.CPUNS, int64(time.Minute), "a difference, and no reading")
		require.Equal(t, "abc", report.Digest)

		require.False(t, ended)
		require.NoError(t, end.Close())
		synctest.Wait()
		require.True(t, ended)
	})
}

func TestRunFails(t *testing.T) {
	broken := errors.New("get http://site.example/page/3: broken")
	out := new(bytes.Buffer)
	for at, want := range []string{"warm-up: " + broken.Error(), broken.Error()} {
		calls := 0
		err := client.Run(t.Context(), client.Order{Pages: 2, Warm: 1}, "lib", func(context.Context, int) (client.Found, error) {
			calls++
			if calls > at {
				return client.Found{}, broken
			}
			return client.Found{}, nil
		}, strings.NewReader(""), out)
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, broken)
	}
	require.Empty(t, out.String())
}
