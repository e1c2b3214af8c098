package verdict

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func changes(t testing.TB, old, new string) *Changes {
	t.Helper()
	c, err := Between(read(t, old), read(t, new), "sec/op")
	require.NoError(t, err)
	return c
}

func TestBetween(t *testing.T) {
	c := changes(t, lines(10, "X", map[string]float64{"same": 100, "better": 200, "worse": 100}),
		lines(10, "X", map[string]float64{"same": 100.3, "better": 100, "worse": 112}))
	got := map[string]Result{}
	for _, cell := range c.Cells {
		got[cell.Model] = cell.Result
	}
	require.Equal(t, map[string]Result{"same": NotShown, "better": Improved, "worse": Regressed}, got)
	require.Equal(t, 3, c.Family)
	regressions := c.Regressions(0.05)
	require.Len(t, regressions, 1)
	require.Equal(t, "X-2/model=worse", regressions[0].Name())
	require.InDelta(t, 0.12, regressions[0].Worse(), 1e-3)
	require.Empty(t, c.Regressions(0.13))
}

// A rate that falls is a regression, as large as that of the time it stands for.
func TestBetweenOfRates(t *testing.T) {
	c, err := Between(read(t, linesIn("jobs/s", 10, "X", map[string]float64{"a": 100, "b": 110})), read(t, linesIn("jobs/s", 10, "X", map[string]float64{"a": 110, "b": 100})), "jobs/s")
	require.NoError(t, err)
	require.Equal(t, Improved, c.Cells[0].Result)
	require.Equal(t, Regressed, c.Cells[1].Result)
	require.InDelta(t, 0.1, c.Cells[1].Worse(), 1e-6)
	require.Negative(t, c.Cells[0].Worse())
	require.Contains(t, c.Sentence(c.Cells[0]), "a is 1.10 times as fast as before (")
	require.Contains(t, c.Sentence(c.Cells[1]), "b takes 1.10 times as long as before (")
}

// The larger floor of the two runs holds; twins are no cells of their own.
func TestBetweenHasTheLargerFloor(t *testing.T) {
	quiet := "control: a-again\n" + lines(10, "X", map[string]float64{"a": 100, "a-again": 101})
	noisy := "control: a-again\n" + lines(10, "X", map[string]float64{"a": 115, "a-again": 138})
	for name, c := range map[string]*Changes{"then": changes(t, noisy, quiet), "now": changes(t, quiet, noisy)} {
		require.InDelta(t, 0.2, c.Floor.Difference, 1e-3, name)
		require.Len(t, c.Cells, 1, name)
		require.Equal(t, NotShown, c.Cells[0].Result, name)
		require.Less(t, c.Cells[0].Holm, Alpha, name)
	}
	require.Equal(t, Regressed, changes(t, quiet, lines(10, "X", map[string]float64{"a": 115})).Cells[0].Result)
}

func TestBetweenNamesWhatItDoesNotCompare(t *testing.T) {
	c := changes(t, lines(10, "X", map[string]float64{"a": 100, "gone": 5})+"saturated: too much\n"+lines(10, "Y", map[string]float64{"a": 5}),
		lines(10, "X", map[string]float64{"a": 101, "new": 5})+lines(10, "Y", map[string]float64{"a": 6})+linesIn("B/op", 10, "Z", map[string]float64{"a": 5}))
	require.Equal(t, []string{"X-2/model=gone"}, c.OnlyOld)
	require.Equal(t, []string{"X-2/model=new", "Z-2/model=a"}, c.OnlyNew)
	require.Equal(t, []string{"Y-2/model=a is saturated in the old run, too much"}, c.NotRead)

	c = changes(t, lines(10, "X", map[string]float64{"a": 100, "b": 5}), lines(10, "X", map[string]float64{"a": 100.5})+"saturated: too slow\n"+lines(10, "X", map[string]float64{"b": 6}))
	require.Equal(t, []string{"X-2/model=b is saturated in the new run, too slow"}, c.NotRead)
	c = changes(t, "pkg: p\n"+lines(10, "X", map[string]float64{"a": 100})+"pkg: q\n"+lines(10, "X", map[string]float64{"a": 200}), "pkg: q\n"+lines(10, "X", map[string]float64{"a": 201}))
	require.Len(t, c.Cells, 1)
	require.Equal(t, NotShown, c.Cells[0].Result, "q with q, not with p")

	c = changes(t, lines(10, "X", map[string]float64{"a": 100, "gone": 5})+"saturated: too much\n"+lines(10, "Y", map[string]float64{"a": 5}),
		lines(10, "X", map[string]float64{"a": 101, "new": 5})+lines(10, "Y", map[string]float64{"a": 6}))
	some := c.Only(func(group string) bool { return strings.HasPrefix(group, "X") })
	require.Len(t, some.Cells, 1)
	require.Empty(t, some.NotRead)
	require.Equal(t, []string{"X-2/model=new"}, some.OnlyNew)

	_, err := Between(read(t, linesIn("B/op", 10, "X", map[string]float64{"a": 100})), read(t, lines(10, "X", map[string]float64{"a": 100})), "sec/op")
	require.EqualError(t, err, `run.txt: no result has the unit "sec/op"; there are B/op`)
	_, err = Between(read(t, lines(10, "X", map[string]float64{"a": 100})), read(t, lines(10, "Y", map[string]float64{"a": 101})), "sec/op")
	require.EqualError(t, err, "run.txt and run.txt have no cell in common that can be compared\nOnly in run.txt: X-2/model=a.\nOnly in run.txt: Y-2/model=a.")
}

func TestBetweenWithTooFewSamples(t *testing.T) {
	c := changes(t, lines(3, "X", map[string]float64{"a": 100}), lines(3, "X", map[string]float64{"a": 900}))
	require.Equal(t, 4, c.Need)
	require.Equal(t, NotShown, c.Cells[0].Result)
	require.Contains(t, c.Notes()[0], "it takes 4 of each cell for 1 comparison")

	c = changes(t, lines(3, "X", map[string]float64{"a": 100})+lines(10, "Y", map[string]float64{"a": 100}), lines(3, "X", map[string]float64{"a": 900})+lines(10, "Y", map[string]float64{"a": 900}))
	require.Zero(t, c.Need)
	require.Equal(t, "a: no difference that this run can show, with 3 and 3 samples; it takes 5.", c.Sentence(c.Cells[0]))
	require.Equal(t, Regressed, c.Cells[1].Result)
}

// If everything changed alike, the machine is the first to be asked.
func TestBetweenDoubtsTheMachine(t *testing.T) {
	run := func(factor func(i int) float64) string {
		text := ""
		for i := range 8 {
			text += lines(10, fmt.Sprintf("X/n=%d", i), map[string]float64{"a": 100 * factor(i)})
		}
		return text
	}
	before := run(func(int) float64 { return 1 })
	few := changes(t, lines(10, "X", map[string]float64{"a": 100, "b": 100}), lines(10, "X", map[string]float64{"a": 200, "b": 200}))
	require.Len(t, few.Regressions(0), 2)
	const doubt = "the machine did, between the two runs"
	require.Contains(t, strings.Join(changes(t, before, run(func(int) float64 { return 1.2 })).Notes(), "\n"), doubt)
	require.NotContains(t, strings.Join(changes(t, before, run(func(i int) float64 { return 1 + 0.2*float64(i%2) - 0.1 })).Notes(), "\n"), doubt)
	require.NotContains(t, strings.Join(few.Notes(), "\n"), doubt, "two cells may well change alike")
	require.NotContains(t, strings.Join(changes(t, before, run(func(i int) float64 { return 1 + 0.5*float64(i/6) })).Notes(), "\n"), doubt)
}
