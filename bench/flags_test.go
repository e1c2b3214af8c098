package bench

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/overlap/bench/site"
	"example.com/overlap/workload/pages/clients"
)

// settings are the harness's own flags, beside those of go test.
type settings struct {
	full       bool
	sweep      bool
	latency    list[time.Duration]
	tasks      list[int]
	inFlight   int
	processors int
	buffer     int
	client     string
	workers    list[int]
	rate       list[int]
	arrivals   list[string]
	spin       int
	measure    func() int
}

// flags is a global because go test gives benchmarks no other way to their flags.
var flags = settings{
	latency:  list[time.Duration]{parse: wait},
	tasks:    list[int]{parse: positive},
	workers:  list[int]{parse: positive},
	rate:     list[int]{parse: positive},
	arrivals: list[string]{parse: arrivals},
	measure:  sync.OnceValue(StepsPerMicrosecond),
}

func (s *settings) register(set *flag.FlagSet) {
	set.BoolVar(&s.full, "full", false, "run also the cells that take over two seconds an operation, and the forms of the event loop that are left out")
	set.BoolVar(&s.sweep, "sweep", false, "run BenchmarkSweep, which takes minutes")
	set.Var(&s.latency, "latency", "comma-separated `waits` of BenchmarkPages, each with each of -tasks (10ms,50ms)")
	set.Var(&s.tasks, "tasks", "comma-separated `numbers` of pages of BenchmarkPages (100 of each latency, 500 of 50ms)")
	set.IntVar(&s.inFlight, "inflight", 0, "`jobs` in flight at most, in BenchmarkPages; the pipeline's fetchers; 0 is as many as ask for 3,000 pages a second: 30 at 10ms, 150 at 50ms")
	set.IntVar(&s.processors, "processors", 0, "the pipeline's `processors` and the threads of eventloop-to-thread, in BenchmarkPages; 0 is GOMAXPROCS")
	set.IntVar(&s.buffer, "buffer", 100, "fetched `bodies` that the pipeline holds, in BenchmarkPages")
	set.StringVar(&s.client, "client", clients.Default, "the HTTP `client` of BenchmarkPages and BenchmarkOpen: "+strings.Join(clients.Names(), ", "))
	set.Var(&s.workers, "workers", "comma-separated `numbers` of workers, in BenchmarkDispatch (8), BenchmarkProcess (8) and BenchmarkOpen (4)")
	set.Var(&s.rate, "rate", "comma-separated `rates` of BenchmarkOpen, in pages a second (300)")
	set.Var(&s.arrivals, "arrivals", "comma-separated `kinds` of arrivals of BenchmarkOpen: constant, poisson (poisson)")
	set.IntVar(&s.spin, "spin", 0, "`steps` of CPU work that take a microsecond; 0 measures it (a benchmark run in many processes is given one value for all)")
}

func TestMain(m *testing.M) {
	site.Main()
	flags.register(flag.CommandLine)
	flag.Parse()
	if err := flags.validate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	// With b.Loop, the first of several values of GOMAXPROCS is not yet set when its
	// row is run (Go 1.26), so the row would bear a wrong name.
	if cpus := flag.Lookup("test.cpu").Value.String(); strings.Contains(cpus, ",") {
		fmt.Fprintf(os.Stderr, "-test.cpu is %s: one value a process, please; make bench CPU=%s does that\n", cpus, cpus)
		os.Exit(2)
	}
	// Benchmark-format configuration lines: benchstat keeps runs apart by them.
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		processors := "GOMAXPROCS" // which -test.cpu sets later
		if flags.processors > 0 {
			processors = strconv.Itoa(flags.processors)
		}
		fmt.Printf("processors: %s\nbuffer: %d\nspin: %d\n", processors, flags.buffer, flags.stepsPerMicrosecond())
		if flags.client != clients.Default { // without the line it is what all runs had before there was a choice
			fmt.Printf("client: %s\n", flags.client)
		}
	}
	os.Exit(m.Run())
}

func (s *settings) validate() error {
	for _, f := range []struct {
		name       string
		value, min int
	}{
		{"inflight", s.inFlight, 0},
		{"processors", s.processors, 0},
		{"buffer", s.buffer, 0},
		{"spin", s.spin, 0},
	} {
		if f.value < f.min {
			return fmt.Errorf("-%s is %d, want %d or more", f.name, f.value, f.min)
		}
	}
	if err := clients.Check(s.client); err != nil {
		return fmt.Errorf("-client: %w", err)
	}
	return nil
}

func (s *settings) stepsPerMicrosecond() int {
	if s.spin > 0 {
		return s.spin
	}
	return s.measure()
}

// list is a flag: values separated by commas.
type list[T any] struct {
	parse  func(string) (T, error)
	values []T
}

func (l list[T]) or(standard ...T) []T {
	if len(l.values) == 0 {
		return standard
	}
	return l.values
}

func (l *list[T]) String() string {
	var texts []string
	for _, v := range l.values {
		texts = append(texts, fmt.Sprint(v))
	}
	return strings.Join(texts, ",")
}

func (l *list[T]) Set(s string) error {
	l.values = nil
	for field := range strings.SplitSeq(s, ",") {
		v, err := l.parse(strings.TrimSpace(field))
		if err != nil {
			return err
		}
		l.values = append(l.values, v)
	}
	return nil
}

func positive(field string) (int, error) {
	n, err := strconv.Atoi(field)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a whole number from 1", field)
	}
	return n, nil
}

func arrivals(field string) (string, error) {
	if field != "constant" && field != "poisson" {
		return "", fmt.Errorf("%q is neither constant nor poisson", field)
	}
	return field, nil
}

func wait(field string) (time.Duration, error) {
	d, err := time.ParseDuration(field)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration above 0, such as 10ms", field)
	}
	return d, nil
}
