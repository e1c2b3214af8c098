// Package process runs commands of which nothing stays behind.
package process

import (
	"os/exec"
	"time"
)

// Run runs a command like its method of the same name, as a process group of its own: what
// it has started ends when the command's context does, and, at the latest, when the command
// has ended. Output that another process still holds is waited for, 5 s at most. Where
// there are no process groups, as on Windows, only the command itself ends.
func Run(cmd *exec.Cmd) error {
	cmd.WaitDelay = 5 * time.Second
	g := newGroup(cmd)
	defer g.kill()
	return cmd.Run()
}
