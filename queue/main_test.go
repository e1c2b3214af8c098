package queue_test

import (
	"os"
	"testing"

	"example.com/overlap/bench/conform"
)

// TestMain is also what the test binary does when it is started as a worker or a server.
func TestMain(m *testing.M) {
	conform.RemoteMain(conformed())
	roles()
	// A process with the race detector sleeps for a second when it ends; those that are
	// started from here need not.
	_ = os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}
