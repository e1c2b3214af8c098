package faults

import (
	"os"
	"testing"

	"example.com/overlap/bench/site"
	"example.com/overlap/internal/twin"
)

// TestMain is also what the test binary does when it is started as a server.
func TestMain(m *testing.M) {
	site.Main()
	twin.Main(serverName, startServer)
	// A process with the race detector sleeps for a second when it ends; those that are
	// started from here need not.
	_ = os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}
