package bars_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/bars"
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
	eventloop := bars.Figure{Group: "Create", Model: "eventloop", Unit: "sec/op"}
	python := bars.Figure{Group: "Create", Model: "asyncio", Unit: "sec/op"}
	set := run(t, "Create/model=eventloop-2 1 100 ns/op", "Create/model=asyncio-2 1 900 ns/op")
	for _, c := range []struct {
		name  string
		bar   bars.Bar
		holds bool
	}{
		{"at most, over it", bars.Bar{Of: eventloop, Asked: bars.AtMost, Bound: 99e-9}, false},
		{"at most, under it", bars.Bar{Of: eventloop, Asked: bars.AtMost, Bound: 101e-9}, true},
		{"at least, over it", bars.Bar{Of: python, Over: eventloop, Asked: bars.AtLeast, Bound: 8.9}, true},
		{"at least, under it", bars.Bar{Of: python, Over: eventloop, Asked: bars.AtLeast, Bound: 9.1}, false},
		{"under, over it", bars.Bar{Of: eventloop, Over: python, Asked: bars.Under, Bound: 0.11}, false},
		{"under, under it", bars.Bar{Of: eventloop, Over: python, Asked: bars.Under, Bound: 0.12}, true},
		{"more than, over it", bars.Bar{Of: python, Over: eventloop, Asked: bars.MoreThan, Bound: 8.9}, true},
		{"more than, under it", bars.Bar{Of: python, Over: eventloop, Asked: bars.MoreThan, Bound: 9.1}, false},
		{"at most, at it", bars.Bar{Of: eventloop, Over: eventloop, Asked: bars.AtMost, Bound: 1}, true},
		{"at least, at it", bars.Bar{Of: eventloop, Over: eventloop, Asked: bars.AtLeast, Bound: 1}, true},
		{"under, at it", bars.Bar{Of: eventloop, Over: eventloop, Asked: bars.Under, Bound: 1}, false},
		{"more than, at it", bars.Bar{Of: eventloop, Over: eventloop, Asked: bars.MoreThan, Bound: 1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := bars.Judge(set, []bars.Bar{c.bar})
			require.Len(t, findings, 1)
			require.Empty(t, findings[0].Lacking)
			require.Equal(t, c.holds, findings[0].Holds)
		})
	}
}

func TestWhatIsNotMeasuredHoldsNot(t *testing.T) {
	eventloop := bars.Figure{Group: "Create", Model: "eventloop", Unit: "sec/op"}
	for _, c := range []struct {
		name, line string
		of         bars.Figure
		over       bars.Figure
		lacking    string
	}{
		{"no such benchmark", "Switch/model=eventloop-2 1 100 ns/op", eventloop, bars.Figure{}, "Create/model=eventloop in sec/op"},
		{"one whose name only begins like it", "Created/model=eventloop-2 1 100 ns/op", eventloop, bars.Figure{}, "Create/model=eventloop in sec/op"},
		{"no such model", "Create/model=eventloop-gather-2 1 100 ns/op", eventloop, bars.Figure{}, "Create/model=eventloop in sec/op"},
		{"no such unit", "Create/model=eventloop-2 1 100 B/job", eventloop, bars.Figure{}, "Create/model=eventloop in sec/op"},
		{"nothing to compare with", "Create/model=eventloop-2 1 100 ns/op", eventloop, bars.Figure{Group: "Create", Model: "asyncio", Unit: "sec/op"}, "Create/model=asyncio in sec/op"},
		{"nothing to divide by", "Create/model=eventloop-2 1 100 ns/op 0 B/op", eventloop, bars.Figure{Group: "Create", Model: "eventloop", Unit: "B/op"}, "Create/model=eventloop in B/op"},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := bars.Judge(run(t, c.line), []bars.Bar{{Of: c.of, Over: c.over, Asked: bars.AtLeast}})
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
	own := bars.Row("Switch/tasks=100", "eventloop", "sec/op")
	findings := bars.Judge(set, []bars.Bar{
		bars.Median("a switch", own, bars.AtMost, 1),
		bars.Ratio("asyncio's over it", bars.Row("Switch/tasks=100", "asyncio", "sec/op"), own, bars.AtLeast, 9),
	})
	require.InEpsilon(t, 90e-9, findings[0].Number, 1e-9)
	require.InEpsilon(t, 10, findings[1].Number, 1e-9)
	require.True(t, findings[1].Holds)
}

func ExampleWrite() {
	const run = `
BenchmarkSwitch/tasks=100/model=eventloop-2                1     88.2 ns/op  0 B/op
BenchmarkSwitch/tasks=100/model=asyncio-2                  1    700 ns/op
BenchmarkWaiting/tasks=1000000/model=eventloop-2           1    250 B/job
BenchmarkJob/tasks=100/model=eventloop-2                   1   1200 cpu-ns/job
BenchmarkPages/latency=10ms/tasks=100/model=eventloop-2    1  60000 cpu-ns/job
`
	set, err := results.Read(strings.NewReader(run), "run.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	turn := func(model, unit string) bars.Figure { return bars.Row("Switch/tasks=100", model, unit) }
	memory := func(model string) bars.Figure { return bars.Row("Waiting/tasks=1000000", model, "B/job") }
	all := []bars.Bar{
		bars.Median("a switch", turn("eventloop", "sec/op"), bars.AtMost, 90e-9),
		bars.Median("what it allocates", turn("eventloop", "B/op"), bars.AtMost, 0),
		bars.Ratio("asyncio's over it", turn("asyncio", "sec/op"), turn("eventloop", "sec/op"), bars.AtLeast, 9),
		bars.Ratio("asyncio's memory over it", memory("asyncio"), memory("eventloop"), bars.AtLeast, 5),
		bars.Ratio("its CPU time in that of a page", bars.Row("Job/tasks=100", "eventloop", "cpu-sec/job"), bars.Row("Pages/latency=10ms", "eventloop", "cpu-sec/job"), bars.Under, 0.03),
	}
	var table strings.Builder
	if err := bars.Write(&table, bars.Judge(set, all)); err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(table.String()) {
		fmt.Println(strings.TrimSpace(line))
	}
	// Output:
	// bar                             asked           measured (median)
	// a switch                        at most 90ns    88.2ns             holds
	// what it allocates               at most 0 B/op  0 B/op             holds
	// asyncio's over it               at least 9.00x  7.94x              DOES NOT HOLD
	// asyncio's memory over it        at least 5.00x  -                  not measured: Waiting/tasks=1000000/model=asyncio in B/job
	// its CPU time in that of a page  under 3 %       2 %                holds
}

func TestEachGOMAXPROCSHasItsOwnTable(t *testing.T) {
	set := run(t, "Create/model=eventloop-2 1 100 ns/op", "Create/model=eventloop 1 500 ns/op")
	all := []bars.Bar{bars.Median("a task created, run and awaited", bars.Row("Create", "eventloop", "sec/op"), bars.AtMost, 450e-9)}
	var table strings.Builder
	require.NoError(t, bars.Write(&table, bars.Judge(set, all)))
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

func TestExitStatus(t *testing.T) {
	all := []bars.Bar{
		bars.Median("a task", bars.Row("Create", "eventloop", "sec/op"), bars.AtMost, 450e-9),
		bars.Median("memory", bars.Row("Waiting", "eventloop-stackless", "B/job"), bars.AtMost, 300),
	}
	dir := t.TempDir()
	file := func(name, line string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(line+"\n"), 0o644))
		return path
	}
	good := file("good.txt", "BenchmarkCreate/model=eventloop-2 1 400 ns/op")
	bad := file("bad.txt", "BenchmarkCreate/model=eventloop-2 1 4000 ns/op")
	other := file("other.txt", "BenchmarkWaiting/tasks=1000000/model=eventloop-stackless-2 1 301 B/job")
	for _, c := range []struct {
		name           string
		files          []string
		want           int
		stdout, stderr string
	}{
		{"what is measured holds", []string{good}, 0, "holds", ""},
		{"a bar does not hold", []string{bad}, 1, "DOES NOT HOLD", ""},
		{"one of another file does not hold", []string{good, other}, 1, "DOES NOT HOLD", ""},
		{"no file", nil, 2, "", "usage: bars FILE..."},
		{"a file that is not there", []string{filepath.Join(dir, "none.txt")}, 2, "", "bars: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			require.Equal(t, c.want, bars.Main(all, c.files, &stdout, &stderr))
			require.Contains(t, stdout.String(), c.stdout)
			require.Contains(t, stderr.String(), c.stderr)
		})
	}
}
