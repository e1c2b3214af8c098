package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/timeline"
	"example.com/overlap/internal/postgres"
	"example.com/overlap/workload/live"
)

// withoutPostgres has the tests use SQLite, wherever they run.
func withoutPostgres(t *testing.T) { t.Setenv(postgres.Env, "") }

func TestRunEachWorkload(t *testing.T) {
	withoutPostgres(t)
	for _, c := range []struct {
		flags  string
		totals totals
		table  string // the workload's own line
	}{
		{"-workload pages", totals{"links": 96}, `^pages +\d+ words, 96 links$`},
		{"-workload crawl -depth 1", totals{"depth": 1}, `^crawl +\d+ words, \d+ links; up to 1 link from the first page, without a barrier$`},
		{"-workload crawl -depth 0", totals{"depth": 0, "links": 8}, `; up to 0 links from the first page`},
		{"-workload crawl -depth 1 -levels", totals{"depth": 1}, `, level by level$`},
		{"-workload rows", totals{"sensors": 12, "readings": 1200}, `^rows +1200 readings of 12 sensors: .* mean .*; sqlite with 12 connections; \d+ waits for a connection, `},
		{"-workload rows -conns 2", totals{"sensors": 12}, `sqlite with 2 connections`},
		{"-workload rows -write", totals{"booked": 12, "again": 0}, `^rows +12 booked, 0 were there before; the audit: 12 bookings on 4 accounts`},
		{"-workload files", totals{"done": 12, "skipped": 0, "bytes_read": 12 * 4096}, `^files +12 files: 12 done, 0 skipped, 0 failed; 49152 bytes read, \d+ written$`},
		{"-workload files -work hash -size 10", totals{"done": 12, "bytes_read": 120}, `12 done`},
		{"-workload live -messages 3 -interval 1ms -posts 1", totals{"messages": 36, "dropped": 0, "lost": 0}, `^live +12 clients received 36 messages, .*0 dropped, 0 lost`},
		{"-workload live -messages 3 -interval 1ms -gate 12 -slow drop -model goroutines", totals{"messages": 36}, `36 messages`},
	} {
		t.Run(c.flags, func(t *testing.T) {
			args := append([]string{"run", "-n", "12"}, strings.Fields(c.flags)...)
			s := overlapCommand(t, args...)
			require.Equal(t, 0, s.status, s.stderr+s.stdout)
			require.Regexp(t, "(?m)"+c.table, s.stdout)
			s = overlapCommand(t, append(args, "-json")...)
			require.Equal(t, 0, s.status, s.stderr)
			r := reportOf(t, s)
			require.Equal(t, args[4], r.Workload)
			for name, want := range c.totals {
				require.Equal(t, want, r.Totals[name], name)
			}
			require.Positive(t, r.LatencySeconds.Max)
		})
	}
}

// Every model does every workload, and its timeline names the jobs.
func TestRunEachWorkloadUnderEachModel(t *testing.T) {
	withoutPostgres(t)
	t.Chdir(t.TempDir())
	for workload, c := range map[string]struct{ flags, label, title string }{
		"crawl": {"-depth 2", "/page/0", `latency 0s, (without a barrier|level by level)`},
		"rows":  {"", "sensor 3", "reads from sqlite with [146] connections?"},
		"files": {"", "", "gzip of 6 files"},
		"live":  {"-messages 2 -interval 1ms", "client 5", "2 messages each, one in 1ms"},
	} {
		for model := range strings.SplitSeq(modelNames(), ", ") {
			t.Run(workload+"/"+model, func(t *testing.T) {
				file := workload + "-" + model + ".json"
				args := []string{"run", "-workload", workload, "-model", model, "-n", "6", "-workers", "4", "-json", "-timeline", file}
				s := overlapCommand(t, append(args, strings.Fields(c.flags)...)...)
				require.Equal(t, 0, s.status, s.stderr)
				r := reportOf(t, s)
				require.Equal(t, 6, r.Succeeded)
				recording := readRecording(t, file)
				require.Regexp(t, "^"+model+": 6 jobs(, at most [0-9]+ in flight)?, "+c.title+"$", recording.Title)
				require.Equal(t, 6, recording.Count(timeline.Done))
				var labels []string
				for _, j := range recording.Jobs {
					labels = append(labels, j.Label)
				}
				if c.label != "" {
					require.Contains(t, labels, c.label)
				}
			})
		}
	}
}

func TestRunRefusesFlagsOfOtherWorkloads(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("empty", 0o700))
	for flags, want := range map[string]string{
		"-workload video":                  `-workload is "video", want one of pages, crawl, rows, files, live`,
		"-depth 2":                         "-depth is for -workload crawl, and nothing to pages",
		"-workload rows -latency 1ms":      "-latency is for -workload pages or crawl, and nothing to rows",
		"-workload live -seed 3":           "-seed is for -workload pages or crawl or rows or files, and nothing to live",
		"-workload crawl -url-file x":      "-url-file is for -workload pages, and nothing to crawl",
		"-workload crawl -depth -1":        "-depth is -1, want at least 0",
		"-workload crawl -timeout -1s":     "-timeout is -1s, want at least 0s",
		"-workload crawl -page-size 1":     "-page-size: PageSize is 1, want 512",
		"-workload rows -conns -1":         "-conns is -1, want at least 0",
		"-workload files -work zip":        `-work is "zip", want gzip or hash`,
		"-workload files -size -1":         "-size is -1, want at least 0",
		"-workload files -max-open -1":     "-max-open is -1, want at least 0",
		"-workload files -size 2000000000": "-size is 2000000000, want at most 1073741824",
		"-workload files -in empty -n 3":   "-n is for generated files, and -in names others",
		"-workload files -in empty":        "-in: there are no files in empty",
		"-workload live -slow never":       `-slow: Slow is "never", want `,
		"-workload live -messages -1":      "-messages: Messages is -1, want",
		"-workload live -messages 0":       "-messages is 0, want at least 1",
		"-workload live -interval 0":       "-interval is 0s, want at least 1µs",
		"-workload live -queue 0":          "-queue is 0, want at least 1",
		"-workload live -gate 21":          "-gate is 21, and no more than 20 clients are in the room at once",
		"-workload live -timeline x.png":   `-timeline is "x.png"`,
	} {
		t.Run(flags, func(t *testing.T) {
			s := overlapCommand(t, append([]string{"run"}, strings.Fields(flags)...)...)
			require.Equal(t, badUsage, s.status, s.stderr)
			require.Contains(t, s.stderr, "overlap run: "+want)
			require.Empty(t, s.stdout)
		})
	}
	left, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// What is counted at the server goes by its own name.
func TestRunCountsAtTheServer(t *testing.T) {
	for workload, want := range map[string]string{
		"pages": `, (1 request|[23] requests) at the server$`,
		"crawl": `, (1 request|[23] requests) at the server$`,
		"files": `$`,                               // there is none
		"live":  `, [1-6] clients? at the server$`, // one that was let go may not have left yet
	} {
		t.Run(workload, func(t *testing.T) {
			s := overlapCommand(t, "run", "-workload", workload, "-workers", "3", "-n", "9")
			require.Equal(t, 0, s.status, s.stderr)
			require.Regexp(t, `(?m)^peak in flight +(1 job|[23] jobs)`+want, s.stdout)
		})
	}
}

// The manual names the workloads behind each flag that not all of them heed.
func TestRunManualNamesWorkloads(t *testing.T) {
	s := overlapCommand(t, "help", "run")
	_, flags, ok := strings.Cut(s.stdout, "\nFlags:\n")
	require.True(t, ok)
	texts := map[string]string{}
	for entry := range strings.SplitSeq("\n"+flags, "\n  -") {
		name, text, _ := strings.Cut(entry, "\n")
		name, _, _ = strings.Cut(name, " ")
		texts[name] = text
	}
	for names, want := range map[string]string{
		"workload model workers processors buffer n json timeline trace": "",
		"latency profile faults rate links client timeout max-bytes":     " (pages, crawl)",
		"url-file":                  " (pages)",
		"depth levels":              " (crawl)",
		"db conns write":            " (rows)",
		"in out size work max-open": " (files)",
		"messages interval posts slow queue gate": " (live)",
		"seed": " (pages, crawl, rows, files)",
	} {
		for name := range strings.FieldsSeq(names) {
			require.NotEmpty(t, texts[name], name)
			text := regexp.MustCompile(`( \(default .*\))?\n?$`).ReplaceAllString(texts[name], "")
			if want != "" {
				require.True(t, strings.HasSuffix(text, want), "%s: %s", name, text)
				continue
			}
			for _, w := range workloads() {
				require.NotRegexp(t, `\([^)]*\b`+w.name+`\b[^)]*\)$`, text, name)
			}
		}
	}
	require.Contains(t, texts["seed"], "pages with their waits and faults, the readings that rows asks for, files")
	s = overlapCommand(t, "help", "serve")
	require.Contains(t, s.stdout, "seed of the pages, waits and faults: same seed, same behaviour (default 1)")
}

// A database and a directory of one's own stay, and a second run finds what the first did.
func TestRunsAgainOnWhatIsThere(t *testing.T) {
	withoutPostgres(t)
	t.Chdir(t.TempDir())
	for run, want := range []totals{{"booked": 20, "again": 0}, {"booked": 0, "again": 20}} {
		s := overlapCommand(t, "run", "-workload", "rows", "-write", "-db", "own.db", "-n", "20", "-json")
		require.Equal(t, 0, s.status, s.stderr)
		require.Equal(t, want, reportOf(t, s).Totals, "run %d", run)
	}
	require.NoError(t, os.Mkdir("in", 0o700))
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join("in", name), []byte(name), 0o600))
	}
	for _, want := range []totals{{"done": 2, "skipped": 0}, {"done": 0, "skipped": 2}} {
		s := overlapCommand(t, "run", "-workload", "files", "-in", "in", "-out", "out", "-json")
		require.Equal(t, 0, s.status, s.stderr)
		got := reportOf(t, s).Totals
		require.Equal(t, want["done"], got["done"])
		require.Equal(t, want["skipped"], got["skipped"])
	}
	require.FileExists(t, filepath.Join("out", "a.gz"))
	require.NoError(t, os.WriteFile("in.txt", nil, 0o600))
	s := overlapCommand(t, "run", "-workload", "files", "-in", "in.txt")
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "in.txt")
	t.Setenv(postgres.Env, "postgres://localhost/x")
	s = overlapCommand(t, "run", "-workload", "rows", "-db", "own.db")
	require.Equal(t, badUsage, s.status)
	require.Contains(t, s.stderr, "-db is own.db, and OVERLAP_POSTGRES is set: which of the two?")
}

// Ctrl-C before the first job: what was prepared goes, and nothing is reported.
func TestRunInterruptedInAWorkload(t *testing.T) {
	withoutPostgres(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("TMP", temporary)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, workload := range []string{"rows", "files"} {
		s := overlapWith(ended, "", "run", "-workload", workload)
		require.Equal(t, interrupted, s.status)
		require.Contains(t, s.stderr, "overlap run: interrupted before a job began: ")
	}
	for _, workload := range []string{"crawl", "live"} {
		s := overlapWith(ended, "", "run", "-workload", workload)
		require.Equal(t, interrupted, s.status, s.stderr)
		require.Contains(t, s.stdout, "interrupted")
	}
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestKindsOfWorkloads(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind string
	}{
		{&live.StatusError{StatusCode: 503}, "status 503 Service Unavailable"},
		{websocket.CloseError{Code: 1013, Reason: "the gate did not open"}, "closed: 1013 the gate did not open"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, "too many open files"},
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, "no such file"},
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, "permission denied"},
		{errors.Join(errors.New("booking 3"), busy{}), "database is busy"},
		{&net.OpError{Op: "dial", Err: syscall.ENETUNREACH}, "other"},
	} {
		require.Equal(t, c.kind, kindOf(fmt.Errorf("job: %w", c.err), true))
	}
}

// busy says of itself what the errors of a database do.
type busy struct{}

func (busy) Error() string   { return "busy" }
func (busy) Temporary() bool { return true }
