package eventloop_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lineOf is the line of the calling file that holds a text.
func lineOf(t *testing.T, text string) int {
	t.Helper()
	_, file, _, _ := runtime.Caller(1)
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	before, _, found := strings.Cut(string(source), text)
	require.True(t, found)
	return strings.Count(before, "\n") + 1
}
