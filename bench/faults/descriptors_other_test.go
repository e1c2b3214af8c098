//go:build !unix

package faults

import "testing"

func TestDescriptorsExhausted(t *testing.T) {
	t.Skip("there is no limit of open files (RLIMIT_NOFILE) here")
}
