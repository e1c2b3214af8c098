package bench

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// settings are the harness's own flags, beside those of go test.
type settings struct {
	full     bool
	inFlight int
	workers  limits
	spin     int
	measure  func() int
}

// flags is a global because go test gives benchmarks no other way to their flags.
var flags = settings{measure: sync.OnceValue(StepsPerMicrosecond)}

func TestMain(m *testing.M) {
	flag.BoolVar(&flags.full, "full", false, "run also the cells that take over two seconds an operation")
	flag.IntVar(&flags.inFlight, "inflight", 100, "`jobs` in flight at most, in BenchmarkPages")
	flag.Var(&flags.workers, "workers", "comma-separated `numbers` of workers, in BenchmarkDispatch (2,8) and BenchmarkProcess (8)")
	flag.IntVar(&flags.spin, "spin", 0, "`steps` of CPU work that take a microsecond; 0 measures it (a benchmark run in many processes is given one value for all)")
	flag.Parse()
	if err := flags.validate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	// Benchmark-format configuration lines: benchstat keeps runs apart by them.
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		fmt.Printf("inflight: %d\nspin: %d\n", flags.inFlight, flags.stepsPerMicrosecond())
	}
	os.Exit(m.Run())
}

func (s *settings) validate() error {
	if s.inFlight < 1 {
		return fmt.Errorf("-inflight is %d, want at least 1", s.inFlight)
	}
	if s.spin < 0 {
		return fmt.Errorf("-spin is %d, want 0 or more", s.spin)
	}
	return nil
}

func (s *settings) stepsPerMicrosecond() int {
	if s.spin > 0 {
		return s.spin
	}
	return s.measure()
}

// limits is a flag: whole numbers from 1, separated by commas.
type limits []int

func (l limits) or(standard ...int) []int {
	if len(l) == 0 {
		return standard
	}
	return l
}

func (l limits) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(l)), " ", ","), "[]")
}

func (l *limits) Set(s string) error {
	*l = nil
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a whole number from 1", field)
		}
		*l = append(*l, n)
	}
	return nil
}
