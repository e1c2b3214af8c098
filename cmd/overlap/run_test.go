package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/trace"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/internal/spell"
	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages/clients"
)

func reportOf(t *testing.T, s said) report {
	t.Helper()
	var r report
	decoder := json.NewDecoder(strings.NewReader(s.stdout))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&r), s.stdout)
	return r
}

func TestRunEachModel(t *testing.T) {
	for _, c := range []struct {
		model string
		limit int // with -workers 4 -processors 2 -buffer 3
	}{
		{"sequential", 1}, {"goroutines", 0}, {"goroutines-limit", 4}, {"pool", 4}, {"pool-counter", 4}, {"pool-steal", 4}, {"pipeline", 9},
		{"eventloop", 0}, {"eventloop-limit", 4}, {"eventloop-to-thread", 0},
	} {
		t.Run(c.model, func(t *testing.T) {
			s := overlapCommand(t, "run", "-model", c.model, "-workers", "4", "-processors", "2", "-buffer", "3", "-n", "12", "-latency", "1ms", "-json")
			require.Equal(t, 0, s.status, s.stderr)
			r := reportOf(t, s)
			require.Equal(t, c.model, r.Model)
			require.Equal(t, c.limit, r.Limit)
			require.Equal(t, 12, r.Jobs)
			require.Equal(t, 12, r.Succeeded)
			require.Zero(t, r.Failed)
			require.False(t, r.Interrupted)
			require.Empty(t, r.Errors)
			require.EqualValues(t, 12*8, r.Totals["links"])
			require.Positive(t, r.Totals["words"])
			require.GreaterOrEqual(t, r.TimesIdeal, 1.0, "no run beats the ideal")
			require.GreaterOrEqual(t, r.LatencySeconds.P50, 0.001)
			require.GreaterOrEqual(t, r.LatencySeconds.P99, r.LatencySeconds.P50)
			if c.limit > 0 {
				require.LessOrEqual(t, r.PeakInFlight, c.limit)
			}
			require.LessOrEqual(t, r.ServerPeakInFlight, r.PeakInFlight)
			require.Positive(t, r.ServerPeakInFlight)
		})
	}
}

func TestRunPrintsATable(t *testing.T) {
	s := overlapCommand(t, "run", "-n", "30", "-workers", "3", "-latency", "1ms")
	require.Equal(t, 0, s.status, s.stderr)
	for _, line := range []string{
		`^model +pool, at most 3 in flight$`,
		`^jobs +30, of which 0 failed$`,
		`^makespan +[\d.]+ms$`,
		`^ideal +10ms \(makespan is \d+\.\d\dx\)$`,
		`^jobs/s +[\d.]+$`,
		`^latency +p50 [\d.]+ms, p95 [\d.]+ms, p99 [\d.]+ms, max [\d.]+ms$`,
		`^peak in flight +(1 job|[23] jobs), (1 request|[23] requests) at the server$`,
		`^pages +\d+ words, 240 links$`,
	} {
		require.Regexp(t, `(?m)`+line, s.stdout)
	}
	require.NotContains(t, s.stdout, "errors")
	require.Contains(t, s.stderr, "3 of 30 done, about ", "progress is told in lines where there is no terminal")
	require.Contains(t, s.stderr, "30 of 30 done, about 0s left, 0 in flight")
	require.Equal(t, 10, strings.Count(s.stderr, "\n"))
}

func TestRunCountsErrorsByKind(t *testing.T) {
	for _, client := range clients.Names() {
		t.Run(client, func(t *testing.T) {
			s := overlapCommand(t, "run", "-client", client, "-n", "60", "-faults", "status=0.3,truncate=0.3", "-status", "418")
			require.Equal(t, failed, s.status)
			require.Regexp(t, `(?m)^jobs +60, of which \d+ failed$`, s.stdout)
			require.Regexp(t, `(?m)^ +\d+  status 418 I'm a teapot: get http://127.0.0.1:\d+/page/\d+: status 418`, s.stdout)
			require.Regexp(t, `(?m)^ +\d+  answer cut short: get http://127.0.0.1:\d+/page/\d+: body: unexpected EOF$`, s.stdout)

			s = overlapCommand(t, "run", "-client", client, "-n", "3", "-faults", "hang=1", "-timeout", "20ms", "-json")
			require.Equal(t, failed, s.status)
			r := reportOf(t, s)
			require.Equal(t, 3, r.Failed)
			require.Len(t, r.Errors, 1)
			require.Equal(t, "timeout", r.Errors[0].Kind)
			require.Zero(t, r.LatencySeconds)

			s = overlapWith(t.Context(), "http://127.0.0.1:1/\n", "run", "-client", client, "-url-file", "-", "-json")
			require.Equal(t, failed, s.status)
			require.Equal(t, "connection refused", reportOf(t, s).Errors[0].Kind)
		})
	}
}

// The client is part of what a result says, unless it is the usual one.
func TestRunOnEachClient(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, client := range clients.Names() {
		s := overlapCommand(t, "run", "-client", client, "-n", "12", "-workers", "3", "-latency", "1ms", "-json", "-timeline", client+".json")
		require.Equal(t, 0, s.status, s.stderr)
		r := reportOf(t, s)
		require.Equal(t, client, r.Client)
		require.Equal(t, 12, r.Succeeded)
		require.EqualValues(t, 12*8, r.Totals["links"])
		require.LessOrEqual(t, r.ServerPeakInFlight, 3)
		title := "pool: 12 jobs, at most 3 in flight, on " + client + ", latency 1ms"
		s = overlapCommand(t, "run", "-client", client, "-n", "2")
		require.Equal(t, 0, s.status, s.stderr)
		if client == clients.Default {
			require.NotContains(t, s.stdout, "client")
			title = "pool: 12 jobs, at most 3 in flight, latency 1ms"
		} else {
			require.Regexp(t, `(?m)^client +`+client+`$`, s.stdout)
		}
		require.Equal(t, title, readRecording(t, client+".json").Title)
	}
	s := overlapCommand(t, "run", "-client", "curl")
	require.Equal(t, badUsage, s.status)
	require.Contains(t, s.stderr, `overlap run: -client: "curl" is no client, want one of nethttp, direct, fasthttp`)
}

// The ideal of jobs of unequal length is not known for a model that takes them in
// any order.
func TestRunGivesNoIdealThatIsNotExact(t *testing.T) {
	for model, known := range map[string]bool{"pool": true, "pool-counter": false, "pool-steal": false} {
		s := overlapCommand(t, "run", "-model", model, "-n", "5", "-workers", "2", "-latency", "1ms", "-profile", "uniform", "-spread", "1ms", "-json")
		require.Equal(t, 0, s.status, s.stderr)
		require.Equal(t, known, reportOf(t, s).IdealSeconds > 0, model)
	}
}

func TestRunFetchesTheURLsOfAFile(t *testing.T) {
	site, err := mockserver.Start("", mockserver.Settings{Pages: 5})
	require.NoError(t, err)
	defer site.Close()
	list := fmt.Sprintf("\ufeff# five pages, and one that is not there\n\n%s\n  %s  \r\n%s\n%s\n%s\n%s/nowhere\n",
		site.PageURL(0), site.PageURL(1), site.PageURL(2), site.PageURL(3), site.PageURL(4), site.URL())
	path := filepath.Join(t.TempDir(), "urls.txt")
	require.NoError(t, os.WriteFile(path, []byte(list), 0o600))

	for _, s := range []said{
		overlapCommand(t, "run", "-url-file", path, "-json"),
		overlapWith(t.Context(), list, "run", "-url-file", "-", "-json"),
	} {
		require.Equal(t, failed, s.status, s.stderr)
		r := reportOf(t, s)
		require.Equal(t, 6, r.Jobs)
		require.Equal(t, 5, r.Succeeded)
		require.Equal(t, "status 404 Not Found", r.Errors[0].Kind)
		require.Zero(t, r.IdealSeconds)
		require.Zero(t, r.ServerPeakInFlight)
	}
	require.EqualValues(t, 12, site.Record().Requests)
}

func TestURLFilesAreRefusedByLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "# nothing\n\n", "standard input: no URL in it"},
		{"no scheme", "# one\nsite.example/a\n", `standard input:2: "site.example/a" does not begin with http:// or https://`},
		{"another scheme", "ftp://site.example/a\n", `standard input:1: "ftp://site.example/a" does not begin`},
		{"no host", "http:///a\n", `standard input:1: "http:///a" names no host`},
		{"no URL", "http://a b\n", `standard input:1: parse "http://a b"`},
		{"a line that is too long", "http://a/\nhttp://a/" + strings.Repeat("x", 1<<17), "standard input:2: bufio.Scanner: token too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := overlapWith(t.Context(), c.text, "run", "-url-file", "-")
			require.Equal(t, badUsage, s.status)
			require.Contains(t, s.stderr, c.want)
		})
	}
}

// Ctrl-C: what was done is reported, what ran is told apart from what did not begin.
func TestRunInterrupted(t *testing.T) {
	for _, client := range clients.Names() {
		t.Run(client, func(t *testing.T) { testRunInterrupted(t, client) })
	}
}

func testRunInterrupted(t *testing.T, client string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			once.Do(cancel)
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	urls := strings.Repeat(server.URL+"/page\n", 3) + strings.Repeat(server.URL+"/hang\n", 5)
	drawing := filepath.Join(t.TempDir(), "out.json")
	s := overlapWith(ctx, urls, "run", "-client", client, "-url-file", "-", "-model", "sequential", "-json", "-timeline", drawing)
	require.Equal(t, interrupted, s.status, s.stderr)
	r := reportOf(t, s)
	require.True(t, r.Interrupted)
	require.Equal(t, 3, r.Succeeded)
	require.Equal(t, 5, r.Failed)
	require.Equal(t, map[string]int{"not begun: interrupted": 4, "interrupted": 1}, map[string]int{
		r.Errors[0].Kind: r.Errors[0].Count, r.Errors[1].Kind: r.Errors[1].Count,
	})

	recording := readRecording(t, drawing)
	on := ""
	if client != clients.Default {
		on = ", on " + client
	}
	require.Equal(t, "sequential: 8 jobs, at most 1 in flight"+on+", URLs of standard input, interrupted when 3 were done", recording.Title)
	require.Equal(t, 3, recording.Count(timeline.Done))
	require.Equal(t, 1, recording.Count(timeline.Cancelled))
	require.Len(t, recording.Jobs, 4, "the others did not begin")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	picture := filepath.Join(t.TempDir(), "out.svg")
	s = overlapWith(ended, "", "run", "-n", "7", "-timeline", picture)
	require.FileExists(t, picture)
	require.Equal(t, interrupted, s.status)
	require.Regexp(t, `(?m)^interrupted +0 of 7 jobs were done$`, s.stdout)
}

func readRecording(t *testing.T, path string) timeline.Timeline {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	recording, err := timeline.Read(path, file)
	require.NoError(t, err)
	return recording
}

func TestRunDrawsATimeline(t *testing.T) {
	for _, model := range strings.Split(modelNames(), ", ") {
		t.Run(model, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for _, file := range []string{"out.svg", "out.svg", "out.json"} { // a picture may be drawn anew
				s := overlapCommand(t, "run", "-model", model, "-n", "9", "-workers", "3", "-processors", "2", "-latency", "2ms", "-timeline", file, "-json")
				require.Equal(t, 0, s.status, s.stderr)
				require.Equal(t, 9, reportOf(t, s).Succeeded)
			}
			picture, err := os.ReadFile("out.svg")
			require.NoError(t, err)
			look, ok := palette.Of(model)
			require.True(t, ok)
			require.Contains(t, string(picture), "<svg ")
			require.Contains(t, string(picture), ": waited ")
			require.Contains(t, string(picture), look.Color.Light)
			require.Contains(t, string(picture), runtime.Version())

			recording := readRecording(t, "out.json")
			require.Equal(t, model, recording.Model)
			require.Regexp(t, "^"+model+": 9 jobs(, at most [135] in flight)?, latency 2ms$", recording.Title)
			require.Equal(t, fmt.Sprintf("%s/%s, %s, %s", runtime.GOOS, runtime.GOARCH, spell.Count(runtime.GOMAXPROCS(0), "core"), runtime.Version()), recording.Caption)
			require.Equal(t, 9, recording.Count(timeline.Done))
			labels := map[string]bool{}
			for _, j := range recording.Jobs {
				require.GreaterOrEqual(t, j.Fetch.Length(), 2*time.Millisecond)
				require.Positive(t, j.Process.Length())
				labels[j.Label] = true
			}
			require.Len(t, labels, 9)
			require.True(t, labels["/page/8"])
		})
	}
}

func TestATimelineHasErrorsAndTitles(t *testing.T) {
	t.Chdir(t.TempDir())
	s := overlapCommand(t, "run", "-n", "5", "-faults", "status=1", "-profile", "uniform", "-latency", "1ms", "-timeline", "OUT.JSON")
	require.Equal(t, failed, s.status, s.stderr)
	recording := readRecording(t, "OUT.JSON")
	require.Equal(t, "pool: 5 jobs, at most 20 in flight, latency 1ms uniform", recording.Title)
	require.Equal(t, 5, recording.Count(timeline.Failed))

	site, err := mockserver.Start("", mockserver.Settings{})
	require.NoError(t, err)
	defer site.Close()
	require.NoError(t, os.WriteFile("urls.txt", []byte(site.PageURL(1)+"\n"), 0o600))
	s = overlapCommand(t, "run", "-model", "goroutines", "-url-file", "urls.txt", "-timeline", "urls.json")
	require.Equal(t, 0, s.status, s.stderr)
	recording = readRecording(t, "urls.json")
	require.Equal(t, "goroutines: 1 job, URLs of urls.txt", recording.Title)
	require.Equal(t, site.PageURL(1), recording.Jobs[0].Label)
}

func TestRunTraces(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("this run of the tests is being traced itself")
	}
	t.Chdir(t.TempDir())
	s := overlapCommand(t, "run", "-n", "4", "-trace", "out.trace")
	require.Equal(t, 0, s.status, s.stderr)
	data, err := os.ReadFile("out.trace")
	require.NoError(t, err)
	require.Contains(t, string(data), "/page/3")
	require.False(t, trace.IsEnabled())

	require.NoError(t, trace.Start(io.Discard))
	defer trace.Stop()
	s = overlapCommand(t, "run", "-n", "4", "-trace", "second.trace")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "already enabled")
	require.NoFileExists(t, "second.trace")
}

// Files that cannot be written are refused before a page is fetched.
func TestRunChecksItsFilesFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("there.json", []byte("a result"), 0o600))
	require.NoError(t, os.WriteFile("there.trace", []byte("a result"), 0o600))
	require.NoError(t, os.Mkdir("folder.svg", 0o700))
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"-timeline", "out.png"}, `overlap run: -timeline is "out.png", want a name that ends in .svg, for a picture, or .json, for the recording`},
		{[]string{"-timeline", "out"}, `-timeline is "out", want a name that ends in .svg`},
		{[]string{"-timeline", "there.json"}, "there.json is there already: results are never overwritten"},
		{[]string{"-trace", "there.trace"}, "there.trace is there already: results are never overwritten"},
		{[]string{"-timeline", "folder.svg"}, "folder.svg"},
		{[]string{"-timeline", "nowhere/out.svg"}, "out.svg"},
		{[]string{"-trace", "nowhere/out.trace"}, "out.trace"},
		{[]string{"-timeline", "same.svg", "-trace", "same.svg"}, "-timeline and -trace are the same file, same.svg"},
	} {
		s := overlapCommand(t, append([]string{"run", "-n", "3"}, c.flags...)...)
		require.Equal(t, badUsage, s.status, c.flags)
		require.Contains(t, s.stderr, c.want)
		require.Empty(t, s.stdout)
	}
	data, err := os.ReadFile("there.json")
	require.NoError(t, err)
	require.Equal(t, "a result", string(data))
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, files, 3, "nothing is left behind")
}

// A file that goes wrong in the end is told, after the report.
func TestRunReportsThoughItsFileCannotBeWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if err := os.WriteFile("out.json", nil, 0o600); err != nil { // someone else was quicker
			t.Error(err)
		}
	}))
	defer site.Close()
	s := overlapWith(t.Context(), site.URL+"/\n", "run", "-url-file", "-", "-timeline", "out.json", "-json")
	require.Equal(t, failed, s.status)
	require.Equal(t, 1, reportOf(t, s).Succeeded)
	require.Contains(t, s.stderr, "overlap run: open out.json")
}

func TestRunRefusesMoreConnectionsThanFiles(t *testing.T) {
	if mockserver.CheckFiles(2_000_000_000) == nil {
		t.Skip("this system has no limit of open files")
	}
	s := overlapCommand(t, "run", "-model", "goroutines", "-n", "2000000000")
	require.NotZero(t, s.status)
	require.NotEmpty(t, s.stderr)
}

// What a manual promises is tried: every example of run and serve is run, those
// of bench as far as their flags.
func TestExamplesOfTheManuals(t *testing.T) {
	site, err := mockserver.Start("", mockserver.Settings{})
	require.NoError(t, err)
	defer site.Close()
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("urls.txt", []byte(site.PageURL(1)+"\n"), 0o600))
	require.NoError(t, os.Mkdir("logs", 0o700))
	require.NoError(t, os.WriteFile("logs/a.log", []byte("a line\n"), 0o600))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range commands() {
		_, examples, found := strings.Cut(c.manual, "\nExamples:\n")
		require.True(t, found, c.name)
		for line := range strings.Lines(examples) {
			args := strings.Fields(strings.ReplaceAll(line, ":8080", ":0"))
			require.Equal(t, []string{"overlap", c.name}, args[:2])
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				switch c.name {
				case "run":
					s := overlapCommand(t, args[1:]...)
					require.Equal(t, 0, s.status, s.stderr)
				case "serve":
					s := overlapWith(ended, "", args[1:]...)
					require.Equal(t, 0, s.status, s.stderr)
					require.Contains(t, s.stdout, "serving 1000 pages at http://")
				case "bench":
					s := overlapWith(ended, "", args[1:]...)
					require.Equal(t, interrupted, s.status, s.stderr)
				case "compare", "report", "queue", "docs": // TestCompareExamples, TestReportExamples, TestQueueExamples, TestDocsExamples
				default:
					t.Fatal("no test of its examples")
				}
			})
		}
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := &waiter{found: make(chan string, 1)}
	c := console{stdout: lines, stderr: &strings.Builder{}}
	ended := make(chan int)
	go func() { ended <- c.main(ctx, []string{"serve", "-n", "3", "-faults", "status=1", "-status", "429"}) }()
	line := <-lines.found
	require.Regexp(t, `^serving 3 pages at http://127\.0\.0\.1:\d+/page/0\nthe record is at http://127\.0\.0\.1:\d+/_overlap/record\n$`, line)
	response, err := http.Get(strings.Fields(line)[4])
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 429, response.StatusCode)
	cancel()
	require.Zero(t, <-ended)
}

// waiter hands on what is written first.
type waiter struct{ found chan string }

func (w *waiter) Write(p []byte) (int, error) {
	select {
	case w.found <- string(p):
	default:
	}
	return len(p), nil
}

func TestServeSaysWhyItCannot(t *testing.T) {
	site, err := mockserver.Start("", mockserver.Settings{})
	require.NoError(t, err)
	defer site.Close()
	s := overlapCommand(t, "serve", "-addr", strings.TrimPrefix(site.URL(), "http://"))
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "overlap serve: ")
	require.Contains(t, s.stderr, "in use")

	if mockserver.CheckFiles(2_000_000_000) != nil {
		s = overlapCommand(t, "serve", "-connections", "2000000000")
		require.Equal(t, failed, s.status)
		require.Contains(t, s.stderr, "2000000000 connections need 2000000064 file descriptors")
	}
}

func TestInThree(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 0.0123456: "12.3ms", 1.23456: "1.23s", 123.456: "2m3s", 0.000001: "1µs"} {
		require.Equal(t, want, inThree(seconds))
	}
}

func TestMeterOnATerminal(t *testing.T) {
	var screen strings.Builder
	m := &meter{w: &screen, total: 10, bar: newBar(&screen, 10), width: 60}
	m.show(5, "halfway, with a name that is longer than the line", 90*time.Second)
	m.show(10, "there", 0)
	m.end()
	require.Contains(t, screen.String(), "~1m30s left halfway, with a name …  50% |")
	for line := range strings.SplitSeq(screen.String(), "\r") {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 60)
	}

	screen.Reset()
	m = &meter{w: &screen, total: unknown, bar: newBar(&screen, unknown), width: 80}
	m.show(3, "Pages/x", 0)
	m.end()
	require.Contains(t, screen.String(), "3 done, Pages/x")
}
