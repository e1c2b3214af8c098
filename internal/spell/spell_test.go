package spell

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7: "7ns", 999: "999ns", 12345678: "12.3ms", 1234567890: "1.23s", 1234: "1.23µs", 58_449: "58.4µs", 999_999: "1ms", 214_400_000: "214ms", 1_066_000_000: "1.07s", 25 * time.Second: "25s", 3 * time.Hour: "3h0m0s",
	} {
		require.Equal(t, want, Duration(d))
	}
}

func TestCount(t *testing.T) {
	require.Equal(t, []string{"0 jobs", "1 job", "2 jobs"}, []string{Count(0, "job"), Count(1, "job"), Count(2, "job")})
}

func TestList(t *testing.T) {
	require.Equal(t, []string{"", "a", "a and b", "a, b and c"}, []string{List(nil), List([]string{"a"}), List([]string{"a", "b"}), List([]string{"a", "b", "c"})})
}

func TestThousands(t *testing.T) {
	for digits, want := range map[string]string{"": "", "7": "7", "999": "999", "1000": "1,000", "17850": "17,850", "1234567": "1,234,567"} {
		require.Equal(t, want, Thousands(digits))
	}
}
