package weave

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinks(t *testing.T) {
	all := files{
		"docs/b.md":    "# The *first* `one`: [with](c.md) *all*!\n\n## Twice\n\n## Twice\n\n## Twice-1\n\nA line\n======\n\n<a id=\"mine\"></a> <A NAME='yours'>\n\n<a class=x id=\"block\">\n",
		"docs/c.md":    "# C\n",
		"pool/pool.go": "package pool\n\nvar x int\n",
		"a b.txt":      "",
	}
	for _, c := range []struct{ link, want string }{
		{"b.md", ""}, {"./b.md", ""}, {"../docs/b.md", ""}, {"/docs/b.md", ""}, {"../pool", ""}, {"../pool/", ""}, {"../pool/pool.go", ""}, {"../a%20b.txt", ""}, {"<../a b.txt>", ""},
		{"b.md#the-first-one-with-all", ""}, {"b.md#twice", ""}, {"b.md#twice-1", ""}, {"b.md#twice-1-1", ""}, {"b.md#a-line", ""}, {"b.md#mine", ""}, {"b.md#yours", ""}, {"b.md#block", ""},
		{"#here", ""}, {"../pool/pool.go#L3", ""}, {"../pool/pool.go#L1-L3", ""},
		{"https://go.dev/x#y", ""}, {"http://go.dev", ""}, {"mailto:a@b.example", ""},

		{"d.md", `the link to "d.md" is dead: there is no docs/d.md`},
		{"/b.md", `the link to "/b.md" is dead: there is no b.md`},
		{"../../x.md", `the link to "../../x.md" is dead: it leaves the repository`},
		{"", `the link to "" is dead: it is empty`},
		{"#there", `the link to "#there" is dead: docs/a.md has no #there`},
		{"b.md#The-first-one-with-all", `the link to "b.md#The-first-one-with-all" is dead: docs/b.md has no #The-first-one-with-all`},
		{"b.md#twice-2", `the link to "b.md#twice-2" is dead: docs/b.md has no #twice-2`},
		{"../pool#x", `the link to "../pool#x" is dead: pool is a directory and has no #x`},
		{"../pool/pool.go#Run", `the link to "../pool/pool.go#Run" is dead: pool/pool.go has no #Run; of a file that is no page, want #L10 or #L10-L20`},
		{"../pool/pool.go#L4", `the link to "../pool/pool.go#L4" is dead: pool/pool.go has 3 lines`},
		{"../pool/pool.go#L1-L9", `the link to "../pool/pool.go#L1-L9" is dead: pool/pool.go has 3 lines`},
		{"http:/go.dev", `the link to "http:/go.dev" is dead: it names no host`},
		{"javascript:x", `the link to "javascript:x" is dead: want a path, or https://`},
		{"//go.dev/x", `the link to "//go.dev/x" is dead: want a path, or https://`},
		{"%zz", `the link to "%zz" is dead: parse "%zz": invalid URL escape "%zz"`},
	} {
		for _, form := range []string{"see [x](LINK).\n", "![x](LINK)\n", "| a |\n| - |\n| [x](LINK \"title\") |\n", "see [x] there\n\n[x]: LINK\n"} {
			if c.link == "" && strings.HasPrefix(form, "|") || c.link == "" && strings.Contains(form, "]:") {
				continue // another thing in Markdown
			}
			all["docs/a.md"] = "# Here\n\n" + strings.Replace(form, "LINK", c.link, 1)
			var want []string
			if c.want != "" {
				line := "docs/a.md:3: "
				if strings.HasPrefix(form, "|") {
					line = "docs/a.md:5: "
				}
				want = []string{line + c.want}
			}
			require.Equal(t, want, checked(t, course(t, all), "docs/a.md"), "%s as %s", c.link, form)
		}
	}
	for html, want := range map[string]string{
		"<a href=\"b.md#mine\">x</a>\n":                               "",
		"see <a class='x' href='none.md'>x</a>\n":                     `docs/a.md:3: the link to "none.md" is dead: there is no docs/none.md`,
		"<p>\n<A\n  HREF=none.md>x</A>\n</p>\n":                       `docs/a.md:4: the link to "none.md" is dead: there is no docs/none.md`,
		"a\nb <img alt=\"\" src=\"none.svg\"/>\n":                     `docs/a.md:4: the link to "none.svg" is dead: there is no docs/none.svg`,
		"<div><a href=\"b.md#twice-7\">x</a></div>\n":                 `docs/a.md:3: the link to "b.md#twice-7" is dead: docs/b.md has no #twice-7`,
		"<a href=\"https://go.dev?a&amp;b\">x</a>\n":                  "",
		"<a href=\"../a%20b.txt\">x</a> <a data-href=none>\n":         "",
		"<!-- <a href=\"none.md\"> -->\n":                             "",
		"<div>\n<!-- <a href=\"none.md\">\n<a href=no> -->\n</div>\n": "",
		"a <!-- <a href=\"none.md\"> --> `<a href=\"none.md\">`\n":    "",
	} {
		all["docs/a.md"] = "# Here\n\n" + html
		var problems []string
		if want != "" {
			problems = []string{want}
		}
		require.Equal(t, problems, checked(t, course(t, all), "docs/a.md"), html)
	}
	all["docs/a.md"] = "```text\n[x](none.md)\n```\n\n    [x](none.md)\n\n`[x](none.md)` <!-- [x](none.md) -->\n"
	require.Empty(t, checked(t, course(t, all)))
}

func TestSlug(t *testing.T) {
	for heading, want := range map[string]string{
		"What overlapping buys": "what-overlapping-buys", "It's Go's 1.26!": "its-gos-126", "a_b-c  d": "a_b-c--d", "Über β": "über-β",
		"errgroup.SetLimit(n)": "errgroupsetlimitn", "a & b": "a--b", "🙂 ok": "-ok", " a ": "a",
	} {
		require.Equal(t, want, slugOf(heading))
	}
}

func TestBlocksOfCode(t *testing.T) {
	const byHand = "this Go is not generated: cut it from a compiled file, <!-- gen: code PATH NAME -->"
	for _, c := range []struct{ name, text, want string }{
		{"text", "```text\nx := 1\n```\n", ""},
		{"Python", "```python\nimport asyncio\n```\n", ""},
		{"a diagram", "```mermaid\ngraph LR\n```\n", ""},
		{"no language", "```\nmodel pool\n```\n", ""},
		{"a tree of files", "    overlap.go   the contract\n    pool/        workers\n", ""},
		{"a command", "    make bench\n", ""},
		{"a call", "    run(x)\n", ""},
		{"Go", "a\n\n```go\nx\n```\n", "docs/a.md:3: " + byHand},
		{"Go by another name", "```GoLang\n```\n", "docs/a.md:1: " + byHand},
		{"Go in a list", "- a\n\n  ```go\n  x\n  ```\n", "docs/a.md:3: " + byHand},
		{"Go without a label", "```\nx := f()\n```\n", "docs/a.md:1: " + byHand},
		{"a file of Go", "```\npackage a\n```\n", "docs/a.md:1: " + byHand},
		{"a declaration", "    type A struct{}\n", "docs/a.md:1: " + byHand},
		{"statements", "a\n\n    for range 3 {\n        go f()\n    }\n", "docs/a.md:3: " + byHand},
		{"a shell by another name", "```bash\nls\n```\n", `docs/a.md:1: the block is labelled "bash": commands stand in blocks labelled sh, or sh quick`},
		{"a console", "```console\n$ ls\n```\n", `docs/a.md:1: the block is labelled "console": commands stand in blocks labelled sh, or sh quick`},
		{"a wrong label", "```sh fast\nls\n```\n", `docs/a.md:1: the block is labelled "sh fast", want sh or sh quick`},
		{"two labels", "```sh quick x\nls\n```\n", `docs/a.md:1: the block is labelled "sh quick x", want sh or sh quick`},
	} {
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		require.Equal(t, want, checked(t, course(t, files{"docs/a.md": c.text})), c.name)
	}
}

func TestCommands(t *testing.T) {
	all := files{
		"Makefile":                "BENCH ?= .\n.PHONY: bench\nbench: bin ## x\n\tgo test -bench '$(BENCH)'\nbin:\n\tx $(origin OUT) A=$(B)\nc := d\n",
		"cmd/overlap/main.go":     "package main\n",
		"docs/code/x/x.go":        "package x\n",
		"docs/code/x/x_test.go":   "package x_test\n\nfunc TestX_y(t *testing.T) {}\nfunc TestMain(m *testing.M) {}\nfunc TestZ[T any]() {}\nfunc helper() {}\nfunc Tester() {}\nfunc (x) TestMethod() {}\nfunc BenchmarkA(b *testing.B) {}\nfunc FuzzB(f *testing.F) {}\nfunc ExampleC() {}\n",
		"docs/code/x/y/y.go":      "package y\n\nimport \"flag\"\n\nvar only = flag.Int(\"only\", 1, \"\")\n",
		"docs/code/x/y/y_test.go": "package y\n\nfunc TestY(t *testing.T) {}\n",
		"docs/code/main/main.go":  "package main\n\nimport f \"flag\"\n\nfunc main() {\n\tf.String(\"name\", ``, ``)\n\tf.BoolVar(nil, \"loud\", false, ``)\n\tf.Parse()\n}\n",
		"docs/code/free/main.go":  "package main\n\nimport \"flag\"\n\nfunc main() { flag.String(\"a\", ``, ``); flag.NewFlagSet(``, 0).String(\"b\", ``, ``) }\n",
		"docs/pitfalls/y/x.txt":   "",
		"docs/pitfalls/y/b/b.go":  "package main\n",
		"docs/pitfalls/y/b/b.py":  "",
	}
	for _, c := range []struct {
		name, script string
		want         []string // from the block's first line
	}{
		{"what works", `go test -bench Mine
overlap run -n 3   # a comment
bin/overlap run | head -3
./bin/overlap run >out.txt 2>&1
GOMAXPROCS=1 overlap run && overlap serve &
time overlap run
go run ./docs/code/x -flag ./none
go test -run 'X y' -count 1 ./docs/code/x ./docs/...
go test ./...
go test -bench . ./docs/code/x -args ./none
go run ./cmd/overlap run -n 3
go vet docs/code/x/x.go
go build std
go tool pprof ./none
go run golang.org/x/tools/cmd/stress@latest ./none
make
make bench BENCH=Pages -n OUT=x B='a b'
for m in a b; do echo $m; done
curl localhost:8080 | wc
cd docs/pitfalls/y
go run -race -tags pitfall ./b
A=1 python3 -u b/b.py none.py
cd ../..
go run ./code/x
cd code/x
go test -run X
cd ../../..
go test -C docs -run X ./code/x
go test -test.run='^TestX_y$/sub|ExampleC' -test.v ./docs/code/x
go test -run '[/|]*X(_|/)y' ./docs/code/x
go test -run Y ./docs/code/x/...
go test -run FuzzB docs/code/x/x_test.go
go test -run '^$' -bench A/b=1 ./docs/code/x
go test -run - -fuzz FuzzB -fuzztime 1s ./docs/code/x
go test -run Nobody std
go test -only 3 -v ./docs/code/x/y
go test ./docs/code/x/y -only=3
go test ./docs/code/x/y -only 3 -short
go run -race ./docs/code/main -name x -loud -- -fly
go run ./docs/code/main -loud --name=-x x -fly
go run ./docs/code/main -h
go run ./docs/code/free -c
`, nil},
		{"no such test", "go test -run TestFly ./docs/code/x", []string{"1: go test -run TestFly ./docs/code/x: -run TestFly finds nothing in docs/code/x"}},
		{"no such test behind", "go test ./docs/code/x -run=TestFly", []string{"1: go test ./docs/code/x -run=TestFly: -run TestFly finds nothing in docs/code/x"}},
		{"no such test with its subtest", "go test -run 'TestX_y/a|Fly/a b' ./docs/code/x ./docs/code/x/y", []string{"1: go test -run TestX_y/a|Fly/a b ./docs/code/x ./docs/code/x/y: -run Fly finds nothing in docs/code/x, docs/code/x/y"}},
		{"no such test here", "cd docs/code/x\ngo test -run Fly", []string{"2: go test -run Fly: -run Fly finds nothing in docs/code/x"}},
		{"no such test elsewhere", "go test -C docs/code -run Fly ./x", []string{"1: go test -C docs/code -run Fly ./x: -run Fly finds nothing in docs/code/x"}},
		{"a test of another package", "go test -run TestY ./docs/code/x", []string{"1: go test -run TestY ./docs/code/x: -run TestY finds nothing in docs/code/x"}},
		{"a helper is no test", "go test -run 'helper|Tester|TestMain|Method' ./docs/code/x", []string{"1: go test -run helper|Tester|TestMain|Method ./docs/code/x: -run helper finds nothing in docs/code/x"}},
		{"a word that begins as a test", "go test -run Tester ./docs/code/x", []string{"1: go test -run Tester ./docs/code/x: -run Tester finds nothing in docs/code/x"}},
		{"the tests' main", "go test -run TestMain ./docs/code/x", []string{"1: go test -run TestMain ./docs/code/x: -run TestMain finds nothing in docs/code/x"}},
		{"a method", "go test -run Method ./docs/code/x", []string{"1: go test -run Method ./docs/code/x: -run Method finds nothing in docs/code/x"}},
		{"a benchmark is no test", "go test -run BenchmarkA ./docs/code/x", []string{"1: go test -run BenchmarkA ./docs/code/x: -run BenchmarkA finds nothing in docs/code/x"}},
		{"a test is no benchmark", "go test -bench X ./docs/code/x", []string{"1: go test -bench X ./docs/code/x: -bench X finds nothing in docs/code/x"}},
		{"no test beside a benchmark", "go test -run Fly -bench A ./docs/code/x", []string{"1: go test -run Fly -bench A ./docs/code/x: -run Fly finds nothing in docs/code/x"}},
		{"no tests but no benchmark", "go test -run '^$' ./docs/code/x", []string{"1: go test -run ^$ ./docs/code/x: -run ^$ finds nothing in docs/code/x"}},
		{"no such fuzz test", "go test -fuzz Fly ./docs/code/x", []string{"1: go test -fuzz Fly ./docs/code/x: -fuzz Fly finds nothing in docs/code/x"}},
		{"no pattern", "go test -run '(' ./docs/code/x", []string{"1: go test -run ( ./docs/code/x: -run ( is no pattern: error parsing regexp: missing closing ): `(`"}},
		{"a flag that go test does not know", "go test -benchmen ./docs/code/x", []string{"1: go test -benchmen ./docs/code/x: neither go test nor a test in docs/code/x has a flag -benchmen"}},
		{"a flag of another test", "go test ./docs/code/x -only 3", []string{"1: go test ./docs/code/x -only 3: neither go test nor a test in docs/code/x has a flag -only"}},
		{"a flag of go test that go run does not know", "go run -bench . ./docs/code/x", []string{"1: go run -bench . ./docs/code/x: go run has no flag -bench"}},
		{"a flag that go build does not know", "go build -fly ./docs/code/x", []string{"1: go build -fly ./docs/code/x: go build has no flag -fly"}},
		{"a flag without its value", "go test ./docs/code/x -run", []string{"1: go test ./docs/code/x -run: the value of -run is missing"}},
		{"a flag that the program does not know", "go run ./docs/code/main -loud -nam x", []string{"1: go run ./docs/code/main -loud -nam x: docs/code/main has no flag -nam"}},
		{"a flag that the program does not know, behind a value", "go run ./docs/code/main -name x -fly", []string{"1: go run ./docs/code/main -name x -fly: docs/code/main has no flag -fly"}},
		{"a flag of the program without its value", "go run ./docs/code/main -name", []string{"1: go run ./docs/code/main -name: the value of -name is missing"}},
		{"a flag that overlap does not know", "overlap run\noverlap fly -x\n", []string{"2: overlap fly -x: overlap cannot fly"}},
		{"in a pipe", "echo x | bin/overlap fly", []string{"1: bin/overlap fly: overlap cannot fly"}},
		{"in a loop", "for i in 1 2; do\n  bin/overlap fly\ndone", []string{"2: bin/overlap fly: overlap cannot fly"}},
		{"by go run", "go run ./cmd/overlap fly", []string{"1: go run ./cmd/overlap fly: overlap cannot fly"}},
		{"over two lines", "overlap \\\n  fly", []string{"1: overlap fly: overlap cannot fly"}},
		{"a variable", "overlap run -n $N", []string{"1: overlap has a variable in it, so it cannot be checked: write it out, or make the block sh quick"}},
		{"a variable of another's", "ls $HOME", nil},
		{"no package", "go run ./none", []string{"1: go run ./none: there is no directory none"}},
		{"no Go in it", "go test ./docs/pitfalls/y", []string{"1: go test ./docs/pitfalls/y: there are no Go files in docs/pitfalls/y"}},
		{"no directory", "go test ./none/...", []string{"1: go test ./none/...: there is no directory none"}},
		{"no file", "go run none.go", []string{"1: go run none.go: there is no none.go"}},
		{"elsewhere", "go test ../x", []string{"1: go test ../x: it leaves the repository"}},
		{"the second package", "go test ./docs/code/x ./none", []string{"1: go test ./docs/code/x ./none: there is no directory none"}},
		{"from another directory", "cd docs\ngo run ./docs/code/x", []string{"2: go run ./docs/code/x: there is no directory docs/docs/code/x"}},
		{"no such directory", "cd none", []string{"1: cd none: there is no directory none"}},
		{"a directory that is a file", "cd Makefile", []string{"1: cd Makefile: there is no directory Makefile"}},
		{"out of the repository", "cd ..", []string{"1: cd ..: it leaves the repository"}},
		{"to the machine's own", "cd /tmp", []string{"1: cd /tmp: it leaves the repository"}},
		{"go alone", "go", []string{"1: go: go what?"}},
		{"a go command that is none", "go fly", []string{"1: go fly: go has no command fly"}},
		{"no target", "make fly", []string{"1: make fly: the Makefile has no target fly"}},
		{"an assignment is no target", "make c", []string{"1: make c: the Makefile has no target c"}},
		{"no such variable", "make bench BANCH=x", []string{"1: make bench BANCH=x: the Makefile knows no variable BANCH"}},
		{"no Python file", "A=1 python3 -u docs/pitfalls/y/b/c.py", []string{"1: python3 -u docs/pitfalls/y/b/c.py: there is no docs/pitfalls/y/b/c.py"}},
		{"Python elsewhere", "python3 ../x.py", []string{"1: python3 ../x.py: it leaves the repository"}},
		{"Python without a file", "python3 -m asyncio", nil},
		{"a prompt", "$ ls", []string{"1: $ ls: leave the prompt out: readers copy the line"}},
		{"no shell", "ls\necho 'x", []string{"2: no shell understands this: reached EOF without closing quote `'`"}},
		{"nothing", "# only a comment", []string{"1: there is no command in the block"}},
	} {
		all["docs/a.md"] = "# A\n\n```sh\n" + c.script + "\n```\n"
		var want []string
		for _, w := range c.want {
			line, text, _ := strings.Cut(w, ": ")
			want = append(want, "docs/a.md:"+map[string]string{"1": "4", "2": "5"}[line]+": "+text)
		}
		require.Equal(t, want, checked(t, course(t, all)), c.name)
	}
	all["docs/a.md"] = "```sh quick\noverlap run -n $N\n```\n\n```sh\n```\n"
	require.Equal(t, []string{"docs/a.md:5: there is no command in the block"}, checked(t, course(t, all)), "of quick blocks, variables are known when they are run")

	delete(all, "Makefile")
	all["docs/a.md"] = "```sh\nmake x\n```\n"
	require.Equal(t, []string{"docs/a.md:2: make x: the Makefile: no such file or directory"}, checked(t, course(t, all)))
}
