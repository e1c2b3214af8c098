package faults

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

// small is a soak of a moment, which no busy machine makes fail: nothing is never answered.
func small(models ...string) Settings {
	s := Standard()
	s.Models = models
	s.InFlight = 200
	s.Latency = 200 * time.Millisecond
	s.Timeout = time.Minute
	s.Every = 10 * time.Millisecond
	s.Measured = time.Duration(len(models)) * 400 * time.Millisecond
	s.Faults.Hang = 0
	s.Faults.SlowPause = time.Millisecond
	return s
}

// but is the problems but for one that a busy machine makes.
func but(problems []string) []string {
	var others []string
	for _, p := range problems {
		if !strings.Contains(p, "in flight were asked for") && !strings.Contains(p, "too few to judge") {
			others = append(others, p)
		}
	}
	return others
}

func TestSoak(t *testing.T) {
	s := small(Soakable()...)
	require.Equal(t, []string{"goroutines-limit", "pool", "pipeline", "eventloop-limit"}, s.Models)
	var seen atomic.Int64
	report, err := Soak(t.Context(), s, func(p Progress) {
		require.Contains(t, s.Models, p.Model)
		require.LessOrEqual(t, p.Left, s.Takes())
		seen.Add(1)
	})
	require.NoError(t, err)
	require.Positive(t, seen.Load())
	require.Len(t, report.Turns, len(s.Models))
	for i, turn := range report.Turns {
		require.Equal(t, s.Models[i], turn.Model)
		require.Empty(t, but(turn.Problems(false)))
		require.LessOrEqual(t, turn.Peak, int64(s.InFlight), "the limit, at the job")
		require.Positive(t, turn.Saw.PeakInFlight)
		require.LessOrEqual(t, turn.Saw.PeakInFlight, turn.Peak, "the limit, by the server's record")
		require.Positive(t, turn.Kinds[Value])
		require.Equal(t, turn.Saw.Requests, turn.Jobs())
		require.Equal(t, turn.Saw.Faults[mockserver.Status], turn.Kinds[Status])
		require.Equal(t, turn.Saw.Faults[mockserver.Reset], turn.Kinds[Broken])
		require.Equal(t, turn.Saw.Faults[mockserver.Truncate], turn.Kinds[Truncated])
	}
	var text strings.Builder
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "pool: ")
	require.Contains(t, text.String(), "goroutines")
}

func TestSoakOfWhatIsNeverAnswered(t *testing.T) {
	s := small("pool")
	s.Faults.Hang, s.Timeout = 0.05, time.Second
	report, err := Soak(t.Context(), s, nil)
	require.NoError(t, err)
	turn := report.Turns[0]
	require.Positive(t, turn.Saw.Faults[mockserver.Hang])
	require.GreaterOrEqual(t, turn.Kinds[Timeout], turn.Saw.Faults[mockserver.Hang]) // more on a busy machine
	for _, trend := range turn.Trends {
		require.True(t, trend.Flat(), "%+v", trend)
	}
	require.Zero(t, turn.Lost+turn.Twice+turn.Wrong)
}

func TestSoakFindsALeak(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	s := small("pool")
	s.brief = true
	var jobs, leaked atomic.Int64
	s.wrap = func(j soakJob) soakJob {
		fetch := j.Fetch
		j.Fetch = func(ctx context.Context, key int64) (pages.Body, error) {
			if jobs.Add(1)%10 == 0 {
				leaked.Add(1)
				go func() { <-over }()
			}
			return fetch(ctx, key)
		}
		return j
	}
	report, err := Soak(t.Context(), s, nil)
	require.NoError(t, err)
	require.Positive(t, leaked.Load())
	left := report.Turns[0].Trends[goroutineCount]
	require.True(t, left.Leaked())
	// What ended of an earlier test's while this one began is taken off: some few of dozens.
	require.Greater(t, left.Left, float64(leaked.Load())/2)
	require.False(t, report.Passed())
	require.NotEmpty(t, but(report.Turns[0].Problems(false)))
}

func TestSoakFindsAWrongValue(t *testing.T) {
	s := small("pool")
	s.wrap = func(j soakJob) soakJob {
		process := j.Process
		j.Process = func(ctx context.Context, body pages.Body) (pages.Page, error) {
			body.Bytes[len(body.Bytes)/2]++
			return process(ctx, body)
		}
		return j
	}
	report, err := Soak(t.Context(), s, nil)
	require.NoError(t, err)
	turn := report.Turns[0]
	require.Equal(t, turn.Kinds[Value], turn.Wrong)
	require.Len(t, but(turn.Problems(false)), 1)
	require.Contains(t, but(turn.Problems(false))[0], "values that are not those of a run without faults")
}

func TestSoakIsInterrupted(t *testing.T) {
	s := small("pool", "pipeline")
	s.Measured = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := Soak(ctx, s, func(p Progress) {
		if p.Jobs > 100 {
			cancel()
		}
	})
	require.NoError(t, err)
	require.True(t, report.Interrupted)
	require.False(t, report.Passed())
	require.Len(t, report.Turns, 1)
	turn := report.Turns[0]
	require.Empty(t, but(turn.Problems(true)))
	require.Positive(t, turn.Kinds[Cancelled])
	require.NotEmpty(t, turn.Problems(false), "without an interrupt nobody may be cancelled")
	var text strings.Builder
	require.NoError(t, report.Write(&text))
	require.Contains(t, text.String(), "interrupted")
}

func TestResultsThatNothingExplains(t *testing.T) {
	saw := mockserver.Record{Faults: map[mockserver.Fault]int64{mockserver.Status: 5, mockserver.Hang: 3}}
	for _, c := range []struct {
		name        string
		turn        Turn
		interrupted bool
		want        []string
	}{
		{"all well", Turn{Kinds: map[Kind]int64{Value: 1000, Status: 5, Timeout: 2}}, false, nil},
		{"a key without a result", Turn{Lost: 1}, false, []string{"1 keys without a result"}},
		{"two results for a key", Turn{Twice: 2}, false, []string{"2 results that no key was waiting for"}},
		{"more errors than faults", Turn{Kinds: map[Kind]int64{Timeout: 1005}}, false, []string{"1,002 errors of the kind timeout more than the server made faults of the kind hang (3)"}},
		{"an error without a fault", Turn{Kinds: map[Kind]int64{Refused: 4}}, false, []string{"4 errors of the kind refused, which no fault makes"}},
		{"a cancel that nobody asked for", Turn{Kinds: map[Kind]int64{Cancelled: 4}}, false, []string{"4 errors of the kind cancelled, which no fault makes"}},
		{"a cancel", Turn{Kinds: map[Kind]int64{Cancelled: 4}}, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.turn.Saw = saw
			require.Equal(t, c.want, c.turn.unaccounted(c.interrupted))
		})
	}
}

func TestProblemsOfATurn(t *testing.T) {
	held := samplesOf(24, 10, func(int) [measures]int64 { return [measures]int64{} })
	for i := range held {
		held[i].Held = 90
	}
	require.Contains(t, Turn{Samples: held, inFlight: 100}.Problems(false)[0], "100 in flight were asked for, and the server held 90 at the median")
	require.Empty(t, Turn{Samples: held, inFlight: 94}.Problems(false))
	require.Equal(t, []string{"101 fetches at once, where the limit is 94"}, Turn{Samples: held, inFlight: 94, Peak: 101}.Problems(false))
	require.Equal(t, []string{"3 samples: too few to judge"}, Turn{Samples: held[:3], inFlight: 94}.Problems(false))
	require.Empty(t, Turn{Samples: held[:3], inFlight: 94}.Problems(true))
}

func TestSettingsOfASoakAreChecked(t *testing.T) {
	require.NoError(t, Standard().Validate())
	for name, c := range map[string]struct {
		change func(*Settings)
		want   string
	}{
		"nothing in flight":            {func(s *Settings) { s.InFlight = 0 }, "InFlight is 0, want 2 to 1000000"},
		"no models":                    {func(s *Settings) { s.Models = nil }, "Models is empty"},
		"a model that is none":         {func(s *Settings) { s.Models = []string{"fly"} }, `Models is "fly", want of [goroutines-limit pool pipeline eventloop-limit]`},
		"a model without a limit":      {func(s *Settings) { s.Models = []string{"goroutines"} }, `Models is "goroutines"`},
		"no such client":               {func(s *Settings) { s.Client = "fly" }, `Client is wrong: "fly" is no client`},
		"a timeout within the latency": {func(s *Settings) { s.Timeout = 6 * time.Second }, "Timeout is 6s, want more than 6.9s"},
		"too short":                    {func(s *Settings) { s.Measured = time.Minute }, "Measured is 1m0s, want 1m36s at least: 24 samples of each of 4 models"},
		"no time between samples":      {func(s *Settings) { s.Every = 0 }, "Every is 0s"},
		"no latency":                   {func(s *Settings) { s.Latency = 0 }, "Latency is 0s"},
		"faults that are too many":     {func(s *Settings) { s.Faults.Reset = 1 }, "Faults is a set of probabilities"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Standard()
			c.change(&s)
			_, err := Soak(t.Context(), s, nil)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSoakRefusesMoreThanFilesAllow(t *testing.T) {
	s := Standard()
	s.InFlight = 1_000_000
	if mockserver.CheckFiles(s.InFlight) == nil {
		t.Skip("this process may open a million files")
	}
	report, err := Soak(t.Context(), s, nil)
	require.ErrorContains(t, err, "file descriptors, but this process may open")
	require.False(t, report.Passed())
}

func TestVerdictOfAReport(t *testing.T) {
	samples := samplesOf(24, 10, func(int) [measures]int64 { return [measures]int64{} })
	for i := range samples {
		samples[i].Held = 100
	}
	good := Turn{Model: "pool", inFlight: 100, Samples: samples, Kinds: map[Kind]int64{Value: 1000}, Trends: judge(samples, 1000, [measures]int64{})}
	leaky := good
	leaky.Trends = judge(samples, 1000, [measures]int64{goroutineCount: 3})
	two := Settings{Models: []string{"pool", "pipeline"}}
	for _, c := range []struct {
		name   string
		report Report
		passed bool
		want   string
	}{
		{"all", Report{Settings: two, Turns: []Turn{good, good}}, true, "flat: memory"},
		{"a leak", Report{Settings: two, Turns: []Turn{good, leaky}}, false, "NOT PASSED: see above"},
		{"not all", Report{Settings: two, Turns: []Turn{good}}, false, "NOT PASSED: it did not come to its end"},
		{"nothing", Report{Settings: two}, false, "NOT PASSED: it did not come to its end"},
		{"interrupted", Report{Settings: two, Turns: []Turn{good}, Interrupted: true}, false, "interrupted; nothing was wrong until then"},
		{"interrupted, with a leak", Report{Settings: two, Turns: []Turn{leaky}, Interrupted: true}, false, "interrupted, and not all was well until then"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text strings.Builder
			require.NoError(t, c.report.Write(&text))
			require.Contains(t, text.String(), c.want)
			require.Equal(t, c.passed, c.report.Passed())
			if len(c.report.Turns) > 1 && !c.passed {
				require.Contains(t, text.String(), "FAILED: goroutines: 3 left after the end")
				require.Contains(t, text.String(), "leaks")
			}
		})
	}
}
