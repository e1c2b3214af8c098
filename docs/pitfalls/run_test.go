package pitfalls

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const sound = `title: A loss
detector: result
label: exact
broken: OF=pages go run -tags pitfall ./broken
broken exit: 3
broken want: lost 1 pages
mended: go run -tags pitfall ./mended
mended exit: 0
mended want: lost 0
`

// parse reads the manifest of a pitfall in testdata, some of it replaced.
func parse(t *testing.T, name, text string, replace ...string) *Pitfall {
	p, err := Parse(filepath.Join("testdata", name, ManifestName), strings.NewReplacer(replace...).Replace(text))
	require.NoError(t, err)
	return p
}

func TestRun(t *testing.T) {
	m, p := thisMachine(t), parse(t, "sound", sound)
	broken, err := m.Run(t.Context(), p, Broken)
	require.NoError(t, err)
	require.Equal(t, m.String()+"\n$ OF=pages go run -tags pitfall ./broken\nlost 1 pages\nexit status 3\n", broken.String())
	mended, err := m.Run(t.Context(), p, Mended)
	require.NoError(t, err)
	require.Equal(t, m.String()+"\n$ go run -tags pitfall ./mended\nlost 0 \n", mended.String())
	require.NoError(t, p.Distinct(broken, mended))
}

// What would make this package useless: a broken program that no longer fails, or a
// mended one that does, and nobody is told.
func TestWhatIsNotAsWantedIsReported(t *testing.T) {
	m := thisMachine(t)
	at := filepath.Join("testdata", "sound", ManifestName)
	for name, tt := range map[string]struct {
		variant Variant
		replace []string
		want    string // of the error's first line
	}{
		"the broken program works": {
			Broken, []string{"./broken", "./mended"},
			at + `:4: OF=pages go run -tags pitfall ./mended: exit status 0, want 3; the output lacks "lost 1 pages"`,
		},
		"the broken program fails for another reason": {
			Broken, []string{"lost 1 pages", "deadlock"},
			at + `:4: OF=pages go run -tags pitfall ./broken: the output lacks "deadlock"`,
		},
		"the broken program does not compile": {
			Broken, []string{"-tags pitfall ./broken", "./broken", "exit: 3", "exit: nonzero"},
			at + `:4: OF=pages go run ./broken: the output lacks "lost 1 pages"`,
		},
		"any failure would do": {
			Broken, []string{"./broken", "./mended", "exit: 3", "exit: nonzero", "lost 1", "lost"},
			at + `:4: OF=pages go run -tags pitfall ./mended: exit status 0, want nonzero; the output lacks "lost pages"`,
		},
		"the mended program fails": {
			Mended, []string{"./mended", "./broken"},
			at + `:7: go run -tags pitfall ./broken: exit status 3, want 0; the output lacks "lost 0"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := m.Run(t.Context(), parse(t, "sound", sound, tt.replace...), tt.variant)
			require.Error(t, err)
			first, _, _ := strings.Cut(err.Error(), "\n")
			require.Equal(t, tt.want, first)
		})
	}
}

func TestEachOfSeveralCommandsIsJudged(t *testing.T) {
	p := parse(t, "sound", sound+"mended: go vet ./mended\nmended exit: 0\n")
	good := Recording{Steps: []Step{{Exit: 0, Output: "lost 0\n"}, {Exit: 0}}}
	require.NoError(t, p.Judge(Mended, good))
	require.ErrorContains(t, p.Judge(Mended, Recording{Steps: good.Steps[:1]}), "2 commands, 1 were run")
	bad := Recording{Steps: []Step{{Exit: 0, Output: "lost 9\n"}, {Exit: 1, Output: "found\n"}}}
	require.EqualError(t, p.Judge(Mended, bad), p.at(p.Mended[0])+": go run -tags pitfall ./mended: the output lacks \"lost 0\"\nlost 9\n\n"+
		p.at(p.Mended[1])+": go vet ./mended: exit status 1, want 0\nfound\n")
}

func TestAManifestMustTellThemApart(t *testing.T) {
	at := filepath.Join("testdata", "sound", ManifestName)
	broken := Recording{Steps: []Step{{Exit: 3, Output: "lost 1 pages\n"}}}
	mended := Recording{Steps: []Step{{Exit: 0, Output: "lost 0\n"}}}
	require.NoError(t, parse(t, "sound", sound).Distinct(broken, mended))
	require.EqualError(t, parse(t, "sound", sound, "exit: 3", "exit: 0", "lost 1 pages", "lost").Distinct(broken, mended),
		at+": the mended program does all that is wanted of the broken one: the manifest cannot tell them apart")
	require.EqualError(t, parse(t, "sound", sound, "exit: 0", "exit: nonzero", "lost 0", "lost").Distinct(broken, mended),
		at+": the broken program does all that is wanted of the mended one: the manifest cannot tell them apart")
}

func TestDrift(t *testing.T) {
	p := parse(t, "sound", sound)
	path := filepath.Join("testdata", "sound", "mended.out")
	const command = "go run -tags pitfall ./mended"
	now := Recording{Machine: "# go1.26.8, linux/amd64, 2 cores", Steps: []Step{{Command: command, Output: "lost 0\n"}}}
	for name, tt := range map[string]struct {
		label    Label
		recorded string
		want     string // empty is none
	}{
		"the same":                         {Exact, now.String(), ""},
		"the same, on more cores":          {Exact, strings.Replace(now.String(), "2 cores", "64 cores", 1), ""},
		"another command":                  {Varies, "# m\n$ go vet\nlost 0\n", path + ": records another command than " + command},
		"another output":                   {Exact, now.Machine + "\n$ " + command + "\nlost 7\n", path + ":3: the label is exact, but now it prints\n$ " + command + "\nlost 0\n"},
		"more output":                      {Exact, now.String() + "more\n", path + ":4: the label is exact, but now it prints\n$ " + command + "\nlost 0\n"},
		"another output, and it varies":    {Varies, now.Machine + "\n$ " + command + "\nlost 7\n", ""},
		"another output of another Python": {Exact, "# go1.26.8, Python 3.13.0, linux/amd64, 2 cores\n$ " + command + "\nlost 7\n", ""},
		"another output of another Go":     {Exact, "# go1.25.1, linux/amd64, 2 cores\n$ " + command + "\nlost 7\n", ""},
		"another output on a Mac":          {Exact, "# go1.26.8, darwin/arm64, 2 cores\n$ " + command + "\nlost 7\n", ""},
		"nothing":                          {Exact, "", path + ": records another command than " + command},
		"another command of another one":   {Exact, "# go1.25.1, linux/amd64, 2 cores\n$ go vet\n", path + ": records another command than " + command},
	} {
		t.Run(name, func(t *testing.T) {
			p.Label = tt.label
			err := p.Drift(Mended, tt.recorded, now)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.want)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	p := parse(t, "sound", sound)
	p.Dir = t.TempDir()
	r := Recording{Machine: "# m", Steps: []Step{{Command: "go a", Output: "no newline"}, {Command: "go b"}}}
	require.NoError(t, p.Record(Broken, r))
	text, err := os.ReadFile(filepath.Join(p.Dir, "broken.out"))
	require.NoError(t, err)
	require.Equal(t, "# m\n$ go a\nno newline\n$ go b\n", string(text))
}

func TestMachine(t *testing.T) {
	m := thisMachine(t)
	require.Regexp(t, `^# go1\.\d+\S*, [a-z0-9]+/[a-z0-9]+, \d+ cores?$`, m.String())
	small := &Machine{Go: "go1.26.0", GOOS: "linux", GOARCH: "arm64", Cores: 1, Python: "3.13.0"}
	require.Equal(t, "# go1.26.0, linux/arm64, 1 core", small.String())
	p := parse(t, "sound", sound)
	require.Equal(t, small.String(), small.stamp(p.Mended))
	p.Mended[0].Args[0] = "python3"
	require.Equal(t, "# go1.26.0, Python 3.13.0, linux/arm64, 1 core", small.stamp(p.Mended))

	t.Chdir(t.TempDir())
	_, err := ThisMachine(t.Context())
	require.EqualError(t, err, "go env GOMOD: there is no module here")
}

// The developer's own settings do not change what a program does, the manifest's do.
func TestEnvironment(t *testing.T) {
	t.Setenv("GOMAXPROCS", "77")
	t.Setenv("GODEBUG", "x=1")
	t.Setenv("PYTHONASYNCIODEBUG", "1")
	t.Setenv("PYTHONHOME", "/opt/python")
	t.Setenv("OTHER", "kept")
	t.Setenv("GOTMPDIR", "/elsewhere")
	env := environment("/tmp/x")
	require.NotContains(t, env, "GOMAXPROCS=77")
	require.NotContains(t, env, "GODEBUG=x=1")
	require.NotContains(t, env, "PYTHONASYNCIODEBUG=1")
	require.Contains(t, env, "PYTHONHOME=/opt/python")
	require.Contains(t, env, "OTHER=kept")
	require.Equal(t, "GOTMPDIR=/tmp/x", env[len(env)-3], "the last of a name counts")
}

func TestStatusOfTheProgramThatGoRunRan(t *testing.T) {
	for output, want := range map[string]int{
		"":                                       1,
		"exit status 66\n":                       66,
		"panic: x\nexit status 2\n":              2,
		"exit status 3\nthen more\n":             1,
		"./main.go:3: undefined\n":               1,
		"exit status many\n":                     1,
		"prints no newlineexit status 4\n":       1,
		"exit status 3 of what?\nexit status 1":  1,
		"signal: segmentation fault (core dump)": 1,
	} {
		require.Equal(t, want, programStatus(output), output)
	}
}

func TestOutputIsBounded(t *testing.T) {
	o := output{left: 5}
	for range 3 {
		n, err := o.Write([]byte("abc"))
		require.NoError(t, err)
		require.Equal(t, 3, n, "else the program gets an error")
	}
	require.Equal(t, "abcab", o.String())
	require.True(t, o.cut)
}

func TestACommandThatDoesNotEndIsReported(t *testing.T) {
	m, p := thisMachine(t), parse(t, "sound", sound)
	m.timeout = time.Nanosecond
	_, err := m.Run(t.Context(), p, Broken)
	require.ErrorContains(t, err, p.at(p.Broken[0])+": OF=pages go run -tags pitfall ./broken: has not ended after 1ns\n")
}

// A go command that is killed leaves its temporary files.
func TestNoTemporaryFilesStay(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GOTMPDIR", dir)
	m, p := thisMachine(t), parse(t, "sound", sound)
	_, err := m.Run(t.Context(), p, Broken)
	require.NoError(t, err)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestNothingIsBegunWhenAllIsOver(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	m, p := thisMachine(t), parse(t, "sound", sound)
	r, err := m.Run(ctx, p, Broken)
	require.EqualError(t, err, "enough")
	require.Empty(t, r.Steps)
}

// Paths in what Python prints are shortened.
func TestPython(t *testing.T) {
	m := thisMachine(t)
	if m.Python == "" {
		t.Skip("there is no python3 of 3.11 or later")
	}
	require.Regexp(t, `^3\.\d+\.\d+`, m.Python)
	p := parse(t, "sound", strings.ReplaceAll(sound, "go run -tags pitfall ./broken", "python3 -u main.py"))
	p.Dir = t.TempDir()
	program := "import os, sys, asyncio\nprint(asyncio.__file__)\nprint('lost 1', os.environ['OF'], file=sys.stderr)\nsys.exit(3)\n"
	require.NoError(t, os.WriteFile(filepath.Join(p.Dir, "main.py"), []byte(program), 0o644))
	r, err := m.Run(t.Context(), p, Broken)
	require.NoError(t, err)
	require.Equal(t, "$PYTHON/asyncio/__init__.py\nlost 1 pages\n", r.Steps[0].Output)
	require.Contains(t, r.Machine, ", Python "+m.Python+", ")
}
