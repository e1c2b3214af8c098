package calibrate_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/calibrate"
)

const (
	line = "overshoot/100us=1.05ms overshoot/1ms=130us overshoot/10ms=251us overshoot/50ms=310us loopback=17850/s harness=210ns cores=1.98"

	us, ms = time.Microsecond, time.Millisecond
)

// two is a machine of two cores, that of line.
var two = calibrate.Calibration{
	Overshoot: [4]time.Duration{1050 * us, 130 * us, 251 * us, 310 * us},
	Loopback:  17850,
	Harness:   210,
	Cores:     1.98,
}

func TestTheLine(t *testing.T) {
	require.Equal(t, line, two.String())
	c, err := calibrate.Parse(line)
	require.NoError(t, err)
	require.Equal(t, two, c)
}

func TestTheLineKeepsEverything(t *testing.T) {
	for name, c := range map[string]calibrate.Calibration{
		"nothing known": {},
		"all digits":    {Overshoot: [4]time.Duration{1, 1234567, 61 * time.Second, math.MaxInt64}, Loopback: 1.0 / 3, Harness: 1<<53 + 1, Cores: math.Nextafter(2, 3)},
		"huge and tiny": {Loopback: math.MaxFloat64, Cores: math.SmallestNonzeroFloat64},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotContains(t, c.String(), "\n")
			got, err := calibrate.Parse(c.String())
			require.NoError(t, err)
			require.Equal(t, c, got)
		})
	}
}

func TestAnyOrderWillDo(t *testing.T) {
	parts := strings.Fields(line)
	parts[0], parts[6] = parts[6], parts[0]
	c, err := calibrate.Parse("\t" + strings.Join(parts, "   ") + "\n")
	require.NoError(t, err)
	require.Equal(t, two, c)
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	with := func(old, new string) string {
		require.Contains(t, line, old)
		return strings.Replace(line, old, new, 1)
	}
	for _, c := range []struct{ name, line, err string }{
		{"nothing", "", "calibrate: overshoot/100us is missing"},
		{"one missing", with("overshoot/10ms=251us", ""), "calibrate: overshoot/10ms is missing"},
		{"the last missing", with("cores=1.98", ""), "calibrate: cores is missing"},
		{"one twice", line + " loopback=17850/s", "calibrate: loopback is given twice"},
		{"another line", "goos: linux", `calibrate: unknown field "goos:"`},
		{"an unknown wait", with("overshoot/10ms", "overshoot/20ms"), `calibrate: unknown field "overshoot/20ms"`},
		{"an endless name", strings.Repeat("x", 1000), `calibrate: unknown field "` + strings.Repeat("x", 40) + `..."`},
		{"no value", with("harness=210ns", "harness"), `calibrate: harness is "", want a time such as 130us`},
		{"no unit of time", with("210ns", "210"), `calibrate: harness is "210", want a time such as 130us`},
		{"no unit of rate", with("17850/s", "17850"), `calibrate: loopback is "17850", want a number such as 1.98/s`},
		{"another unit of rate", with("17850/s", "17850/min"), `calibrate: loopback is "17850/min", want a number such as 1.98/s`},
		{"a unit too many", with("1.98", "1.98/s"), `calibrate: cores is "1.98/s", want a number such as 1.98`},
		{"a negative time", with("130us", "-130us"), `calibrate: overshoot/1ms is "-130us", want a time such as 130us`},
		{"a negative number", with("1.98", "-1.98"), `calibrate: cores is "-1.98", want a number such as 1.98`},
		{"negative zero", with("1.98", "-0"), `calibrate: cores is "-0", want a number such as 1.98`},
		{"no number", with("1.98", "NaN"), `calibrate: cores is "NaN", want a number such as 1.98`},
		{"infinite", with("17850/s", "Inf/s"), `calibrate: loopback is "Inf/s", want a number such as 1.98/s`},
		{"too large a number", with("1.98", "1e999"), `calibrate: cores is "1e999", want a number such as 1.98`},
		{"too long a time", with("130us", "9999999h"), `calibrate: overshoot/1ms is "9999999h", want a time such as 130us`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := calibrate.Parse(c.line)
			require.EqualError(t, err, c.err)
			require.Zero(t, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(line)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := calibrate.Parse(text)
		if err != nil {
			require.Zero(t, c)
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 400)
			return
		}
		again, err := calibrate.Parse(c.String())
		require.NoError(t, err)
		require.Equal(t, c, again)
		require.NoError(t, c.Write(io.Discard))
		for wait := time.Duration(1); wait > 0 && wait < time.Hour; wait *= 3 {
			require.GreaterOrEqual(t, c.Late(wait), time.Duration(0))
			_, _, _ = c.SaturatedWait(wait), c.SaturatedCost(wait), c.SaturatedRate(float64(wait))
		}
	})
}

func TestLate(t *testing.T) {
	fine := calibrate.Calibration{Overshoot: [4]time.Duration{60 * us, 80 * us, 251 * us, 310 * us}}
	for _, c := range []struct {
		name       string
		of         calibrate.Calibration
		wait, late time.Duration
	}{
		{"no wait", two, 0, 1050 * us},
		{"below the shortest", two, 1, 1050 * us},
		{"the shortest", two, 100 * us, 1050 * us},
		{"halfway in time", two, 550 * us, 590 * us},
		{"calibrated", two, 1 * ms, 130 * us},
		{"a third of the way", two, 4 * ms, 170333},
		{"rounded to the nanosecond", two, 5 * ms, 183778},
		{"calibrated, too", two, 10 * ms, 251 * us},
		{"a quarter of the way", two, 20 * ms, 265750},
		{"the longest", two, 50 * ms, 310 * us},
		{"above the longest", two, time.Hour, 310 * us},
		{"between two ticks", two, 1500 * us, 1050 * us},
		{"a hair after a tick", two, 10*ms + 1, 1050 * us},
		{"between two ticks, above the longest", two, 50500 * us, 310 * us},
		{"between two milliseconds of fine ticks", fine, 5500 * us, 165500},
		{"nothing known", calibrate.Calibration{}, 5 * ms, 0},
		{"timers that are never done", calibrate.Calibration{Overshoot: [4]time.Duration{0, math.MaxInt64, 0, math.MaxInt64}}, 50*ms - 1, math.MaxInt64 - 511},
		{"a timer that is never done", calibrate.Calibration{Overshoot: [4]time.Duration{2: math.MaxInt64}}, 10 * ms, math.MaxInt64},
	} {
		t.Run(c.name, func(t *testing.T) {
			late := c.of.Late(c.wait)
			require.InDelta(t, float64(c.late), float64(late), float64(c.late)/1e6)
		})
	}
}

// A coarse timer, of which only the tick is known, is late by what lacks to the next one.
func TestLateIsExactWithinATick(t *testing.T) {
	coarse := calibrate.Calibration{Overshoot: [4]time.Duration{900 * us, 0, 0, 0}}
	for wait := 100 * us; wait <= ms; wait += 50 * us {
		require.Equal(t, ms-wait, coarse.Late(wait), "wait %v", wait)
	}
}

func TestSaturated(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"a rate well below", two.SaturatedRate(2000), ""},
		{"a rate of just a quarter", two.SaturatedRate(4462.5), ""},
		{"a rate over a quarter", two.SaturatedRate(20_000), "asks for 20,000 requests/s, over a quarter of the 17,850/s that this machine's loopback carries"},
		{"a rate just over", two.SaturatedRate(4463), "asks for 4,463 requests/s, over a quarter of the 17,850/s that this machine's loopback carries"},
		{"a rate of millions", two.SaturatedRate(1_234_567.8), "asks for 1,234,568 requests/s, over a quarter of the 17,850/s that this machine's loopback carries"},
		{"an infinite rate", two.SaturatedRate(math.Inf(1)), "asks for endlessly many requests/s, over a quarter of the 17,850/s that this machine's loopback carries"},
		{"a slow machine", calibrate.Calibration{Loopback: 10}.SaturatedRate(12.345), "asks for 12.3 requests/s, over a quarter of the 10/s that this machine's loopback carries"},
		{"no rate", two.SaturatedRate(0), ""},
		{"no number", two.SaturatedRate(math.NaN()), ""},

		{"a long wait", two.SaturatedWait(50 * ms), ""},
		{"a wait of just ten times", calibrate.Calibration{Overshoot: [4]time.Duration{1: 100 * us}}.SaturatedWait(ms), ""},
		{"a wait just under", calibrate.Calibration{Overshoot: [4]time.Duration{1: 100*us + 1}}.SaturatedWait(ms), "waits 1 ms, under ten times the 0.1 ms that a timer is late on this machine"},
		{"a wait of a tick", two.SaturatedWait(ms), "waits 1 ms, under ten times the 0.13 ms that a timer is late on this machine"},
		{"a wait between ticks", two.SaturatedWait(5500 * us), "waits 5.5 ms, under ten times the 1.05 ms that a timer is late on this machine"},
		{"no wait", two.SaturatedWait(0), ""},
		{"a negative wait", two.SaturatedWait(-1), ""},

		{"a job of a millisecond", two.SaturatedCost(ms), ""},
		{"a job of just ten times", two.SaturatedCost(2100), ""},
		{"a job just under", two.SaturatedCost(2099), "takes 2.1 us a job, and counting one costs 210 ns of this machine: over a tenth"},
		{"a job shorter than its count", two.SaturatedCost(10), "takes 10 ns a job, and counting one costs 210 ns of this machine: over a tenth"},
		{"no job", two.SaturatedCost(0), ""},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.got) })
	}
}

func TestNothingKnownRefusesNothing(t *testing.T) {
	var c calibrate.Calibration
	require.Empty(t, c.SaturatedRate(math.MaxFloat64))
	require.Empty(t, c.SaturatedWait(1))
	require.Empty(t, c.SaturatedCost(1))
}

// A reason becomes the value of a configuration line, and a calibration too.
func TestReasonsAreOneLineOfASCII(t *testing.T) {
	for _, text := range []string{two.String(), two.SaturatedRate(1e9), two.SaturatedWait(150 * us), two.SaturatedCost(us)} {
		require.NotEmpty(t, text)
		require.Regexp(t, `^[ -~]+$`, text)
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, two.Write(&b))
	require.Equal(t, `time.Sleep(100us) takes 1.05 ms longer
time.Sleep(1ms) takes 0.13 ms longer
time.Sleep(10ms) takes 0.251 ms longer
time.Sleep(50ms) takes 0.31 ms longer
17,850 pages a second over loopback, fetched and parsed, at most
counting a job adds 210 ns to it
1.98 cores to work with
`, b.String())
	broken := errors.New("the printer is out of paper")
	require.ErrorIs(t, two.Write(writer(func([]byte) (int, error) { return 0, broken })), broken)
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func ExampleParse() {
	machine, err := calibrate.Parse("overshoot/100us=1.05ms overshoot/1ms=130us overshoot/10ms=251us overshoot/50ms=310us loopback=17850/s harness=210ns cores=1.98")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A thousand pages of 50 ms: a hundred at a time, or all at once.
	for _, inFlight := range []int{100, 1000} {
		perSecond := float64(inFlight) / (50 * time.Millisecond).Seconds()
		fmt.Printf("%d in flight: %q\n", inFlight, machine.SaturatedRate(perSecond))
	}
	fmt.Println(machine.SaturatedWait(time.Millisecond))

	_, err = calibrate.Parse("overshoot/100us=-1ms")
	fmt.Println(err)
	// Output:
	// 100 in flight: ""
	// 1000 in flight: "asks for 20,000 requests/s, over a quarter of the 17,850/s that this machine's loopback carries"
	// waits 1 ms, under ten times the 0.13 ms that a timer is late on this machine
	// calibrate: overshoot/100us is "-1ms", want a time such as 130us
}

func TestShortOfCores(t *testing.T) {
	for _, c := range []struct {
		cores float64
		of    int
		want  string
	}{
		{1.8, 2, ""},
		{1.79, 2, "only 1.79 of 2 cores are to be had: something else runs, or a quota holds; results will be noisy"},
		{0.5, 1, "only 0.5 of 1 cores are to be had: something else runs, or a quota holds; results will be noisy"},
		{0, 8, ""},
	} {
		require.Equal(t, c.want, calibrate.Calibration{Cores: c.cores}.ShortOfCores(c.of))
	}
}
