// Package site runs the mock server in a process of its own, so that a benchmark's
// figures of CPU time, goroutines and memory are those of the client alone.
//
// The process is the running program once more: its main, or TestMain, begins with [Main].
//
//	func TestMain(m *testing.M) {
//		site.Main()
//		os.Exit(m.Run())
//	}
package site

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"example.com/overlap/mockserver"
)

// env is the environment variable that makes of the program the mock server: its value is
// the settings, as JSON.
const env = "OVERLAP_BENCH_SITE"

// A Site is a mock server in a process of its own. It ends with this one, however that
// ends. Its methods are safe for concurrent use, but for Close.
type Site struct {
	URL      string
	Settings mockserver.Settings

	cmd   *exec.Cmd
	stdin io.Closer // the site ends when this closes, also because we have died
}

// Main serves and exits if this process is to be the mock server; else it returns at once.
func Main() {
	settings, ok := os.LookupEnv(env)
	if !ok {
		return
	}
	if err := serve(settings); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve heeds no interrupt: a terminal sends that to both processes, and the benchmark may
// still need the server.
func serve(text string) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	var settings mockserver.Settings
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return fmt.Errorf("%s: %w", env, err)
	}
	server, err := mockserver.Start("", settings)
	if err != nil {
		return err
	}
	fmt.Println(server.URL())
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, server.Close())
}

// Start starts the site. The error is that of the settings, or says that the process does
// not start. A program whose main does not begin with Main must not call it: it would
// start itself, and that one itself.
func Start(settings mockserver.Settings) (*Site, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	s := &Site{Settings: settings, cmd: exec.Command(self)}
	s.cmd.Env = append(os.Environ(), env+"="+string(text))
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the mock server does not start: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the mock server did not say its address: %w", err), s.Close())
	}
	s.URL = strings.TrimSpace(line)
	return s, nil
}

// Close ends the site and waits for its process.
func (s *Site) Close() error {
	_ = s.stdin.Close()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("the mock server did not end well: %w", err)
	}
	return nil
}

// PageURL is the URL of a page.
func (s *Site) PageURL(i int) string { return s.URL + mockserver.PagePath(i) }

// Record returns what the site has seen since the last call, and clears it.
func (s *Site) Record() (r mockserver.Record, err error) {
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		request, err := http.NewRequest(method, s.URL+mockserver.RecordPath, nil)
		if err != nil {
			return r, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return r, err
		}
		if method == http.MethodGet {
			err = json.NewDecoder(response.Body).Decode(&r)
		}
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return r, fmt.Errorf("record of the mock server: %w", err)
		}
	}
	return r, nil
}
