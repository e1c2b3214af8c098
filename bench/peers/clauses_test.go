package peers

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clausesFile is what `make peers-report` writes and the pages show.
const clausesFile = "../results/peers-clauses.txt"

// court judges with this test binary, or, under the race detector, with one without it: that would
// take minutes, and the plain form of some libraries really races when ctx ends, which the suite
// finds anyway. Races of the adapters are for the tests of this process to find.
func court(t *testing.T) Court {
	binary, err := os.Executable()
	require.NoError(t, err)
	if raceEnabled {
		binary = filepath.Join(t.TempDir(), "peers.test")
		out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, ".").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return Court{Dir: t.TempDir(), Binary: binary, Timeout: 30 * time.Second}
}

// TestClauses holds the table that is kept to what the suite finds now.
func TestClauses(t *testing.T) {
	file, err := os.Open(clausesFile)
	require.NoError(t, err, "make peers-report writes it")
	defer file.Close()
	want, modules, err := ReadVerdicts(file)
	require.NoError(t, err, clausesFile)
	require.Equal(t, Versions(), modules, "the versions of the libraries are others now: make peers-report")

	c := court(t)
	got, err := c.JudgeAll(t.Context(), func(string) {})
	require.NoError(t, err)
	require.Equal(t, libraries(kept(want)), libraries(kept(got)), "the libraries are others now: make peers-report")
	again := map[string]bool{}
	for i, g := range kept(got) {
		if g != kept(want)[i] {
			again[g.library] = true
		}
	}
	c.Tries = 20 // what happens by chance has not happened
	for library := range again {
		verdicts, err := c.Judge(t.Context(), library)
		require.NoError(t, err)
		for i := range got {
			for _, v := range verdicts {
				if got[i].Library == v.Library && got[i].Clause == v.Clause {
					got[i] = v
				}
			}
		}
	}
	for i, g := range kept(got) {
		w := kept(want)[i]
		if g != w {
			t.Errorf("%s, clause %d: plain is %s and careful %s, in %s they are %s and %s: make peers-report\n%+v", g.library, g.clause, g.plain, g.careful, clausesFile, w.plain, w.careful, got[i])
		}
	}
}

// short is a Verdict without reasons.
type short struct {
	library        string
	clause         int
	plain, careful Kept
}

func kept(verdicts []Verdict) (all []short) {
	for _, v := range verdicts {
		all = append(all, short{v.Library, v.Clause, v.Plain.Kept, v.Careful.Kept})
	}
	return all
}

func libraries(verdicts []short) (all []short) {
	for _, v := range verdicts {
		all = append(all, short{library: v.library, clause: v.clause})
	}
	return all
}

// The judge is right about libraries of which it is known what they keep: also if they end their
// process, or never come to an end.
func TestJudge(t *testing.T) {
	c := court(t)
	c.Timeout = 12 * time.Second // of which a check that hangs takes a quarter
	for _, b := range []struct {
		library string
		clause  int // that is broken by the plain form; 0 is none
		message string
	}{
		{"right", 0, ""},
		{"crashes", 4, "the program ended: panic: it crashes when ctx has ended"},
		{"hangs", 4, "the model does not come to an end: after "},
	} {
		t.Run(b.library, func(t *testing.T) {
			t.Parallel()
			verdicts, err := c.Judge(t.Context(), b.library)
			require.NoError(t, err)
			require.Len(t, verdicts, len(Clauses()))
			for i, v := range verdicts {
				require.Equal(t, Clauses()[i], v.Clause)
				require.Equal(t, b.library, v.Library)
				require.Equal(t, Finding{Kept: Yes}, v.Careful, "clause %d", v.Clause)
				if v.Clause != b.clause {
					require.Equal(t, Yes, v.Plain.Kept, "clause %d: %+v", v.Clause, v.Plain)
					continue
				}
				require.Equal(t, Broken, v.Plain.Kept)
				require.True(t, strings.HasPrefix(v.Plain.Message, b.message), v.Plain.Message)
			}
		})
	}
	t.Run("one that is not there", func(t *testing.T) {
		_, err := c.Judge(t.Context(), "none")
		require.ErrorContains(t, err, "none, plain: no clause was tried:")
		require.ErrorContains(t, err, `no library is called "none"`)
	})
	t.Run("no binary", func(t *testing.T) {
		c := c
		c.Binary = filepath.Join(t.TempDir(), "none")
		_, err := c.Judge(t.Context(), "right")
		require.ErrorContains(t, err, "right, plain: ")
	})
	t.Run("its ctx ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		cancel(stop)
		_, err := c.Judge(ctx, "right")
		require.ErrorIs(t, err, stop)
		_, err = c.JudgeAll(ctx, func(string) { t.Error("a library was begun") })
		require.ErrorIs(t, err, stop)
	})
}

func TestListen(t *testing.T) {
	const head = "=== RUN   TestConform\n"
	for _, c := range []struct {
		name, output string
		want         map[int]Finding
	}{
		{"nothing", "", map[int]Finding{}},
		{"a clause that is not over", head + "=== RUN   TestConform/clause_1:_one\n    bubble.go:79: bad\n", map[int]Finding{}},
		{"kept, and of none", head + "=== RUN   TestConform/clause_1:_one\n=== RUN   TestConform/clause_6:_six\n    clause6.go:13: the model promises no limit\n--- PASS: TestConform (0.1s)\n    --- PASS: TestConform/clause_1:_one (0.1s)\n        --- PASS: TestConform/clause_1:_one/a_check (0.1s)\n    --- SKIP: TestConform/clause_6:_six (0.0s)\n",
			map[int]Finding{1: {Kept: Yes}, 6: {Kept: None}}},
		{"broken, by what the clause itself says", head + "=== RUN   TestConform/clause_3:_three\n    clause3.go:112: a panic ends the whole program (exit status 2):\n        panic: boom\n--- FAIL: TestConform (0.1s)\n    --- FAIL: TestConform/clause_3:_three (0.1s)\n",
			map[int]Finding{3: {Kept: Broken, Message: "a panic ends the whole program (exit status 2)"}}},
		{"broken, by two checks at some limits", head + "=== RUN   TestConform/clause_4:_four/one,_in_Fetch/limit=1\n=== RUN   TestConform/clause_4:_four/one,_in_Fetch/limit=2\n    bubble.go:79: first\n    bubble.go:79: second\n=== RUN   TestConform/clause_4:_four/two\n    bubble.go:79: third\n--- FAIL: TestConform (0.1s)\n    --- FAIL: TestConform/clause_4:_four (0.1s)\n        --- FAIL: TestConform/clause_4:_four/one,_in_Fetch (0.1s)\n            --- PASS: TestConform/clause_4:_four/one,_in_Fetch/limit=1 (0.1s)\n            --- FAIL: TestConform/clause_4:_four/one,_in_Fetch/limit=2 (0.1s)\n        --- FAIL: TestConform/clause_4:_four/two (0.1s)\n",
			map[int]Finding{4: {Kept: Broken, Checks: []string{"one, in Fetch", "two"}, Message: "first"}}},
		{"broken, and the other checks were not run", head + "=== RUN   TestConform/clause_4:_four/one\n    bubble.go:79: never\n=== RUN   TestConform/clause_4:_four/two\n    conform.go:97: not run: an earlier check did not come to an end\n--- FAIL: TestConform (0.1s)\n    --- FAIL: TestConform/clause_4:_four (0.1s)\n        --- FAIL: TestConform/clause_4:_four/one (0.1s)\n        --- SKIP: TestConform/clause_4:_four/two (0.1s)\n",
			map[int]Finding{4: {Kept: Broken, Checks: []string{"one"}, Message: "never"}}},
		{"a message with a stack quoted in it", head + "=== RUN   TestConform/clause_3:_three/one\n    bubble.go:79: its error is no panic: \"boom, goroutine 7 [running]:\\nmain.f()\\n\\t/home/me/f.go:7\"\n--- FAIL: TestConform (0.1s)\n    --- FAIL: TestConform/clause_3:_three (0.1s)\n        --- FAIL: TestConform/clause_3:_three/one (0.1s)\n",
			map[int]Finding{3: {Kept: Broken, Checks: []string{"one"}, Message: `its error is no panic: "boom`}}},
		{"a check was not run", head + "=== RUN   TestConform/clause_5:_five/one\n    conform.go:97: not run: an earlier check did not come to an end\n--- PASS: TestConform (0.1s)\n    --- PASS: TestConform/clause_5:_five (0.1s)\n        --- SKIP: TestConform/clause_5:_five/one (0.1s)\n",
			map[int]Finding{}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, listen(c.output).findings) })
	}
}

func TestWeigh(t *testing.T) {
	wrong, other := []string{"jobs that go wrong cost no worker", "after jobs that went wrong"}, []string{"jobs that go wrong", "ctx ends"}
	for _, c := range []struct {
		name       string
		two, three Kept
		checks     []string
		want       Kept
	}{
		{"jobs that panic are the reason", Yes, Broken, wrong, ButThree},
		{"there are other reasons", Yes, Broken, other, Broken},
		{"panics cannot be the reason", Yes, Yes, wrong, Broken},
		{"errors may be the reason", Broken, Broken, wrong, Broken},
		{"it crashed", Yes, Broken, nil, Broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &saying{findings: map[int]Finding{2: {Kept: c.two}, 3: {Kept: c.three, Checks: wrong}, 5: {Kept: Broken, Checks: c.checks}}}
			s.weigh(s)
			require.Equal(t, map[int]Finding{2: {Kept: c.two}, 3: {Kept: c.three, Checks: wrong}, 5: {Kept: c.want, Checks: c.checks}}, s.findings)
		})
	}
	require.True(t, Broken.worse(ButThree))
	require.True(t, ButThree.worse(Yes))
	require.False(t, Yes.worse(Yes))
	require.False(t, Yes.worse(Broken))
}

func TestTail(t *testing.T) {
	var kept tail
	line := strings.Repeat("a library that logs\n", 1000)
	for range 400 {
		n, err := kept.Write([]byte(line))
		require.NoError(t, err)
		require.Len(t, line, n)
	}
	_, _ = kept.Write([]byte("\nfatal error: all goroutines are asleep\n\ngoroutine 1\n"))
	require.LessOrEqual(t, len(kept.kept), 2*tailSize+len(line))
	require.Equal(t, "the program ended: fatal error: all goroutines are asleep", crash(kept.text(), nil))
	require.Equal(t, "the program ended: killed", crash("nothing", errors.New("killed")))
}

func TestVerdictsAreReadAsTheyAreWritten(t *testing.T) {
	verdicts := []Verdict{
		{Library: "a", Clause: 1, Plain: Finding{Kept: Yes}, Careful: Finding{Kept: Yes}},
		{Library: "a", Clause: 8, Plain: Finding{Kept: Broken, Checks: []string{"one", "two, in Fetch"}, Message: "it took 1s"}, Careful: Finding{Kept: ButThree, Checks: []string{"jobs that go wrong"}, Message: "never"}},
		{Library: "b", Clause: 6, Plain: Finding{Kept: None}, Careful: Finding{Kept: None}},
	}
	var text strings.Builder
	require.NoError(t, WriteVerdicts(&text, time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC), verdicts))
	require.Contains(t, text.String(), ", 2026-11-23\n")
	require.Contains(t, text.String(), "# library\terrgroup\tgolang.org/x/sync/errgroup\t")
	got, modules, err := ReadVerdicts(strings.NewReader(text.String()))
	require.NoError(t, err)
	require.Equal(t, verdicts, got)
	require.Equal(t, Versions(), modules)

	verdicts[0].Plain.Message = "two\tfields\nand lines"
	text.Reset()
	require.NoError(t, WriteVerdicts(&text, time.Now(), verdicts[:1]))
	got, _, err = ReadVerdicts(strings.NewReader(text.String()))
	require.NoError(t, err)
	require.Equal(t, "two fields and lines", got[0].Plain.Message)

	for name, c := range map[string]struct{ text, want string }{
		"no columns":            {"a\t1\n", `line 1: the columns are "a\t1", want `},
		"too few fields":        {"# head\n" + columns + "\na\t1\tplain\tkept\n", "line 3: 4 fields, want 6"},
		"a clause of letters":   {columns + "\na\tone\tplain\tkept\t\t\n", "line 2: clause: "},
		"another form":          {columns + "\na\t1\tquick\tkept\t\t\n", `line 2: the form "quick", want plain and then careful of each library and clause`},
		"careful without plain": {columns + "\na\t1\tplain\tkept\t\t\na\t2\tcareful\tkept\t\t\n", `line 3: the form "careful", want plain`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ReadVerdicts(strings.NewReader(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}
