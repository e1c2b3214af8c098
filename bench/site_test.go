package bench

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
	"testing"

	"example.com/overlap/mockserver"
)

// serveSite is the environment variable that makes of the test binary the mock
// server: its value is the number of pages.
const serveSite = "OVERLAP_BENCH_SITE"

// A site is the mock server in a process of its own, so that its CPU work,
// goroutines and allocations are not counted as the model's.
type site struct {
	url   string
	pages int
	cmd   *exec.Cmd
	stdin io.Closer // the site ends when this closes, also because we have died
}

// settingsOf are the pages that a site has.
func settingsOf(pages int) mockserver.Settings {
	return mockserver.Settings{Seed: 1, Pages: pages, PageSize: 4096, Links: 10}
}

func startSite(b testing.TB, pages int) *site {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	s := &site{pages: pages, cmd: exec.Command(self)}
	s.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serveSite, pages))
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		b.Fatalf("the mock server does not start: %v", err)
	}
	b.Cleanup(func() {
		_ = s.stdin.Close()
		if err := s.cmd.Wait(); err != nil {
			b.Errorf("the mock server did not end well: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("the mock server did not say its address: %v", err)
	}
	s.url = strings.TrimSpace(line)
	return s
}

// serve is the other process: a site that ends with its standard input. It heeds
// no interrupt: a terminal sends that to both processes, and the benchmark may
// still need it.
func serve(pages string) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	var n int
	if _, err := fmt.Sscan(pages, &n); err != nil {
		return fmt.Errorf("%s=%s: %w", serveSite, pages, err)
	}
	server, err := mockserver.Start("", settingsOf(n))
	if err != nil {
		return err
	}
	fmt.Println(server.URL())
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, server.Close())
}

// record returns what the site has seen since the last call, and clears it.
func (s *site) record() (r mockserver.Record, err error) {
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		request, err := http.NewRequest(method, s.url+mockserver.RecordPath, nil)
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
