package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// In virtual time the two runs are exact.
func TestBlocked(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t,
			[]time.Duration{30 * ms, 190 * ms, 200 * ms, 210 * ms, 220 * ms, 230 * ms, 240 * ms, 250 * ms, 260 * ms, 270 * ms, 280 * ms, 290 * ms},
			ends(fetch("on the loop", onTheLoop)))
		require.Equal(t,
			[]time.Duration{30 * ms, 190 * ms, 70 * ms, 90 * ms, 110 * ms, 130 * ms, 150 * ms, 170 * ms, 190 * ms, 210 * ms, 230 * ms, 250 * ms},
			ends(fetch("off the loop", offTheLoop)))
	})
}
