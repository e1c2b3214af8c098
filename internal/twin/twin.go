// Package twin runs a server in a process of its own, so that a benchmark's figures of CPU
// time, goroutines and memory are those of the client alone.
//
// The process is the running program once more: its main, or TestMain, begins with [Main],
// once for each server that it may be.
//
//	func TestMain(m *testing.M) {
//		twin.Main("echo", startEcho)
//		os.Exit(m.Run())
//	}
package twin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// The environment variables that make of the program a server: which one, and its settings
// as JSON.
const (
	nameEnv     = "OVERLAP_TWIN"
	settingsEnv = "OVERLAP_TWIN_SETTINGS"
)

// Main serves and exits if this process is to be the server of this name; else it returns at
// once. start gets the settings that [Start] was given, and returns where the server is found
// and what ends it.
func Main[S any](name string, start func(settings S) (url string, close func() error, err error)) {
	if os.Getenv(nameEnv) != name {
		return
	}
	if err := serve(start); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve heeds no interrupt: a terminal sends that to both processes, and the benchmark may
// still need the server.
func serve[S any](start func(settings S) (url string, close func() error, err error)) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	var settings S
	if err := json.Unmarshal([]byte(os.Getenv(settingsEnv)), &settings); err != nil {
		return fmt.Errorf("%s: %w", settingsEnv, err)
	}
	url, end, err := start(settings)
	if err != nil {
		return err
	}
	fmt.Println(url)
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, end())
}

// A Twin is a server in a process of its own. It ends with this one, however that ends. Close
// and Kill are for one goroutine at a time.
type Twin struct {
	URL string // where the server says that it is

	name  string
	cmd   *exec.Cmd
	stdin io.Closer // the server ends when this closes, also because we have died
	ended bool      // and was waited for
}

// Start starts the server of this name; settings are what encoding/json makes of them. The
// error says that the process does not start, or that the server does not: what that has
// against its settings it writes to this process's standard error. Where the program's main
// has no [Main] for the name, the process that was started says so and ends.
func Start(name string, settings any) (*Twin, error) {
	if other, ok := os.LookupEnv(nameEnv); ok {
		// Main would have served. So it was not called, and the program began anew: without
		// this it would start itself, and that one itself.
		return nil, fmt.Errorf("this process was to be the server %q, but main does not begin with twin.Main for it", other)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	t := &Twin{name: name, cmd: exec.Command(self)}
	t.cmd.Env = append(os.Environ(), nameEnv+"="+name, settingsEnv+"="+string(text))
	t.cmd.Stderr = os.Stderr
	if t.stdin, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", name, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not say its address: %w", name, err), t.Close())
	}
	t.URL = strings.TrimSpace(line)
	return t, nil
}

// Close ends the server and waits for its process. Of one that has been closed or killed there
// is nothing to end, and that is no error.
func (t *Twin) Close() error {
	if t.ended {
		return nil
	}
	t.ended = true
	_ = t.stdin.Close()
	if err := t.cmd.Wait(); err != nil {
		return fmt.Errorf("%s did not end well: %w", t.name, err)
	}
	return nil
}

// Kill ends the server at once, without a chance to close anything (SIGKILL), and waits for its
// process: when it returns, nobody listens at URL. Of one that has ended already there is
// nothing to kill, and that is no error. After an error the server may live; Close is still to
// be called.
func (t *Twin) Kill() error {
	if t.ended {
		return nil
	}
	if err := t.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s is not killed: %w", t.name, err)
	}
	t.ended = true
	_ = t.cmd.Wait() // says that it was killed; it closes stdin, too
	return nil
}
