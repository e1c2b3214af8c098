package asyncio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/results"
)

// run is a benchmark run with these medians: a line of results each, for benchmarks at
// GOMAXPROCS 2.
func run(t *testing.T, lines ...string) *results.Set {
	t.Helper()
	text := "pkg: example.com/overlap/bench/asyncio\n"
	for _, line := range lines {
		text += "Benchmark" + line + "\n"
	}
	set, err := results.Read(strings.NewReader(text), "run.txt")
	require.NoError(t, err)
	return set
}

func TestBarsHoldOrNot(t *testing.T) {
	eventloop := asyncio.Figure{Group: "Create", Model: "eventloop", Unit: "sec/op"}
	python := asyncio.Figure{Group: "Create", Model: "asyncio", Unit: "sec/op"}
	set := run(t, "Create/model=eventloop-2 1 100 ns/op", "Create/model=asyncio-2 1 900 ns/op")
	for _, c := range []struct {
		name  string
		bar   asyncio.Bar
		holds bool
	}{
		{"at most, over it", asyncio.Bar{Of: eventloop, Asked: asyncio.AtMost, Bound: 99e-9}, false},
		{"at most, under it", asyncio.Bar{Of: eventloop, Asked: asyncio.AtMost, Bound: 101e-9}, true},
		{"at least, over it", asyncio.Bar{Of: python, Over: eventloop, Asked: asyncio.AtLeast, Bound: 8.9}, true},
		{"at least, under it", asyncio.Bar{Of: python, Over: eventloop, Asked: asyncio.AtLeast, Bound: 9.1}, false},
		{"under, over it", asyncio.Bar{Of: eventloop, Over: python, Asked: asyncio.Under, Bound: 0.11}, false},
		{"under, under it", asyncio.Bar{Of: eventloop, Over: python, Asked: asyncio.Under, Bound: 0.12}, true},
		{"more than, over it", asyncio.Bar{Of: python, Over: eventloop, Asked: asyncio.MoreThan, Bound: 8.9}, true},
		{"more than, under it", asyncio.Bar{Of: python, Over: eventloop, Asked: asyncio.MoreThan, Bound: 9.1}, false},
		{"at most, at it", asyncio.Bar{Of: eventloop, Over: eventloop, Asked: asyncio.AtMost, Bound: 1}, true},
		{"at least, at it", asyncio.Bar{Of: eventloop, Over: eventloop, Asked: asyncio.AtLeast, Bound: 1}, true},
		{"under, at it", asyncio.Bar{Of: eventloop, Over: eventloop, Asked: asyncio.Under, Bound: 1}, false},
		{"more than, at it", asyncio.Bar{Of: eventloop, Over: eventloop, Asked: asyncio.MoreThan, Bound: 1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := asyncio.Judge(set, []asyncio.Bar{c.bar})
			require.Len(t, findings, 1)
			require.Empty(t, findings[0].Lacking)
			require.Equal(t, c.holds, findings[0].Holds)
		})
	}
}

func TestWhatIsNotMeasuredHoldsNot(t *testing.T) {
	eventloop := asyncio.Figure{Group: "Create", Model: "eventloop", Unit: "sec/op"}
	for _, c := range []struct {
		name, line string
		of         asyncio.Figure
		over       asyncio.Figure
		lacking    string
	}{
		{"no such benchmark", "Switch/model=eventloop-2 1 100 ns/op", eventloop, asyncio.Figure{}, "Create/model=eventloop in sec/op"},
		{"one whose name only begins like it", "Created/model=eventloop-2 1 100 ns/op", eventloop, asyncio.Figure{}, "Create/model=eventloop in sec/op"},
		{"no such model", "Create/model=eventloop-gather-2 1 100 ns/op", eventloop, asyncio.Figure{}, "Create/model=eventloop in sec/op"},
		{"no such unit", "Create/model=eventloop-2 1 100 B/job", eventloop, asyncio.Figure{}, "Create/model=eventloop in sec/op"},
		{"nothing to compare with", "Create/model=eventloop-2 1 100 ns/op", eventloop, asyncio.Figure{Group: "Create", Model: "asyncio", Unit: "sec/op"}, "Create/model=asyncio in sec/op"},
		{"nothing to divide by", "Create/model=eventloop-2 1 100 ns/op 0 B/op", eventloop, asyncio.Figure{Group: "Create", Model: "eventloop", Unit: "B/op"}, "Create/model=eventloop in B/op"},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := asyncio.Judge(run(t, c.line), []asyncio.Bar{{Of: c.of, Over: c.over, Asked: asyncio.AtLeast}})
			require.Len(t, findings, 1)
			require.Equal(t, c.lacking, findings[0].Lacking)
			require.False(t, findings[0].Holds)
		})
	}
}

func TestBarsAreOfMedians(t *testing.T) {
	set := run(t,
		"Switch/tasks=100/model=eventloop-2 1 80 ns/op 0 B/op",
		"Switch/tasks=100/model=eventloop-2 1 200 ns/op 0 B/op",
		"Switch/tasks=100/model=eventloop-2 1 90 ns/op 0 B/op",
		"Switch/tasks=100/model=asyncio-2 1 900 ns/op",
		"Switch/tasks=100/model=eventloop-again-2 1 1 ns/op", // the control is not the loop
	)
	got := map[string]asyncio.Finding{}
	for _, f := range asyncio.Judge(set, asyncio.Bars()) {
		got[f.Bar.What] = f
	}
	f := got["a switch, 100 tasks"]
	require.InEpsilon(t, 90e-9, f.Number, 1e-9)
	f = got["asyncio's switch over the loop's, 100 tasks"]
	require.InEpsilon(t, 10, f.Number, 1e-9)
	require.True(t, f.Holds)
}

// A bar of a row that no benchmark has could never be measured.
func TestBarsAreOfRowsThatThereAre(t *testing.T) {
	type group struct {
		rows    []asyncio.Row
		scripts []asyncio.Script
	}
	models := map[string][]string{
		"Pages/latency=10ms": {"eventloop"}, // of package bench, which has it from bench.Models
	}
	for name, g := range map[string]group{
		"Switch/tasks=1":     {asyncio.Switches(1), asyncio.SwitchScripts(1)},
		"Switch/tasks=100":   {asyncio.Switches(100), asyncio.SwitchScripts(100)},
		"Switch/tasks=10000": {asyncio.Switches(10_000), asyncio.SwitchScripts(10_000)},
		"Job/tasks=100":      {asyncio.Jobs(100), nil},
		"Create":             {asyncio.Creates(), asyncio.CreateScripts()},
		"Tree/kind=none":     {asyncio.Tree{}.Rows(), asyncio.Tree{}.Scripts()},
		"Tree/kind=io":       {asyncio.Tree{}.Rows(), asyncio.Tree{}.Scripts()},
	} {
		for _, row := range g.rows {
			models[name] = append(models[name], row.Model)
		}
		for _, script := range g.scripts {
			models[name] = append(models[name], strings.TrimSuffix("asyncio-"+script.Form, "-"))
		}
	}
	for _, tasks := range []int{100_000, 1_000_000} {
		name, s := fmt.Sprintf("Waiting/tasks=%d", tasks), asyncio.Sleepers{Tasks: tasks}
		for _, row := range s.Rows() {
			models[name] = append(models[name], row.Model)
		}
		for _, script := range s.Scripts() {
			models[name] = append(models[name], strings.TrimSuffix("asyncio-"+script.Form, "-"))
		}
	}
	for _, bar := range asyncio.Bars() {
		for _, f := range []asyncio.Figure{bar.Of, bar.Over} {
			if f != (asyncio.Figure{}) {
				require.Contains(t, models[f.Group], f.Model, bar.What)
			}
		}
	}
}

func ExampleWrite() {
	const run = `
BenchmarkSwitch/tasks=100/model=eventloop-2                1     88.2 ns/op  0 B/op
BenchmarkSwitch/tasks=100/model=channel-2                  1    140 ns/op    0 B/op
BenchmarkSwitch/tasks=100/model=asyncio-2                  1    700 ns/op
BenchmarkWaiting/tasks=100000/model=eventloop-2            1   3100 B/job
BenchmarkWaiting/tasks=1000000/model=eventloop-stackless-2 1    250 B/job
BenchmarkJob/tasks=100/model=eventloop-2                   1   1200 cpu-ns/job
BenchmarkPages/latency=10ms/tasks=100/model=eventloop-2    1  60000 cpu-ns/job
`
	set, err := results.Read(strings.NewReader(run), "run.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	var bars []asyncio.Bar
	for _, bar := range asyncio.Bars() {
		if strings.Contains(bar.What, "memory") || strings.Contains(bar.What, "CPU") || strings.Contains(bar.What, " 100 tasks") {
			bars = append(bars, bar)
		}
	}
	var table strings.Builder
	if err := asyncio.Write(&table, asyncio.Judge(set, bars)); err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(table.String()) {
		fmt.Println(strings.TrimSpace(line))
	}
	// Output:
	// bar                                                      asked                  measured (median)
	// a switch, 100 tasks                                      at most 90ns           88.2ns             holds
	// what a switch allocates, 100 tasks                       at most 0 B/op         0 B/op             holds
	// asyncio's switch over the loop's, 100 tasks              at least 9.00x         7.94x              DOES NOT HOLD
	// a channel's hand-over over the loop's switch, 100 tasks  more than 1.00x        1.59x              holds
	// memory of a waiting task, of 100,000                     at most 3.200Ki B/job  3.027Ki B/job      holds
	// memory of a stackless one, of a million                  at most 300 B/job      250 B/job          holds
	// asyncio's memory over that, of a million                 at least 5.00x         -                  not measured: Waiting/tasks=1000000/model=asyncio in B/job
	// the loop's CPU time for a page over the page's           under 3 %              2 %                holds
}

func TestEachGOMAXPROCSHasItsOwnTable(t *testing.T) {
	set := run(t, "Create/model=eventloop-2 1 100 ns/op", "Create/model=eventloop 1 500 ns/op")
	var bars []asyncio.Bar
	for _, bar := range asyncio.Bars() {
		if bar.Of.Group == "Create" {
			bars = append(bars, bar)
		}
	}
	var table strings.Builder
	require.NoError(t, asyncio.Write(&table, asyncio.Judge(set, bars)))
	var got []string
	for line := range strings.Lines(table.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	require.Equal(t, []string{
		"bar asked measured (median)",
		"GOMAXPROCS 1",
		"a task created, run and awaited at most 450ns 500ns DOES NOT HOLD",
		"GOMAXPROCS 2",
		"a task created, run and awaited at most 450ns 100ns holds",
	}, got)
}
