package rounds

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/results"
)

// A cell that says so by the calibration is marked in the file, and its twin with it.
func TestRunMarksWhatTheMachineCannotMeasure(t *testing.T) {
	c := config(t)
	c.Bench, c.Calibrate, c.Control = "Fast", calibrated("loopback=7/s"), "c"
	report, err := Run(t.Context(), c, &journal{})
	require.NoError(t, err)
	require.Equal(t, 2, report.Saturated)
	set, err := results.ReadFiles(c.Out)
	require.NoError(t, err)
	require.Equal(t, "loopback=7/s", set.Value("calibration"))
	require.Len(t, set.Groups, 1)
	for model, why := range map[string]string{"a": "", "b": "", "c": "it asks for more than loopback=7/s", "c-again": "it asks for more than loopback=7/s"} {
		require.Equal(t, why, set.Groups[0].Cell(model).Saturated, model)
		require.Len(t, set.Groups[0].Cell(model).Samples["sec/op"], 2, model)
	}
}

func TestRunWithoutACalibrationMarksNothing(t *testing.T) {
	t.Setenv(CalibrationEnv, "") // as if it were not there
	c := config(t)
	c.Bench = "Fast"
	report, err := Run(t.Context(), c, &journal{})
	require.NoError(t, err)
	require.Zero(t, report.Saturated)
	text, err := os.ReadFile(c.Out)
	require.NoError(t, err)
	require.NotContains(t, string(text), "saturated")
	require.NotContains(t, string(text), "calibration")
}

// The latencies that a process leaves stand behind its result, under the name that
// it has there.
func TestRunKeepsLatencies(t *testing.T) {
	c := config(t)
	c.Bench, c.Control = "Fast", "a"
	_, err := Run(t.Context(), c, &journal{})
	require.NoError(t, err)
	set, err := results.ReadFiles(c.Out)
	require.NoError(t, err)
	for _, model := range []string{"a", "a-again"} {
		latencies := set.Groups[0].Cell(model).Latencies
		require.EqualValues(t, 2, latencies["send"].Count(), model)
		longest, _ := latencies["intended"].Quantile(1)
		require.Equal(t, 200*time.Microsecond, longest, model)
	}
	require.Empty(t, set.Groups[0].Cell("b").Latencies)
}

func TestACalibrationIsOneLine(t *testing.T) {
	c := config(t)
	c.Calibrate = calibrated("a\nBenchmarkX 1 1 ns/op")
	_, err := Run(t.Context(), c, &journal{})
	require.ErrorContains(t, err, "calibration is more than one line")
}

func calibrated(line string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return line, nil }
}

func TestACalibrationThatFailsEndsTheRun(t *testing.T) {
	c := config(t)
	why := errors.New("no loopback")
	c.Calibrate = func(context.Context) (string, error) { return "", why }
	_, err := Run(t.Context(), c, &journal{})
	require.ErrorIs(t, err, why)
	require.NoFileExists(t, c.Out)
}
