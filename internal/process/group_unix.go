//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// A group is the process group of a command: itself, and whatever it starts.
type group struct{ cmd *exec.Cmd }

// newGroup makes a command begin a group, before it starts, which is killed as a whole
// when the command's context ends.
func newGroup(cmd *exec.Cmd) group {
	g := group{cmd}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		g.kill()
		return nil
	}
	return g
}

// kill ends what is left of the group. A group keeps its number as long as a process
// is in it, so nothing else is hit.
func (g group) kill() {
	if g.cmd.Process != nil {
		_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
	}
}
