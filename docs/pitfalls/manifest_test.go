package pitfalls

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const manifestText = `# what is found, and how
title: Two goroutines write one map
detector: race detector, result
go: 1.26
mended by: Go 1.22
label: varies

broken: GOMAXPROCS=1 A=b=c go run -race -tags pitfall ./broken
broken exit: nonzero
broken want: WARNING: DATA RACE
broken want: exit status
broken: go vet -tags pitfall ./broken
broken exit: 1
broken want: broken/main.go
mended: go test -count=1 -tags pitfall ./mended
mended exit: 0
`

func TestManifest(t *testing.T) {
	p, err := Parse("a/race-on-map/pitfall.txt", manifestText)
	require.NoError(t, err)
	require.Equal(t, &Pitfall{
		Name:     "race-on-map",
		Dir:      filepath.Join("a", "race-on-map"),
		Title:    "Two goroutines write one map",
		Detector: "race detector, result",
		Label:    Varies,
		Go:       "1.26",
		MendedBy: "Go 1.22",
		Broken: []Command{{
			Line: 8, Text: "GOMAXPROCS=1 A=b=c go run -race -tags pitfall ./broken",
			Env:  []string{"GOMAXPROCS=1", "A=b=c"},
			Args: []string{"go", "run", "-race", "-tags", "pitfall", "./broken"},
			Exit: Nonzero, Wants: []string{"WARNING: DATA RACE", "exit status"},
		}, {
			Line: 12, Text: "go vet -tags pitfall ./broken",
			Args: []string{"go", "vet", "-tags", "pitfall", "./broken"},
			Exit: 1, Wants: []string{"broken/main.go"},
		}},
		Mended: []Command{{
			Line: 15, Text: "go test -count=1 -tags pitfall ./mended",
			Args: []string{"go", "test", "-count=1", "-tags", "pitfall", "./mended"},
		}},
	}, p)
	require.True(t, p.NeedsRace())
	require.False(t, p.Measures())
	require.Equal(t, filepath.Join("a", "race-on-map", "mended.out"), p.Recorded(Mended))
}

// A pitfall of asyncio is there in Python, too, and has a third program.
func TestManifestOfAsyncio(t *testing.T) {
	p, err := Parse("a/loop/pitfall.txt", strings.NewReplacer(
		"mended: ", "broken: A=b python3 -u broken/main.py\nbroken exit: 1\nbroken want: never awaited\nmended: ",
	).Replace(manifestText)+"plain: go run -tags pitfall ./plain\nplain exit: 0\n")
	require.NoError(t, err)
	require.Equal(t, []Variant{Broken, Mended, Plain}, p.Variants())
	require.Len(t, p.Broken, 3)
	require.Equal(t, []string{"python3", "-u", "broken/main.py"}, p.Broken[2].Args)
	require.Equal(t, []string{"A=b"}, p.Broken[2].Env)
	require.Equal(t, []Command{{
		Line: 20, Text: "go run -tags pitfall ./plain", Args: []string{"go", "run", "-tags", "pitfall", "./plain"},
	}}, p.Plain)
	require.Equal(t, filepath.Join("a", "loop", "plain.out"), p.Recorded(Plain))

	require.True(t, p.NeedsPython())
	q := p.WithoutPython()
	require.False(t, q.NeedsPython())
	require.Equal(t, p.Broken[:2], q.Broken)
	require.Equal(t, p.Mended, q.Mended)
	require.Len(t, p.Broken, 3, "the pitfall itself stays as it is")
	p, err = Parse("a/x/pitfall.txt", manifestText)
	require.NoError(t, err)
	require.False(t, p.NeedsPython())
	require.Equal(t, []Variant{Broken, Mended}, p.Variants())
}

func TestBadManifests(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(manifestText, "\n"), "\n")
	const unknown = `(title, detector, label, go, mended by, broken, broken exit, broken want, and the same with mended and with plain)`
	for name, tt := range map[string]struct {
		line int    // of manifestText, that is replaced
		by   string // several lines, if it holds newlines; "-" takes the line out
		want string
	}{
		"no colon":               {2, "title", `2: "title" is not of the form key: value`},
		"no key":                 {2, ": x", `2: ": x" is not of the form key: value`},
		"no value":               {2, "title:", `2: title: nothing stands after it`},
		"a key misspelt":         {2, "titel: x", `2: unknown key "titel" ` + unknown},
		"a part misspelt":        {9, "broken exits: 1", `9: unknown key "broken exits" ` + unknown},
		"not UTF-8":              {2, "title: \xff", `2: not UTF-8`},
		"a title twice":          {3, "title: x", `3: title stands in line 2 already`},
		"no title":               {2, "-", `15: ends without title`},
		"no detector":            {3, "-", `15: ends without detector`},
		"no label":               {6, "-", `15: ends without label`},
		"an unknown detector":    {3, "detector: vet, luck", `3: detector: unknown "luck" (race detector, runtime, deadlock, vet, synctest, leak check, record of the mock server, result, measurement, Python's warnings, asyncio's debug mode, asyncio's log, eventloop's debug mode, eventloop's log)`},
		"an unknown label":       {6, "label: maybe", `6: label: "maybe", want exact or varies`},
		"no release":             {4, "go: 1", `4: go: "1", want a release such as 1.26`},
		"a release of a future":  {4, "go: 2.0", `4: go: "2.0", want a release such as 1.26`},
		"mended by no release":   {5, "mended by: 1.22", `5: mended by: "1.22", want a release such as Go 1.22`},
		"mended by half a one":   {5, "mended by: Go 1.x", `5: mended by: "1.x", want a release such as 1.26`},
		"a quote":                {8, `broken: go run "x y"`, `8: broken: '"': no shell reads it, it is split at blanks`},
		"a pipe":                 {8, `broken: go run . | cat`, `8: broken: '|': no shell reads it, it is split at blanks`},
		"not of go":              {8, `broken: rm -rf .`, `8: broken: "rm -rf ." is not a command of go or python3`},
		"go alone":               {8, `broken: A=b go`, `8: broken: "A=b go" is not a command of go or python3`},
		"only an environment":    {8, `broken: A=b`, `8: broken: "A=b" is not a command of go or python3`},
		"a test that is kept":    {15, "mended: go test ./mended", `15: mended: go test shows the result of an earlier run again: say -count=1`},
		"exit first":             {7, "broken exit: 1", `7: broken exit stands before its command, broken`},
		"want first":             {7, "mended want: 1", `7: mended want stands before its command, mended`},
		"no number":              {9, "broken exit: many", `9: broken exit: "many", want a number from 0 to 255, or nonzero`},
		"no exit status":         {9, "broken exit: 256", `9: broken exit: "256", want a number from 0 to 255, or nonzero`},
		"a negative one":         {9, "broken exit: -1", `9: broken exit: "-1", want a number from 0 to 255, or nonzero`},
		"exit twice":             {10, "broken exit: 2", `10: broken exit stands in line 9 already`},
		"no exit":                {16, "-", `15: the command of line 15 lacks mended exit`},
		"no exit of the first":   {9, "-", `11: the command of line 8 lacks broken exit`},
		"no reason":              {14, "-", `12: the command of line 12 lacks broken want: a program must fail for its reason`},
		"no reason of the first": {10, "broken: go vet .", `10: the command of line 8 lacks broken want: a program must fail for its reason`},
		"plain exit first":       {16, "mended exit: 0\nplain exit: 0", `17: plain exit stands before its command, plain`},
		"no exit of plain":       {16, "mended exit: 0\nplain: go run .", `17: the command of line 17 lacks plain exit`},
		"nothing mended":         {15, "-\n-", `15: mended exit stands before its command, mended`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := append([]string{}, lines...)
			changed[tt.line-1] = tt.by
			text := strings.Join(changed, "\n")
			text = regexp.MustCompile(`(?m)^-(\n|$)`).ReplaceAllString(text, "")
			_, err := Parse("x/pitfall.txt", text)
			require.EqualError(t, err, "x/pitfall.txt:"+tt.want)
		})
	}
}

// FuzzParse: a manifest is read whole, or the error names a line that it has.
func FuzzParse(f *testing.F) {
	f.Add(manifestText)
	f.Add("")
	f.Add("title: x\r\ndetector: vet\r\nlabel: exact\r\n")
	f.Add("broken: A= go run\nbroken: go run .\n")
	f.Add("broken exit: 0x10\nbroken want: \x00\n")
	f.Add(manifestText + "plain: A=b python3 -u x.py\nplain exit: 0\n")
	f.Add("go: 1.99999\nmended by: Go\u00a01.22\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("dir/pitfall.txt", text)
		if err != nil {
			m := regexp.MustCompile(`(?s)^dir/pitfall\.txt:([0-9]+): .`).FindStringSubmatch(err.Error())
			require.NotNil(t, m, err)
			line, _ := strconv.Atoi(m[1])
			require.True(t, 1 <= line && line <= strings.Count(text, "\n")+1, err)
			return
		}
		require.Equal(t, "dir", p.Name)
		require.NotEmpty(t, p.Title)
		require.NotEmpty(t, p.Detector)
		require.Contains(t, []Label{Exact, Varies}, p.Label)
		require.Subset(t, p.Variants(), []Variant{Broken, Mended})
		for _, v := range p.Variants() {
			require.NotEmpty(t, p.Commands(v))
			for _, c := range p.Commands(v) {
				require.Contains(t, []string{"go", "python3"}, c.Args[0])
				require.Contains(t, strings.Split(text, "\n")[c.Line-1], c.Text)
				require.True(t, c.Exit >= Nonzero && c.Exit <= 255)
				require.True(t, v != Broken || len(c.Wants) > 0)
			}
		}
	})
}

func TestReadAll(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Join(root, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name, ManifestName), []byte(text), 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(root, "no-pitfall"), 0o755))
	write("b", manifestText)
	write("a", manifestText)
	all, err := ReadAll(root)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "a", all[0].Name)
	require.Equal(t, "b", all[1].Name)

	write("c", "label: x")
	write("d", "")
	_, err = ReadAll(root)
	require.EqualError(t, err, fmt.Sprintf("%s:1: label: \"x\", want exact or varies\n%s:1: ends without title",
		filepath.Join(root, "c", ManifestName), filepath.Join(root, "d", ManifestName)))

	_, err = Read(filepath.Join(root, "no-pitfall"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
