package report

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/palette"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// madeUp has sweeps, saturated cells, memory and latencies. Its numbers are invented.
const madeUp = "testdata/made-up.txt"

func read(t testing.TB, paths ...string) *results.Set {
	set, err := results.ReadFiles(paths...)
	require.NoError(t, err)
	return set
}

func parse(t testing.TB, text string) *results.Set {
	set, err := results.Read(strings.NewReader(text), "run.txt")
	require.NoError(t, err)
	return set
}

func reportOf(t testing.TB, set *results.Set, options Options) *Report {
	r, err := New(set, options)
	require.NoError(t, err)
	return r
}

func filesOf(t testing.TB, r *Report) map[string]string {
	files, err := r.Files()
	require.NoError(t, err)
	texts := map[string]string{}
	for _, f := range files {
		require.NoError(t, check(f))
		require.NotContains(t, texts, f.Name, "two files of one name")
		texts[f.Name] = string(f.Data)
	}
	return texts
}

func recording() timeline.Timeline {
	ms := time.Millisecond
	return timeline.Timeline{Title: "pool: 2 jobs", Caption: "linux/amd64, 2 cores, go1.26.0", Model: "pool", Jobs: []timeline.Job{
		{Label: "/page/0", Outcome: timeline.Done, Fetch: timeline.Span{Begin: 0, End: 20 * ms}, Processed: true, Process: timeline.Span{Begin: 20 * ms, End: 25 * ms}},
		{Label: "/page/<1>", Outcome: timeline.Failed, Fetch: timeline.Span{Begin: 0, End: 30 * ms}},
	}}
}

func TestSameInputSameBytes(t *testing.T) {
	for _, path := range []string{madeUp, "../results/reference.txt"} {
		options := Options{Timelines: []Recording{{"a/pool.json", recording()}, {"b/pool.json", recording()}}}
		first := filesOf(t, reportOf(t, read(t, path), options))
		require.Equal(t, first, filesOf(t, reportOf(t, read(t, path), options)))
		require.NotContains(t, first["report.html"], filepath.Dir(path), "the directory is the reader's affair")
	}
}

// What the charts of the made-up results are, in words: titles, notes, what is seen and
// the numbers.
func TestChartsInWords(t *testing.T) {
	set := read(t, madeUp)
	var b bytes.Buffer
	for _, c := range reportOf(t, set, Options{}).Charts {
		fmt.Fprintf(&b, "# %s\n%s.svg, under %s, numbers at %s\n%s\n%s\n%s\n", c.Title, c.ID, c.benchmark, c.numbers, c.machine, c.Alt, strings.Join(c.notes, "\n"))
		writeTable(&b, c.Table)
		b.WriteByte('\n')
	}
	golden(t, "testdata/made-up.golden", b.Bytes())
}

func TestPictures(t *testing.T) {
	text := "cpu: An Invented CPU\ncontrol: pool-again\n"
	for i := range 6 {
		for j, model := range []string{"sequential", "pool", "pool-again", "eventloop", "mine"} {
			if model == "mine" {
				text += "saturated: it asks too much\n"
			}
			ns := (j + 1) * (100_000 + 3_000*i)
			text += fmt.Sprintf("BenchmarkX/tasks=10/model=%s-2 1 %d ns/op 1.25 x-ideal\nsaturated:\n", model, ns)
			for limit := 1; limit <= 100; limit *= 10 {
				if model == "mine" && limit == 100 {
					text += "saturated: it asks too much\n"
				}
				text += fmt.Sprintf("BenchmarkY/limit=%d/model=%s-2 1 %d ns/op 1.25 x-ideal\nsaturated:\n", limit, model, ns*100/limit)
			}
		}
	}
	r := reportOf(t, parse(t, text), Options{})
	require.Len(t, r.Charts, 2)
	for i, name := range []string{"rows", "lines"} {
		svg, err := r.Charts[i].SVG()
		require.NoError(t, err)
		golden(t, "testdata/"+name+".svg", svg)
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go test ./bench/report -update writes %s anew: look at what changed", path)
}

func TestTheControlIsNoModel(t *testing.T) {
	files := filesOf(t, reportOf(t, read(t, madeUp), Options{}))
	for name, text := range files {
		if strings.HasSuffix(name, ".svg") {
			require.NotContains(t, text, "pool-again")
		}
	}
	require.Contains(t, files["report.html"], "The noise floor is ")
	require.Contains(t, files["report.html"], "pool-again (twin)")
	rows, err := csv.NewReader(strings.NewReader(files["report.csv"])).ReadAll()
	require.NoError(t, err)
	twins := 0
	for _, row := range rows[1:] {
		require.Equal(t, row[column(rows, "model")] == "pool-again", row[column(rows, "control")] == "twin")
		if row[column(rows, "control")] == "twin" {
			twins++
		}
	}
	require.NotZero(t, twins)
}

func column(rows [][]string, name string) int {
	for i, head := range rows[0] {
		if head == name {
			return i
		}
	}
	panic(name)
}

func TestSaturatedCellsAreNotRanked(t *testing.T) {
	text := "saturated: 90,000 requests/s, the loopback gives 17,000\nBenchmarkX/model=pool-2 1 5 ns/op\nsaturated:\nBenchmarkX/model=mine-2 1 50 ns/op\nBenchmarkX/model=slow-2 1 500 ns/op\n"
	r := reportOf(t, parse(t, text), Options{})
	require.Len(t, r.Charts, 1)
	c := r.Charts[0]
	require.Equal(t, "Dot chart, Time per operation: X. Lowest is mine with 50.0 ns; highest is slow with 500 ns, 10.0 times as much. One is saturated, drawn hollow and not ranked.", c.Alt)
	require.Equal(t, []string{"mine", "slow", "pool"}, []string{c.Table.Rows[0][0], c.Table.Rows[1][0], c.Table.Rows[2][0]})
	require.Contains(t, strings.Join(c.notes, " "), "pool is saturated and not ranked: 90,000 requests/s, the loopback gives 17,000.")
	files := filesOf(t, r)
	require.Contains(t, files["report.csv"], `,pool,,"90,000 requests/s, the loopback gives 17,000",sec/op,`)

	r = reportOf(t, parse(t, "saturated: all\nBenchmarkX/model=pool-2 1 5 ns/op\n"), Options{})
	require.Contains(t, r.Charts[0].Alt, "Nothing is ranked.")
}

// A chart needs three values of a number with all else equal; what has none has rows.
func TestWhichCharts(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"three limits", "X/limit=1/model=a 5|X/limit=2/model=a 5|X/limit=3/model=a 5", []string{"Time per operation against limit of jobs in flight: X"}},
		{"two limits", "X/limit=1/model=a 5|X/limit=2/model=a 5", []string{"Time per operation: X, limit=1", "Time per operation: X, limit=2"}},
		{"something else differs", "X/limit=1/n=1/model=a 5|X/limit=2/n=2/model=a 5|X/limit=3/n=3/model=a 5", []string{"Time per operation: X, limit=1, n=1", "Time per operation: X, limit=2, n=2", "Time per operation: X, limit=3, n=3"}},
		{"a time, a share and a number", "X/cpu=1ms/model=a 5|X/cpu=10%/model=a 5|X/cpu=3/model=a 5", []string{"Time per operation: X, cpu=1ms", "Time per operation: X, cpu=3", "Time per operation: X, cpu=10%"}},
		{"times", "X/cpu=1us/model=a 5|X/cpu=1ms/model=a 5|X/cpu=1s/model=a 5", []string{"Time per operation against CPU work per job: X"}},
		{"shares", "X/cpu=0%/model=a 5|X/cpu=50%/model=a 5|X/cpu=100%/model=a 5", []string{"Time per operation against share of CPU work: X"}},
		{"words", "X/kind=a/model=a 5|X/kind=b/model=a 5|X/kind=c/model=a 5", []string{"Time per operation: X, kind=a", "Time per operation: X, kind=b", "Time per operation: X, kind=c"}},
		{"GOMAXPROCS", "X/model=a 5|X/model=a-2 5|X/model=a-4 5", []string{"Time per operation against GOMAXPROCS: X"}},
		{"a number that is none", "X/limit=NaN/model=a 5|X/limit=Inf/model=a 5|X/limit=-1/model=a 5", []string{"Time per operation: X, limit=NaN", "Time per operation: X, limit=Inf", "Time per operation: X, limit=-1"}},
		{"no models", "X/job=a 5|X/job=b 6|Y 7", []string{"Time per operation: X", "Time per operation: Y"}},
		{"one number twice", "X/limit=1/model=a 5|X/limit=1.0/model=a 5|X/limit=2/model=a 5", []string{"Time per operation: X, limit=1", "Time per operation: X, limit=1.0", "Time per operation: X, limit=2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text strings.Builder
			for _, line := range strings.Split(c.text, "|") {
				name, value, _ := strings.Cut(line, " ")
				fmt.Fprintf(&text, "Benchmark%s 1 %s ns/op\n", name, value)
			}
			r := reportOf(t, parse(t, text.String()), Options{})
			var titles []string
			for _, c := range r.Charts {
				titles = append(titles, c.Title)
			}
			require.ElementsMatch(t, c.want, titles)
			filesOf(t, r)
		})
	}
}

func TestUnitsOfOthers(t *testing.T) {
	r := reportOf(t, parse(t, "BenchmarkX/model=a-2 1 5 widgets/op 7 gadgets\nBenchmarkX/model=b-2 1 6 widgets/op\n"), Options{})
	require.Len(t, r.Charts, 1)
	require.Equal(t, "Gadgets: X", r.Charts[0].Title)
	require.Contains(t, filesOf(t, r)["report.html"], "widgets/op")
}

func TestNothingToDraw(t *testing.T) {
	// The median of two numbers whose sum is beyond all floats.
	r := reportOf(t, parse(t, "BenchmarkX/model=a-2 1 1.7e308 B/op\nBenchmarkX/model=a-2 1 1.7e308 B/op\n"), Options{})
	if len(r.Charts) == 0 {
		require.Contains(t, filesOf(t, r)["report.html"], "There is nothing in these results that can be drawn.")
	}
	filesOf(t, r)

	_, err := New(nil, Options{})
	require.EqualError(t, err, "report: there are no results and no timelines")
}

func TestForeignText(t *testing.T) {
	evil := `"><script>alert(1)</script>|` + "`$[x](y)\u202e"
	text := "cpu: " + evil + "\nsaturated: " + evil + "\nBenchmarkX/" + evil + "=1/" + evil + "/model=" + evil + "-2 1 5 ns/op 6 =cmd()\n"
	files := filesOf(t, reportOf(t, parse(t, text), Options{
		Title:     evil,
		Sections:  []Section{{evil, []string{evil, "1. one", "- two", "# three"}}},
		Timelines: []Recording{{evil, timeline.Timeline{Title: evil, Caption: evil}}},
	}))
	require.NotContains(t, files["report.html"], "<script")
	require.Contains(t, files["report.md"], "- 1\\. one\n- \\- two\n- \\# three\n")
	require.Contains(t, files["report.csv"], ",'=cmd(),", "no spreadsheet takes it for a formula")
	require.NotContains(t, files["report.html"], "\u202e")
}

func TestFewSamplesHaveNoInterval(t *testing.T) {
	text := strings.Repeat("BenchmarkX/model=a-2 1 5 ns/op\n", 5)
	r := reportOf(t, parse(t, text), Options{})
	require.Equal(t, "needs 6 samples", r.Charts[0].Table.Rows[0][2])
	require.Contains(t, r.Charts[0].notes, "Markers are medians of fewer than 6 samples, too few for an interval.")
	require.Contains(t, filesOf(t, r)["report.csv"], ",sec/op,5,5e-09,,,5e-09,5e-09\n")

	r = reportOf(t, parse(t, text+"BenchmarkX/model=a-2 1 7 ns/op\n"), Options{})
	require.Equal(t, "5.00 ns to 7.00 ns", r.Charts[0].Table.Rows[0][2])
}

func TestTheSetStaysAsItIs(t *testing.T) {
	set := parse(t, "BenchmarkX/model=a-2 1 7 ns/op\nBenchmarkX/model=a-2 1 5 ns/op\nBenchmarkX/model=a-2 1 6 ns/op\n")
	filesOf(t, reportOf(t, set, Options{}))
	require.InDeltaSlice(t, []float64{7e-9, 5e-9, 6e-9}, set.Groups[0].Cells[0].Samples["sec/op"], 1e-18)
}

func TestSamplesAreInTheirOrder(t *testing.T) {
	set := parse(t, "BenchmarkX/tasks=3/sub/model=a-2 1 7 B/op\nBenchmarkX/tasks=3/sub/model=a-2 1 5 B/op\n")
	require.Equal(t, "package,benchmark,tasks,gomaxprocs,model,control,saturated,unit,sample,value\n"+
		",X/sub,3,2,a,,,B/op,1,7\n,X/sub,3,2,a,,,B/op,2,5\n", filesOf(t, reportOf(t, set, Options{}))["samples.csv"])
}

func TestSeveralMachinesAreNamed(t *testing.T) {
	set := parse(t, "cpu: A\ncores: 2\nBenchmarkX-2 1 7 ns/op\ncpu: B\nBenchmarkX-2 1 7 ns/op\n")
	files := filesOf(t, reportOf(t, set, Options{}))
	require.Contains(t, files["report.html"], "A and B, 2 cores")
	require.Contains(t, files["report.md"], "> **Take care.** The results are from several runs that differ in cpu: A and B.")
	require.Contains(t, filesOf(t, reportOf(t, parse(t, "BenchmarkX-2 1 7 ns/op\n"), Options{}))["report.html"], "The raw file does not name its machine.")
}

func TestTimelinesAlone(t *testing.T) {
	r := reportOf(t, nil, Options{Timelines: []Recording{{"pool.json", recording()}}})
	files := filesOf(t, r)
	require.Len(t, files, 3)
	require.Contains(t, files["report.html"], "Timeline, pool: 2 jobs: 2 jobs in 30.0 ms, at most 2 in flight; 1 done, 1 with an error, 0 cancelled, 0 panicked.")
	require.Contains(t, files["report.html"], "linux/amd64, 2 cores, go1.26.0")

	bad := recording()
	bad.Missed = -1
	_, err := New(nil, Options{Timelines: []Recording{{"pool.json", bad}}})
	require.EqualError(t, err, "pool.json: missed is -1, want 0 or more")
}

func TestColoursAreThePalettes(t *testing.T) {
	set := read(t, madeUp)
	pool, _ := palette.Of("pool")
	for _, c := range reportOf(t, set, Options{}).Charts {
		svg, err := c.SVG()
		require.NoError(t, err)
		require.Contains(t, string(svg), `class="f-`+pool.Color.Class()+`" fill="`+pool.Color.Light+`"`, c.ID)
	}
}

// Every class that a figure uses has its colour for dark paper.
func TestDarkPaper(t *testing.T) {
	require.NotContains(t, filesOf(t, reportOf(t, read(t, madeUp), Options{}))["report.html"], `class="f-"`)
	css := dark("")
	for _, c := range append([]palette.Color{palette.Paper, palette.Ink, palette.Muted, palette.Faint}, palette.Colors...) {
		require.Contains(t, css, ".f-"+c.Class()+"{fill:"+c.Dark+"}.s-"+c.Class()+"{stroke:"+c.Dark+"}")
	}
}

// Models stand in the order in which the course tells of them, others after those.
func TestOrderOfModels(t *testing.T) {
	var text strings.Builder
	for limit := range 3 {
		for _, model := range []string{"mine", "pool", "sequential"} {
			fmt.Fprintf(&text, "BenchmarkX/limit=%d/model=%s-2 1 5 ns/op\n", limit, model)
		}
	}
	r := reportOf(t, parse(t, text.String()), Options{})
	require.Equal(t, []string{"Limit of jobs in flight", "sequential", "pool", "mine"}, r.Charts[0].Table.Columns)
	require.Equal(t, "sequential", r.numbers[0].table.Rows[0][0])
	require.Equal(t, "mine", r.numbers[0].table.Rows[2][0])
}

// What is proven stands beside the figure, or beside the numbers where no figure is of
// the group alone; and what it rests on before all.
func TestVerdicts(t *testing.T) {
	var text strings.Builder
	for i := range 10 {
		fmt.Fprintf(&text, "BenchmarkX/model=a-2 1 %d ns/op\nBenchmarkX/model=b-2 1 %d ns/op\n", 100+i, 200+i)
		for limit := 1; limit <= 3; limit++ {
			fmt.Fprintf(&text, "BenchmarkY/limit=%d/model=a-2 1 %d ns/op\nBenchmarkY/limit=%d/model=b-2 1 %d ns/op\n", limit, limit*100+i, limit, 200+i)
		}
	}
	files := filesOf(t, reportOf(t, parse(t, text.String()), Options{Sections: []Section{{"Before", []string{"It rained."}}}}))
	page, md := files["report.html"], files["report.md"]
	require.Equal(t, 1, strings.Count(md, "- a is the fastest: "), "in the figure of X; the page has it for Y, too")
	require.Equal(t, 2, strings.Count(page, "<li>a is the fastest: "))
	require.Contains(t, page, "b overtakes a between limit=1 and 3")
	require.Contains(t, page, "Holm&#39;s correction")
	require.Less(t, strings.Index(page, "It rained."), strings.Index(page, "overtakes"))
}

func TestTimelinesHaveOneAxis(t *testing.T) {
	long := func(d time.Duration) Recording {
		return Recording{"x.json", timeline.Timeline{Jobs: []timeline.Job{{Outcome: timeline.Failed, Fetch: timeline.Span{End: d}}}}}
	}
	require.Equal(t, 5*time.Second, sameSpan([]Recording{long(time.Second), long(5 * time.Second)}))
	require.Zero(t, sameSpan([]Recording{long(time.Second), long(time.Minute)}), "a second would be a sliver")
	require.Zero(t, sameSpan(nil))
	files := filesOf(t, reportOf(t, nil, Options{Timelines: []Recording{long(time.Second), long(5 * time.Second)}}))
	require.Contains(t, files["timeline-x-json.svg"], ">5s<")
}

func TestManyCharts(t *testing.T) {
	var text strings.Builder
	for i := range 2 * maxCharts {
		fmt.Fprintf(&text, "BenchmarkX/kind=k%d/model=a-2 1 5 ns/op\n", i)
	}
	for i := range 2 * maxRows {
		fmt.Fprintf(&text, "BenchmarkA/model=m%d-2 1 %d ns/op\n", i, i+1)
		for limit := range 3 {
			fmt.Fprintf(&text, "BenchmarkB/limit=%d/model=m%d-2 1 %d ns/op\n", limit, i, i+1)
		}
	}
	r := reportOf(t, parse(t, text.String()), Options{})
	require.Len(t, r.Charts, maxCharts)
	require.Equal(t, maxCharts+2, r.Left)
	require.Contains(t, r.Charts[0].notes, fmt.Sprintf("The first %d of %d are drawn.", maxRows, 2*maxRows))
	require.Contains(t, r.Charts[1].notes, fmt.Sprintf("The first %d of %d models are drawn.", maxSeries, 2*maxRows))
	require.Contains(t, filesOf(t, r)["report.md"], fmt.Sprintf("%d more charts are left out", maxCharts+2))
}

func TestBaseNames(t *testing.T) {
	require.Equal(t, []string{"a.txt", "b.txt"}, baseNames([]string{"/x/a.txt", "b.txt"}))
	require.Equal(t, []string{"a.txt", "y/a.txt", "z/y/a.txt"}, baseNames([]string{"x/a.txt", "/z/y/a.txt", "/z/y/a.txt"}))
	require.Len(t, baseNames([]string{"a", "a", "a"}), 3)
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "report")
	names, err := reportOf(t, read(t, madeUp), Options{}).Write(dir)
	require.NoError(t, err)
	require.Equal(t, "report.html", names[0])
	require.Equal(t, len(names), entries(t, dir))
	own := filepath.Join(dir, "own.svg")
	require.NoError(t, os.WriteFile(own, []byte("<svg/>"), 0o600))

	// Another report takes the place of the first; what is not a report's stays.
	small := reportOf(t, parse(t, "BenchmarkX/model=a-2 1 5 ns/op\n"), Options{})
	names, err = small.Write(dir)
	require.NoError(t, err)
	require.Len(t, names, 5)
	require.Equal(t, 6, entries(t, dir))
	require.FileExists(t, own)

	// A file that is in the way is not overwritten, and then nothing is.
	svg := filepath.Join(dir, names[4])
	require.NoError(t, os.WriteFile(svg, []byte("<svg>mine</svg>"), 0o600))
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	_, err = reportOf(t, parse(t, "BenchmarkX/model=a-2 1 6 ns/op\n"), Options{}).Write(dir)
	require.EqualError(t, err, svg+" is there already and is not of an earlier report: it is not overwritten")
	after, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	require.Equal(t, page, after)

	// A file that was cut off at nothing is no loss.
	require.NoError(t, os.WriteFile(svg, nil, 0o600))
	_, err = small.Write(dir)
	require.NoError(t, err)

	// A table that is not a report's is not taken for one.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "samples.csv"), []byte("a,b\n"), 0o600))
	_, err = small.Write(dir)
	require.ErrorContains(t, err, "samples.csv is there already")

	_, err = small.Write(own)
	require.Error(t, err)
}

func entries(t *testing.T, dir string) int {
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	return len(list)
}
