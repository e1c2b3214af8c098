//go:build !linux

package cost

import (
	"errors"
	"fmt"
	"runtime"
)

// unsupported is the error for a metric that this platform does not have.
func unsupported(metric string) error {
	return fmt.Errorf("cost: no %s on %s/%s: %w", metric, runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)
}
