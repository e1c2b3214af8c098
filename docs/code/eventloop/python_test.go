package loops_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/python"
)

// The same programs for asyncio print the same.
func TestTheSameInPython(t *testing.T) {
	found, err := python.Find(t.Context(), "python3")
	if err != nil {
		t.Skip(err)
	}
	clock := regexp.MustCompile(`(?m)^\w+s  |: eventloop: cancelled$`)
	for program, want := range map[string][]string{
		"steps.py":  stepsSay,
		"cancel.py": cancelSays,
		"count.py":  countSays,
	} {
		out, err := python.Output(exec.CommandContext(t.Context(), found.Path, program))
		require.NoError(t, err, program)
		require.Equal(t, clock.ReplaceAllString(strings.Join(want, "\n"), "")+"\n", string(out), program)
	}
}
