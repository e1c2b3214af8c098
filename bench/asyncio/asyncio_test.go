package asyncio_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/internal/python"
)

// calls are those that a row makes to its meter.
type calls []string

func (c *calls) ResetTimer() { *c = append(*c, "begin") }
func (c *calls) StopTimer()  { *c = append(*c, "end") }

// Rows check their work themselves: what is asked here is that they do it, as often as they
// are told, and measure it once.
func TestRowsOfGo(t *testing.T) {
	groups := map[string][]asyncio.Row{
		"create":        asyncio.Creates(),
		"jobs":          asyncio.Jobs(7),
		"offload":       asyncio.Offloads(),
		"tree":          asyncio.Tree{Levels: 3, Branches: 2}.Rows(),
		"tree, asleep":  asyncio.Tree{Levels: 2, Branches: 3, Sleep: time.Hour}.Rows(),
		"tree, a leaf":  asyncio.Tree{Levels: 0, Branches: 6}.Rows(),
		"tree, a trunk": asyncio.Tree{Levels: 5, Branches: 1}.Rows(),
	}
	for _, tasks := range []int{1, 2, 7} {
		groups[fmt.Sprintf("switch, %d tasks", tasks)] = asyncio.Switches(tasks)
	}
	for name, rows := range groups {
		for _, row := range rows {
			t.Run(name+"/"+row.Model, func(t *testing.T) {
				for _, n := range []int{1, 20} {
					synctest.Test(t, func(t *testing.T) {
						var meter calls
						done, err := row.Run(t.Context(), &meter, n)
						require.NoError(t, err)
						if row.Model == "gosched" { // there the scheduler says who gets how many turns
							n = 1
						}
						require.GreaterOrEqual(t, done, n)
						require.Equal(t, calls{"begin", "end"}, meter)
					})
				}
			})
		}
	}
}

func TestTurnsAreWholeRounds(t *testing.T) {
	for _, row := range asyncio.Switches(7) {
		if row.Model == "gosched" {
			continue
		}
		for n, want := range map[int]int{1: 7, 7: 7, 8: 14} {
			done, err := row.Run(t.Context(), new(calls), n)
			require.NoError(t, err)
			require.Equal(t, want, done, "%s, %d turns", row.Model, n)
		}
	}
}

func TestTreesTakeTheirLeavesSleepOnce(t *testing.T) {
	for _, row := range (asyncio.Tree{Levels: 3, Branches: 3, Sleep: time.Hour}).Rows() {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := row.Run(t.Context(), new(calls), 2)
			require.NoError(t, err)
			require.Equal(t, 3*time.Hour, time.Since(began), row.Model) // one is not measured
		})
	}
}

func TestSleepers(t *testing.T) {
	s := asyncio.Sleepers{Tasks: 50, Sleep: time.Hour}
	for _, row := range s.Rows() {
		t.Run(row.Model, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cost, err := row.Run(t.Context())
				require.NoError(t, err)
				require.Equal(t, s.Sleep, cost.Elapsed)
				require.GreaterOrEqual(t, cost.Memory, int64(0))
			})
		})
	}
}

// One after the other, goroutines that sleep for no time are never all asleep.
func TestSleepersThatDoNotMeet(t *testing.T) {
	for _, row := range (asyncio.Sleepers{Tasks: 5_000}).Rows() {
		if row.Model != "goroutine" {
			continue // on a loop all begin before the first can end
		}
		_, err := row.Run(t.Context())
		require.ErrorContains(t, err, "of 5000 tasks slept at once: let them sleep longer")
	}
}

func installed(t *testing.T) asyncio.Python {
	p, err := asyncio.FindPython(t.Context(), "python3")
	if err != nil {
		t.Skip(err)
	}
	return p
}

func TestRowsOfPython(t *testing.T) {
	p := installed(t)
	groups := map[string][]asyncio.Script{
		"switch, 1 task":  asyncio.SwitchScripts(1),
		"switch, 7 tasks": asyncio.SwitchScripts(7),
		"create":          asyncio.CreateScripts(),
		"offload":         asyncio.OffloadScripts(),
		"tree":            asyncio.Tree{Levels: 3, Branches: 2}.Scripts(),
		"tree, asleep":    asyncio.Tree{Levels: 2, Branches: 2, Sleep: time.Millisecond}.Scripts(),
		"waiting":         asyncio.Sleepers{Tasks: 50, Sleep: time.Millisecond}.Scripts(),
	}
	for name, scripts := range groups {
		for _, script := range scripts {
			t.Run(name+"/"+script.Form, func(t *testing.T) {
				t.Parallel()
				if err := script.Check(p); err != nil {
					t.Skip(err)
				}
				f, err := script.Run(t.Context(), p, time.Millisecond)
				require.NoError(t, err)
				require.Positive(t, f.Ops)
				require.Positive(t, f.NS)
				if strings.HasPrefix(name, "waiting") {
					require.Equal(t, 50, f.Ops)
					return
				}
				require.GreaterOrEqual(t, f.NS, int64(time.Millisecond))
			})
		}
	}
}

func TestWhatAScriptSaysIsTheError(t *testing.T) {
	p := installed(t)
	_, err := p.Run(t.Context(), 0, "switch.py", "seven")
	require.ErrorContains(t, err, "switch.py: exit status 2")
	require.ErrorContains(t, err, "invalid int value: 'seven'")
	_, err = p.Run(t.Context(), 0, "measure.py") // which prints nothing
	require.ErrorContains(t, err, `measure.py printed ""`)
}

func TestScriptsEndWithContext(t *testing.T) {
	p := installed(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Run(ctx, time.Hour, "create.py")
	require.ErrorIs(t, err, context.Canceled)
}

func TestPythonsThatWillNotDo(t *testing.T) {
	_, err := asyncio.FindPython(t.Context(), "no-such-python")
	require.ErrorContains(t, err, "no-such-python (3.11 or newer) is not installed: ")

	old := asyncio.Python{Python: python.Python{Version: "3.11.7", Minor: 11}, Command: "python3"}
	needs := map[string]string{}
	for _, s := range append(asyncio.Tree{}.Scripts(), asyncio.CreateScripts()...) {
		if err := s.Check(old); err != nil {
			needs[s.Form] = err.Error()
		}
	}
	require.Equal(t, map[string]string{
		"eager":  "it needs Python 3.12, python3 is 3.11.7",
		"uvloop": "uvloop is not installed for python3",
	}, needs)
}
