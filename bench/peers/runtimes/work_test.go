package runtimes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
)

func TestCheckRecord(t *testing.T) {
	good := func() mockserver.Record {
		return mockserver.Record{Requests: 12, PeakInFlight: 2, Status: map[int]int64{200: 12}}
	}
	for _, c := range []struct {
		name   string
		change func(*mockserver.Record)
		want   string
	}{
		{"as it is to be", func(*mockserver.Record) {}, ""},
		{"a request for each connection", func(r *mockserver.Record) { r.Requests = 14 }, ""},
		{"one more than that", func(r *mockserver.Record) { r.Requests = 15 }, "the server saw 15 requests, want 12 to 14"},
		{"one too few", func(r *mockserver.Record) { r.Requests = 11 }, "the server saw 11 requests, want 12 to 14"},
		{"another status", func(r *mockserver.Record) { r.Status[204] = 1 }, "the server answered [204], too"},
		{"what is no page", func(r *mockserver.Record) { r.Other = 1 }, "the server saw 1 requests for what is no page"},
		{"too much in flight", func(r *mockserver.Record) { r.PeakInFlight = 3 }, "the server saw 3 requests in flight, the limit is 2"},
		{"a request that was given up", func(r *mockserver.Record) { r.Cancelled = 1 }, "1 requests were given up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := good()
			c.change(&r)
			err := checkRecord(r, Work{InFlight: 2}, 12, false)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
	r := good()
	r.Cancelled = 2
	require.NoError(t, checkRecord(r, Work{InFlight: 2}, 12, true), "wrk leaves in the midst of its requests")
}

func TestSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]int{0: 1, 20: 1, 21: 2, 200: 10} {
		require.Equal(t, want, Work{Wait: wait * time.Millisecond}.seconds(), wait)
	}
}
