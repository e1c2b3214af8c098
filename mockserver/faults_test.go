package mockserver_test

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
)

// A list of faults, as a command's flag takes it.
func ExampleFaults_Set() {
	faults := mockserver.Faults{SlowPause: time.Second}
	fmt.Println(faults.Set("status=0.1, slow=0.05"))
	fmt.Println(faults.Status, faults.Slow, faults.SlowPause)
	fmt.Println(faults.Set("fire=0.1"))
	fmt.Println(&faults)
	// Output:
	// <nil>
	// 0.1 0.05 1s
	// "fire" is no fault; want status, reset, slow, hang, truncate or malformed
	// status=0.1,slow=0.05
}

func TestFaultsSet(t *testing.T) {
	type f = mockserver.Faults
	for name, c := range map[string]struct {
		list    string
		want    f
		written string
	}{
		"one":                       {"reset=0.5", f{Reset: 0.5}, "reset=0.5"},
		"each":                      {"status=0.01,reset=0.02,slow=0.03,hang=0.04,truncate=0.05,malformed=0.06", f{Status: 0.01, Reset: 0.02, Slow: 0.03, Hang: 0.04, Truncate: 0.05, Malformed: 0.06}, "status=0.01,reset=0.02,slow=0.03,hang=0.04,truncate=0.05,malformed=0.06"},
		"in any order, with spaces": {" hang=1e-3 , status=.25", f{Status: 0.25, Hang: 0.001}, "status=0.25,hang=0.001"},
		"none":                      {"none", f{}, "none"},
		"one that never comes":      {"slow=0", f{}, "none"},
		"too much of one, which is for Validate to say": {"hang=2,reset=-1", f{Hang: 2, Reset: -1}, "reset=-1,hang=2"},
	} {
		t.Run(name, func(t *testing.T) {
			// What is not in the list goes; what is no probability stays.
			got := f{Truncate: 0.9, Malformed: 0.1, StatusCode: 500, SlowPause: time.Second}
			require.NoError(t, got.Set(c.list))
			c.want.StatusCode, c.want.SlowPause = 500, time.Second
			require.Equal(t, c.want, got)
			require.Equal(t, c.written, got.String())
		})
	}
}

func TestFaultsSetRefuses(t *testing.T) {
	const noFault = " is no fault; want status, reset, slow, hang, truncate or malformed"
	for name, c := range map[string]struct{ list, want string }{
		"nothing":             {"", `""` + noFault},
		"an unknown fault":    {"reset=0.1,fire=0.1", `"fire"` + noFault},
		"none among others":   {"reset=0.1,none", `"none"` + noFault},
		"a comma at the end":  {"reset=0.1,", `""` + noFault},
		"a space too many":    {"reset =0.1", `"reset "` + noFault},
		"a field of settings": {"StatusCode=500", `"StatusCode"` + noFault},
		"no number":           {"reset=often", `"often" is no probability for reset, such as reset=0.1`},
		"nothing after it":    {"hang", `"" is no probability for hang, such as hang=0.1`},
		"two numbers":         {"hang=0.1=0.2", `"0.1=0.2" is no probability for hang, such as hang=0.1`},
		"twice":               {"slow=0.1,slow=0.1", "slow is there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			before := mockserver.Faults{Hang: 0.5, StatusCode: 500}
			got := before
			require.EqualError(t, got.Set(c.list), c.want)
			require.Equal(t, before, got, "nothing is changed")
		})
	}
}

// As a flag: the default is told if there is one, and the last list is the one that holds.
func TestFaultsAreAFlag(t *testing.T) {
	faults, never := mockserver.Faults{Status: 0.1}, mockserver.Faults{}
	var manual strings.Builder
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.Var(&faults, "faults", "the `faults`")
	flags.Var(&never, "others", "the `faults`")
	flags.SetOutput(&manual)
	flags.PrintDefaults()
	require.Equal(t, "  -faults faults\n    \tthe faults (default status=0.1)\n  -others faults\n    \tthe faults\n", manual.String())
	flags.SetOutput(io.Discard)
	require.NoError(t, flags.Parse([]string{"-faults", "reset=0.2", "-faults", "hang=0.3"}))
	require.Equal(t, mockserver.Faults{Hang: 0.3}, faults)
	require.EqualError(t, flags.Parse([]string{"-faults", "hang"}), `invalid value "hang" for flag -faults: "" is no probability for hang, such as hang=0.1`)
}

// FuzzFaultsSet: a list that is refused changes nothing. One that is taken can be written and
// read again, and if it makes no sense, Validate names the faults.
func FuzzFaultsSet(f *testing.F) {
	for _, seed := range []string{
		"none", "status=0.1,reset=0.01", "hang=1e-3, slow = 2", "hang=1e-3, slow=0x1p-2",
		"truncate=NaN,malformed=-0,", "malformed=Inf,status=1e999", "reset=1_0", "status=0.5,reset=0.6",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		before := mockserver.Faults{Truncate: 0.5, StatusCode: 500, SlowPause: time.Second}
		set := before
		if err := set.Set(list); err != nil {
			require.NotEmpty(t, err.Error())
			require.Equal(t, before, set)
			return
		}
		require.Equal(t, 500, set.StatusCode)
		require.Equal(t, time.Second, set.SlowPause)
		again := before
		require.NoError(t, again.Set(set.String()))
		require.Equal(t, set.String(), again.String())
		set.StatusCode = 0
		if err := (mockserver.Settings{Faults: set}).Validate(); err != nil {
			var field *mockserver.FieldError
			require.ErrorAs(t, err, &field)
			require.True(t, strings.HasPrefix(field.Field, "Faults"), field.Field)
		}
	})
}
