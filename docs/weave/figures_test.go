package weave

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/timeline"
)

func recordedJSON(t testing.TB) string {
	var b bytes.Buffer
	require.NoError(t, timeline.Write(&b, recorded))
	return b.String()
}

func drawnWith(t testing.TB, span time.Duration) string {
	var b bytes.Buffer
	require.NoError(t, timeline.Draw(&b, recorded, timeline.Drawing{Span: span}))
	return b.String()
}

func TestTimeline(t *testing.T) {
	page := "<!-- gen: timeline pool -->\n<!-- end -->\n"
	c := course(t, files{"docs/a.md": page, "README.md": page, "docs/runs/pool.json": recordedJSON(t),
		"docs/runs/runs.txt": "pool varies overlap run -timeline pool.json\n", "docs/runs/pool.txt": "# go1.26.0, two cores\n$ overlap run -timeline pool.json\nx\n"})
	drifted := `gen: timeline pool has drifted: nothing stands where "![Timeline of pool: 2 jobs. 2 jobs in 3s, 1 of them done. 2 in flight …" should: make docs`
	require.Equal(t, []string{"README.md:1: docs/figures/pool.svg is not drawn yet: make docs", "README.md:2: " + drifted, "docs/a.md:2: " + drifted}, checked(t, c))
	c = open(t, c.root)
	changed, problems, err := c.Fill()
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, []string{"README.md", "docs/a.md", "docs/figures/pool.svg"}, changed)
	require.Equal(t, "<!-- gen: timeline pool -->\n"+altOf(t)+"(figures/pool.svg)\n\n*go1.26.0, two cores; varies from run to run.*\n<!-- end -->\n", read(t, c, "docs/a.md"))
	require.Contains(t, read(t, c, "README.md"), "](docs/figures/pool.svg)\n")
	require.Equal(t, drawnWith(t, 0), read(t, c, "docs/figures/pool.svg"))
	require.Empty(t, checked(t, open(t, c.root)))

	// A picture that is not the recording's.
	write(t, c.root, "docs/figures/pool.svg", "<svg/>")
	write(t, c.root, "docs/figures/other.svg", "<svg/>")
	require.Equal(t, []string{"README.md:1: docs/figures/pool.svg has drifted: make docs", "docs/figures/other.svg: no page shows it: remove it"}, checked(t, open(t, c.root)))
	require.Equal(t, []string{"docs/a.md:1: docs/figures/pool.svg has drifted: make docs"}, checked(t, open(t, c.root), "docs/a.md"))
}

func altOf(t testing.TB) string {
	require.Equal(t, "2 jobs in 3s, 1 of them done. 2 in flight at the peak, 1.3 on average. A job's time: 75 % waiting, 25 % working. error: 1.", recorded.Text())
	return "![Timeline of pool: 2 jobs. " + recorded.Text() + "]"
}

func TestTimelineWithASpan(t *testing.T) {
	c := course(t, files{"docs/a.md": "<!-- gen: timeline pool 9s -->\n<!-- end -->\n", "docs/runs/pool.json": recordedJSON(t)})
	text, problems := filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "\n*a machine; varies from run to run.*\n", "which the recording names itself")
	require.Equal(t, drawnWith(t, 9*time.Second), read(t, c, "docs/figures/pool.svg"))
	require.NotEqual(t, drawnWith(t, 0), drawnWith(t, 9*time.Second))
}

func TestFigureErrors(t *testing.T) {
	for marker, want := range map[string]string{
		"timeline none":        "docs/runs/none.json is not recorded yet: overlap docs -record none, with -timeline none.json in its command",
		"timeline ../x":        `"../x" is no name for a run`,
		"timeline pool soon":   `the span is "soon", want a time such as 1s`,
		"timeline pool -1s":    `the span is "-1s", want a time such as 1s`,
		"timeline damaged":     "docs/runs/damaged.json:1: ",
		"chart none":           "there is no chart none; there are: makespan-",
		"chart none sweep":     "there is no chart none; there are: time-per-operation-against-number-of-jobs-sweep",
		"chart none elsewhere": "there is no bench/results/reference-elsewhere.txt",
	} {
		c := withReference(t, "<!-- gen: "+marker+" -->\n<!-- end -->\n")
		write(t, c.root, "docs/runs/damaged.json", "{")
		write(t, c.root, "docs/runs/pool.json", recordedJSON(t))
		_, problems := filled(t, c, "docs/a.md")
		require.Len(t, problems, 1, marker)
		require.Contains(t, problems[0], "docs/a.md:1: gen: "+marker+": "+want)
		require.NoDirExists(t, c.file("docs/figures"))
	}
}

func TestTheSameFigureDrawnInTwoWays(t *testing.T) {
	c := course(t, files{"docs/a.md": "\n<!-- gen: timeline pool -->\n<!-- end -->\n", "docs/b.md": "<!-- gen: timeline pool 9s -->\n<!-- end -->\n", "docs/runs/pool.json": recordedJSON(t)})
	_, problems, err := c.Fill()
	require.NoError(t, err)
	require.Equal(t, []string{`docs/b.md:1: gen: timeline pool 9s: docs/a.md:2 shows the same figure, drawn as "timeline pool"`}, words(problems))
}

func TestATimelineWithoutWords(t *testing.T) {
	bare := recorded
	bare.Title, bare.Caption = "", ""
	var b bytes.Buffer
	require.NoError(t, timeline.Write(&b, bare))
	text, problems := filled(t, course(t, files{"a.md": "<!-- gen: timeline pool -->\n<!-- end -->\n", "docs/runs/pool.json": b.String()}), "a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "![Timeline. 2 jobs in 3s")
	require.Contains(t, text, "*The recording does not name its machine; varies from run to run.*")
}

func TestChart(t *testing.T) {
	const id = "makespan-pages-latency-10ms-inflight-30-tasks-100"
	const line = "time-per-operation-against-number-of-jobs-sweep"
	c := withReference(t, "<!-- gen: chart "+id+" -->\n<!-- end -->\n\n<!-- gen: chart "+line+" sweep -->\n<!-- end -->\n")
	text, problems := filled(t, c, "docs/a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "\n![Dot chart, Makespan: Pages, latency=10ms, inflight=30, tasks=100. Lowest is pool with 50.0 ms")
	require.Contains(t, text, "](figures/"+id+".svg)\n\n*go1.26.0, linux/amd64, 2 cores; varies from run to run.*\n<!-- end -->\n")
	require.Contains(t, text, "](figures/"+line+".svg)\n\n*go1.27, linux/arm64, 1 core; varies from run to run.*\n<!-- end -->\n")
	require.Contains(t, read(t, c, "docs/figures/"+id+".svg"), "<svg ")
	again := open(t, c.root)
	changed, _, err := again.Fill()
	require.NoError(t, err)
	require.Empty(t, changed)
	require.Empty(t, checked(t, again))
}
