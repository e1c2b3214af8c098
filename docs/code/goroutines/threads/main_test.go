package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// A wait for a timer or the network holds no thread, a blocking system call holds one.
func TestWhoHoldsAThread(t *testing.T) {
	const n, few = 100, 20 // the collector and the network's poller take some
	before := threadsWhen("waiting", 0)
	require.Less(t, onTimers(n), before+few)
	threads, err := onNetwork(n)
	require.NoError(t, err)
	require.Less(t, threads, before+few)
	threads, err = inSystemCalls(n)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	require.NoError(t, err)
	require.GreaterOrEqual(t, threads, n)
}

func TestOutput(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out))
	require.Contains(t, out.String(), "200 goroutines wait for a timer:")
	require.Contains(t, out.String(), "200 goroutines wait for the network:")
}
