package conform_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench/conform"
)

// excepted is what a pool with the limit in its name promises, but for this.
func excepted(except ...conform.Exception) conform.Promise {
	promise := conform.Limited("limit")
	promise.Limits, promise.Except = []int{1, 3}, except
	return promise
}

// exceptMutants break a clause that their exceptions do not cover.
func exceptMutants() []mutant {
	otherwise := "the reason for this exception"
	processFails := after(func(_ []int, results []conform.Result) []conform.Result {
		for i, r := range results {
			if r.Err != nil && strings.HasPrefix(r.Err.Error(), "Process of key") {
				results[i].Err = errors.New("another error")
			}
		}
		return results
	})
	return []mutant{
		{2, "another clause is excepted", excepted(conform.Exception{Clause: 8, Why: otherwise}), processFails, nil},
		{2, "another check is excepted", excepted(conform.Exception{Clause: 2, Check: "Fetch fails", Why: otherwise}), processFails, nil},
		{2, "a check of that name is excepted in another clause", excepted(conform.Exception{Clause: 3, Check: "Process fails", Why: otherwise}), processFails, nil},
		{8, "one of the broken checks is excepted", excepted(conform.Exception{Clause: 8, Check: "jobs of unequal length", Why: otherwise}), inBatches, nil},
		{4, "a check is excepted that there is not", excepted(conform.Exception{Clause: 4, Check: "Fetch fails", Why: otherwise}), semaphore, nil},
	}
}

// inBatches keeps all but clause 8: the longest job of a batch holds up the next.
func inBatches(limit int) conform.Runner {
	return batches(func(limit int) int { return limit })(limit)
}

// exceptSubjects are what TestExceptions tries, without a verdict on one clause.
func exceptSubjects() map[string]mutant {
	why := "jobs begin in batches here"
	crash := func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			job.MustValid()
			return semaphore(limit)(ctx, conform.Job{Process: job.Process, Fetch: func(ctx context.Context, key int) (body string, err error) {
				over := make(chan struct{})
				err = overlap.ErrGoexit // unless it returns
				go func() { defer close(over); body, err = job.Fetch(ctx, key) }()
				<-over
				return body, err
			}}, keys)
		}
	}
	proven := excepted()
	proven.Proven = true
	return map[string]mutant{
		"excepted as a whole": {promise: excepted(conform.Exception{Clause: 8, Why: why}), run: inBatches},
		"excepted check by check": {promise: excepted(
			conform.Exception{Clause: 8, Check: "jobs of unequal length", Why: why},
			conform.Exception{Clause: 8, Check: "one long job holds up no other", Why: why},
			conform.Exception{Clause: 8, Check: "jobs that go wrong cost no worker", Why: why},
			conform.Exception{Clause: 8, Check: "jobs that go wrong in Fetch cost no worker", Why: why},
			conform.Exception{Clause: 7, Check: "of a Stream", Why: "not tried for a Runner"},
		), run: inBatches},
		"the checks that other ways lead to": {promise: excepted(
			conform.Exception{Clause: 1, Check: "131,072 keys", Why: why},
			conform.Exception{Clause: 2, Check: "Fetch returns errors that cannot be compared", Why: why},
			conform.Exception{Clause: 4, Check: "the last of many jobs, in Fetch", Why: why},
			conform.Exception{Clause: 9, Check: "limit is 0", Why: why},
		), run: semaphore},
		"a panic ends the program, and clause 3 is excepted": {
			promise: excepted(conform.Exception{Clause: 3, Why: why}, conform.Exception{Clause: 5, Why: why}, conform.Exception{Clause: 8, Why: why}), run: crash,
		},
		"proven":                {promise: proven, run: semaphore},
		"proven, and it panics": {promise: proven, run: crash},
		"clause 0":              {promise: excepted(conform.Exception{Why: why}), run: semaphore},
		"clause 10":             {promise: excepted(conform.Exception{Clause: 8, Why: why}, conform.Exception{Clause: 10, Why: why}), run: semaphore},
		"without a reason":      {promise: excepted(conform.Exception{Clause: 8, Why: " "}), run: semaphore},
	}
}

// A model that does not keep a clause passes where that is excepted, by the name of
// the subtest and with the reason; and nowhere else.
func TestExceptions(t *testing.T) {
	if name := os.Getenv(subject); name != "" {
		m, ok := exceptSubjects()[name]
		if ok {
			conform.Test(t, m.run, m.promise)
		}
		return
	}
	for _, m := range exceptMutants() {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			said := rejected(t, m, 2*time.Minute)
			if strings.Contains(m.name, "that there is not") {
				require.Contains(t, said, `Promise.Except names the check "Fetch fails", and clause 4 has none of that name`)
			}
		})
	}
	const reason = "excepted: jobs begin in batches here"
	for name, want := range map[string]struct {
		passes  bool
		skipped []string // subtests
		says    string
	}{
		"excepted as a whole": {true, []string{"clause_8:_the_schedule_is_exact"}, reason},
		"excepted check by check": {true, []string{
			"clause_8:_the_schedule_is_exact/jobs_of_unequal_length", "clause_8:_the_schedule_is_exact/one_long_job_holds_up_no_other",
			"clause_8:_the_schedule_is_exact/jobs_that_go_wrong_cost_no_worker", "clause_8:_the_schedule_is_exact/jobs_that_go_wrong_in_Fetch_cost_no_worker",
		}, reason},
		"the checks that other ways lead to": {true, []string{
			"clause_1:_one_result_per_key,_in_input_order/131,072_keys", "clause_2:_an_error_stays_with_its_key/Fetch_returns_errors_that_cannot_be_compared",
			"clause_4:_nothing_begins_after_ctx_ends/the_last_of_many_jobs,_in_Fetch", "clause_9:_a_nil_function_or_a_bad_limit_panics_at_once/limit_is_0",
		}, reason},
		"a panic ends the program, and clause 3 is excepted": {true, []string{
			"clause_3:_a_panic_or_Goexit_becomes_its_key's_error", "clause_5:_nothing_still_runs_after_the_end", "clause_8:_the_schedule_is_exact",
		}, reason},
		"proven":                {true, nil, "clause_1:_one_result_per_key,_in_input_order/100_keys"},
		"proven, and it panics": {false, nil, "panic: "},
		"clause 0":              {false, nil, "Promise.Except[0].Clause is 0, want 1 to 9"},
		"clause 10":             {false, nil, "Promise.Except[1].Clause is 10, want 1 to 9"},
		"without a reason":      {false, nil, "Promise.Except[0].Why is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := said(t, name)
			require.Equal(t, want.passes, err == nil, "%s", out)
			require.Contains(t, out, want.says)
			for _, name := range want.skipped {
				require.Contains(t, out, "--- SKIP: TestExceptions/"+name+" (")
			}
			if want.skipped != nil {
				require.Equal(t, len(want.skipped), strings.Count(out, reason), "nothing else is skipped for that reason")
			}
		})
	}
}

// said is what the suite says of a subject, in a process of its own.
func said(t *testing.T, name string) (string, error) {
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.v", "-test.timeout=1m50s", "-test.run=^TestExceptions$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s", subject, name), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
