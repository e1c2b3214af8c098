//go:build !unix

package weave

import "os/exec"

// setGroup: without process groups the command ends, and what it started may not.
func setGroup(*exec.Cmd) {}
