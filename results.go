package overlap

import (
	"errors"
	"fmt"
)

// Values returns the value of every result, or the error of the first result
// that has one (first in input order), wrapped with its index. It is what
// asyncio.gather gives; the results themselves are gather's
// return_exceptions=True.
func Values[R any](results []Result[R]) ([]R, error) {
	values := make([]R, len(results))
	for i, r := range results {
		if r.Err != nil {
			return nil, fmt.Errorf("job %d: %w", i, r.Err)
		}
		values[i] = r.Value
	}
	return values, nil
}

// Errors joins the errors of all results, each wrapped with its index, in input
// order. It returns nil if no job failed.
func Errors[R any](results []Result[R]) error {
	var errs []error
	for i, r := range results {
		if r.Err != nil {
			errs = append(errs, fmt.Errorf("job %d: %w", i, r.Err))
		}
	}
	return errors.Join(errs...)
}

// Failures counts the results that have an error.
func Failures[R any](results []Result[R]) int {
	n := 0
	for _, r := range results {
		if r.Err != nil {
			n++
		}
	}
	return n
}
