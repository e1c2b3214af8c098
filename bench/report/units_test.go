package report

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v          float64
		unit, want string
		onAxis     string
	}{
		{0, "sec/op", "0 s", "0 s"},
		{0.0571, "sec/op", "57.1 ms", "57.1 ms"},
		{0.003, "sec/op", "3.00 ms", "3 ms"},
		{0.0009996, "sec/op", "1.00 ms", "1 ms"},
		{50.5e-6, "sec/op", "50.5 µs", "50.5 µs"},
		{12e-9, "sec/job", "12.0 ns", "12 ns"},
		{1e-12, "sec/op", "0.00100 ns", "0.001 ns"},
		{1e-300, "sec/op", "1e-291 ns", "1e-291 ns"},
		{61.4, "sec/op", "61.4 s", "61.4 s"},
		{3600, "sec/op", "3,600 s", "3,600 s"},
		{1e308, "sec/op", "1e+308 s", "1e+308 s"},
		{9.996, "x-ideal", "10.0", "10"},
		{1.0499, "x-ideal", "1.05", "1.05"},
		{12.5, "p99-ms", "12.5 ms", "12.5 ms"},
		{12.5, "sched-p99-us", "12.5 µs", "12.5 µs"},
		{3, "cpu-sec/job", "3.00 s", "3 s"},
		{2700, "B/job", "2.70 kB", "2.7 kB"},
		{185, "B/job", "185 B", "185 B"},
		{0.5, "B/op", "0.500 B", "0.5 B"},
		{34648160, "B/op", "34.6 MB", "34.6 MB"},
		{2, "peak-inflight", "2", "2"},
		{2.5, "peak-inflight", "2.50", "2.5"},
		{370389, "allocs/op", "370,389", "370,389"},
		{198138925, "jobs/s", "198 M", "198 M"},
		{0.034, "gc-share", "3.40 %", "3.4 %"},
		{math.NaN(), "sec/op", "out of range", "out of range"},
		{math.Inf(1), "sec/op", "out of range", "out of range"},
	} {
		require.Equal(t, c.want, Format(c.v, c.unit), "%v %s", c.v, c.unit)
		require.Equal(t, c.onAxis, short(c.v, c.unit), "%v %s", c.v, c.unit)
	}
	require.Equal(t, "3.0 %", percent(0.03))
	require.Equal(t, "under 0.1 %", percent(0.0001))
	require.Equal(t, "12.3 %", percent(0.123))
	require.Equal(t, "1,200 times", factor(1200))
	require.Equal(t, "beyond all bounds", factor(math.Inf(1)))
}

func TestClean(t *testing.T) {
	require.Equal(t, "a b�c", clean("a\tb\x00c", 10))
	require.Equal(t, "�x", clean("\xffx", 10))
	require.Equal(t, "abc…", clean("abcdef", 4))
	require.Equal(t, "äöü", clean("äöü", 3))
}

func TestSlug(t *testing.T) {
	require.Equal(t, "makespan-sweep-cpu-25pc", slug("Makespan: Sweep, cpu=25%"))
	require.Equal(t, "chart", slug("///"))
	require.Equal(t, "chart", slug(""))
}

func TestScales(t *testing.T) {
	label := func(v float64) string { return short(v, "x-ideal") }
	for _, c := range []struct {
		name   string
		lo, hi float64
		log    bool
		want   []string
	}{
		{"decades", 1e-3, 20, true, []string{"0.001", "0.01", "0.1", "1", "10"}},
		{"one decade", 1, 20, true, []string{"1", "2", "5", "10", "20"}},
		{"less than a decade", 2.1, 6.5, true, []string{"3", "5"}},
		{"no factor", 2, 3, false, []string{"0", "0.5", "1", "1.5", "2", "2.5", "3"}},
		{"from zero", 0, 10, false, []string{"0", "2", "4", "6", "8", "10"}},
		{"only zero", 0, 0, false, []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{"one value", 5, 5, false, []string{"0", "1", "2", "3", "4", "5"}},
	} {
		s := newScale(c.lo, c.hi, 2.5, true)
		require.Equal(t, c.log, s.log, c.name)
		var got []string
		for _, tick := range s.ticks(6, label) {
			got = append(got, tick.Label)
		}
		require.Equal(t, c.want, got, c.name)
	}
	for _, ends := range [][2]float64{{5e-324, 1.7e308}, {1.6e308, 1.7e308}, {5e-324, 5e-324}, {0, 5e-324}, {0, 1.7e308}, {1e-320, 3e-320}, {1, math.Nextafter(1, 2)}} {
		for _, zero := range []bool{true, false} {
			s := newScale(ends[0], ends[1], 2.5, zero)
			lo, hi := s.ends()
			require.True(t, finite(lo) && finite(hi) && lo < hi, "%v", ends)
			for _, tick := range s.ticks(6, label) {
				require.True(t, finite(tick.Value) && tick.Value >= lo-1e-6 && tick.Value <= hi+1e-6, "%v %v", ends, tick)
			}
			require.LessOrEqual(t, len(s.ticks(6, label)), 8)
		}
	}
}
