package peers

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// columns of a file of verdicts.
const columns = "library\tclause\tform\tkept\tchecks\tmessage"

// WriteVerdicts writes verdicts as lines of fields with a tab between, below a head of comments
// that says what was judged, when, and what the fields mean.
func WriteVerdicts(w io.Writer, when time.Time, verdicts []Verdict) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `# Which clause of the contract each library keeps: what bench/conform says of it, in two forms.
# %s, %s/%s, %s
#
`, runtime.Version(), runtime.GOOS, runtime.GOARCH, when.UTC().Format(time.DateOnly))
	for _, v := range Versions() {
		fmt.Fprintf(out, "# module\t%s\n", v)
	}
	fmt.Fprint(out, "#\n")
	for _, p := range All[int, int, int]() {
		fmt.Fprintf(out, "# library\t%s\t%s\t%s\n", p.Name, p.Package, p.Uses)
	}
	fmt.Fprintf(out, `#
# plain is the function as a user writes it, careful is Job.Do in its place: see the documentation
# of package peers. What both break is the library's own doing. What careful keeps and plain breaks
# can be kept with the library: by the function, or (clauses 5, 6 and 8) by not telling the library
# of ctx. Clause 9 is the adapter's always; clause 7 is of a Stream, and no library here has one.
#
# %-7s the suite finds nothing against it
# %-7s kept, but for jobs that panic or leave by runtime.Goexit, with which the library breaks clause 3
# %-7s not kept
# %-7s the library promises nothing of it
#
# checks are those of the suite that failed, and message is the first one of the first of them.
%s
`, Yes, ButThree, Broken, None, columns)
	for _, v := range verdicts {
		for _, form := range []struct {
			Form
			Finding
		}{{Plain, v.Plain}, {Careful, v.Careful}} {
			fields := []string{v.Library, strconv.Itoa(v.Clause), string(form.Form), string(form.Kept), strings.Join(form.Checks, "; "), form.Message}
			for i, field := range fields {
				fields[i] = strings.Join(strings.FieldsFunc(field, unicode.IsControl), " ")
			}
			fmt.Fprintln(out, strings.Join(fields, "\t"))
		}
	}
	return out.Flush()
}

// ReadVerdicts reads what WriteVerdicts wrote, and the modules with their versions.
func ReadVerdicts(r io.Reader) (verdicts []Verdict, modules []string, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	headed := false
	var before Verdict // the plain half of one
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"):
			if module, ok := strings.CutPrefix(line, "# module\t"); ok {
				modules = append(modules, module)
			}
			continue
		case !headed && line == columns:
			headed = true
			continue
		case !headed:
			return nil, nil, fmt.Errorf("line %d: the columns are %q, want %q", n, line, columns)
		}
		fields := strings.Split(line, "\t")
		if want := strings.Count(columns, "\t") + 1; len(fields) != want {
			return nil, nil, fmt.Errorf("line %d: %d fields, want %d", n, len(fields), want)
		}
		clause, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: clause: %w", n, err)
		}
		finding := Finding{Kept: Kept(fields[3]), Message: fields[5]}
		if fields[4] != "" {
			finding.Checks = strings.Split(fields[4], "; ")
		}
		v := Verdict{Library: fields[0], Clause: clause}
		switch form := Form(fields[2]); {
		case form == Plain:
			before = v
			before.Plain = finding
		case form == Careful && before.Library == v.Library && before.Clause == clause:
			v.Plain, v.Careful = before.Plain, finding
			verdicts = append(verdicts, v)
		default:
			return nil, nil, fmt.Errorf("line %d: the form %q, want %s and then %s of each library and clause", n, form, Plain, Careful)
		}
	}
	return verdicts, modules, lines.Err()
}
