package weave

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Flags of the go command, by what they are for: those that stand alone, and those that
// have a value.
const (
	buildAlone   = "a n race msan asan cover v work x buildvcs json linkshared modcacherw trimpath"
	buildValued  = "C p covermode coverpkg asmflags buildmode compiler gccgoflags gcflags installsuffix ldflags mod modfile overlay pgo pkgdir tags toolexec"
	testAlone    = "c artifacts benchmem failfast fullpath short"
	testValued   = "exec o vet bench benchtime blockprofile blockprofilerate count coverprofile cpu cpuprofile fuzz fuzztime fuzzminimizetime list memprofile memprofilerate mutexprofile mutexprofilefraction outputdir parallel run shuffle skip timeout trace"
	runValued    = "exec"
	binaryValued = "o"
)

// takesValue returns the flags of a go command, and whether each has a value. They are not
// known of all commands.
func takesValue(verb string) (flags map[string]bool, known bool) {
	flags = map[string]bool{}
	add := func(names string, valued bool) {
		for _, name := range strings.Fields(names) {
			flags[name] = valued
		}
	}
	add(buildAlone, false)
	add(buildValued, true)
	switch verb {
	case "test":
		add(testAlone, false)
		add(testValued, true)
	case "run":
		add(runValued, true)
	case "build":
		add(binaryValued, true)
	default: // go vet has a flag for each analyzer, go list its own
		add("f vettool", true)
		return flags, false
	}
	return flags, true
}

// flagOf takes an argument that begins with - apart.
func flagOf(arg string) (name, value string, given bool) {
	name, value, given = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	return name, value, given
}

// checkGo looks whether the packages, files, flags and tests that a go command names are
// there.
func (c *Course) checkGo(dir string, args []string) error {
	if len(args) == 0 {
		return errors.New("go what?")
	}
	verb, args := args[0], args[1:]
	switch verb {
	case "run", "test", "build", "vet", "list":
	case "tool", "mod", "get", "install", "env", "version", "doc", "fmt", "generate", "clean", "help", "work":
		return nil
	default:
		return fmt.Errorf("go has no command %s", verb)
	}
	flags, known := takesValue(verb)
	patterns := map[string]string{} // of tests, by their flags
	var foreign []string            // flags that only the test's program may know
	var packages []string
	elsewhere, behind := false, false // behind the packages
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "-args" || arg == "--args" {
			break
		}
		if strings.HasPrefix(arg, "-") && arg != "-" {
			behind = len(packages) > 0 || elsewhere
			name, value, given := flagOf(arg)
			if verb == "test" {
				name = strings.TrimPrefix(name, "test.")
			}
			valued, is := flags[name]
			switch {
			case is && !valued:
				continue
			case !is && verb == "test":
				foreign = append(foreign, name)
				if given || i+1 == len(args) || strings.HasPrefix(args[i+1], "-") || isLocal(args[i+1]) {
					continue
				}
				i++ // its value, or what is for the test
				continue
			case !is && known:
				return fmt.Errorf("go %s has no flag -%s", verb, name)
			case !is:
				continue
			}
			if !given {
				if i++; i == len(args) {
					return fmt.Errorf("the value of -%s is missing", name)
				}
				value = args[i]
			}
			if name == "C" {
				dir = path.Join(dir, value)
			}
			patterns[name] = value
			continue
		}
		if behind && verb == "test" {
			continue // for the test's program
		}
		if !isLocal(arg) {
			if verb == "run" {
				return nil // a package elsewhere; the rest is for the program
			}
			elsewhere = true
			continue
		}
		at := path.Join(dir, arg)
		if err := c.mustBePackage(at); err != nil {
			return err
		}
		packages = append(packages, at)
		if verb == "run" && !strings.HasSuffix(arg, ".go") {
			if at == "cmd/overlap" {
				return c.overlapAccepts(args[i+1:])
			}
			return c.checkProgram(at, args[i+1:])
		}
	}
	if verb != "test" || elsewhere {
		return nil
	}
	if len(packages) == 0 {
		if dir == "." {
			return nil // in a module of the reader's
		}
		packages = []string{dir}
	}
	return c.checkTests(packages, patterns, foreign)
}

// isLocal says whether an argument of the go command names a package or file of the
// repository.
func isLocal(arg string) bool {
	return arg == "." || arg == ".." || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../") || strings.HasSuffix(arg, ".go")
}

// checkTests looks whether patterns of tests find any in the packages, and whether these
// define the flags.
func (c *Course) checkTests(packages []string, patterns map[string]string, flags []string) error {
	files, err := c.parseGo(packages, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if err != nil {
		return err
	}
	tests := testNames(files)
	for _, kind := range []struct {
		flag     string
		prefixes []string
	}{
		{"run", []string{"Test", "Example", "Fuzz"}},
		{"bench", []string{"Benchmark"}},
		{"fuzz", []string{"Fuzz"}},
	} {
		pattern, given := patterns[kind.flag]
		_, bench := patterns["bench"]
		_, fuzz := patterns["fuzz"]
		if !given || pattern == "" {
			continue
		}
		for _, first := range firstElements(pattern) {
			found, err := regexp.Compile(first)
			if err != nil {
				return fmt.Errorf("-%s %s is no pattern: %w", kind.flag, pattern, err)
			}
			matches := func(name string) bool {
				return found.MatchString(name) && slices.ContainsFunc(kind.prefixes, func(prefix string) bool { return isTestName(name, prefix) })
			}
			if slices.ContainsFunc(tests, matches) {
				continue
			}
			if kind.flag == "run" && (bench || fuzz) && (first == "-" || first == "^$" || strings.EqualFold(first, "none") || first == "^-$" || first == "XXX") {
				continue // meant to find none
			}
			return fmt.Errorf("-%s %s finds nothing in %s", kind.flag, first, strings.Join(packages, ", "))
		}
	}
	if len(flags) == 0 {
		return nil
	}
	all, err := c.parseGo(packages, func(string) bool { return true })
	if err != nil {
		return err
	}
	defined, certain := flagsOf(all)
	for _, name := range flags {
		if _, is := defined[name]; !is && certain {
			return fmt.Errorf("neither go test nor a test in %s has a flag -%s", strings.Join(packages, ", "), name)
		}
	}
	return nil
}

// testNames are the functions that go test may run.
func testNames(files []*ast.File) []string {
	var names []string
	for _, file := range files {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name != "TestMain" {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// isTestName is the rule of go test: Test, TestX or Test1, not Testing.
func isTestName(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	first, _ := utf8.DecodeRuneInString(rest)
	return ok && (rest == "" || !unicode.IsLower(first))
}

// firstElements are what the patterns between | say of the function; behind / they speak
// of subtests. Within brackets both are of the regular expression.
func firstElements(pattern string) []string {
	var all []string
	depth, class, begin, inFirst := 0, 0, 0, true
	end := func(at int) {
		if inFirst {
			all = append(all, strings.ReplaceAll(pattern[begin:at], " ", "_"))
		}
	}
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			class++
		case ']':
			class = max(0, class-1)
		case '(':
			if class == 0 {
				depth++
			}
		case ')':
			if class == 0 {
				depth--
			}
		case '/':
			if class == 0 && depth == 0 {
				end(i)
				inFirst = false
			}
		case '|':
			if class == 0 && depth == 0 {
				end(i)
				begin, inFirst = i+1, true
			}
		}
	}
	end(len(pattern))
	return all
}

// checkProgram looks whether a program of the course defines the flags that it is
// given, if it defines any.
func (c *Course) checkProgram(dir string, args []string) error {
	files, err := c.parseGo([]string{dir}, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
	if err != nil {
		return err
	}
	valued, certain := flagsOf(files)
	if !certain || len(valued) == 0 {
		return nil
	}
	for i := 0; i < len(args); i++ {
		if len(args[i]) < 2 || args[i][0] != '-' || args[i] == "--" {
			return nil // flags end here
		}
		name, _, given := flagOf(args[i])
		hasValue, is := valued[name]
		switch {
		case name == "h" || name == "help":
		case !is:
			return fmt.Errorf("%s has no flag -%s", dir, name)
		case hasValue && !given:
			if i++; i == len(args) {
				return fmt.Errorf("the value of -%s is missing", name)
			}
		}
	}
	return nil
}

// flagDefiners are the functions of package flag that define one, with the place of the
// name among their arguments.
var flagDefiners = map[string]int{
	"Bool": 0, "Duration": 0, "Float64": 0, "Int": 0, "Int64": 0, "String": 0, "Uint": 0, "Uint64": 0, "Func": 0, "BoolFunc": 0,
	"BoolVar": 1, "DurationVar": 1, "Float64Var": 1, "IntVar": 1, "Int64Var": 1, "StringVar": 1, "UintVar": 1, "Uint64Var": 1, "TextVar": 1, "Var": 1,
}

// flagsOf are the flags that files define with package flag, and whether each has a value.
// It is not certain that these are all if a name is computed or a set has flags
// of its own.
func flagsOf(files []*ast.File) (valued map[string]bool, certain bool) {
	valued, certain = map[string]bool{}, true
	for _, file := range files {
		imported := ""
		for _, spec := range file.Imports {
			if spec.Path.Value == `"flag"` {
				imported = "flag"
				if spec.Name != nil {
					imported = spec.Name.Name
				}
			}
		}
		if imported == "" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selected, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := selected.X.(*ast.Ident)
			if !ok || of.Name != imported {
				return true
			}
			if selected.Sel.Name == "NewFlagSet" {
				certain = false
			}
			at, defines := flagDefiners[selected.Sel.Name]
			if !defines || len(call.Args) <= at {
				return true
			}
			name, ok := call.Args[at].(*ast.BasicLit)
			if !ok {
				certain = false
				return true
			}
			text, err := strconv.Unquote(name.Value)
			if err != nil {
				certain = false
				return true
			}
			valued[text] = !strings.HasPrefix(selected.Sel.Name, "Bool")
			return true
		})
	}
	return valued, certain
}

// parseGo parses the Go files of packages whose names are wanted, whatever their build
// tags. A package is a directory, one with /... behind it, or a file. What cannot be parsed is
// left to the compiler.
func (c *Course) parseGo(packages []string, wanted func(name string) bool) ([]*ast.File, error) {
	var files []*ast.File
	seen := map[string]bool{}
	read := func(name string) error {
		if seen[name] || !strings.HasSuffix(name, ".go") || !wanted(name) {
			return nil
		}
		seen[name] = true
		src, err := readFile(name)
		if err != nil {
			return reason(err)
		}
		if file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution); err == nil {
			files = append(files, file)
		}
		return nil
	}
	for _, name := range packages {
		dir, all := strings.CutSuffix(name, "/...")
		if name == "..." {
			dir, all = ".", true
		}
		if strings.HasSuffix(dir, ".go") {
			if err := read(c.file(dir)); err != nil {
				return nil, err
			}
			continue
		}
		top := c.file(dir)
		err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
			base := entry.Name()
			switch {
			case err != nil:
				return reason(err)
			case !entry.IsDir():
				return read(name)
			case name != top && (!all || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata"):
				return filepath.SkipDir
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// leavesResults says why a command must not be run for a page: the go command and make work
// in the repository itself, and results without a name would stay there.
func leavesResults(args []string) error {
	results := func(file, want string) error {
		if strings.HasPrefix(file, "bin/") || strings.HasPrefix(file, "./bin/") || file != "" && strings.HasPrefix(file, os.TempDir()+"/") {
			return nil
		}
		return fmt.Errorf("its results would stay in the repository: want %s", want)
	}
	switch {
	case args[0] == "go" && len(args) > 1 && args[1] == "run":
		i := slices.IndexFunc(args, func(arg string) bool { return path.Clean(arg) == "cmd/overlap" })
		if i < 0 || i+1 >= len(args) || args[i+1] != "bench" {
			return nil
		}
		file := ""
		for k := i + 2; k < len(args) && args[k] != "--"; k++ {
			switch name, value, given := flagOf(args[k]); {
			case name != "o" || args[k][:1] != "-":
			case given:
				file = value
			case k+1 < len(args):
				file = args[k+1]
			}
		}
		return results(file, "overlap bench, or -o bin/NAME.txt")
	case args[0] == "make" && slices.ContainsFunc(args, func(arg string) bool { return arg == "bench" || arg == "bench-scale" || arg == "bench-sweep" }):
		file := ""
		for _, arg := range args {
			if value, ok := strings.CutPrefix(arg, "OUT="); ok {
				file = value
			}
		}
		return results(file, "OUT=bin/NAME.txt")
	}
	return nil
}
