package mockserver

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTooFewFilesAreRefusedWithBothNumbers(t *testing.T) {
	const want = "10000 connections need 10064 file descriptors, but this process may open 1024: raise the limit (ulimit -n 10064) or ask for fewer"
	require.EqualError(t, checkFiles(10_000, 1024), want)
	require.EqualError(t, checkFiles(10_000, 10_063), "10000 connections need 10064 file descriptors, but this process may open 10063: raise the limit (ulimit -n 10064) or ask for fewer")
	require.NoError(t, checkFiles(10_000, 10_064))
	require.NoError(t, checkFiles(-1, 64), "nothing asked for")
}

func TestFileLimitOfThisProcess(t *testing.T) {
	limit, ok := fileLimit()
	if runtime.GOOS == "windows" || !ok {
		t.Skip("no RLIMIT_NOFILE here")
	}
	require.NoError(t, CheckFiles(1))
	if limit > math.MaxInt32 {
		t.Skip("no limit to go over")
	}
	require.ErrorContains(t, CheckFiles(int(limit)), "file descriptors, but this process may open")
}

func TestMaxConnectionsIsWhatCheckFilesAllows(t *testing.T) {
	most := MaxConnections()
	require.Positive(t, most)
	require.NoError(t, CheckFiles(most))
	if most < math.MaxInt {
		require.Error(t, CheckFiles(most+1))
	}
}
