package weave

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // places
		problems   []string
	}{
		{"none", "# A\n\ntext <!-- a comment --> more\n\n<!-- another -->\n", nil, nil},
		{"a block", "a\n<!-- gen: run x -->\nold\n<!-- end -->\n", []string{"2: gen: run x [old\n]"}, nil},
		{"two", "<!-- gen: run x -->\n<!-- end -->\n<!-- gen: machine -->\n<!-- end -->\n", []string{"1: gen: run x []", "3: gen: machine []"}, nil},
		{"written tightly", "<!--gen:run x-->\n<!--end-->\n", []string{"1: gen: run x []"}, nil},
		{"over several lines", "<!-- gen: cost\n  pool\n  pipeline -->\nold\n<!-- end -->\n", []string{"3: gen: cost pool pipeline [old\n]"}, nil},
		{"in a list", "1. a\n\n   <!-- gen: run x -->\n   old\n   <!-- end -->\n", []string{"3: gen: run x [   old\n]"}, nil},
		{"in a sentence", "it takes <!-- = time a b -->5ms<!-- / --> or <!-- = ideal a --><!-- / -->.\n", []string{"1: = time a b [5ms]", "1: = ideal a []"}, nil},
		{"over a line's end", "it takes <!-- = time\na b -->5ms<!-- / -->.\n", []string{"1: = time a b [5ms]"}, nil},
		{"in a table", "| a |\n| - |\n| <!-- = ideal a -->5<!-- / --> |\n", []string{"3: = ideal a [5]"}, nil},
		{"in a heading", "# A <!-- = ideal a -->5<!-- / -->\n", []string{"1: = ideal a [5]"}, nil},
		{"code is not looked into", "```text\n<!-- gen: run x -->\n```\n\n    <!-- gen: run x -->\n\n`<!-- = time a b -->`\n", nil, nil},
		{"code that is generated is not either", "<!-- gen: code a B -->\n```go\n// <!-- end -->\n```\n<!-- end -->\n", []string{"1: gen: code a B [```go\n// <!-- end -->\n```\n]"}, nil},
		{"numbers in what is generated", "<!-- gen: run x -->\na <!-- = ideal a -->5<!-- / -->\n<!-- end -->\n", []string{"1: gen: run x [a <!-- = ideal a -->5<!-- / -->\n]"}, nil},

		{"no end", "<!-- gen: run x -->\nold\n", nil, []string{"p.md:1: gen: run x: <!-- end --> is missing"}},
		{"no end, no line", "<!-- gen: run x -->", nil, []string{"p.md:1: gen: run x: <!-- end --> is missing"}},
		{"no end before the next", "<!-- gen: run x -->\n<!-- gen: run y -->\n<!-- end -->\n", []string{"2: gen: run y []"}, []string{"p.md:1: gen: run x: <!-- end --> is missing"}},
		{"an end of nothing", "a\n\n<!-- end -->\n", nil, []string{"p.md:3: <!-- end --> ends nothing"}},
		{"a fence that is not closed", "<!-- gen: run x -->\n```text\n<!-- end -->\n", nil, []string{"p.md:1: gen: run x: <!-- end --> is missing"}},
		{"a block in a sentence", "see <!-- gen: run x -->\n", nil, []string{"p.md:1: <!-- gen: run x --> must stand on a line of its own"}},
		{"an end in a sentence", "see <!-- end -->\n", nil, []string{"p.md:1: <!-- end --> must stand on a line of its own"}},
		{"a block with text behind it", "<!-- gen: run x --> see\n", nil, []string{"p.md:1: want a marker such as <!-- gen: run NAME --> or <!-- end -->, on a line of its own"}},
		{"a block without a colon", "<!-- gen run x -->\n", nil, []string{"p.md:1: want a marker such as <!-- gen: run NAME --> or <!-- end -->, on a line of its own"}},
		{"a block in a list's first line", "- <!-- gen: run x -->\n", nil, []string{"p.md:1: want a marker such as <!-- gen: run NAME --> or <!-- end -->, on a line of its own"}},
		{"a number that is not closed", "a <!-- = ideal a -->5\n\nb\n", nil, []string{"p.md:1: = ideal a: <!-- / --> is missing"}},
		{"a number that is closed elsewhere", "a <!-- = ideal a -->5\n\nb <!-- / -->\n", nil, []string{"p.md:1: = ideal a: <!-- / --> is missing", "p.md:3: <!-- / --> ends nothing"}},
		{"a number in a number", "a <!-- = ideal a --><!-- = ideal b -->5<!-- / -->\n", []string{"1: = ideal b [5]"}, []string{"p.md:1: = ideal a: <!-- / --> is missing"}},
		{"a number that begins a line", "a\n<!-- = ideal a -->5<!-- / --> b\n", nil, []string{"p.md:2: a number may not begin a line, which Markdown takes for HTML then: break the line elsewhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parsePage("p.md", []byte(c.text))
			var places []string
			for _, place := range p.places {
				places = append(places, strings.TrimPrefix(Problem{"", place.line, place.String()}.String(), ":")+" ["+string(p.text[place.begin:place.end])+"]")
			}
			require.Equal(t, c.want, places)
			require.Equal(t, c.problems, words(p.problems))
		})
	}
}

func TestFillSaysWhatItWants(t *testing.T) {
	c := course(t, files{"a.md": strings.Join([]string{
		"<!-- gen: song -->\n<!-- end -->", "<!-- gen: -->\n<!-- end -->", "<!-- gen: run -->\n<!-- end -->", "<!-- gen: run a b -->\n<!-- end -->",
		"a <!-- = song --><!-- / --> b <!-- = time x --><!-- / -->", "",
	}, "\n\n")})
	_, problems := filled(t, c, "a.md")
	require.Len(t, problems, 6)
	require.Contains(t, problems[0], "a.md:1: gen: song: want one of: code PATH NAME...; diff PATH NAME PATH NAME; run NAME; ")
	require.Contains(t, problems[1], "a.md:4: gen: : want one of: ")
	require.Equal(t, "a.md:7: gen: run: want run NAME", problems[2])
	require.Equal(t, "a.md:10: gen: run a b: want run NAME", problems[3])
	require.Equal(t, "a.md:13: = song: want one of: time GROUP MODEL; times GROUP A B; ideal GROUP; value UNIT GROUP MODEL", problems[4])
	require.Equal(t, "a.md:13: = time x: want time GROUP MODEL", problems[5])
}

// In a list all lines of what is generated are indented as their marker is.
func TestIndent(t *testing.T) {
	c := course(t, files{"a.md": "1. a\n\n   <!-- gen: code job.go Job -->\n   <!-- end -->\n", "job.go": job})
	text, problems := filled(t, c, "a.md")
	require.Empty(t, problems)
	require.Equal(t, "1. a\n\n   <!-- gen: code job.go Job -->\n   ```go\n   type Job struct {\n   \tName string // of the job\n   }\n   ```\n\n   *[job.go](job.go)*\n   <!-- end -->\n", text)
	require.Empty(t, checked(t, open(t, c.root)))
}

func TestLink(t *testing.T) {
	for _, c := range []struct{ page, target, want string }{
		{"README.md", "pool/pool.go", "pool/pool.go"},
		{"docs/a.md", "pool/pool.go", "../pool/pool.go"},
		{"docs/a.md", "docs/b.md", "b.md"},
		{"docs/pitfalls/x/README.md", "docs/figures/a.svg", "../../figures/a.svg"},
		{"docs/pitfalls/x/README.md", "docs/pitfalls/x/broken/main.go", "broken/main.go"},
		{"docs/a.md", "docs", "../docs"},
	} {
		require.Equal(t, c.want, (&page{name: c.page}).link(c.target), c)
	}
}

func TestFence(t *testing.T) {
	require.Equal(t, "```text\na\n```\n", fence("text", "a"))
	require.Equal(t, "````text\n```go\n````\n", fence("text", "```go\n"))
	require.Equal(t, "```text\n```\n", fence("text", ""))
}

func TestPlain(t *testing.T) {
	require.Equal(t, "a_b.go \\_x \\*b\\* \\`c\\` \\<d\\> \\[e\\] \\| \\\\ 5 % ä", plain("a_b.go _x *b* `c` <d> [e] | \\ 5 % ä"))
}

// Where an end is missing nobody knows which text is the author's: nothing is written.
func TestAnEndThatIsMissing(t *testing.T) {
	const whole = "<!-- gen: code job.go Job -->\n<!-- end -->\n"
	const go1 = "```go\nx := 1\n```\n"
	for _, c2 := range []struct{ name, text, want string }{
		{"before the next place", "# A\n\n<!-- gen: code job.go Job -->\n" + go1 + "\nmine\n\n" + whole, "docs/a.md:3: gen: code job.go Job: <!-- end --> is missing"},
		{"at the end of the page", whole + "\n<!-- gen: code job.go Job -->\n" + go1, "docs/a.md:4: gen: code job.go Job: <!-- end --> is missing"},
		{"before a heading", whole + "\n<!-- gen: code job.go Job -->\n" + go1 + "\n## Mine\n\nmine\n\n<!-- end -->\n",
			`docs/a.md:9: the heading "Mine" stands within gen: code job.go Job of line 4 and would be lost: put <!-- end --> where what is generated ends`},
		{"before a heading that is underlined", "<!-- gen: machine -->\nx\n\nMine `too`\n=====\n<!-- end -->\n", ""},
	} {
		c := course(t, files{"docs/a.md": c2.text, "job.go": job, "docs/b.md": whole})
		if c2.want == "" {
			_, problems := filled(t, c, "docs/a.md")
			require.Len(t, problems, 1)
			require.Equal(t, c2.text, read(t, c, "docs/a.md"))
			continue
		}
		require.Contains(t, checked(t, c, "docs/a.md"), c2.want, c2.name)
		changed, problems, err := open(t, c.root).Fill()
		require.NoError(t, err)
		require.Equal(t, []string{c2.want}, words(problems), c2.name)
		if strings.Contains(c2.want, "missing") {
			require.Equal(t, []string{"docs/b.md"}, changed, c2.name)
			require.Equal(t, c2.text, read(t, c, "docs/a.md"), c2.name)
			require.Equal(t, []string{c2.want}, checked(t, open(t, c.root)), "the Go in it is not taken for the author's")
		} else {
			require.Equal(t, strings.Replace(c2.text, whole, "<!-- gen: code job.go Job -->\n```go\ntype Job struct {\n\tName string // of the job\n}\n```\n\n*[job.go](../job.go)*\n<!-- end -->\n", 1), read(t, c, "docs/a.md"), "the other place is filled")
		}
	}
}

// A heading that is generated may stand there.
func TestLostHeading(t *testing.T) {
	p := parsePage("p.md", []byte("<!-- gen: x -->\n# A\n\n#\n\nB *c*\n---\n```text\n# D\n```\n<!-- end -->\n# E\n"))
	for generated, want := range map[string]string{"# A\n# B c\n": "", "": "A 2", "A\n===\n": "B c 6", "```\n# A\n```\n": "A 2"} {
		heading, line := p.lostHeading(p.places[0], generated)
		if want == "" {
			require.Empty(t, heading)
			continue
		}
		require.Equal(t, want, fmt.Sprint(heading, " ", line))
	}
}

// Whatever a page holds, its places lie within it, one behind the other, and what
// is between them stays when they are filled.
func FuzzMarkers(f *testing.F) {
	for _, seed := range []string{
		"", "<!-- gen: run x -->\nold\n<!-- end -->\n", "a <!-- = ideal a -->5<!-- / -->\n", "1. a\n\n   <!-- gen: machine -->\n   <!-- end -->",
		"<!-- gen: run x -->\n<!-- gen: run y -->\n```\n<!-- end -->\n", "> <!-- gen: run x -->\n> <!-- end -->\n", "| a |\n| - |\n| <!-- = b --><!-- / --> |\r\n", "<!--",
	} {
		f.Add([]byte(seed))
	}
	c := course(f, files{"Makefile": "x: y\n"})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := parsePage("p.md", data)
		at := 0
		for _, place := range p.places {
			require.LessOrEqual(t, at, place.begin)
			require.LessOrEqual(t, place.begin, place.end)
			require.LessOrEqual(t, place.end, len(p.text))
			require.Positive(t, place.line)
			at = place.end
		}
		lines := strings.Count(string(p.text), "\n") + 1
		for _, problem := range p.problems {
			require.True(t, problem.Line >= 1 && problem.Line <= lines, problem)
		}
		p.anchors()
		c.checkBlocks(p)
	})
}
