package workloads

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/site"
)

// TestMain begins with what the servers of the benchmarks are: this program once more.
func TestMain(m *testing.M) {
	site.Main()
	liveMain()
	flag.Parse()
	// Configuration lines of the benchmark format. Who runs one cell alone has them already.
	if f := flag.Lookup("test.bench"); f.Value.String() != "" && os.Getenv(rounds.LatenciesEnv) == "" {
		fmt.Printf("databases: %s\n", databases(context.Background()))
	}
	os.Exit(m.Run())
}
