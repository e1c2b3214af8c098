package weave

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const manyThings = `// Package many has many things.
package many

import "sync"

// Limit is a limit.
const Limit = 3 // at most

// Several.
const (
	A = iota // the first
	B
)

var x, y = 1, 2

// Pool is a pool.
type Pool[K comparable, V any] struct {
	// mu guards all.
	mu sync.Mutex
}

type (
	In  int
	Out int
)

// Get gets.
func (p *Pool[K, V]) Get(key K) (v V) {
	p.mu.Lock() // as others do
	//region unlock
	defer p.mu.Unlock()

	//region inner
	_ = key
	//endregion
	//endregion
	return v
}

func (In) Get() {}

//region last
func Get() {
	_ = ` + "`" + `
	raw
` + "`" + `
}

//endregion
`

func TestCutCode(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"Limit", "const Limit = 3 // at most\n"},
		{"A", "const (\n\tA = iota // the first\n\tB\n)\n"},
		{"B", "const (\n\tA = iota // the first\n\tB\n)\n"},
		{"y", "var x, y = 1, 2\n"},
		{"Pool", "type Pool[K comparable, V any] struct {\n\t// mu guards all.\n\tmu sync.Mutex\n}\n"},
		{"Out", "type (\n\tIn  int\n\tOut int\n)\n"},
		{"Pool.Get", "func (p *Pool[K, V]) Get(key K) (v V) {\n\tp.mu.Lock() // as others do\n\tdefer p.mu.Unlock()\n\n\t_ = key\n\treturn v\n}\n"},
		{"In.Get", "func (In) Get() {}\n"},
		{"Get", "func Get() {\n\t_ = `\n\traw\n`\n}\n"},
		{"unlock", "defer p.mu.Unlock()\n\n_ = key\n"},
		{"inner", "_ = key\n"},
		{"last", "func Get() {\n\t_ = `\n\traw\n`\n}\n"},
	} {
		text, err := cutCode([]byte(manyThings), c.name)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, text, c.name)
	}
}

func TestCutCodeErrors(t *testing.T) {
	for _, c := range []struct{ name, src, cut, want string }{
		{"no such thing", "package a\n", "X", ": there is no declaration and no region called X"},
		{"a method without its type", "package a\n\nfunc (T) X() {}\n", "X", ": there is no declaration and no region called X"},
		{"no Go", "package\n", "X", ":1:9: expected 'IDENT', found 'EOF'"},
		{"a region that does not end", "package a\n\n//region X\nvar x int\n", "X", ":3: the region X has no //endregion"},
		{"an end of nothing", "package a\n\n//endregion\n", "X", ":3: //endregion ends nothing"},
		{"a region without a name", "package a\n\n//region\n//endregion\n", "X", ":3: the region has no name"},
		{"an empty region", "package a\n\n//region X\n//endregion\n", "X", ":3: the region X is empty"},
		{"two regions", "package a\n\n//region X\nvar x int\n//endregion\n//region X\nvar y int\n//endregion\n", "X", ":6: there are two regions called X"},
	} {
		_, err := cutCode([]byte(c.src), c.cut)
		require.EqualError(t, err, c.want, c.name)
	}
	_, err := cutCode([]byte("package a\n\n//regional is no region\nvar x int\n"), "x")
	require.NoError(t, err)
}

func TestCutPython(t *testing.T) {
	const source = "import asyncio\n\n\nclass A:\n    # region outer\n    def a(self):\n        # region inner\n        if True:\n\n            pass\n        # endregion\n    # endregion\n" +
		"# regional is none\n# region last\nb()\n# endregion\n"
	for name, want := range map[string]string{
		"outer": "def a(self):\n    if True:\n\n        pass\n",
		"inner": "if True:\n\n    pass\n",
		"last":  "b()\n",
	} {
		text, err := cutPython([]byte(source), name)
		require.NoError(t, err, name)
		require.Equal(t, want, text, name)
	}
	for _, c := range []struct{ name, src, want string }{
		{"a declaration is no region", "def x(): pass\n", ": there is no region called x"},
		{"a region of Go", "//region x\ny\n//endregion\n", ": there is no region called x"},
		{"a region that does not end", "\n# region x\ny\n", ":2: the region x has no # endregion"},
		{"an end of nothing", "# endregion\n", ":1: # endregion ends nothing"},
	} {
		_, err := cutPython([]byte(c.src), "x")
		require.EqualError(t, err, c.want, c.name)
	}
}

func TestPythonCode(t *testing.T) {
	c := course(t, files{"docs/a.md": "<!-- gen: code docs/code/a.py x y -->\n<!-- end -->\n", "docs/code/a.py": "# region x\nx = 1\n# endregion\n# region y\ny = 2\n# endregion\n"})
	text, problems := filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "```python\nx = 1\n\ny = 2\n```\n\n*[docs/code/a.py](code/a.py)*\n")
	require.Empty(t, checked(t, c))
}

// A region may be called as a declaration is: it goes before it.
func TestARegionGoesBeforeADeclaration(t *testing.T) {
	text, err := cutCode([]byte("package a\n\n//region run\nvar x int\n\n//endregion\n\nfunc run() {}\n"), "run")
	require.NoError(t, err)
	require.Equal(t, "var x int\n", text)
}

func TestCode(t *testing.T) {
	pitfall := "//go:build pitfall\n\npackage main\n\nfunc main() {}\n"
	c := course(t, files{
		"job.go":                              job,
		"job_test.go":                         "package mine\n\nfunc helper() {}\n",
		"x_test.go":                           "package mine_test\n\nfunc outer() {}\n",
		"other.go":                            "//go:build never\n\npackage mine\n\nfunc other() {}\n",
		"docs/pitfalls/a/broken/main.go":      pitfall,
		"docs/pitfalls/a/broken/main_test.go": "//go:build pitfall\n\npackage main\n\nfunc helper() {}\n",
		"docs/pitfalls/a/broken/never.go":     "//go:build never\n\npackage main\n\nfunc never() {}\n",
		"docs/code/a/main.go":                 pitfall,
		"notes.txt":                           "x",
	})
	for _, c2 := range []struct{ args, want, problem string }{
		{"job.go Job Job.Do", "type Job struct {\n\tName string // of the job\n}\n\nfunc (j *Job) Do() string { return j.Name }\n", ""},
		{"job_test.go helper", "func helper() {}\n", ""},
		{"x_test.go outer", "func outer() {}\n", ""},
		{"docs/pitfalls/a/broken/main.go main", "func main() {}\n", ""},
		{"docs/pitfalls/a/broken/main_test.go helper", "func helper() {}\n", ""},

		{"job.go Fly", "", "job.go: there is no declaration and no region called Fly"},
		{"job.go", "", "want code PATH NAME..."},
		{"none.go X", "", "none.go: no such file or directory"},
		{"notes.txt X", "", `"notes.txt" is no path of a Go or Python file from the root`},
		{"./job.go Job", "", `"./job.go" is no path of a Go or Python file from the root`},
		{"../job.go Job", "", `"../job.go" is no path of a Go or Python file from the root`},
		{"/job.go Job", "", `"/job.go" is no path of a Go or Python file from the root`},
		{"other.go other", "", "other.go is not compiled here: no package of `go list ./...` has it"},
		{"docs/code/a/main.go main", "", "docs/code/a/main.go is not compiled here: no package of `go list ./...` has it"},
		{"docs/pitfalls/a/broken/never.go never", "", "docs/pitfalls/a/broken/never.go is not compiled: no package below docs/pitfalls has it, with or without the build tag pitfall"},
	} {
		write(t, c.root, "docs/a.md", "<!-- gen: code "+c2.args+" -->\n<!-- end -->\n")
		c.parsed = map[string]*page{}
		text, problems := filled(t, c, "docs/a.md")
		if c2.problem != "" {
			require.Equal(t, []string{"docs/a.md:1: gen: code " + c2.args + ": " + c2.problem}, problems)
			continue
		}
		require.Empty(t, problems)
		require.Contains(t, text, "```go\n"+c2.want+"```\n")
		file := strings.Fields(c2.args)[0]
		require.Contains(t, text, "\n*["+file+"]("+(&page{name: "docs/a.md"}).link(file)+")*\n")
	}
}

// What go list says stands in the problem.
func TestCodeWithoutAModule(t *testing.T) {
	c := course(t, files{"a.md": "<!-- gen: code job.go Job -->\n<!-- end -->\n", "job.go": job})
	require.NoError(t, os.WriteFile(c.file("go.mod"), []byte("no module"), 0o600))
	_, problems := filled(t, c, "a.md")
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "a.md:1: gen: code job.go Job: go list: exit status 1: ")
}

func TestDiff(t *testing.T) {
	from := "func A() {\n\tone()\n\ttwo()\n\tthree()\n\tfour()\n\tfive()\n\tsix()\n\tseven()\n\teight()\n\tnine()\n}\n"
	for _, c := range []struct{ name, to, want string }{
		{"a line in the middle", strings.Replace(from, "five", "5", 1),
			"  ...\n \ttwo()\n \tthree()\n \tfour()\n-\tfive()\n+\t5()\n \tsix()\n \tseven()\n \teight()\n  ...\n"},
		{"the first and the last", strings.Replace(strings.Replace(from, "A", "B", 1), "nine()\n", "nine()\n\tten()\n", 1),
			"-func A() {\n+func B() {\n \tone()\n \ttwo()\n \tthree()\n  ...\n \tseven()\n \teight()\n \tnine()\n+\tten()\n }\n"},
		{"one line before and one behind", strings.NewReplacer("four()", "4()", "seven()", "7()").Replace(from),
			" func A() {\n \tone()\n \ttwo()\n \tthree()\n-\tfour()\n+\t4()\n \tfive()\n \tsix()\n-\tseven()\n+\t7()\n \teight()\n \tnine()\n }\n"},
		{"one line between", strings.NewReplacer("func A", "func B", "eight()", "8()").Replace(from),
			"-func A() {\n+func B() {\n \tone()\n \ttwo()\n \tthree()\n \tfour()\n \tfive()\n \tsix()\n \tseven()\n-\teight()\n+\t8()\n \tnine()\n }\n"},
		{"one line at each end", strings.NewReplacer("four()", "4()\n\t44()", "six()", "6()").Replace(from),
			" func A() {\n \tone()\n \ttwo()\n \tthree()\n-\tfour()\n+\t4()\n+\t44()\n \tfive()\n-\tsix()\n+\t6()\n \tseven()\n \teight()\n \tnine()\n }\n"},
	} {
		text, err := lineDiff(from, c.to)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, text, c.name)
	}

	c := course(t, files{
		"docs/a.md": "<!-- gen: diff job.go Job.Do x_test.go outer -->\n<!-- end -->\n\n<!-- gen: diff job.go Job job.go Job -->\n<!-- end -->\n\n" +
			"<!-- gen: diff job.go Fly job.go Job -->\n<!-- end -->\n\n<!-- gen: diff job.go Job job.go Fly -->\n<!-- end -->\n",
		"job.go": job, "x_test.go": "package mine_test\n\nfunc outer() {}\n",
	})
	text, problems := filled(t, c, "docs/a.md")
	require.Equal(t, []string{
		"docs/a.md:4: gen: diff job.go Job job.go Job: the two are the same",
		"docs/a.md:7: gen: diff job.go Fly job.go Job: job.go: there is no declaration and no region called Fly",
		"docs/a.md:10: gen: diff job.go Job job.go Fly: job.go: there is no declaration and no region called Fly",
	}, problems)
	require.Contains(t, text, "```diff\n-func (j *Job) Do() string { return j.Name }\n+func outer() {}\n```\n\n*From Job.Do in [job.go](../job.go) to outer in [x_test.go](../x_test.go).*\n<!-- end -->\n")
}
