// Package story shows what a program says, and when, in virtual time.
package story

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Told runs f in a bubble of virtual time. Each line that f says is shown with the time
// at which it was said. They must be the lines in want.
func Told(t *testing.T, f func(t *testing.T, say func(...any)), want ...string) {
	t.Helper()
	var got []string
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f(t, func(what ...any) {
			line := fmt.Sprintf("%5v  %s", time.Since(start), fmt.Sprintln(what...))
			got = append(got, strings.TrimSpace(line))
			_, _ = io.WriteString(t.Output(), line)
		})
	})
	require.Equal(t, want, got)
}
