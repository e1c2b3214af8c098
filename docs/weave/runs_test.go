package weave

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseRuns(t *testing.T) {
	runs, err := ParseRuns("runs.txt", `# a comment

three   varies	overlap run -n 3
errors varies exit=1 overlap run -faults 'status=0.1, x' "a \"b\"" c\ d
  one-core exact GOMAXPROCS=1 A='b c' go run ./x -timeline=one-core.json
drawn exact make report -timeline drawn.json
`)
	require.NoError(t, err)
	require.Equal(t, []Run{
		{Name: "three", Command: "overlap run -n 3", Args: []string{"overlap", "run", "-n", "3"}, Line: 3},
		{Name: "errors", Exit: 1, Command: `overlap run -faults 'status=0.1, x' "a \"b\"" c\ d`, Args: []string{"overlap", "run", "-faults", "status=0.1, x", `a "b"`, "c d"}, Line: 4},
		{Name: "one-core", Exact: true, Command: "GOMAXPROCS=1 A='b c' go run ./x -timeline=one-core.json", Env: []string{"GOMAXPROCS=1", "A=b c"},
			Args: []string{"go", "run", "./x", "-timeline=one-core.json"}, Line: 5},
		{Name: "drawn", Exact: true, Command: "make report -timeline drawn.json", Args: []string{"make", "report", "-timeline", "drawn.json"}, Line: 6},
	}, runs)
	require.Equal(t, []string{"", "", "one-core.json", "drawn.json"}, []string{runs[0].timelineFile(), runs[1].timelineFile(), runs[2].timelineFile(), runs[3].timelineFile()})
}

func TestParseRunsErrors(t *testing.T) {
	const simple = "x: want one command, without pipes, variables and the like"
	for _, c := range []struct{ name, line, want string }{
		{"a name with capitals", "Three varies overlap", `"Three" is no name for a run: want small letters, digits and -`},
		{"a path", "../x varies overlap", `"../x" is no name for a run: want small letters, digits and -`},
		{"the name that means every run", "all varies overlap", `"all" is no name for a run: want small letters, digits and -`},
		{"no label", "x overlap run", `x is labelled "overlap", want exact or varies`},
		{"nothing but a name", "x", `x is labelled "", want exact or varies`},
		{"no command", "x exact", simple},
		{"no command but a variable", "x exact A=b", simple},
		{"a status that is none", "x exact exit=often overlap", `x has exit=often, want a status from 1 to 255`},
		{"the status of success", "x exact exit=0 overlap", `x has exit=0, want a status from 1 to 255`},
		{"a status and no command", "x exact exit=1", simple},
		{"another program", "x exact rm -r x", `x begins with "rm", want overlap, go or make`},
		{"a path to the program", "x exact bin/overlap run", `x begins with "bin/overlap", want overlap, go or make`},
		{"a pipe", "x exact overlap run | head", simple},
		{"two commands", "x exact overlap run; overlap run", simple},
		{"a redirection", "x exact overlap run >out", simple},
		{"in the background", "x exact overlap run &", simple},
		{"a variable", "x exact overlap run $HOME", simple},
		{"a variable in quotes", `x exact overlap run "$HOME"`, simple},
		{"a variable in an assignment", "x exact A=$HOME overlap run", simple},
		{"a quote that does not end", "x exact overlap 'run", "x: no command that a shell understands: 1:9: reached EOF without closing quote `'`"},
		{"a timeline of another name", "x exact overlap run -timeline y.json", "x has -timeline y.json, want -timeline x.json"},
		{"a picture in place of a timeline", "x exact overlap run --timeline=x.svg", "x has -timeline x.svg, want -timeline x.json"},
	} {
		runs, err := ParseRuns("docs/runs/runs.txt", "good exact overlap run\n"+c.line+"\n")
		require.EqualError(t, err, "docs/runs/runs.txt:2: "+c.want, c.name)
		require.Len(t, runs, 1, c.name)
	}
	_, err := ParseRuns("r", "x exact overlap\nx exact go vet\n?\n")
	require.EqualError(t, err, "r:2: there is another run called x\nr:3: \"?\" is no name for a run: want small letters, digits and -")
	require.Equal(t, []string{"r:2: there is another run called x", `r:3: "?" is no name for a run: want small letters, digits and -`}, words(asProblems("r", err)))
}

// What a list is made of is found again, and errors name a line that is there.
func FuzzParseRuns(f *testing.F) {
	for _, seed := range []string{"", "# x\n\n", "three varies overlap run -n 3\n", "x exact exit=1 A=b go run './x y' \"a\\\"\" c\\ d", "x exact overlap $(x)\n", "x varies make 'a\n", "a\tvaries\tgo"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		runs, err := ParseRuns("r", text)
		lines := strings.Count(text, "\n") + 1
		for _, r := range runs {
			require.True(t, r.Line >= 1 && r.Line <= lines)
			require.Contains(t, []string{"overlap", "go", "make"}, r.Args[0])
			require.NotContains(t, r.Command, "\n")
			_, args, err := simpleCommand(r.Command)
			require.NoError(t, err)
			require.Equal(t, r.Args, args)
		}
		for _, p := range asProblems("r", err) {
			require.True(t, p.Line >= 1 && p.Line <= lines, p)
		}
	})
}

const list = `say varies overlap say hello
say-exact exact overlap say hello
nothing exact overlap
where varies GOMAXPROCS=1 overlap where
drawn varies overlap run -timeline drawn.json
fails varies exit=3 overlap fail
version exact go version
bad-go varies exit=1 go run ./none
`

func TestRecord(t *testing.T) {
	c := course(t, files{"docs/runs/runs.txt": list, "docs/a.md": "<!-- gen: run say -->\n<!-- end -->\n\n<!-- gen: run say-exact -->\n<!-- end -->\n"})
	_, problems := filled(t, c, "docs/a.md")
	require.Equal(t, []string{
		"docs/a.md:1: gen: run say: say is not recorded yet: overlap docs -record say",
		"docs/a.md:4: gen: run say-exact: say-exact is not recorded yet: overlap docs -record say-exact",
	}, problems)

	done, err := c.Record(t.Context(), "say", "say-exact")
	require.NoError(t, err)
	require.Equal(t, []string{"say", "say-exact"}, done)
	require.Equal(t, "# "+thisMachine()+"\n$ overlap say hello\nhello\n", read(t, c, "docs/runs/say.txt"))
	text, problems := filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "```text\n$ overlap say hello\nhello\n```\n\n*"+thisMachine()+"; varies from run to run.*\n<!-- end -->\n")
	require.Contains(t, text, "```text\n$ overlap say hello\nhello\n```\n\n*"+thisMachine()+"; exact: yours is the same.*\n<!-- end -->\n")

	done, err = c.Record(t.Context()) // those that are not recorded yet
	require.NoError(t, err)
	require.Equal(t, []string{"nothing", "where", "drawn", "fails", "version", "bad-go"}, done)
	output := func(name string) string {
		r, err := readRecording(c.file("docs/runs/" + name + ".txt"))
		require.NoError(t, err)
		require.Equal(t, thisMachine(), r.machine)
		return r.output
	}
	require.Equal(t, "", output("nothing"))
	require.Equal(t, "here: x.txt 1\n", output("where"), "the machine's own paths fall away, the environment is set")
	require.Equal(t, "makespan 1s\n", output("drawn"), "progress is not the output")
	require.FileExists(t, c.file("docs/runs/drawn.json"))
	require.NoFileExists(t, c.file("drawn.json"))
	require.Equal(t, "it went wrong\nexit status 3\n", output("fails"))
	require.Contains(t, output("version"), "go version go1.")
	require.NotContains(t, output("bad-go"), c.root)

	done, err = c.Record(t.Context())
	require.NoError(t, err)
	require.Empty(t, done)
	require.NoError(t, os.Remove(c.file("docs/runs/drawn.json")))
	done, err = c.Record(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"drawn"}, done, "its timeline was missing")
	done, err = c.Record(t.Context(), "all")
	require.NoError(t, err)
	require.Len(t, done, 8)
}

// A program of the course may record a timeline, too: it runs in the course's own
// directory, where nothing of it is left.
func TestRecordTimelineOfAProgram(t *testing.T) {
	c := course(t, files{
		"docs/runs/runs.txt": "apart varies go run ./draw -timeline apart.json\njoined varies go run ./draw --timeline=joined.json\n",
		"draw/main.go": `package main

import (
	"flag"
	"os"
)

func main() {
	name := flag.String("timeline", "", "")
	flag.Parse()
	if err := os.WriteFile(*name, []byte("recorded"), 0o666); err != nil {
		panic(err)
	}
}
`})
	_, err := c.Record(t.Context(), "all")
	require.NoError(t, err)
	for _, file := range []string{"apart.json", "joined.json"} {
		require.Equal(t, "recorded", read(t, c, "docs/runs/"+file))
		require.NoFileExists(t, c.file(file))
	}
}

func TestRecordErrors(t *testing.T) {
	c := course(t, files{"docs/runs/runs.txt": `fails varies overlap fail
succeeds varies exit=1 overlap say hello
undrawn varies overlap say -timeline undrawn.json
good varies overlap say good
`, "docs/runs/fails.txt": "# m\n$ overlap fail\nas it was\n"})
	done, err := c.Record(t.Context(), "all")
	require.Equal(t, []string{"good"}, done, "one that fails does not keep the others from their turn")
	require.ErrorContains(t, err, "docs/runs/runs.txt:1: fails: exit status 3, want 0: it went wrong")
	require.ErrorContains(t, err, "docs/runs/runs.txt:2: succeeds: exit status 0, want 1: hello")
	require.ErrorContains(t, err, "docs/runs/runs.txt:3: undrawn: it recorded no timeline: ")
	require.Equal(t, "# m\n$ overlap fail\nas it was\n", read(t, c, "docs/runs/fails.txt"))

	_, err = c.Record(t.Context(), "none")
	require.EqualError(t, err, "docs/runs/runs.txt lists no run called none")

	c = course(t, files{"docs/runs/runs.txt": "x exact overlap\n?\n"})
	_, err = c.Record(t.Context(), "x")
	require.EqualError(t, err, `docs/runs/runs.txt:2: "?" is no name for a run: want small letters, digits and -`)

	c = course(t, files{"docs/runs/runs.txt": "x exact overlap say\n"})
	c.options.Program = ""
	_, err = c.Record(t.Context(), "x")
	require.EqualError(t, err, "docs/runs/runs.txt:1: x: no program stands for overlap")
}

func TestRecordIsEndedByItsContext(t *testing.T) {
	c := course(t, files{"docs/runs/runs.txt": "hangs varies overlap hang\nnever varies overlap say never\n"})
	ctx, cancel := context.WithCancel(t.Context())
	defer time.AfterFunc(100*time.Millisecond, cancel).Stop()
	done, err := c.Record(ctx, "all")
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, done)
	require.NoFileExists(t, c.file("docs/runs/never.txt"))
}

// A recording that is damaged, of another command, of none: each is told where it is.
func TestCheckRuns(t *testing.T) {
	c := course(t, files{
		"docs/runs/runs.txt": `missing varies overlap say
other varies overlap say other
damaged varies overlap say damaged
undrawn varies overlap say -timeline undrawn.json
flies varies overlap fly
Bad line
`,
		"docs/runs/other.txt":   "# m\n$ overlap say something\n",
		"docs/runs/damaged.txt": "hello\n",
		"docs/runs/undrawn.txt": "# m\n$ overlap say -timeline undrawn.json\n",
		"docs/runs/flies.txt":   "# m\n$ overlap fly\n",
		"docs/runs/alone.txt":   "# m\n$ overlap\n",
		"docs/runs/alone.json":  "{}",
		"docs/a.md":             "<!-- gen: run other -->\n<!-- end -->\n\n<!-- gen: run damaged -->\n<!-- end -->\n\n<!-- gen: run none -->\n<!-- end -->\n",
	})
	require.Equal(t, []string{
		"docs/a.md:1: gen: run other: other is recorded with another command, \"overlap say something\": overlap docs -record other",
		"docs/a.md:4: gen: run damaged: docs/runs/damaged.txt: no recording: want \"# MACHINE\", \"$ COMMAND\" and the output",
		"docs/a.md:7: gen: run none: docs/runs/runs.txt:6: \"Bad\" is no name for a run: want small letters, digits and -",
		"docs/runs/alone.json: of no run that docs/runs/runs.txt lists",
		"docs/runs/alone.txt: of no run that docs/runs/runs.txt lists",
		"docs/runs/runs.txt:1: missing is not recorded yet: overlap docs -record missing",
		"docs/runs/runs.txt:2: other is recorded with another command, \"overlap say something\": overlap docs -record other",
		"docs/runs/runs.txt:3: docs/runs/damaged.txt: no recording: want \"# MACHINE\", \"$ COMMAND\" and the output",
		"docs/runs/runs.txt:4: the timeline of undrawn is not recorded yet: overlap docs -record undrawn",
		"docs/runs/runs.txt:5: flies: overlap cannot fly",
		"docs/runs/runs.txt:6: \"Bad\" is no name for a run: want small letters, digits and -",
	}, checked(t, c))
}

func TestExactRunsAreRunAgain(t *testing.T) {
	c := course(t, files{
		"docs/runs/runs.txt":    "a exact overlap say a\nb exact overlap say b\nc varies overlap say c\nd exact overlap fail\ne exact overlap say e\nf exact overlap say 'ok x\t0.5s'\n",
		"docs/runs/f.txt":       "# m\n$ overlap say 'ok x\t0.5s'\nok x\t0.9s\n",
		"docs/runs/a.txt":       "# m\n$ overlap say a\na\n",
		"docs/runs/b.txt":       "# m\n$ overlap say b\nsomething else\n",
		"docs/runs/c.txt":       "# m\n$ overlap say c\nsomething else\n",
		"docs/runs/d.txt":       "# m\n$ overlap fail\nit went wrong\n",
		"docs/runs/e.txt":       "# m\n$ overlap say e\nsomething else\n",
		"docs/a.md":             "<!-- gen: run a -->\n<!-- end -->\n\n<!-- gen: run b -->\n<!-- end -->\n",
		"docs/other.md":         "# O\n",
		"docs/runs/.gitignored": "",
	})
	require.NoError(t, os.Remove(c.file("docs/runs/.gitignored")))
	_, problems := filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	const b = `docs/runs/b.txt:3: b is exact, and now prints "b" where "something else" is recorded: overlap docs -record b, or say that it varies; docs/a.md:13 shows it`
	require.Equal(t, "something else", strings.Split(read(t, c, "docs/a.md"), "\n")[13-1])
	require.Equal(t, []string{
		b,
		`docs/runs/e.txt:3: e is exact, and now prints "e" where "something else" is recorded: overlap docs -record e, or say that it varies`,
		"docs/runs/runs.txt:4: d: exit status 3, want 0: it went wrong",
	}, checked(t, c))
	require.Equal(t, []string{b}, checked(t, c, "docs/a.md"), "of a page, those that it shows")
	require.Empty(t, checked(t, c, "docs/other.md"))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Check(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// How long tests took is not what exact means.
func TestExactButForTheTimeOfTests(t *testing.T) {
	const test = "=== RUN   TestX\n--- PASS: TestX (0.01s)\nPASS\nok  \texample.com/mine\t0.123s\n"
	for other, same := range map[string]bool{
		strings.NewReplacer("0.01s", "1.50s", "\t0.123s", "\t9.999s").Replace(test): true,
		strings.Replace(test, "\t0.123s", "\t(cached)", 1):                          true,
		strings.Replace(test, "TestX (", "TestY (", 1):                              false,
		strings.Replace(test, "PASS", "FAIL", 1):                                    false,
	} {
		require.Equal(t, same, goTestTime.ReplaceAllString(test, " -") == goTestTime.ReplaceAllString(other, " -"), other)
	}
	require.Contains(t, recording{"m", "go test", test}.markdown(true), "*m; exact: yours is the same, but for how long the tests took.*")
	require.Contains(t, recording{"m", "go test", test}.markdown(false), "*m; varies from run to run.*")
	for _, output := range []string{"at 0xaddr1\n", "\t$GOROOT/src/a.go:1\n", "\t$GOMODCACHE/x\n", "Goroutine 2 (running)\n", "goroutine 7 [running]:\n"} {
		require.Contains(t, recording{"m", "go run x", output}.markdown(true), "*m; exact, but for paths, addresses and the numbers of goroutines.*")
		require.Contains(t, recording{"m", "go test", output + test}.markdown(true), "*m; exact, but for paths, addresses, the numbers of goroutines and how long the tests took.*")
		require.Contains(t, recording{"m", "go run x", output}.markdown(false), "*m; varies from run to run.*")
	}
	require.Contains(t, recording{"m", "go run x", "3 goroutines\n"}.markdown(true), "*m; exact: yours is the same.*")
	require.Contains(t, recording{"m", "go run x", "a 0.123s b\n"}.markdown(true), "*m; exact: yours is the same.*")
}

// Readers of a page need no file of the timeline that it shows.
func TestTheFlagOfTheTimelineIsNotShown(t *testing.T) {
	for command, want := range map[string]string{
		"overlap run -n 3 -timeline x.json":      "overlap run -n 3",
		"overlap run --timeline=x.json -n 3":     "overlap run -n 3",
		"overlap run  -timeline  'x.json'  -n 3": "overlap run  -n 3",
		"overlap run -timelines 3":               "overlap run -timelines 3",
	} {
		r, err := parseRun("x varies " + command)
		require.NoError(t, err)
		require.Equal(t, want, r.withoutTimeline())
	}
	c := course(t, files{"docs/runs/runs.txt": "x varies overlap run -timeline x.json\n", "docs/runs/x.txt": "# m\n$ overlap run -timeline x.json\na\n", "docs/a.md": "<!-- gen: run x -->\n<!-- end -->\n"})
	text, problems := filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "```text\n$ overlap run\na\n```\n")
}

// What is missing is said once: the timeline is recorded with the text.
func TestATimelineWithoutItsText(t *testing.T) {
	const text = "<!-- gen: run x -->\n<!-- end -->\n"
	timeline := "<!-- gen: timeline x -->\n![Timeline](figures/x.svg)\n\n*m; varies from run to run.*\n<!-- end -->\n"
	const listed = "docs/runs/runs.txt:1: x is not recorded yet: overlap docs -record x"
	for _, withJSON := range []bool{true, false} {
		all := files{"docs/runs/runs.txt": "x varies overlap run -timeline x.json\n", "docs/a.md": text + "\n" + timeline, "docs/figures/x.svg": drawnWith(t, 0)}
		if withJSON {
			all["docs/runs/x.json"] = recordedJSON(t)
		} else {
			delete(all, "docs/figures/x.svg")
			all["docs/a.md"] = text + "\n<!-- gen: timeline x -->\n<!-- end -->\n"
		}
		c := course(t, all)
		require.Equal(t, []string{"docs/a.md:1: gen: run x: x is not recorded yet: overlap docs -record x", listed}, checked(t, c))
		_, problems := filled(t, open(t, c.root), "docs/a.md")
		require.Equal(t, []string{"docs/a.md:1: gen: run x: x is not recorded yet: overlap docs -record x"}, problems)
		require.Equal(t, all["docs/a.md"], read(t, c, "docs/a.md"))

		all["docs/a.md"] = strings.TrimPrefix(all["docs/a.md"], text+"\n") // then the timeline's place says it
		require.Equal(t, []string{"docs/a.md:1: gen: timeline x: x is not recorded yet: overlap docs -record x", listed}, checked(t, course(t, all)))
	}
}

// Results of a command that is recorded or run for a page do not stay in the repository.
func TestResultsDoNotStay(t *testing.T) {
	c := course(t, files{"docs/runs/runs.txt": "x varies overlap measure\ny varies go run ./cmd/overlap bench\nz varies make bench\n", "bench/results/reference.txt": "old\n",
		"bench/x/x.go": "package x\n", "cmd/overlap/main.go": "package main\n", "Makefile": "bench:\n\ttouch made\n"})
	_, err := c.Record(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "# "+thisMachine()+"\n$ overlap measure\nold\nnew\npackage x\n", read(t, c, "docs/runs/x.txt"))
	require.NoFileExists(t, c.file("bench/results/new.txt"))

	_, err = c.Record(t.Context(), "y", "z")
	require.EqualError(t, err, "docs/runs/runs.txt:2: y: its results would stay in the repository: want overlap bench, or -o bin/NAME.txt\n"+
		"docs/runs/runs.txt:3: z: its results would stay in the repository: want OUT=bin/NAME.txt")
	require.NoFileExists(t, c.file("made"))
	problems := checked(t, c)
	require.Contains(t, problems, "docs/runs/runs.txt:2: y: its results would stay in the repository: want overlap bench, or -o bin/NAME.txt")
	require.Contains(t, problems, "docs/runs/runs.txt:3: z: its results would stay in the repository: want OUT=bin/NAME.txt")

	for command, stays := range map[string]bool{
		"go run ./cmd/overlap bench -o bin/x.txt": false, "go run -race ./cmd/overlap bench -o=./bin/x.txt -- -full": false, "go run ./cmd/overlap run": false, "go run ./x bench": false,
		"make bench OUT=bin/x.txt": false, "make test": false, "go test ./bench": false, "overlap bench": false,
		"go run ./cmd/overlap bench -- -o bin/x.txt": true, "go run ./cmd/overlap bench -o x.txt": true, "go run ./cmd/overlap bench -o": true, "make bench-sweep OUT=x.txt": true,
	} {
		require.Equal(t, stays, leavesResults(strings.Fields(command)) != nil, command)
	}
	write(t, c.root, "docs/a.md", "```sh\nmake bench\n```\n\n```sh quick\nmake bench\n```\n")
	require.Equal(t, []string{"docs/a.md:6: make bench: its results would stay in the repository: want OUT=bin/NAME.txt"}, checked(t, open(t, c.root), "docs/a.md"), "a reader may")
}

func TestNormal(t *testing.T) {
	c := course(t, nil)
	w, err := c.scratch()
	require.NoError(t, err)
	defer w.remove()
	dirs := c.goEnv().dirs
	require.Len(t, dirs, 2)
	for text, want := range map[string]string{
		"":  "",
		"a": "a\n",
		"go: downloading x v1\nmake: Entering directory 'x'\na\r\nmake: Leaving directory 'x'\n": "a\n",
		w.dir + "/x.go " + c.root + "/y.go in " + c.root + "\n":                                  "x.go y.go in .\n",
		dirs["GOROOT"] + "/src/fmt/print.go:1\n":                                                 "$GOROOT/src/fmt/print.go:1\n",
		dirs["GOMODCACHE"] + "/x@v1/y.go\n":                                                      "$GOMODCACHE/x@v1/y.go\n",
	} {
		require.Equal(t, want, w.normal(text))
	}
}
