package rounds

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// A Benchstat is the benchstat command that the module at Dir names as a tool
// in its go.mod.
type Benchstat struct {
	path string
}

// FindBenchstat builds benchstat, if the go command has not built it before. The
// error says so if the module has no such tool.
func FindBenchstat(ctx context.Context, dir string) (Benchstat, error) {
	path, err := goOutput(ctx, dir, "tool", "-n", "benchstat")
	if err != nil {
		return Benchstat{}, fmt.Errorf("benchstat is needed as a tool of the module (go get -tool golang.org/x/perf/cmd/benchstat@latest): %w", err)
	}
	return Benchstat{path: strings.TrimSpace(path)}, nil
}

// Tables prints the models of a result file side by side, in the given order:
// the time of an operation, and how many times the ideal makespan that is.
func (b Benchstat) Tables(ctx context.Context, w io.Writer, file string, models []string) error {
	return b.run(ctx, w, b.tables(file, models)...)
}

// tables are benchstat's arguments. Its own order of columns would be that of
// the first round, which is a random one.
func (b Benchstat) tables(file string, models []string) []string {
	return []string{"-col", "/model@(" + strings.Join(models, " ") + ")", "-filter", ".unit:(sec/op OR x-ideal)", file}
}

func (b Benchstat) run(ctx context.Context, w io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, b.path, args...)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("benchstat %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return nil
}
