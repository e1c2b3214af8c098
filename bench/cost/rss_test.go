package cost

import (
	"errors"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResidentMemoryIsSeen(t *testing.T) {
	w := WatchRSS()
	b := hold()
	got, err := w.Peak()
	now, counted := residentNow(t)
	runtime.KeepAlive(b)
	b = nil
	if errors.Is(err, errors.ErrUnsupported) {
		require.ErrorContains(t, err, "peak resident memory")
		t.Skip(err)
	}
	require.NoError(t, err)
	if counted && now < 64*mib { // seen on a virtual machine, once in dozens of runs
		t.Skipf("the kernel itself counts %d resident bytes while 65 MiB are held and touched", now)
	}
	require.GreaterOrEqual(t, got.Peak, int64(64*mib))
	if !got.SinceReset {
		require.Error(t, got.Why)
		require.Zero(t, got.Before)
		t.Skip(got.Why)
	}
	require.NoError(t, got.Why)
	require.Positive(t, got.Before)
	require.GreaterOrEqual(t, got.Peak, got.Before)

	again, err := WatchRSS().Peak()
	require.NoError(t, err)
	// Of what was there before, the kernel may have taken some back until the peak: then it is
	// missing afterwards too.
	require.GreaterOrEqual(t, got.Peak-min(got.Before, again.Before), int64(64*mib))
	require.Less(t, again.Peak, got.Peak) // the mark was reset, and what was freed given back
}

func TestResidentMemoryOfAProcess(t *testing.T) {
	peak, err := PeakRSSOf(os.Getpid())
	if runtime.GOOS != "linux" {
		require.ErrorIs(t, err, errors.ErrUnsupported)
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Greater(t, peak, int64(mib))
	_, err = PeakRSSOf(math.MaxInt32)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// residentNow is what the kernel counts at this moment, where it tells.
func residentNow(t *testing.T) (bytes int64, ok bool) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(text), "\nVmRSS:")
	if !ok {
		return 0, false
	}
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	require.NoError(t, err)
	return 1024 * kilobytes, true
}

func TestParseHWM(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     int64
		err      string
	}{
		{"a status", "Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t    1640 kB\nVmRSS:\t 7 kB\n", 1640 * 1024, ""},
		{"the last line, unended", "VmHWM: 1 kB", 1024, ""},
		{"a name that contains it", "Name:\tVmHWM: 5 kB\nVmHWM: 1 kB\n", 1024, ""},
		{"nothing", "", 0, "no VmHWM in 0 lines"},
		{"no such line (a kernel thread)", "Name:\tx\nState:\tR\n", 0, "no VmHWM in 2 lines"},
		{"no value", "VmHWM:\n", 0, `line 1: VmHWM is "", want a number and kB`},
		{"no unit", "Name:\tx\nVmHWM: 7\n", 0, `line 2: VmHWM is "7", want a number and kB`},
		{"another unit", "VmHWM: 7 MB\n", 0, `line 1: VmHWM is "7 MB", want a number and kB`},
		{"not a number", "VmHWM: x kB\n", 0, "line 1: VmHWM: "},
		{"below zero", "VmHWM: -7 kB\n", 0, "line 1: VmHWM: "},
		{"too many bytes", "VmHWM: 9007199254740992 kB\n", 0, "more than can be counted in bytes"},
		{"as many bytes as can be", "VmHWM: 9007199254740991 kB\n", math.MaxInt64 - 1023, ""},
		{"too many kilobytes", "VmHWM: 99999999999999999999 kB\n", 0, "line 1: VmHWM: "},
		{"a line without end", "Name:\tx\n" + strings.Repeat("x", 1<<20), 0, "line 2: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseHWM(strings.NewReader(c.in))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func BenchmarkRSS(b *testing.B) {
	b.Run("watch", func(b *testing.B) {
		for b.Loop() {
			WatchRSS()
		}
	})
	b.Run("peak", func(b *testing.B) {
		w := WatchRSS()
		for b.Loop() {
			if _, err := w.Peak(); err != nil {
				b.Skip(err)
			}
		}
	})
}
