package main

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// In a bubble nothing here takes time, and a goroutine that was left would fail the test.
func TestAllAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.Zero(t, start(1_000))
	})
}

func TestOutput(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, 1_000))
	var n int
	var first, firstEach, second, secondEach string
	_, err := fmt.Sscanf(out.String(), "%d goroutines, until all of them wait\nthe first time %s %s each\nthe second time %s %s each\n", &n, &first, &firstEach, &second, &secondEach)
	require.NoError(t, err, out.String())
	require.Equal(t, 1_000, n)
	for _, each := range []string{firstEach, secondEach} {
		took, err := time.ParseDuration(each)
		require.NoError(t, err)
		require.Positive(t, took)
	}
}
