package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
	"example.com/overlap/queue"
	"example.com/overlap/workload/pages"
)

// alone has the test's queue where no other is, and no server of the user's.
func alone(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	t.Setenv("NATS_URL", "")
	for _, f := range accessFlags {
		t.Setenv(f.env, "")
	}
}

func TestQueueHelp(t *testing.T) {
	overview := overlapCommand(t, "queue", "-h").stdout
	for _, c := range queueCommands() {
		verb := strings.TrimPrefix(c.name, "queue ")
		require.Regexp(t, `(?m)^  `+verb+` `, overview)
		for _, args := range [][]string{{"queue", verb, "-h"}, {"queue", verb, "--help"}, {"help", "queue", verb}} {
			s := overlapCommand(t, args...)
			require.Equal(t, 0, s.status, args)
			require.Empty(t, s.stderr)
			require.True(t, strings.HasPrefix(s.stdout, "Usage: overlap "+c.name+" [flags]"), s.stdout)
			require.Contains(t, s.stdout, "Examples:\n  overlap "+c.name)
			require.Contains(t, s.stdout, "Exit status: ")
			require.Contains(t, s.stdout, "\nFlags:\n  -")
		}
	}
}

func TestQueueBadUsage(t *testing.T) {
	alone(t)
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"bad.txt":   "http://site.example/a\n# so far so good\n\nnonsense\n",
		"good.txt":  "http://site.example/a\n",
		"junk.pem":  "junk",
		"empty.txt": "# nothing\n",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	const server = "nats://127.0.0.1:4222"
	for _, c := range []struct {
		args, want string
	}{
		{"", "overlap queue: a command is missing, such as add or work"},
		{"-dir q", "a command is missing"},
		{"-fly", "flag provided but not defined: -fly"},
		{"fly", "overlap queue: no command is called \"fly\"; `overlap help queue` lists them"},
		{"work -fly", "overlap queue work: flag provided but not defined: -fly\n`overlap help queue work` lists the flags"},

		{"work fly", `"fly" is no flag, and queue work takes no arguments`},
		{"work -job fly", `-job is "fly", want pages`},
		{"work -limit 0", "-limit is 0, want at least 1"},
		{"work -limit many", `invalid value "many" for flag -limit`},
		{"work -tries 0", "-tries is 0, want at least 1"},
		{"work -ack-wait 1ms", "-ack-wait is 1ms, want at least 100ms"},
		{"work -ack-wait 5", `invalid value "5" for flag -ack-wait`},
		{"work -backoff 0s", "-backoff is 0s, want at least 1ms"},
		{"work -max-bytes 0", "-max-bytes is 0, want at least 1"},
		{"work -client curl", `-client: "curl" is no client, want one of nethttp`},

		{"add -batch a.b good.txt", `-batch is "a.b", want 1 to 64 letters, digits, '-' or '_'`},
		{"add -batch= good.txt", `-batch is "", want`},
		{"add -job fly good.txt", `-job is "fly", want pages`},
		{"add good.txt bad.txt", `"bad.txt" is one file too many; flags come first`},
		{"add none.txt", "open none.txt"},
		{"add bad.txt", `bad.txt:4: "nonsense" does not begin with http:// or https://`},
		{"add empty.txt", "empty.txt: no URL in it"},
		{"results bad.txt", `bad.txt:4: "nonsense" does not begin`},
		{"results -batch a* good.txt", `-batch is "a*"`},

		{"status fly", `"fly" is no flag, and queue status takes no arguments`},
		{"status -job a.b", `-job is "a.b", want 1 to 64 letters`},
		{"dead -job a.b", `-job is "a.b"`},
		{"dead fly", `"fly" is no flag, and queue dead takes no arguments`},
		{"revive -job a.b", `-job is "a.b"`},
		{"revive fly", `"fly" is no flag, and queue revive takes no arguments`},

		{"demo fly", `"fly" is no flag, and queue demo takes no arguments`},
		{"demo -n 0", "-n is 0, want at least 1"},
		{"demo -workers 1", "-workers is 1, want at least 2"},
		{"demo -limit 0", "-limit is 0, want at least 1"},
		{"demo -latency -1s", "-latency is -1s, want at least 0s"},
		{"demo -latency 2h", "-latency: Latency.Mean is 2h0m0s, want"},
		{"demo -kill 1ms", "-kill is 1ms, want at least 100ms"},
		{"demo -ack-wait 1ms", "-ack-wait is 1ms, want at least 1s"},

		{"status -dir=", "-dir is empty, want a directory"},
		{"status -nats=", "-nats is empty, want a URL"},
		{"status -dir q -nats " + server, "-dir and -nats are both given"},
		{"status -nats http://127.0.0.1", "-nats is no URL of a NATS server"},
		{"status -nats nats://:4222", "-nats is no URL of a NATS server"},
		{"status -nats nats://user:hush#hush@127.0.0.1", "-nats is no URL of a NATS server"},
		{"status -nats " + server + ",ftp://x", "-nats is no URL of a NATS server: number 2 of 2"},
		{"status -sync -nats " + server, "-sync is for the server of -dir: that of -nats has settings of its own"},
		{"status -creds a", "-creds is for a server of -nats (or NATS_URL), and the queue is in a directory"},
		{"status -nkey a", "-nkey is for a server of -nats"},
		{"status -tlscert a", "-tlscert is for a server of -nats"},
		{"status -tlskey a", "-tlskey is for a server of -nats"},
		{"status -tlsca a -dir q", "-tlsca is for a server of -nats"},
		{"status -replicas 3", "-replicas is for a server of -nats"},
		{"status -replicas 0 -nats " + server, "-replicas is 0, want 1 to 5"},
		{"status -replicas 6 -nats " + server, "-replicas is 6, want 1 to 5"},
		{"status -creds= -nats " + server, "-creds is empty, want a file"},
		{"status -tlscert a -nats " + server, "-tlscert is given without -tlskey"},
		{"status -tlskey a -nats " + server, "-tlskey is given without -tlscert"},
		{"status -creds a -nkey b -nats " + server, "-creds and -nkey are both given"},
		{"status -creds none -nats " + server, "-creds: "},
		{"status -creds junk.pem -nats " + server, "-creds: "},
		{"status -nkey none -nats " + server, "-nkey: "},
		{"status -nkey junk.pem -nats " + server, "-nkey: "},
		{"status -tlscert none -tlskey none -nats " + server, "-tlscert: "},
		{"status -tlscert junk.pem -tlskey junk.pem -nats " + server, "-tlscert: "},
		{"status -tlsca none -nats " + server, "-tlsca: "},
		{"status -tlsca junk.pem -nats " + server, "-tlsca: "},
	} {
		s := overlapCommand(t, append([]string{"queue"}, strings.Fields(c.args)...)...)
		require.Equal(t, badUsage, s.status, c.args)
		require.Contains(t, s.stderr, c.want, c.args)
		require.NotContains(t, s.stderr, "hush", "a password is not shown")
		require.Empty(t, s.stdout, c.args)
	}
	t.Setenv("NATS_URL", "nats://user:hush#hush@127.0.0.1")
	for args, want := range map[string]string{
		"status":       "overlap queue status: NATS_URL is no URL of a NATS server",
		"status -sync": "-sync is for the server of -dir: that of NATS_URL has settings of its own",
		"status -h":    "",
	} {
		s := overlapCommand(t, append([]string{"queue"}, strings.Fields(args)...)...)
		require.Contains(t, s.stderr, want)
		require.NotContains(t, s.stdout+s.stderr, "hush")
	}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, entries, 4, "bad usage does nothing")
}

// The manuals' examples are commands that work: those on a directory are run, beside a worker.
func TestQueueExamples(t *testing.T) {
	alone(t)
	site, err := mockserver.Start("", mockserver.Settings{})
	require.NoError(t, err)
	defer site.Close()
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("urls.txt", []byte(site.PageURL(1)+"\n"), 0o600))
	ended, end := context.WithCancel(t.Context())
	end()
	working, stop := context.WithCancel(t.Context())
	worked := make(chan said)
	go func() { worked <- overlapWith(working, "", "queue", "work") }()
	defer func() {
		stop()
		require.Equal(t, 0, (<-worked).status)
	}()
	for _, c := range append([]command{{manual: queueManual}}, queueCommands()...) {
		_, examples, found := strings.Cut(c.manual, "\nExamples:\n")
		require.True(t, found, c.name)
		for line := range strings.Lines(examples) {
			t.Run(strings.TrimSpace(line), func(t *testing.T) {
				args := strings.Fields(line)[1:]
				var s said
				switch {
				case strings.Contains(line, "-nats "): // there is none
					require.NoError(t, accepts(args))
					return
				case args[1] == "demo":
					s = overlapWith(ended, "", args...)
					require.Equal(t, interrupted, s.status, s.stderr)
					return
				case args[1] == "work" || strings.Contains(line, "-watch"):
					s = overlapWith(ended, "", args...)
				default:
					s = overlapWith(t.Context(), site.PageURL(2)+"\n", args...)
				}
				require.Equal(t, 0, s.status, s.stderr)
			})
		}
	}
	require.FileExists(t, filepath.Join(os.Getenv("XDG_DATA_HOME"), "overlap", "queue", "token"))
}

// A name that is misspelt is no new queue, for those who only read.
func TestQueueIsNotMadeByThoseWhoRead(t *testing.T) {
	alone(t)
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"status"}, {"status", "-watch"}, {"results"}, {"dead"}, {"revive"}} {
		s := overlapWith(t.Context(), "http://site.example/\n", append(append([]string{"queue"}, args...), "-dir", "q")...)
		require.Equal(t, said{failed, "", fmt.Sprintf("overlap queue %s: there is no queue in q; add and work make one\n", args[0])}, s)
		require.NoDirExists(t, "q")
	}
}

func TestQueueCannotBeMade(t *testing.T) {
	alone(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s := overlapWith(t.Context(), "http://site.example/\n", "queue", "add", "-dir", filepath.Join(file, "q"))
	require.Equal(t, failed, s.status)
	require.Contains(t, s.stderr, "overlap queue add: queue "+filepath.Join(file, "q")+": ")
	require.Equal(t, 1, strings.Count(s.stderr, "\n"), s.stderr)
}

func TestQueueInTheUsersData(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("another system, other directories")
	}
	t.Setenv("HOME", "/home/me")
	for data, want := range map[string]string{
		"":           "/home/me/.local/share/overlap/queue",
		"/data":      "/data/overlap/queue",
		"not/a/root": "/home/me/.local/share/overlap/queue", // which its specification has ignored
	} {
		t.Setenv("XDG_DATA_HOME", data)
		dir, err := dataDir()
		require.NoError(t, err)
		require.Equal(t, want, dir)
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_DATA_HOME", "")
	s := overlapWith(t.Context(), "http://site.example/\n", "queue", "add")
	require.Equal(t, badUsage, s.status)
	require.Contains(t, s.stderr, "-dir is not given, and there is no directory for data: ")
}

func TestURLsOfNATS(t *testing.T) {
	for text, want := range map[string]string{
		"localhost":                     "nats://localhost",
		"host:4222":                     "nats://host:4222",
		"nats://me:hush@host:4222":      "nats://me:hush@host:4222",
		"tls://a:1, wss://b , ws://c:2": "tls://a:1,wss://b,ws://c:2",
	} {
		got, err := natsURL(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", ",", "nats://", "http://host", "nats://ho st", "nats://host:hush"} {
		_, err := natsURL(text)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestHumanLog(t *testing.T) {
	var out bytes.Buffer
	log := humanLog(&out, "overlap x: ")
	log.Warn("the server is gone", "queue", "nats://host", "error", errors.New("EOF"))
	log.Warn("the server is gone", "queue", "nats://host", "error", error(nil))
	log.Info("the server is back", "queue", "nats://host")
	log.Warn("a job is dead", "job", "pages", "batch", "b", "key", "http://a\x1b[2J", "error", &queue.RemoteError{Message: "two\nlines", Tries: 1, Worker: "w"})
	log.Log(t.Context(), slog.LevelDebug, "a detail")
	require.Equal(t, `overlap x: the server is gone: EOF
overlap x: the server is gone
overlap x: the server is back
overlap x: a job is dead: http://a [2J: two lines (after 1 try, at w)
`, out.String())
}

func TestWaitingFor(t *testing.T) {
	there := []queue.Worker{{}}
	for want, s := range map[string]queue.Status{
		"the queue is empty: some keys have not been added to batch b, or their results are no longer kept": {Done: 9, Workers: there},
		"3 jobs, and no worker is there":                                  {Pending: 1, InFlight: 2},
		"1 job, and no worker is there":                                   {Pending: 1},
		"1 pending, 2 in flight, 0 redelivered, 0 done, 0 dead, 1 worker": {Pending: 1, InFlight: 2, Workers: there},
	} {
		require.Equal(t, want, waitingFor(s, "b"))
	}
}

// A frame stays in its place and within the terminal, whatever is said meanwhile.
func TestFrame(t *testing.T) {
	var out bytes.Buffer
	width, height := 12, 6
	f := &frame{w: &out, size: func() (int, int, error) { return width, height, nil }}
	drawn := func() string {
		text := out.String()
		out.Reset()
		return text
	}
	_, err := f.Write([]byte("said early\n"))
	require.NoError(t, err)
	require.Empty(t, drawn(), "there is no frame yet")
	require.NoError(t, f.show("one\ntwo\n"))
	require.Equal(t, "one\x1b[K\ntwo\x1b[K\n\x1b[K\nsaid early\x1b[K\n\x1b[J", drawn())
	require.NoError(t, f.show("one\n"))
	require.Equal(t, "\x1b[4Fone\x1b[K\n\x1b[K\nsaid early\x1b[K\n\x1b[J", drawn())
	_, err = f.Write([]byte("a line that is too long\n"))
	require.NoError(t, err)
	require.Equal(t, "\x1b[3Fone\x1b[K\n\x1b[K\na line that\x1b[K\n\x1b[J", drawn())
	height = 4
	require.NoError(t, f.show("1\n2\n3\n4\n"))
	require.Equal(t, "\x1b[3F1\x1b[K\n2\x1b[K\n… and 4 lin\x1b[K\n\x1b[J", drawn())
	f.size = func() (int, int, error) { return 0, 0, errors.New("no terminal") }
	require.NoError(t, f.show("1\n2\n3\n4\n"))
	require.Contains(t, drawn(), "a line that is too long")
	require.NoError(t, (&frameWatcher{"pages", f}).silent(errors.New("no answer")))
	require.Contains(t, drawn(), "4\x1b[K\n\x1b[K\nno answer\x1b[K\n")
	require.NoError(t, (&frameWatcher{"pages", f}).show(queue.Status{Pending: 7}))
	require.Contains(t, drawn(), "pending      7\x1b[K\n")
}

func TestWatchLines(t *testing.T) {
	var out bytes.Buffer
	l := &lineWatcher{&out, func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
	require.NoError(t, l.show(queue.Status{Pending: 7}))
	require.NoError(t, l.silent(errors.New("no answer")))
	require.NoError(t, jsonWatcher{lineEncoder(&out)}.show(queue.Status{Dead: 1}))
	require.NoError(t, jsonWatcher{lineEncoder(&out)}.silent(errors.New("no answer")))
	require.Equal(t, `03:04:05  7 pending, 0 in flight, 0 redelivered, 0 done, 0 dead, 0 workers
03:04:05  no answer
{"pending":0,"in_flight":0,"redelivered":0,"done":0,"dead":1,"workers":[]}
`, out.String())
}

func TestQueueSettings(t *testing.T) {
	alone(t)
	for args, want := range map[string]queue.Settings{
		"-dir q":                            {Dir: "q", Replicas: 1},
		"-dir q -sync":                      {Dir: "q", Sync: true, Replicas: 1},
		"-nats host":                        {URL: "nats://host", Replicas: 1},
		"-nats tls://a,tls://b -replicas 3": {URL: "tls://a,tls://b", Replicas: 3},
	} {
		var p place
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		p.flags(flags)
		require.NoError(t, flags.Parse(strings.Fields(args)))
		require.NoError(t, p.check(flags))
		got, err := p.settings()
		require.NoError(t, err)
		require.Equal(t, want, got, args)
	}
}

// What a worker is told is what its jobs are done by.
func TestQueueWorkFlags(t *testing.T) {
	var w workTask
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	w.flags(flags)
	require.NoError(t, flags.Parse(strings.Fields("-tries 7 -ack-wait 40s -backoff 3s")))
	job, done, err := w.named()
	require.NoError(t, err)
	defer done()
	require.Equal(t, 7, job.Tries)
	require.Equal(t, 40*time.Second, job.AckWait)
	require.Equal(t, 3*time.Second, job.Backoff)
	require.True(t, job.Temporary(fmt.Errorf("get x: %w", queue.ErrAckWait)))
	require.True(t, job.Temporary(&pages.StatusError{StatusCode: 503}))
	require.False(t, job.Temporary(&pages.StatusError{StatusCode: 404}))
}
