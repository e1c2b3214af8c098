// Package spell writes numbers, durations and lists as all sentences and tables of this
// module have them.
package spell

import (
	"fmt"
	"strings"
	"time"
)

// Duration writes a duration with three digits: 1.07s, 214ms, 58.4µs.
func Duration(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// Count is a number of things, in words: 1 job, 2 jobs.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// List joins words: a, b and c.
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// Thousands puts commas into whole digits: 17850 is 17,850.
func Thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
