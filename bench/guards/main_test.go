package guards

import (
	"os"
	"testing"

	"example.com/overlap/bench/site"
)

// TestMain begins with what the server of the benchmarks is: this program once more.
func TestMain(m *testing.M) {
	site.Main()
	os.Exit(m.Run())
}
