package weave

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSyllabus(t *testing.T) {
	c := course(t, files{
		"docs/README.md":      "# Course\n\n<!-- gen: syllabus -->\n<!-- end -->\n",
		"README.md":           "# Home\n\n<!-- gen: syllabus -->\n<!-- end -->\n",
		"docs/00-overlap.md":  "# What *overlapping* buys\n*10 minutes. You need: Go's syntax | [this](https://go.dev).*\n\n# More\n",
		"docs/03-go.md":       "# Goroutines\n\n*1 minute. You need: [What](00-overlap.md), [our code](../a.go#L1), [the end](#end), [models](/README.md#models).*\n\n## End\n",
		"docs/11-measure.md":  "# Measuring\n*120 minutes. You need: nothing.*\n",
		"docs/glossary.md":    "# Glossary\n",
		"docs/4-no.md":        "# No chapter\n",
		"docs/05-dir.md/x.md": "# In a directory\n",
		"a.go":                "package mine\n",
	})
	text, problems := filled(t, c, "docs/README.md")
	require.Empty(t, problems)
	require.Equal(t, "# Course\n\n<!-- gen: syllabus -->\n"+`| | chapter | minutes | you need |
| ---: | --- | ---: | --- |
| 00 | [What *overlapping* buys](00-overlap.md) | 10 | Go's syntax \| [this](https://go.dev) |
| 03 | [Goroutines](03-go.md) | 1 | [What](00-overlap.md), [our code](../a.go#L1), [the end](03-go.md#end), [models](/README.md#models) |
| 11 | [Measuring](11-measure.md) | 120 | nothing |

3 chapters, 2 hours and 11 minutes of reading and running.
<!-- end -->
`, text)
	text, problems = filled(t, c, "README.md")
	require.Empty(t, problems)
	require.Contains(t, text, "| 03 | [Goroutines](docs/03-go.md) | 1 | [What](docs/00-overlap.md), [our code](a.go#L1), [the end](docs/03-go.md#end), [models](/README.md#models) |\n")
}

func TestSyllabusErrors(t *testing.T) {
	const page = "<!-- gen: syllabus -->\n<!-- end -->\n"
	for _, c := range []struct {
		name  string
		files files
		want  []string
	}{
		{"no chapters", files{"docs/README.md": page}, []string{"docs/README.md:1: gen: syllabus: there is no chapter, docs/NN-name.md"}},
		{"no title", files{"docs/README.md": page, "docs/01-a.md": "A\n"},
			[]string{"docs/01-a.md:1: want the title: # Title", "docs/README.md:1: gen: syllabus: docs/01-a.md:1: want the title: # Title"}},
		{"nothing below the title", files{"docs/01-a.md": "# A"}, []string{"docs/01-a.md:2: want below the title: *N minutes. You need: TEXT.*"}},
		{"something else below the title", files{"docs/01-a.md": "# A\n\n*10 minutes. You need Go.*\n"}, []string{"docs/01-a.md:3: want below the title: *N minutes. You need: TEXT.*"}},
		{"the same number twice", files{"docs/README.md": page, "docs/01-a.md": "# A\n*1 minute. You need: x.*\n", "docs/01-b.md": "# B\n*1 minute. You need: x.*\n"},
			[]string{"docs/01-b.md: docs/01-a.md has the same number", "docs/README.md:1: gen: syllabus: docs/01-b.md: docs/01-a.md has the same number"}},
	} {
		require.Equal(t, c.want, checked(t, course(t, c.files)), c.name)
	}
}

func TestOneChapter(t *testing.T) {
	text, problems := filled(t, course(t, files{"docs/README.md": "<!-- gen: syllabus -->\n<!-- end -->\n", "docs/01-a.md": "# A\n*60 minutes. You need: x.*\n"}), "docs/README.md")
	require.Empty(t, problems)
	require.Contains(t, text, "\n1 chapter, 1 hour of reading and running.\n")
	for minutes, want := range map[int]string{1: "1 minutes", 59: "59 minutes", 61: "1 hour and 1 minutes", 120: "2 hours"} {
		require.Equal(t, want, inHours(minutes))
	}
}

const manifest = "title: Two goroutines write one map\ndetector: race detector\nlabel: varies\nbroken: go run ./broken\nbroken want: title: x\n"

func pitfall(needs string) string { return "# X\n*5 minutes. You need: " + needs + ".*\n" }

func TestPitfalls(t *testing.T) {
	c := course(t, files{
		"docs/pitfalls/README.md":         "<!-- gen: pitfalls -->\n<!-- end -->\n",
		"docs/03-go.md":                   "# Goroutines\n*1 minute. You need: x.*\n\n<!-- gen: pitfall a-map -->\n<!-- end -->\n",
		"docs/pitfalls/a-map/pitfall.txt": manifest,
		"docs/pitfalls/a-map/README.md":   pitfall("[Sharing](../../09-sharing.md)") + "\n<!-- gen: output a-map broken -->\n<!-- end -->\n\n<!-- gen: output a-map mended -->\n<!-- end -->\n",
		"docs/pitfalls/a-map/broken.out":  "# go1.26.0, linux/amd64, 2 cores\n$ go run ./broken\nDATA RACE\n```\nexit status 66\n",
		"docs/pitfalls/a-map/mended.out":  "# go1.26.0, linux/amd64, 2 cores\n$ go run ./mended\n",
		"docs/pitfalls/loop/pitfall.txt":  "# a comment\n\ntitle: A loop | variable\ndetector: result\nmended by: Go 1.22\nlabel: exact\n",
		"docs/pitfalls/loop/README.md":    pitfall("[Goroutines](../../03-go.md)"),
		"docs/pitfalls/loop/broken.out":   "# m\n$ x\n1\n",
		"docs/pitfalls/loop/plain.out":    "# m\n$ A=b go vet\nvet\n$ B=c python3 -u x.py\nPython\n$ go run -x=y .\nrun\n",
		"docs/pitfalls/none/README.md":    "# No manifest\n",
		"docs/b.md":                       "<!-- gen: output loop plain go -->\n<!-- end -->\n\n<!-- gen: output loop plain python3 -->\n<!-- end -->\n",
		"docs/a.md":                       "<!-- gen: output loop broken -->\n<!-- end -->\n",
	})
	text, problems := filled(t, c, "docs/pitfalls/README.md")
	require.Empty(t, problems)
	require.Equal(t, "<!-- gen: pitfalls -->\n"+`| the mistake | found by | you need |
| --- | --- | --- |
| [A loop \| variable](loop/README.md) | result; mended by Go 1.22 | [Goroutines](../03-go.md) |
| [Two goroutines write one map](a-map/README.md) | race detector | [Sharing](../09-sharing.md) |
<!-- end -->
`, text)
	text, problems = filled(t, c, "docs/03-go.md")
	require.Empty(t, problems)
	require.Contains(t, text, "\n- Pitfall: [Two goroutines write one map](pitfalls/a-map/README.md), found by: race detector\n<!-- end -->\n")
	text, problems = filled(t, c, "docs/pitfalls/a-map/README.md")
	require.Empty(t, problems)
	require.Contains(t, text, "````text\n$ go run ./broken\nDATA RACE\n```\nexit status 66\n````\n\n*go1.26.0, linux/amd64, 2 cores; varies from run to run.*\n<!-- end -->\n")
	require.Contains(t, text, "```text\n$ go run ./mended\n```\n")
	text, problems = filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "```text\n$ x\n1\n```\n\n*m; exact: yours is the same.*\n")
	text, problems = filled(t, c, "docs/b.md")
	require.Empty(t, problems)
	require.Contains(t, text, "```text\n$ A=b go vet\nvet\n$ go run -x=y .\nrun\n```\n")
	require.Contains(t, text, "```text\n$ B=c python3 -u x.py\nPython\n```\n")
}

func TestPitfallErrors(t *testing.T) {
	for _, c := range []struct{ name, marker, manifest, want string }{
		{"no such pitfall", "pitfall none", manifest, "there is no pitfall none: docs/pitfalls/none/pitfall.txt is missing"},
		{"a path", "pitfall ../x", manifest, `"../x" is no name of a pitfall`},
		{"neither", "output x fixed", manifest, `"fixed" is neither broken, mended nor plain`},
		{"no such program", "output x plain python3", manifest, "docs/pitfalls/x/plain.out: it records no command of python3"},
		{"no output", "output x broken", manifest, "docs/pitfalls/x/broken.out is missing: go test ./docs/pitfalls -update"},
		{"no recording", "output x mended", manifest, `docs/pitfalls/x/mended.out: no recording: want "# MACHINE", "$ COMMAND" and the output`},
		{"no title", "pitfalls", "detector: x\nlabel: exact\n", "docs/pitfalls/x/pitfall.txt: title is missing"},
		{"an empty title", "pitfall x", "title:\n", "docs/pitfalls/x/pitfall.txt:1: title is empty"},
		{"two titles", "pitfall x", "title: a\ntitle: b\n", "docs/pitfalls/x/pitfall.txt:2: title is there twice"},
		{"a wrong label", "pitfall x", "label: often\n", `docs/pitfalls/x/pitfall.txt:1: label is "often", want exact or varies`},
		{"a page without its top", "pitfalls", manifest, "docs/pitfalls/x/README.md:2: want below the title: *N minutes. You need: TEXT.*"},
	} {
		all := files{"docs/a.md": "<!-- gen: " + c.marker + " -->\n<!-- end -->\n", "docs/pitfalls/x/pitfall.txt": c.manifest,
			"docs/pitfalls/x/README.md": "# X\n", "docs/pitfalls/x/mended.out": "hello\n", "docs/pitfalls/x/plain.out": "# m\n$ go vet\n"}
		_, problems := filled(t, course(t, all), "docs/a.md")
		require.Equal(t, []string{"docs/a.md:1: gen: " + c.marker + ": " + c.want}, problems, c.name)
	}
	c := course(t, files{"docs/a.md": "<!-- gen: pitfalls -->\n<!-- end -->\n"})
	require.Equal(t, []string{"docs/a.md:1: gen: pitfalls: there is no pitfall, docs/pitfalls/NAME/pitfall.txt"}, checked(t, c))
	c = course(t, files{"docs/pitfalls/x/pitfall.txt": manifest})
	require.Equal(t, []string{"docs/pitfalls/x/README.md: there is no such page"}, checked(t, c))
}
