//go:build !unix

package mockserver_test

import "time"

func processorTime() time.Duration { return -1 }
