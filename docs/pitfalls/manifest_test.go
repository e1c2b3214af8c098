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

func TestBadManifests(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(manifestText, "\n"), "\n")
	const unknown = `(title, detector, label, go, mended by, broken, broken exit, broken want, mended, mended exit, mended want)`
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
		"an unknown detector":    {3, "detector: vet, luck", `3: detector: unknown "luck" (race detector, runtime, deadlock, vet, synctest, leak check, record of the mock server, result, measurement)`},
		"an unknown label":       {6, "label: maybe", `6: label: "maybe", want exact or varies`},
		"no release":             {4, "go: 1", `4: go: "1", want a release such as 1.26`},
		"a release of a future":  {4, "go: 2.0", `4: go: "2.0", want a release such as 1.26`},
		"mended by no release":   {5, "mended by: 1.22", `5: mended by: "1.22", want a release such as Go 1.22`},
		"mended by half a one":   {5, "mended by: Go 1.x", `5: mended by: "1.x", want a release such as 1.26`},
		"a quote":                {8, `broken: go run "x y"`, `8: broken: '"': no shell reads it, it is split at blanks`},
		"a pipe":                 {8, `broken: go run . | cat`, `8: broken: '|': no shell reads it, it is split at blanks`},
		"not of go":              {8, `broken: rm -rf .`, `8: broken: "rm -rf ." is not a command of go`},
		"go alone":               {8, `broken: A=b go`, `8: broken: "A=b go" is not a command of go`},
		"only an environment":    {8, `broken: A=b`, `8: broken: "A=b" is not a command of go`},
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
		for _, v := range Variants() {
			require.NotEmpty(t, p.Commands(v))
			for _, c := range p.Commands(v) {
				require.Equal(t, "go", c.Args[0])
				require.Contains(t, strings.Split(text, "\n")[c.Line-1], c.Text)
				require.True(t, c.Exit >= Nonzero && c.Exit <= 255)
				require.True(t, v == Mended || len(c.Wants) > 0)
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
