package files

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"example.com/overlap"
)

// An Account is what became of all files of a run. Its zero value is empty. It is for one
// goroutine.
type Account struct {
	Done    int // the results were written
	Skipped int // they were there already
	Failed  int
	Read    int64 // bytes of the files that are Done
	Written int64 // bytes of their results

	// Causes are how often what made a file fail, without the file's name.
	Causes map[string]int
}

// Add counts one result.
func (a *Account) Add(result overlap.Result[Done]) {
	switch {
	case result.Err != nil:
		a.Failed++
		if a.Causes == nil {
			a.Causes = map[string]int{}
		}
		a.Causes[cause(result.Err)]++
	case result.Value.Skipped:
		a.Skipped++
	default:
		a.Done++
		a.Read += result.Value.Read
		a.Written += result.Value.Written
	}
}

// cause is err without the name of the file.
func cause(err error) string {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Op + ": " + inner.Err.Error()
	}
	return err.Error()
}

// String gives the account in one line, such as
//
//	1000 files: 900 done, 80 skipped, 20 failed (20 times read: too many open files); 3686400 bytes read, 921600 written
//
// with the most frequent cause first, and at most five of them.
func (a *Account) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d files: %d done, %d skipped, %d failed", a.Done+a.Skipped+a.Failed, a.Done, a.Skipped, a.Failed)
	causes := slices.SortedFunc(maps.Keys(a.Causes), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.Causes[y], a.Causes[x]), cmp.Compare(x, y))
	})
	const most = 5
	for i, cause := range causes {
		switch {
		case i == most:
			fmt.Fprintf(&b, "; and %d other causes", len(causes)-most)
		case i < most:
			fmt.Fprintf(&b, "%s%d times %s", map[bool]string{true: " (", false: "; "}[i == 0], a.Causes[cause], cause)
		}
	}
	if len(causes) > 0 {
		b.WriteString(")")
	}
	fmt.Fprintf(&b, "; %d bytes read, %d written", a.Read, a.Written)
	return b.String()
}
