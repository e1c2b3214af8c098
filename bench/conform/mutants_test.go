package conform_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/conform"
)

// A mutant is a model that breaks one clause, written as someone would who
// wants to slip it past the suite.
type mutant struct {
	clause  int
	name    string
	promise conform.Promise
	run     func(limit int) conform.Runner
	stream  func(limit int) conform.Streamer
}

func (m mutant) String() string { return fmt.Sprintf("clause %d: %s", m.clause, m.name) }

// subject is the environment variable that names the mutant for TestSubject.
const subject = "CONFORM_MUTANT"

// TestSubject is what TestMutants starts in a process of its own: the suite on
// one mutant.
func TestSubject(t *testing.T) {
	name := os.Getenv(subject)
	if name == "" {
		t.Skip("started by TestMutants with the name of a mutant")
	}
	for _, m := range slices.Concat(runMutants(), streamMutants(), loopMutants(), hangingMutants(), exceptMutants()) {
		switch {
		case m.String() != name:
		case m.run != nil:
			conform.Test(t, m.run, m.promise)
			return
		default:
			conform.TestStream(t, m.stream, m.promise)
			return
		}
	}
	t.Fatalf("no mutant is called %q", name)
}

// TestMutants proves that the suite rejects each mutant by the name of the
// clause that it breaks, and with a verdict: neither a crash of the test binary
// nor its timeout is one.
//
// Under the race detector a process costs half a second, and adds nothing to what
// is proven here: it tries the first mutants of each clause.
func TestMutants(t *testing.T) {
	tried := map[string]int{}
	for _, m := range slices.Concat(runMutants(), streamMutants(), loopMutants()) {
		kind := fmt.Sprint(m.clause, m.stream != nil)
		if tried[kind]++; conform.RaceEnabled && tried[kind] > 2 {
			continue
		}
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			rejected(t, m, 2*time.Minute)
		})
	}
}

// A mutant that hangs outside of virtual time is given up in time to give the
// verdict, which is a quarter of what -timeout leaves.
func TestMutantsThatHang(t *testing.T) {
	for _, m := range hangingMutants() {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			require.Contains(t, rejected(t, m, 8*time.Second), "does not come to an end")
		})
	}
}

// rejected runs the suite on m in a process of its own, and returns what it said.
func rejected(t *testing.T, m mutant, timeout time.Duration) string {
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), timeout+10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.v", "-test.timeout="+timeout.String(),
		fmt.Sprintf("-test.run=^TestSubject$/^clause_%d:", m.clause))
	cmd.Env = append(os.Environ(), subject+"="+m.String(), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		require.Fail(t, "the suite did not reject the mutant with a verdict", "%v\n%s", err, out)
	}
	require.Regexp(t, regexp.MustCompile(fmt.Sprintf(`(?m)^\s+--- FAIL: TestSubject/clause_%d:`, m.clause)), string(out))
	require.NotContains(t, string(out), "testingSynctestTest", "the stacks shown are the model's, none of the test's own")
	t.Logf("%s", out)
	return string(out)
}

func TestEveryClauseHasTwoMutants(t *testing.T) {
	run, stream := map[int]int{}, map[int]int{}
	for _, m := range runMutants() {
		run[m.clause]++
	}
	for _, m := range streamMutants() {
		stream[m.clause]++
	}
	for clause := 1; clause <= 9; clause++ {
		require.GreaterOrEqual(t, stream[clause], 2, "streams that break clause %d", clause)
		if clause != 7 { // Stream's alone
			require.GreaterOrEqual(t, run[clause], 2, "runners that break clause %d", clause)
		}
	}
}
