package tested

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests that fail on purpose fail, and say why.
func TestBrokenOnesFail(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, c := range []struct {
		test string
		want []string
	}{
		{"TestBrokenBatches$/clause_[1-79]", []string{`^PASS`}},
		{"TestBrokenBatches$/clause_8/jobs_of_unequal", []string{`clause_8:_the_schedule_is_exact`, `want exactly`, `FAIL\n$`}},
		{"TestBrokenHasty$/clause_5", []string{`goroutines that the model started are still there`, `FAIL\n$`}},
		{"TestBrokenLeaky$", []string{`blocked goroutines remain`, `testing\.Leaky\.func1`}},
		{"TestBrokenStore$", []string{`seed 72: /page/1 is fetched twice`, `FAIL\n$`}},
	} {
		t.Run(c.test, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+c.test)
			cmd.Env = append(os.Environ(), "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
			out, _ := cmd.CombinedOutput()
			for _, want := range c.want {
				require.Regexp(t, regexp.MustCompile(want), string(out))
			}
		})
	}
}
