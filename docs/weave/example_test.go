package weave_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"example.com/overlap/docs/weave"
)

// A page shows a function of a file: it is cut from there, and when it changes, the
// page has drifted.
func Example() {
	root, err := os.MkdirTemp("", "course")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	write("go.mod", "module example.com/mine\n\ngo 1.26.0\n")
	write("greet.go", "package mine\n\n// Greet greets.\nfunc Greet() string { return \"hello\" }\n")
	write("page.md", "# Greeting\n\n<!-- gen: code greet.go Greet -->\n<!-- end -->\n")

	course, err := weave.Open(root, weave.Options{})
	if err != nil {
		log.Fatal(err)
	}
	changed, problems, err := course.Fill()
	fmt.Println(changed, problems, err)
	page, err := os.ReadFile(filepath.Join(root, "page.md"))
	fmt.Print(string(page), err, "\n")
	// Output:
	// [page.md] [] <nil>
	// # Greeting
	//
	// <!-- gen: code greet.go Greet -->
	// ```go
	// func Greet() string { return "hello" }
	// ```
	//
	// *[greet.go](greet.go)*
	// <!-- end -->
	// <nil>
}

// The list of recorded commands.
func ExampleParseRuns() {
	runs, err := weave.ParseRuns("runs.txt", `
# what the first chapter shows
three       varies         overlap run -model goroutines -n 3
one-core    exact          GOMAXPROCS=1 go run ./docs/code/cpu
faults      varies exit=1  overlap run -faults status=0.5
`)
	for _, r := range runs {
		fmt.Println(r.Line, r.Name, r.Exact, r.Exit, r.Env, r.Args[0])
	}
	_, wrong := weave.ParseRuns("runs.txt", "three often overlap run\n")
	fmt.Println(err, wrong)
	// Output:
	// 3 three false 0 [] overlap
	// 4 one-core true 0 [GOMAXPROCS=1] go
	// 5 faults false 1 [] overlap
	// <nil> runs.txt:1: three is labelled "often", want exact or varies
}
