package conform

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// trialFile is the environment variable by which a process knows that it is a
// trial, and where it leaves its marks.
const trialFile = "OVERLAP_CONFORM_TRIAL"

// survives tries a clause in a process of its own first, when that clause makes
// jobs or keys panic: a panic that the model does not recover on a
// goroutine of its own ends the process, and nobody outside can prevent it. So
// it is the trial that ends, and this test goes on with a verdict.
//
// The trial is the test binary once more, told by -test.run to do this subtest
// and no other. Where it does not get as far as here (a test that is not to be
// found by its name), there is no trial, and a crash is a crash.
func (s *suite) survives(t *testing.T, ended string) bool {
	t.Helper()
	if onTrial() {
		file := os.Getenv(trialFile)
		mark(t, file, "begin "+t.Name())
		t.Cleanup(func() { mark(t, file, "end "+t.Name()) })
		return true
	}
	if s.stopped || s.promise.Proven {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Logf("no trial in a process of its own: %v", err)
		return true
	}
	file := filepath.Join(t.TempDir(), "marks")
	limit := 3 * patience(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit+10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run="+only(t.Name()), "-test.count=1", "-test.timeout="+limit.String())
	cmd.Env = append(os.Environ(), trialFile+"="+file,
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // or a race build sleeps for a second when it ends
	out, err := cmd.CombinedOutput()
	marks, _ := os.ReadFile(file)
	began := strings.Contains(string(marks), "begin "+t.Name()+"\n")
	if err == nil || !began || strings.Contains(string(marks), "end "+t.Name()+"\n") {
		return true // nothing failed, or nothing that cannot be seen from inside
	}
	t.Errorf("%s ends the whole program (%v):\n%s", ended, err, crash(string(out)))
	return false
}

func onTrial() bool { return os.Getenv(trialFile) != "" }

func mark(t *testing.T, path, line string) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("trial: %v", err)
	}
	if _, err := fmt.Fprintln(file, line); err != nil {
		t.Errorf("trial: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Errorf("trial: %v", err)
	}
}

// only is the -test.run pattern of the one subtest of this name.
func only(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// crash is the part of a dead process's output that says why it died.
func crash(out string) string {
	const most = 30
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			lines = lines[i:]
			break
		}
	}
	return strings.Join(lines[:min(most, len(lines))], "\n")
}
