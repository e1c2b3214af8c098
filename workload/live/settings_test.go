package live

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBadSettings(t *testing.T) {
	for _, x := range []struct {
		settings    Settings
		field, text string
	}{
		{Settings{Messages: -1}, "Messages", "-1, want 0 to 1000000"},
		{Settings{Messages: 1_000_001}, "Messages", "1000001, want 0 to 1000000"},
		{Settings{Interval: -1}, "Interval", "-1ns, want 1µs to 1h0m0s, or 0"},
		{Settings{Interval: 999}, "Interval", "999ns, want 1µs to 1h0m0s, or 0"},
		{Settings{Interval: 2 * time.Hour}, "Interval", "2h0m0s, want 1µs to 1h0m0s, or 0"},
		{Settings{Size: 32<<10 + 1}, "Size", "32769, want 0 to 32768"},
		{Settings{Posts: -1}, "Posts", "-1, want 0 to 100000"},
		{Settings{Slow: "block"}, "Slow", `"block", want wait or drop`},
		{Settings{Queue: -1}, "Queue", "-1, want 0 to 100000"},
		{Settings{WriteTimeout: time.Microsecond}, "WriteTimeout", "1µs, want 1ms to 1h0m0s, or 0"},
		{Settings{Gate: -1}, "Gate", "-1, want 0 to 1000000"},
		{Settings{GateTimeout: time.Second}, "GateTimeout", "1s, want a Gate beside it"},
		{Settings{Gate: 2, GateTimeout: -1}, "GateTimeout", "-1ns, want 1ms to 1h0m0s, or 0"},
		{Settings{Gate: 10_001}, "Gate", "10001, want at most Clients (10000), or it never opens"},
		{Settings{Gate: 3, Clients: 2}, "Gate", "3, want at most Clients (2), or it never opens"},
		{Settings{Clients: -1}, "Clients", "-1, want 0 to 1000000"},
	} {
		want := &FieldError{x.field, x.text}
		require.Equal(t, want, x.settings.Validate())
		_, err := New(x.settings)
		require.EqualError(t, err, "live: "+x.field+" is "+x.text)
		_, err = Start("", x.settings)
		require.Equal(t, want, err)
	}
}

func TestGoodSettings(t *testing.T) {
	for _, s := range []Settings{
		{},
		{Messages: 1_000_000, Interval: time.Microsecond, Size: 32 << 10, Posts: 100_000, Slow: Drop, Queue: 100_000, WriteTimeout: time.Hour, Clients: 1_000_000},
		{Gate: 1000, GateTimeout: time.Millisecond, Slow: Wait, WriteTimeout: time.Millisecond},
	} {
		require.NoError(t, s.Validate())
		require.NoError(t, s.withDefaults().Validate())
		text, err := json.Marshal(s) // as they go to a server in another process
		require.NoError(t, err)
		var again Settings
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, s, again)
	}
}
