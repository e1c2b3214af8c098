package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/overlap/internal/process"
)

// conformEnv tells TestConform what to try, such as errgroup/plain.
const conformEnv = "PEERS_CONFORM"

// Clauses are those that a Runner has: 7 is of a Stream.
func Clauses() []int { return []int{1, 2, 3, 4, 5, 6, 8, 9} }

// A Kept says whether a clause is kept.
type Kept string

const (
	Yes Kept = "kept"
	// ButThree is a clause that is kept as long as no job panics or leaves by runtime.Goexit,
	// by a library that breaks clause 3: only checks with such jobs fail.
	ButThree Kept = "but-3"
	Broken   Kept = "broken"
	// None is a clause of which the library promises nothing.
	None Kept = "none"
)

// worse says whether less is kept than with the other.
func (k Kept) worse(than Kept) bool {
	order := []Kept{None, Yes, ButThree, Broken}
	return slices.Index(order, k) > slices.Index(order, than)
}

// A Finding is what bench/conform says of one clause.
type Finding struct {
	Kept    Kept
	Checks  []string // that failed, in the order of the suite
	Message string   // the first of the first of them, without stacks
}

// A Verdict is what became of one clause with one library, in both forms.
type Verdict struct {
	Library        string
	Clause         int
	Plain, Careful Finding
}

// A Court is what Judge needs.
type Court struct {
	Binary  string        // the tests of this package, compiled
	Dir     string        // where it is started
	Timeout time.Duration // of one process; a check that hangs is given up after a quarter of what is left

	// Tries is how often a library is tried that breaks clause 4: what it does when ctx ends may
	// be up to the chance of a select, also in the checks of clauses 5 and 6, which the suite does
	// not repeat. What one try finds is found. 0 stands for 1.
	Tries int
}

// JudgeAll judges all libraries, as many at once as there are cores, and returns the verdicts in
// the order of [All]. It tells begin of each library, on several goroutines. On two cores it takes
// half a minute, and a minute with ten tries. An error, or the end of ctx, ends it early.
func (c Court) JudgeAll(ctx context.Context, begin func(library string)) ([]Verdict, error) {
	all := All[int, int, int]()
	verdicts := make([][]Verdict, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range all {
		group.Go(func() (err error) {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			begin(p.Name)
			verdicts[i], err = c.Judge(ctx, p.Name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(verdicts...), nil
}

// Judge runs bench/conform on a library in both forms, each in processes of their own, and
// returns a verdict for each of Clauses. A library that ends its process, or does not come to an
// end, breaks the clause that was tried. Judge takes some seconds; it may be called from several
// goroutines.
func (c Court) Judge(ctx context.Context, library string) ([]Verdict, error) {
	plain, err := c.try(ctx, library, Plain)
	if err != nil {
		return nil, err
	}
	careful, err := c.try(ctx, library, Careful)
	if err != nil {
		return nil, err
	}
	var verdicts []Verdict
	for _, clause := range Clauses() {
		verdicts = append(verdicts, Verdict{library, clause, plain[clause], careful[clause]})
	}
	return verdicts, nil
}

// try runs all clauses in one process, and once more alone each clause that it gave no verdict on.
func (c Court) try(ctx context.Context, library string, f Form) (map[int]Finding, error) {
	said, err := c.run(ctx, library, f, Clauses())
	if err != nil {
		return nil, err
	}
	for _, clause := range Clauses() {
		if _, ok := said.findings[clause]; ok {
			continue
		}
		// After clause 3, the suite knows if a panic ends the program, and lets no other
		// clause's jobs panic.
		alone, err := c.run(ctx, library, f, []int{3, clause})
		if err != nil {
			return nil, err
		}
		finding, ok := alone.findings[clause]
		if !ok {
			if alone.end == "" {
				return nil, fmt.Errorf("%s, %s: clause %d was not tried", library, f, clause)
			}
			finding = Finding{Kept: Broken, Message: alone.end}
		}
		said.findings[clause] = finding
	}
	said.weigh(said)
	for range c.Tries - 1 {
		if said.findings[4].Kept != Broken {
			break
		}
		again, err := c.run(ctx, library, f, []int{3, 5, 6})
		if err != nil {
			return nil, err
		}
		again.weigh(said)
		for _, clause := range []int{5, 6} {
			if finding, ok := again.findings[clause]; ok && finding.Kept.worse(said.findings[clause].Kept) {
				said.findings[clause] = finding
			}
		}
	}
	return said.findings, nil
}

// weigh finds out which clauses are kept but for jobs that panic or exit: all says of clauses 2
// and 3.
func (s *saying) weigh(all *saying) {
	if all.findings[2].Kept != Yes || all.findings[3].Kept == Yes {
		return
	}
	other := func(check string) bool { return !goesWrong.MatchString(check) }
	for clause, finding := range s.findings {
		if clause != 3 && finding.Kept == Broken && len(finding.Checks) > 0 && !slices.ContainsFunc(finding.Checks, other) {
			finding.Kept = ButThree
			s.findings[clause] = finding
		}
	}
}

// goesWrong is what the suite's checks are called in which jobs panic and exit, but for those of
// clause 3.
var goesWrong = regexp.MustCompile(`\bjobs that (go|went) wrong\b`)

// run tries some clauses in a process of its own.
func (c Court) run(ctx context.Context, library string, f Form, clauses []int) (*saying, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout+10*time.Second)
	defer cancel()
	numbers := strings.ReplaceAll(strings.Trim(fmt.Sprint(clauses), "[]"), " ", "|")
	cmd := exec.CommandContext(ctx, c.Binary, "-test.v", "-test.timeout="+c.Timeout.String(), "-test.run=^TestConform$/^clause_("+numbers+"):")
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), conformEnv+"="+library+"/"+string(f))
	var stdout bytes.Buffer
	var stderr tail
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := process.Run(cmd)
	if ctx.Err() != nil && context.Cause(ctx) != context.DeadlineExceeded {
		return nil, context.Cause(ctx)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return nil, fmt.Errorf("%s, %s: %w", library, f, err)
	} else if ok && exit.ExitCode() == 1 {
		err = nil // some test failed, in order
	}
	said := listen(stdout.String())
	if len(said.findings) == 0 && err == nil {
		return nil, fmt.Errorf("%s, %s: no clause was tried:\n%s%s", library, f, stdout.Bytes(), stderr.text())
	}
	if err != nil {
		said.end = crash(stderr.text(), err)
	}
	return said, nil
}

// A saying is what a process said: its findings, and how it ended, if that was not in order.
type saying struct {
	findings map[int]Finding
	end      string
}

var (
	runLine     = regexp.MustCompile(`^=== (?:RUN|NAME|CONT)\s+(\S+)`)
	resultLine  = regexp.MustCompile(`^\s*--- (PASS|FAIL|SKIP): (\S+)`)
	messageLine = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)
	clausePart  = regexp.MustCompile(`^clause_(\d):`)
)

// listen reads the output of -test.v, in which messages come as they happen, and results at the
// end of all. Of a clause that is not over, or of which a check was not run since an earlier one
// did not end, it knows nothing.
func listen(output string) *saying {
	messages := map[string]string{} // the first of each test
	failed := map[int][]string{}    // the tests below each clause
	unknown := map[int]bool{}
	type result struct{ how, test string }
	var clauses []result
	current := ""
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if m := runLine.FindStringSubmatch(line); m != nil {
			current = m[1]
		} else if m := resultLine.FindStringSubmatch(line); m != nil {
			switch clause, check := split(m[2]); {
			case clause == 0:
			case check == "":
				clauses = append(clauses, result{m[1], m[2]})
			case m[1] == "FAIL":
				failed[clause] = append(failed[clause], m[2])
			}
		} else if m := messageLine.FindStringSubmatch(line); m != nil && messages[current] == "" {
			messages[current] = m[1]
			if clause, _ := split(current); strings.HasPrefix(m[1], "not run:") {
				unknown[clause] = true
			}
		}
	}
	said := &saying{findings: map[int]Finding{}}
	for _, r := range clauses {
		clause, _ := split(r.test)
		finding := Finding{Kept: Yes}
		switch {
		case unknown[clause] && r.how != "FAIL":
			continue
		case r.how == "SKIP":
			finding.Kept = None
		case r.how == "FAIL":
			finding.Kept = Broken
			for _, test := range append([]string{r.test}, failed[clause]...) {
				if _, check := split(test); check != "" && !slices.Contains(finding.Checks, check) {
					finding.Checks = append(finding.Checks, check)
				}
				if finding.Message == "" {
					finding.Message = withoutStack(messages[test])
				}
			}
		}
		said.findings[clause] = finding
	}
	return said
}

// withoutStack cuts a message before a stack, which may stand in an error's text, quoted: it
// has paths of the machine in it, and is another one each time.
func withoutStack(message string) string {
	if at := stack.FindStringIndex(message); at != nil {
		message = message[:at[0]]
	}
	return strings.TrimRight(message, ":,; ")
}

var stack = regexp.MustCompile(`(, )?goroutine \d+ \[|\\n`)

// split takes a test's name apart: the number of the clause, 0 if there is none, and the check
// without the limit that it was tried at.
func split(test string) (clause int, check string) {
	parts := strings.SplitN(test, "/", 3)
	if len(parts) < 2 {
		return 0, ""
	}
	m := clausePart.FindStringSubmatch(parts[1])
	if m == nil {
		return 0, ""
	}
	if len(parts) > 2 {
		check, _, _ = strings.Cut(parts[2], "/limit=")
	}
	return int(m[1][0] - '0'), strings.ReplaceAll(check, "_", " ")
}

// crash is why a process ended that should not have, by what it said on standard error.
func crash(stderr string, err error) string {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return "the program ended: " + line
		}
	}
	return "the program ended: " + err.Error()
}

// A tail keeps the end of what is written to it. A library that logs each panic says 20 MB
// under the suite, and a panic that ends the program, with its stacks, comes last.
type tail struct{ kept []byte }

const tailSize = 1 << 20

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > tailSize { // moved now and then only
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *tail) text() string { return string(t.kept) }
