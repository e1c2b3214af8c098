package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// said is what a command did.
type said struct {
	status         int
	stdout, stderr string
}

func overlapWith(ctx context.Context, stdin string, args ...string) said {
	var stdout, stderr bytes.Buffer
	c := console{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr}
	status := c.main(ctx, args)
	return said{status, stdout.String(), stderr.String()}
}

func overlapCommand(t *testing.T, args ...string) said {
	return overlapWith(t.Context(), "", args...)
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"-help"}, {"--help"}} {
		s := overlapCommand(t, args...)
		require.Equal(t, 0, s.status, args)
		require.Empty(t, s.stderr)
		for _, c := range commands() {
			require.Contains(t, s.stdout, c.name)
			require.Contains(t, s.stdout, c.summary)
		}
	}
	for _, c := range commands() {
		for _, args := range [][]string{{c.name, "-h"}, {c.name, "--help"}, {"help", c.name}} {
			s := overlapCommand(t, args...)
			require.Equal(t, 0, s.status, args)
			require.Empty(t, s.stderr)
			require.Regexp(t, `^Usage: overlap `+c.name+` (COMMAND )?\[flags\]`, s.stdout)
			require.Contains(t, s.stdout, "Examples:\n  overlap "+c.name)
			require.Contains(t, s.stdout, "Exit status: ")
			require.Contains(t, s.stdout, "\nFlags:\n  -")
		}
	}
}

func TestBadUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "Usage: overlap COMMAND [flags]"},
		{[]string{"fly"}, "overlap: no command is called \"fly\"; `overlap help` lists them"},
		{[]string{"help", "fly"}, `no command is called "fly"`},

		{[]string{"run", "-fly"}, "overlap run: flag provided but not defined: -fly\n`overlap help run` lists the flags"},
		{[]string{"run", "fly"}, `"fly" is no flag, and run takes no arguments`},
		{[]string{"run", "-model", "fly"}, `-model is "fly", want one of sequential, goroutines, goroutines-limit, pool, pool-counter, pool-steal, pipeline, eventloop, eventloop-limit, eventloop-to-thread`},
		{[]string{"run", "-workers", "0"}, "-workers is 0, want at least 1"},
		{[]string{"run", "-workers", "many"}, `invalid value "many" for flag -workers`},
		{[]string{"run", "-processors", "0"}, "-processors is 0, want at least 1"},
		{[]string{"run", "-buffer", "-1"}, "-buffer is -1, want at least 0"},
		{[]string{"run", "-n", "0"}, "-n is 0, want at least 1"},
		{[]string{"run", "-max-bytes", "0"}, "-max-bytes is 0, want at least 1"},
		{[]string{"run", "-timeout", "-1s"}, "-timeout is -1s, want at least 0s"},
		{[]string{"run", "-latency", "-1ms"}, "-latency: Latency.Mean is -1ms, want 0 to 1h0m0s"},
		{[]string{"run", "-latency", "5"}, `invalid value "5" for flag -latency`},
		{[]string{"run", "-profile", "flat"}, `-profile: Latency.Profile is "flat", want constant`},
		{[]string{"run", "-faults", "fire=0.1"}, `"fire" is no fault; want status, reset, slow, hang, truncate or malformed`},
		{[]string{"run", "-faults", "reset=often"}, `"often" is no probability for reset, such as reset=0.1`},
		{[]string{"run", "-faults", "reset"}, `"" is no probability for reset`},
		{[]string{"run", "-faults", "reset=1.5"}, "-faults: Faults.Reset is 1.5, want a probability from 0 to 1"},
		{[]string{"run", "-faults", "reset=0.6,hang=0.6"}, "-faults: Faults is a set of probabilities with the sum 1.2"},
		{[]string{"run", "-status", "200"}, "-status: Faults.StatusCode is 200, want 400 to 599"},
		{[]string{"run", "-rate", "-1"}, "-rate: RateLimit.PerSecond is -1, want 0 or more"},
		{[]string{"run", "-burst", "-1"}, "-burst: RateLimit.Burst is -1"},
		{[]string{"run", "-page-size", "3"}, "-page-size: PageSize is 3"},
		{[]string{"run", "-links", "-2"}, `"-2" is not a whole number from 0`},
		{[]string{"run", "-url-file", "x", "-latency", "5ms"}, "-latency is for the mock server, which -url-file does not use"},
		{[]string{"run", "-url-file", "x", "-n", "5"}, "-n is for the mock server, which -url-file does not use"},
		{[]string{"run", "-url-file", "no-such-file"}, "no-such-file"},

		{[]string{"serve", "fly"}, `"fly" is no flag, and serve takes no arguments`},
		{[]string{"serve", "-n", "0"}, "-n is 0, want at least 1"},
		{[]string{"serve", "-order", "-1"}, "-order: Order is -1"},
		{[]string{"serve", "-addr", "nonsense"}, `-addr is "nonsense", want host:port, such as 127.0.0.1:8080`},
		{[]string{"serve", "-addr", "127.0.0.1:99999"}, `-addr is "127.0.0.1:99999"`},
		{[]string{"run", "-faults", "reset=0.1,reset=0.2"}, "reset is there twice"},
		{[]string{"serve", "-connections", "-1"}, "-connections: MaxConnections is -1, want 0 or more"},
		{[]string{"serve", "-drain", "-1s"}, "-drain is -1s, want 0s or more"},
		{[]string{"serve", "-spread", "5ms"}, "-spread: Latency.Spread is 5ms, want 0 to Latency.Mean (0s)"},

		{[]string{"serve", "-order", "0"}, "-order is 0, want at least 1"},
		{[]string{"serve", "-page-size", "0"}, "-page-size is 0, want 512 to 16777216 bytes"},
		{[]string{"serve", "-latency", "5ms", "-per-request"}, "-per-request: Latency.PerRequest is true, want Latency.Profile uniform, lognormal or heavy-tail beside it"},

		{[]string{"docs", "README.md", "-check"}, "-check stands after a name; flags come first"},
		{[]string{"docs", "-check", "-record"}, "want one of -check, -record and -quick"},
		{[]string{"docs", "-check", "-quick"}, "want one of -check, -record and -quick"},
		{[]string{"docs", "-quick", "-record"}, "want one of -check, -record and -quick"},

		{[]string{"bench", "-rounds", "0"}, "rounds is 0, want at least 1"},
		{[]string{"bench", "-cpu", "1,none"}, `"none" is not a whole number from 1`},
		{[]string{"bench", "-benchtime", "5"}, `benchtime is "5", want a time such as 100ms`},
		{[]string{"bench", "-bench", "("}, "bench is no pattern"},
		{[]string{"bench", "-o", "main_test.go"}, "main_test.go is there already: results are never overwritten"},
		{[]string{"bench", "Pages"}, `"Pages" is no flag; flags of the benchmark stand after --`},
		{[]string{"bench", "-rounds", "3", "-latency=5ms"}, "flag provided but not defined: -latency"},
	} {
		s := overlapCommand(t, c.args...)
		require.Equal(t, badUsage, s.status, c.args)
		require.Contains(t, s.stderr, c.want, c.args)
		require.Empty(t, s.stdout, c.args)
	}
}
