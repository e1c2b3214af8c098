//go:build !unix

package process

import "os/exec"

// A group is the command alone: here are no process groups.
type group struct{}

func newGroup(*exec.Cmd) group { return group{} }

func (group) kill() {}
