//go:build !unix && !windows

package cost

import "time"

func cpuTime() (time.Duration, error) { return 0, unsupported("client CPU time") }
