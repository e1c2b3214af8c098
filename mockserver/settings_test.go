package mockserver_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"example.com/overlap/mockserver"
	"github.com/stretchr/testify/require"
)

func TestBadSettingsAreRefusedByField(t *testing.T) {
	type s = mockserver.Settings
	latency := func(l mockserver.Latency) s { return s{Latency: l} }
	faults := func(f mockserver.Faults) s { return s{Faults: f} }
	for _, c := range []struct {
		name     string
		settings s
		message  string
	}{
		{"negative pages", s{Pages: -1}, "mockserver: Pages is -1, want 0 to 10000000"},
		{"too many pages", s{Pages: 10_000_001}, "mockserver: Pages is 10000001, want 0 to 10000000"},
		{"page too small", s{PageSize: 511}, "mockserver: PageSize is 511, want 512 to 16777216 bytes, or 0"},
		{"page too large", s{PageSize: 1 << 25}, "mockserver: PageSize is 33554432, want 512 to 16777216 bytes, or 0"},
		{"negative links", s{Links: -2}, "mockserver: Links is -2, want -1 to 1000"},
		{"too many links", s{Links: 1001}, "mockserver: Links is 1001, want -1 to 1000"},
		{"negative order", s{Order: -1}, "mockserver: Order is -1, want 0 to 10000000"},
		{"negative connections", s{MaxConnections: -1}, "mockserver: MaxConnections is -1, want 0 or more"},
		{"unknown profile", latency(mockserver.Latency{Profile: "bell"}), `mockserver: Latency.Profile is "bell", want constant, uniform, lognormal or heavy-tail`},
		{"negative latency", latency(mockserver.Latency{Mean: -time.Millisecond}), "mockserver: Latency.Mean is -1ms, want 0 to 1h0m0s"},
		{"endless latency", latency(mockserver.Latency{Mean: 2 * time.Hour}), "mockserver: Latency.Mean is 2h0m0s, want 0 to 1h0m0s"},
		{"negative spread", latency(mockserver.Latency{Spread: -1}), "mockserver: Latency.Spread is -1ns, want 0 to Latency.Mean (0s)"},
		{"spread beyond mean", latency(mockserver.Latency{Mean: 1, Spread: 2}), "mockserver: Latency.Spread is 2ns, want 0 to Latency.Mean (1ns)"},
		{"sigma too wide", latency(mockserver.Latency{Profile: mockserver.LogNormal, Sigma: 2.1}), "mockserver: Latency.Sigma is 2.1, want 0 to 2"},
		{"negative sigma", latency(mockserver.Latency{Sigma: -1}), "mockserver: Latency.Sigma is -1, want 0 to 2"},
		{"sigma no number", latency(mockserver.Latency{Sigma: math.NaN()}), "mockserver: Latency.Sigma is NaN, want 0 to 2"},
		{"alpha without a mean", latency(mockserver.Latency{Alpha: 1}), "mockserver: Latency.Alpha is 1, want more than 1 and at most 100, or 0"},
		{"alpha no number", latency(mockserver.Latency{Alpha: math.NaN()}), "mockserver: Latency.Alpha is NaN, want more than 1 and at most 100, or 0"},
		{"status that is no error", faults(mockserver.Faults{StatusCode: 200}), "mockserver: Faults.StatusCode is 200, want 400 to 599"},
		{"status beyond the last", faults(mockserver.Faults{StatusCode: 600}), "mockserver: Faults.StatusCode is 600, want 400 to 599"},
		{"negative pause", faults(mockserver.Faults{SlowPause: -1}), "mockserver: Faults.SlowPause is -1ns, want 0 to 1m0s"},
		{"endless pause", faults(mockserver.Faults{SlowPause: time.Hour}), "mockserver: Faults.SlowPause is 1h0m0s, want 0 to 1m0s"},
		{"status chance below 0", faults(mockserver.Faults{Status: -0.1}), "mockserver: Faults.Status is -0.1, want a probability from 0 to 1"},
		{"reset chance above 1", faults(mockserver.Faults{Reset: 1.1}), "mockserver: Faults.Reset is 1.1, want a probability from 0 to 1"},
		{"slow chance no number", faults(mockserver.Faults{Slow: math.NaN()}), "mockserver: Faults.Slow is NaN, want a probability from 0 to 1"},
		{"hang chance above 1", faults(mockserver.Faults{Hang: 2}), "mockserver: Faults.Hang is 2, want a probability from 0 to 1"},
		{"truncate chance above 1", faults(mockserver.Faults{Truncate: 2}), "mockserver: Faults.Truncate is 2, want a probability from 0 to 1"},
		{"malformed chance above 1", faults(mockserver.Faults{Malformed: 2}), "mockserver: Faults.Malformed is 2, want a probability from 0 to 1"},
		{"chances above 1 together", faults(mockserver.Faults{Hang: 0.75, Reset: 0.75}), "mockserver: Faults is a set of probabilities with the sum 1.5, want at most 1"},
		{"negative rate", s{RateLimit: mockserver.RateLimit{PerSecond: -1}}, "mockserver: RateLimit.PerSecond is -1, want 0 or more"},
		{"endless rate", s{RateLimit: mockserver.RateLimit{PerSecond: math.Inf(1)}}, "mockserver: RateLimit.PerSecond is +Inf, want 0 or more"},
		{"rate no number", s{RateLimit: mockserver.RateLimit{PerSecond: math.NaN()}}, "mockserver: RateLimit.PerSecond is NaN, want 0 or more"},
		{"spread of no profile", latency(mockserver.Latency{Mean: 2, Spread: 1}), "mockserver: Latency.Spread is 1ns, want Latency.Profile uniform beside it"},
		{"spread of another profile", latency(mockserver.Latency{Profile: mockserver.LogNormal, Mean: 2, Spread: 1}), "mockserver: Latency.Spread is 1ns, want Latency.Profile uniform beside it"},
		{"sigma of another profile", latency(mockserver.Latency{Profile: mockserver.HeavyTail, Sigma: 1}), "mockserver: Latency.Sigma is 1, want Latency.Profile lognormal beside it"},
		{"alpha of another profile", latency(mockserver.Latency{Profile: mockserver.Constant, Alpha: 2}), "mockserver: Latency.Alpha is 2, want Latency.Profile heavy-tail beside it"},
		{"each request alike of a constant profile", latency(mockserver.Latency{Profile: mockserver.Constant, PerRequest: true}), "mockserver: Latency.PerRequest is true, want Latency.Profile uniform, lognormal or heavy-tail beside it"},
		{"each request alike of no profile", latency(mockserver.Latency{Mean: 1, PerRequest: true}), "mockserver: Latency.PerRequest is true, want Latency.Profile uniform, lognormal or heavy-tail beside it"},
		{"a status that is never sent", faults(mockserver.Faults{Reset: 0.5, StatusCode: 500}), "mockserver: Faults.StatusCode is 500, want a chance in Faults.Status beside it"},
		{"burst without a rate", s{RateLimit: mockserver.RateLimit{Burst: 5}}, "mockserver: RateLimit.Burst is 5, want a RateLimit.PerSecond beside it"},
		{"negative burst", s{RateLimit: mockserver.RateLimit{Burst: -1}}, "mockserver: RateLimit.Burst is -1, want 0 or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.settings.Validate()
			require.EqualError(t, err, c.message)
			var field *mockserver.FieldError
			require.ErrorAs(t, err, &field)
			require.Contains(t, c.message, " "+field.Field+" is ")

			_, err = mockserver.New(c.settings)
			require.EqualError(t, err, c.message)
			_, err = mockserver.Start("", c.settings)
			require.EqualError(t, err, c.message)
			_, err = mockserver.NewTransport(c.settings)
			require.EqualError(t, err, c.message)
		})
	}
}

func TestGoodSettingsAreTaken(t *testing.T) {
	for name, settings := range map[string]mockserver.Settings{
		"zero":                           {},
		"bounds":                         {Pages: 10_000_000, PageSize: 16 << 20, Links: 1000, Order: 10_000_000, Latency: mockserver.Latency{Profile: mockserver.Uniform, Mean: time.Hour, Spread: time.Hour}},
		"widest lognormal":               {Latency: mockserver.Latency{Profile: mockserver.LogNormal, Sigma: 2}},
		"anew for each request":          {Latency: mockserver.Latency{Profile: mockserver.Uniform, PerRequest: true}},
		"lightest tail":                  {Latency: mockserver.Latency{Profile: mockserver.HeavyTail, Alpha: 100}},
		"burst with a rate":              {RateLimit: mockserver.RateLimit{PerSecond: 0.5, Burst: 10}},
		"no links":                       {Links: -1},
		"chances that add up to one":     {Faults: mockserver.Faults{Status: 0.05, Reset: 0.05, Slow: 0.1, Hang: 0.4, Truncate: 0.3, Malformed: 0.1}}, // in binary a hair above
		"every error status, from first": {Faults: mockserver.Faults{Status: 0.1, StatusCode: 400}},
		"to last":                        {Faults: mockserver.Faults{Status: 0.1, StatusCode: 599}},
	} {
		require.NoError(t, settings.Validate(), name)
	}
}

func profiles(mean time.Duration) map[string]mockserver.Latency {
	return map[string]mockserver.Latency{
		"empty":      {Mean: mean},
		"constant":   {Profile: mockserver.Constant, Mean: mean},
		"uniform":    {Profile: mockserver.Uniform, Mean: mean},
		"narrow":     {Profile: mockserver.Uniform, Mean: mean, Spread: mean / 10},
		"lognormal":  {Profile: mockserver.LogNormal, Mean: mean},
		"wide":       {Profile: mockserver.LogNormal, Mean: mean, Sigma: 1},
		"heavy-tail": {Profile: mockserver.HeavyTail, Mean: mean},
		"light-tail": {Profile: mockserver.HeavyTail, Mean: mean, Alpha: 5},
		"heaviest":   {Profile: mockserver.HeavyTail, Mean: mean, Alpha: math.Nextafter(1, 2)},
		"lightest":   {Profile: mockserver.HeavyTail, Mean: mean, Alpha: 100},
		"widest":     {Profile: mockserver.LogNormal, Mean: mean, Sigma: 2},
	}
}

func TestLatencyIsAFunctionOfSeedAndPath(t *testing.T) {
	for name, l := range profiles(time.Second) {
		t.Run(name, func(t *testing.T) {
			seeds, paths := 0, 0
			for i := range 100 {
				path := mockserver.PagePath(i)
				d := l.For(1, path)
				require.Equal(t, d, l.For(1, path))
				if d != l.For(2, path) {
					seeds++
				}
				if d != l.For(1, mockserver.PagePath(i+100)) {
					paths++
				}
			}
			if l.Profile == "" || l.Profile == mockserver.Constant {
				require.Zero(t, seeds+paths)
				return
			}
			require.Greater(t, seeds, 95, "another seed gives other latencies")
			require.Greater(t, paths, 95, "another path has another latency")
		})
	}
}

// The waits of known seeds never change: recorded runs and their schedules depend on them.
func TestLatenciesStayAsTheyAre(t *testing.T) {
	for name, want := range map[string][3]time.Duration{
		"uniform":    {1046890028, 783375053, 942077600},
		"lognormal":  {474960096, 1017873645, 1482666549},
		"heavy-tail": {587655134, 432909383, 511535464},
	} {
		for i, wait := range want {
			require.Equal(t, wait, profiles(time.Second)[name].For(1, mockserver.PagePath(i)), "%s, page %d", name, i)
		}
	}
}

// With PerRequest a path has the profile's mean and the first wait of a server
// without it, and the next wait tells nothing of the one before.
func TestEachRequestDrawsAnew(t *testing.T) {
	const n = 20_000
	for name, l := range profiles(time.Second) {
		t.Run(name, func(t *testing.T) {
			again := l
			again.PerRequest = true
			const path = "/page/3"
			require.Equal(t, l.For(7, path), again.For(7, path))
			require.Equal(t, l.For(7, path), again.ForRequest(7, path, 0))
			equal, rises := 0, 0
			last := again.ForRequest(7, path, n)
			for i := range n {
				require.Equal(t, l.For(7, path), l.ForRequest(7, path, i), "without it")
				wait := again.ForRequest(7, path, i)
				require.Equal(t, wait, again.ForRequest(7, path, i))
				if wait == last {
					equal++
				} else if wait > last {
					rises++
				}
				last = wait
			}
			if l.Profile == "" || l.Profile == mockserver.Constant {
				require.Equal(t, n, equal)
				return
			}
			require.LessOrEqual(t, equal, n/1000)
			require.InDelta(t, 0.5, float64(rises)/n, 0.01)
			if name == "uniform" || name == "lognormal" {
				sum := time.Duration(0)
				for i := range n {
					sum += again.ForRequest(7, path, i)
				}
				require.InDelta(t, 1, sum.Seconds()/n, 0.02, "the mean")
			}
		})
	}
}

// Profiles can be compared because Mean is the mean of each. The draws are fixed
// by the seed, so these bounds hold always or never.
func TestProfilesHaveTheirMeanAndShape(t *testing.T) {
	const n = 200_000
	for name, want := range map[string]struct{ below, least, median, most float64 }{
		// share of paths below the mean; then in means
		"empty":      {0, 1, 1, 1},
		"constant":   {0, 1, 1, 1},
		"uniform":    {0.5, 0.5, 1, 1.5},
		"narrow":     {0.5, 0.9, 1, 1.1},
		"lognormal":  {0.599, 0.05, 0.882, 12}, // P(z < sigma/2); e^(-sigma^2/2)
		"wide":       {0.691, 0.001, 0.607, 100},
		"widest":     {0.841, 0, 0.135, 3600},
		"heavy-tail": {0.796, 0.347, 0.550, 104}, // x0 = 1/2.885, P(x < 1) = 1-x0^1.5, x0 * 2^(1/1.5), 300 * x0
		"heaviest":   {0.851, 0.149, 0.298, 44.8},
		"light-tail": {0.672, 0.8, 0.919, 240},
		"lightest":   {0.634, 0.99, 0.997, 297},
	} {
		t.Run(name, func(t *testing.T) {
			l := profiles(time.Second)[name]
			require.NoError(t, mockserver.Settings{Latency: l}.Validate())
			all := make([]float64, n)
			sum, below := 0.0, 0
			for i := range all {
				x := l.For(7, mockserver.PagePath(i)).Seconds()
				all[i] = x
				sum += x
				if x < 1 {
					below++
				}
			}
			slices.Sort(all)
			require.InDelta(t, 1, sum/n, 0.02, "the mean")
			require.InDelta(t, want.below, float64(below)/n, 0.003)
			require.InDelta(t, want.median, all[n/2], 0.005)
			require.GreaterOrEqual(t, all[0], want.least-1e-3)
			require.LessOrEqual(t, all[n-1], want.most+0.1)
			switch name {
			case "heavy-tail":
				require.InDelta(t, 34.7, all[n-n/1000], 2, "one in a thousand")
				require.InDelta(t, want.most, all[n-1], 0.1, "the longest is 300 times the shortest")
			case "heaviest":
				require.InDelta(t, want.most, all[n-1], 0.1)
			}
		})
	}
}

func TestNoLatencyIsOverAnHour(t *testing.T) {
	l := mockserver.Latency{Profile: mockserver.HeavyTail, Mean: time.Hour}
	for i := range 1000 {
		require.LessOrEqual(t, l.For(1, mockserver.PagePath(i)), time.Hour)
	}
}

func TestFaultsComeAsOftenAsSet(t *testing.T) {
	const n = 20_000
	f := mockserver.Faults{Status: 0.05, Reset: 0.1, Slow: 0.15, Hang: 0.2, Truncate: 0.02, Malformed: 0.08}
	got := map[mockserver.Fault]int{}
	again := 0
	for i := range n {
		path := mockserver.PagePath(i)
		fault := f.For(3, path, 0)
		require.Equal(t, fault, f.For(3, path, 0))
		got[fault]++
		if fault == f.For(3, path, 1) {
			again++
		}
	}
	for fault, chance := range map[mockserver.Fault]float64{
		mockserver.Status: 0.05, mockserver.Reset: 0.1, mockserver.Slow: 0.15, mockserver.Hang: 0.2,
		mockserver.Truncate: 0.02, mockserver.Malformed: 0.08, mockserver.NoFault: 0.4,
	} {
		require.InDelta(t, chance, float64(got[fault])/n, 0.01, "fault %q", fault)
	}
	// The sum of the squares, if the second request draws anew.
	require.InDelta(t, 0.2418, float64(again)/n, 0.01, "a retry has the fault of the first try as often as chance has it")
	require.Equal(t, mockserver.NoFault, mockserver.Faults{StatusCode: 500, SlowPause: time.Second}.For(1, "/page/0", 0))
	require.Equal(t, mockserver.Hang, mockserver.Faults{Hang: 1}.For(1, "/page/0", 0))
}
