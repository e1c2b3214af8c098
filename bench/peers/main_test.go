package peers

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"example.com/overlap/bench"
	"example.com/overlap/bench/rounds"
	"example.com/overlap/bench/site"
)

// settings are the flags of these tests and benchmarks.
type settings struct {
	workers []int
	form    Form
	spin    int
	measure func() int
}

// flags is a global because go test gives benchmarks no other way to their flags.
var flags = settings{workers: []int{8}, form: Plain, measure: sync.OnceValue(bench.StepsPerMicrosecond)}

func (s *settings) register(set *flag.FlagSet) {
	set.Func("workers", "comma-separated `numbers` of jobs in flight at most, in BenchmarkDispatch and BenchmarkProcess (8)", func(list string) (err error) {
		s.workers, err = parseWorkers(list)
		return err
	})
	set.Func("form", "`form` of the function that the libraries are given: plain, careful (plain)", func(name string) (err error) {
		s.form, err = ParseForm(name)
		return err
	})
	set.IntVar(&s.spin, "spin", 0, "`steps` of CPU work that take a microsecond; 0 measures it (a benchmark run in many processes is given one value for all)")
}

func parseWorkers(list string) (workers []int, err error) {
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a whole number from 1", field)
		}
		workers = append(workers, n)
	}
	return workers, nil
}

func (s *settings) stepsPerMicrosecond() int {
	if s.spin > 0 {
		return s.spin
	}
	return s.measure()
}

func TestMain(m *testing.M) {
	site.Main()
	flags.register(flag.CommandLine)
	flag.Parse()
	if flags.spin < 0 {
		fmt.Fprintf(os.Stderr, "-spin is %d, want 0 or more\n", flags.spin)
		os.Exit(2)
	}
	// With b.Loop, the first of several values of GOMAXPROCS is not yet set when its
	// row is run (Go 1.26), so the row would bear a wrong name.
	if cpus := flag.Lookup("test.cpu").Value.String(); strings.Contains(cpus, ",") {
		fmt.Fprintf(os.Stderr, "-test.cpu is %s: one value a process, please; overlap bench -cpu %s does that\n", cpus, cpus)
		os.Exit(2)
	}
	// Configuration lines of the benchmark format. Who runs one cell alone has them already.
	if f := flag.Lookup("test.bench"); f.Value.String() != "" && os.Getenv(rounds.LatenciesEnv) == "" {
		fmt.Printf("libraries: %s\nform: %s\nspin: %d\n", Libraries(), flags.form, flags.stepsPerMicrosecond())
	}
	os.Exit(m.Run())
}
