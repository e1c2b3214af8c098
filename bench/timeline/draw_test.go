package timeline

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/palette"
)

const ms = time.Millisecond

// wellFormed is what a strict reader of XML has to say, and that of each id there
// is one.
func wellFormed(t testing.TB, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	d.Strict = true
	ids := map[string]bool{}
	roots, depth := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, string(svg))
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
				require.Equal(t, xml.Name{Space: "http://www.w3.org/2000/svg", Local: "svg"}, token.Name)
			}
			depth++
			for _, a := range token.Attr {
				if a.Name.Local == "id" {
					require.False(t, ids[a.Value], a.Value)
					ids[a.Value] = true
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	require.Equal(t, 1, roots)
	require.NotContains(t, string(svg), "NaN")
	require.NotContains(t, string(svg), "%!(")
}

func drawn(t testing.TB, timeline Timeline, d Drawing) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Draw(&out, timeline, d))
	wellFormed(t, out.Bytes())
	return out.String()
}

// random is a timeline of n jobs on so many lanes, with an error here and there.
func random(n, lanes int) Timeline {
	r := rand.New(rand.NewPCG(1, 2))
	t := Timeline{Title: fmt.Sprintf("random: %d jobs", n), Caption: "no machine"}
	free := make([]time.Duration, lanes)
	for i := range n {
		lane := 0
		for l := range free {
			if free[l] < free[lane] {
				lane = l
			}
		}
		wait, lay, work := time.Duration(r.IntN(40))*ms, time.Duration(r.IntN(2))*5*ms, time.Duration(r.IntN(10))*ms
		begin := free[lane]
		j := Job{Label: fmt.Sprintf("/page/%d", i), Outcome: Done, Fetch: Span{begin, begin + wait}, Processed: true}
		j.Process = Span{j.Fetch.End + lay, j.Fetch.End + lay + work}
		switch {
		case i%17 == 3:
			j.Outcome = Failed
		case i%29 == 5:
			j.Outcome, j.Process, j.Processed = Cancelled, Span{}, false
		case i%53 == 7:
			j.Outcome = Panicked
		case i >= n-2:
			j.Outcome = Running
		}
		free[lane] = j.End()
		t.Jobs = append(t.Jobs, j)
	}
	slices.SortStableFunc(t.Jobs, func(a, b Job) int { return cmp.Compare(a.Begin(), b.Begin()) })
	return t
}

func TestThePictureIsTheSameEveryTime(t *testing.T) {
	for _, n := range []int{0, 1, 60, 5_000} {
		require.Equal(t, drawn(t, random(n, 6), Drawing{}), drawn(t, random(n, 6), Drawing{}))
	}
}

// The whole of a small picture, to be looked at after a change: open it in a
// browser.
func TestGolden(t *testing.T) {
	picture := drawn(t, Timeline{
		Title:   "pipeline: 4 jobs, at most 2 in flight",
		Model:   "pipeline",
		Caption: "linux/amd64, 2 cores, go1.26.0",
		Jobs: []Job{
			{Label: "/a", Outcome: Done, Fetch: Span{0, 20 * ms}, Process: Span{20 * ms, 30 * ms}, Processed: true},
			{Label: "/b", Outcome: Done, Fetch: Span{0, 25 * ms}, Process: Span{30 * ms, 40 * ms}, Processed: true},
			{Label: "/c", Outcome: Failed, Fetch: Span{30 * ms, 45 * ms}},
			{Label: "/d", Outcome: Cancelled, Fetch: Span{40 * ms, 50 * ms}, Process: Span{50 * ms, 55 * ms}, Processed: true},
		},
	}, Drawing{})
	const path = "testdata/small.svg"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(picture), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), picture, "if the change is meant: go test ./bench/timeline -run Golden -update")

	for _, text := range []string{
		">4 jobs in 55ms, 2 of them done.<",
		">2 in flight at the peak, 1.8 on average.<",
		">A job&#39;s time: 70 % waiting, 25 % working, 5 % between.<",
		">waits (Fetch)<", ">works (Process)<", ">between the two<", ">error: 1<", ">cancelled: 1<",
		">lanes: 2<", ">jobs in flight: 2 at the peak<",
		">0<", ">10ms<", ">50ms<",
		">linux/amd64, 2 cores, go1.26.0<",
		"<title>/b: waited 25ms, lay 5ms, worked 10ms, done</title>",
		"<title>/c: waited 15ms, error</title>",
		`role="img" aria-labelledby="timeline-title timeline-desc"`,
	} {
		require.Contains(t, picture, text)
	}
	require.NotContains(t, picture, "panic:", "the legend has what the picture has")
	require.NotContains(t, picture, "running:")
}

var update = flag.Bool("update", false, "write the golden picture anew")

func TestLanesAndPeak(t *testing.T) {
	job := func(begin, end int) Job {
		return Job{Outcome: Failed, Fetch: Span{time.Duration(begin), time.Duration(end)}}
	}
	for _, c := range []struct {
		name  string
		jobs  []Job
		lanes []int
		peak  int
		level []Level
	}{
		{"none", nil, []int{}, 0, nil},
		{"one after another", []Job{job(0, 2), job(2, 4), job(4, 5)}, []int{0, 0, 0}, 1, []Level{{0, 1}, {5, 0}}},
		{"all at once", []Job{job(0, 3), job(0, 3), job(0, 3)}, []int{0, 1, 2}, 3, []Level{{0, 3}, {3, 0}}},
		{"the lowest free lane, not the one that was free first", []Job{job(0, 9), job(0, 2), job(0, 1), job(3, 4)}, []int{0, 1, 2, 1}, 3, []Level{{0, 3}, {1, 2}, {2, 1}, {3, 2}, {4, 1}, {9, 0}}},
		{"a pause", []Job{job(0, 1), job(5, 6)}, []int{0, 0}, 1, []Level{{0, 1}, {1, 0}, {5, 1}, {6, 0}}},
		{"no time at all", []Job{job(3, 3), job(3, 3)}, []int{0, 0}, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			recorded := Timeline{Jobs: c.jobs}
			require.NoError(t, recorded.Check())
			lanes, n := recorded.Lanes()
			require.Equal(t, c.lanes, lanes)
			require.Equal(t, c.peak, n)
			require.Equal(t, c.peak, recorded.Peak())
			require.Equal(t, c.level, recorded.InFlight())
			drawn(t, recorded, Drawing{})
		})
	}
}

// No two jobs of a lane overlap, and there are no more lanes than jobs in flight.
func TestLanesAreTight(t *testing.T) {
	recorded := random(3_000, 37)
	lanes, n := recorded.Lanes()
	ends := make([]time.Duration, n)
	for i, j := range recorded.Jobs {
		require.LessOrEqual(t, ends[lanes[i]], j.Begin())
		ends[lanes[i]] = j.End()
	}
	most := 0
	for _, level := range recorded.InFlight() {
		most = max(most, level.N)
	}
	require.Equal(t, most, n)
}

func TestAnyTextMakesAWellFormedPicture(t *testing.T) {
	for _, text := range []string{
		`</title></svg><script>alert(1)</script>`, `"><&'`, "]]>", "<!-- --", "&amp;", "\x00\x01\x1f\x7f", "a\nb\tc\r", "\ufffe\uffff", "مرحبا שלום \u202e", "日本語のとても長いラベル", "👩‍👩‍👧", "%d%s%!",
		strings.Repeat("word ", 200), strings.Repeat("x", 5_000), strings.Repeat("語", 500),
	} {
		recorded := random(5, 2)
		recorded.Title, recorded.Caption = text, text
		for i := range recorded.Jobs {
			recorded.Jobs[i].Label = text
		}
		picture := drawn(t, recorded, Drawing{})
		require.NotContains(t, picture, "<script")
		require.Less(t, len(picture), 60_000)
	}
	var out bytes.Buffer
	require.ErrorContains(t, Draw(&out, Timeline{Jobs: []Job{{Label: "\xff"}}}, Drawing{}), "timeline: job 0: the label is not UTF-8")
	wellFormed(t, []byte(drawn(t, Timeline{Title: "\xff\xfe"}, Drawing{})))
}

// Several pictures in a page: no id twice, no style that reaches another.
func TestPicturesInOnePage(t *testing.T) {
	page := "<svg xmlns=\"http://www.w3.org/2000/svg\">" + drawn(t, random(9, 3), Drawing{Prefix: "a"}) + drawn(t, random(9, 3), Drawing{Prefix: "b-2"}) + "</svg>"
	wellFormed(t, []byte(page))
	for _, style := range regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1) {
		for _, selector := range regexp.MustCompile(`(?m)([^{}\n]+) ?\{`).FindAllStringSubmatch(style[1], -1) {
			if !strings.HasPrefix(selector[1], "@media") {
				require.Regexp(t, `^ *(:root\[data-theme=\w+\] )?#(a|b-2) `, selector[1])
			}
		}
	}
	require.Contains(t, page, "url(#b-2-hatch)")
}

func TestDrawingsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		drawing Drawing
		want    string
	}{
		{Drawing{Prefix: "1"}, `timeline: the prefix is "1", want letters`},
		{Drawing{Prefix: `a"b`}, `timeline: the prefix is "a\"b"`},
		{Drawing{Color: palette.Color{Light: "red", Dark: "#000000"}}, `timeline: "red" is no colour, such as #0072B2`},
		{Drawing{Color: palette.Color{Light: "#000000"}}, `timeline: "" is no colour`},
		{Drawing{Span: -1}, "timeline: the span is -1ns, want 0 to"},
		{Drawing{Span: MaxTime + 1}, "timeline: the span is "},
	} {
		var out bytes.Buffer
		require.ErrorContains(t, Draw(&out, random(3, 1), c.drawing), c.want)
		require.Zero(t, out.Len())
	}
	broken := errors.New("broken disk")
	require.ErrorIs(t, Draw(failing{broken}, random(3, 1), Drawing{}), broken)
}

func TestAModelHasItsColourEverywhere(t *testing.T) {
	for _, model := range []string{"sequential", "goroutines", "pool", "pipeline", "eventloop"} {
		look, ok := palette.Of(model)
		require.True(t, ok)
		recorded := random(9, 3)
		recorded.Model = model
		picture := drawn(t, recorded, Drawing{})
		require.Contains(t, picture, "--bar:"+look.Color.Light)
		require.Contains(t, picture, "--bar:"+look.Color.Dark)
		own := palette.Color{Light: "#123456", Dark: "#abcdef"}
		require.NotContains(t, drawn(t, recorded, Drawing{Color: own}), look.Color.Light)
	}
	look, _ := palette.Of("eventloop")
	require.True(t, look.Color.Pale)
	require.Contains(t, drawn(t, random(9, 3), Drawing{Color: look.Color}), "--edge:"+palette.Ink.Light, "a pale colour has an edge of ink")
}

// With the same span, the same moment lies at the same place.
func TestASpanMakesPicturesComparable(t *testing.T) {
	short := Timeline{Jobs: []Job{{Outcome: Failed, Fetch: Span{5 * ms, 10 * ms}}}}
	require.Contains(t, drawn(t, short, Drawing{}), ">5ms<")
	picture := drawn(t, short, Drawing{Span: 40 * ms})
	require.Contains(t, picture, ">40ms<")
	require.Contains(t, picture, `d="M14 258H14V202H`, "begins at the left")
	require.Contains(t, picture, "H90.5V", "and ends at an eighth of 612")
}

// A picture has a size that the number of jobs does not change, says what it left
// out, and still counts all.
func TestBigPicturesAreThinned(t *testing.T) {
	picture := drawn(t, random(60, 6), Drawing{})
	require.NotContains(t, picture, "drawn together")
	require.NotContains(t, picture, "too many lanes")

	for _, c := range []struct{ jobs, lanes int }{{100_000, 1}, {100_000, 20}, {100_000, 1_000}, {100_000, 50_000}} {
		t.Run(fmt.Sprintf("%d jobs in %d lanes", c.jobs, c.lanes), func(t *testing.T) {
			recorded := many(c.jobs, c.lanes)
			picture := drawn(t, recorded, Drawing{})
			require.Less(t, len(picture), 3<<20)
			failed := recorded.Count(Failed)
			require.Positive(t, failed)
			require.Contains(t, picture, fmt.Sprintf(">error: %d<", failed))
			require.Contains(t, picture, ">100000 jobs in ")
			require.Equal(t, c.lanes > maxLanes, strings.Contains(picture, fmt.Sprintf("lanes: %d (96 of them shown)", recorded.Peak())))
			columns := strings.Count(regexp.MustCompile(`class="flight".*d="([^"]*)"`).FindStringSubmatch(picture)[1], "H")
			require.LessOrEqual(t, columns, plot+1)
			if c.lanes == 1_000 { // the width of a job is that of a few columns: the curve is thinned and still reaches the top
				require.Equal(t, plot+1, columns)
				foot := regexp.MustCompile(`class="base".*d="M14 (\d+)h612"`).FindStringSubmatch(picture)[1]
				y, err := strconv.Atoi(foot)
				require.NoError(t, err)
				require.Contains(t, picture, fmt.Sprintf("V%dH", y-flightHeight))
			}
			var lines []string
			for _, line := range regexp.MustCompile(`<text[^>]*>([^<]*)<`).FindAllStringSubmatch(picture, -1) {
				lines = append(lines, line[1])
			}
			texts := strings.Join(lines, " ")
			if c.lanes < 1_000 {
				require.Contains(t, texts, "drawn together, in blocks")
				require.Contains(t, texts, "one may stand for several jobs")
			}
			rows := min(c.lanes, maxLanes)
			bars := regexp.MustCompile(`</text>\n<path class="wait".*?d="([^"]*)"`).FindStringSubmatch(picture)
			if c.lanes == 50_000 { // two jobs a lane
				require.Nil(t, bars, "each bar has a name")
				require.Regexp(t, `<g><title>\d+: waited `, picture)
				require.NotContains(t, texts, "drawn together, in blocks")
			} else {
				// A bar of its own is wider than narrow; between two there may be a block.
				require.LessOrEqual(t, strings.Count(bars[1], "M"), rows*plot*tenth*2/narrow)
			}
			if c.lanes == 20 {
				require.LessOrEqual(t, strings.Count(bars[1], "M"), rows*(plot*tenth/cell+1), "blocks only")
			}
			marks := strings.Count(regexp.MustCompile(`\n<path class="halo".*?d="([^"]*)"`).FindStringSubmatch(picture)[1], "M")
			require.LessOrEqual(t, marks, rows*2*(plot*tenth/50+1), "two strokes a cross, five units a mark")
		})
	}
}

// At a tenth of a unit a nanosecond: what is shorter than 15 ns is gathered.
func TestABlockHasTheSharesOfItsJobs(t *testing.T) {
	long := Job{Label: "long", Outcome: Failed, Fetch: Span{100, 6120}}
	done := func(begin, fetched, ended time.Duration) Job {
		return Job{Label: "short", Outcome: Done, Fetch: Span{begin, fetched}, Process: Span{fetched, ended}, Processed: true}
	}
	picture := drawn(t, Timeline{Jobs: []Job{done(0, 4, 8), done(10, 12, 18), long}}, Drawing{})
	// Of 18 ns, 6 were waiting and 10 working, so of a height of 11.2 it is 3.7 and 6.2.
	block := regexp.MustCompile(`<title>2 jobs: waited 6ns, worked 10ns</title><path class="wait".*d="M14 (\S+)h1.8v3.7h-1.8z"/><path class="work".*d="M14 (\S+)h1.8v6.2h-1.8z"/></g>`).FindStringSubmatch(picture)
	require.NotNil(t, block, picture)
	wait, err := strconv.ParseFloat(block[1], 64)
	require.NoError(t, err)
	work, err := strconv.ParseFloat(block[2], 64)
	require.NoError(t, err)
	require.InDelta(t, wait+3.7, work, 1e-9, "waiting stands on working")
	require.Contains(t, picture, "<title>long: waited 6.02µs, error</title>")

	alone := drawn(t, Timeline{Jobs: []Job{done(0, 4, 8), long}}, Drawing{})
	require.Contains(t, alone, "<title>short: waited 4ns, worked 4ns, done</title>")
	require.NotContains(t, alone, "drawn together")

	instant := drawn(t, Timeline{Jobs: []Job{done(5, 5, 5), done(5, 5, 5), long}}, Drawing{})
	require.Regexp(t, `<title>2 jobs: waited 0s, worked 0s</title><path class="work".*d="M14 \S+h0.6v11.2h-0.6z"`, instant)
}

// many is random for numbers for which its search for a lane is too slow.
func many(jobs, lanes int) Timeline {
	r := rand.New(rand.NewPCG(1, 2))
	t := Timeline{Title: fmt.Sprintf("%d jobs", jobs), Caption: "no machine", Jobs: make([]Job, jobs)}
	for i := range t.Jobs {
		begin := time.Duration(i/lanes)*50*ms + time.Duration(r.IntN(int(ms)))
		j := Job{Label: strconv.Itoa(i), Outcome: Done, Fetch: Span{begin, begin + time.Duration(r.IntN(int(40*ms)))}, Processed: true}
		j.Process = Span{j.Fetch.End, j.Fetch.End + time.Duration(r.IntN(int(9*ms)))}
		if i%100 == 7 {
			j.Outcome = Failed
		}
		t.Jobs[i] = j
	}
	slices.SortFunc(t.Jobs, func(a, b Job) int { return cmp.Compare(a.Begin(), b.Begin()) })
	return t
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		length time.Duration
		want   string
	}{
		{0, "0"},
		{1, "0 1ns"},
		{7, "0 2ns 4ns 6ns"},
		{1500 * time.Nanosecond, "0 500ns 1µs 1.5µs"},
		{55 * ms, "0 10ms 20ms 30ms 40ms 50ms"},
		{time.Second, "0 200ms 400ms 600ms 800ms 1s"},
		{59 * time.Second, "0 10s 20s 30s 40s 50s"},
		{2 * time.Minute, "0 30s 1m 1m30s 2m"},
		{time.Hour, "0 15m 30m 45m 1h"},
		{9*time.Hour + 5*time.Minute, "0 2h 4h 6h 8h"},
		{20 * time.Hour, "0 6h 12h 18h"},
		{10 * 24 * time.Hour, "0 48h 96h 144h 192h 240h"},
	} {
		var labels []string
		for _, tick := range ticks(c.length) {
			labels = append(labels, tickLabel(tick))
		}
		require.Equal(t, c.want, strings.Join(labels, " "), c.length)
	}
	for length := time.Duration(1); length <= MaxTime/3; length *= 3 {
		require.LessOrEqual(t, len(ticks(length)), 6)
		require.GreaterOrEqual(t, len(ticks(length)), 2)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"  one  two ", []string{"one two"}},
		{"one two three four", []string{"one two", "three four"}},
		{"abcdefghijklmnopqrstuvwxyz", []string{"abcdefghij", "klmnopqrst", "uvwxyz"}},
		{"日本語日本語", []string{"日本語日本", "語"}},
		{"1234567890 1234567890 1234567890 1", []string{"1234567890", "1234567890", "123456789…"}},
	} {
		require.Equal(t, c.want, wrap(c.text, 10, 3), c.text)
	}
}

func TestAShareIsNotRoundedToNoneOrAll(t *testing.T) {
	for part, want := range map[float64]string{0: "0 %", 1: "under 1 %", 10: "1 %", 335: "34 %", 990: "99 %", 999: "over 99 %", 1000: "100 %"} {
		require.Equal(t, want, percent(part, 1000))
	}
}

// The words are those of the picture, without how it is drawn.
func TestText(t *testing.T) {
	text := Timeline{Jobs: []Job{
		{Outcome: Done, Fetch: Span{0, time.Second}, Process: Span{time.Second, 2 * time.Second}, Processed: true},
		{Outcome: Cancelled, Fetch: Span{time.Second, 2 * time.Second}},
	}}
	require.Equal(t, "2 jobs in 2s, 1 of them done. 2 in flight at the peak, 1.5 on average. A job's time: 67 % waiting, 33 % working. cancelled: 1.", text.Text())
	var svg strings.Builder
	require.NoError(t, Draw(&svg, text, Drawing{}))
	require.Contains(t, svg.String(), ">"+strings.ReplaceAll(text.Text(), "'", "&#39;")+" Each job is a bar")
	require.Equal(t, "No job was recorded.", Timeline{}.Text())
}
