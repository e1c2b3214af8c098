// Package fake has benchmarks for the tests of package rounds.
package fake

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	spin     = flag.Int("spin", 0, "recorded, and given to every process")
	failOnce = flag.String("fail-after", "", "file of a byte for each start; Fast/model=b fails from its third start on")
)

// histograms are those of a job of 100 microseconds and of one of 200, which was to
// begin earlier.
const histograms = "send HISTFAAAACZ42pJpmSzMwMDAzAABMJoRRFybvITB/gNE4DgjEyAAAP//YTQFVA==\n" +
	"intended HISTFAAAACZ42pJpmSzMwMDAzAABMJoRRFybvITB/gNEoJ+ZCRAAAP//YJAFHg==\n"

func TestMain(m *testing.M) {
	flag.Parse()
	if *spin == 0 {
		*spin = 77
	}
	fmt.Printf("spin: %d\n", *spin)
	os.Exit(m.Run())
}

func BenchmarkFast(b *testing.B) {
	for _, model := range []string{"a", "b", "c"} {
		b.Run("size=3/model="+model, func(b *testing.B) {
			if model == "b" && *failOnce != "" && starts(b) > 2 {
				b.Fatal("broken on purpose")
			}
			for b.Loop() {
			}
			b.ReportMetric(float64(*spin), "spin")
			if calibration := os.Getenv("OVERLAP_CALIBRATION"); model == "c" && calibration != "" {
				b.Logf("saturated: it asks for more than %s", calibration)
			}
			if path := os.Getenv("OVERLAP_LATENCIES"); model == "a" && path != "" {
				if err := os.WriteFile(path, []byte(histograms), 0o600); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("size=3/model=slow", func(b *testing.B) { b.Skip("it would take an hour") })
}

func BenchmarkOther(b *testing.B) {
	b.Run("model=a", func(b *testing.B) {
		for b.Loop() {
		}
	})
}

// starts counts how often it was called, over all processes.
func starts(b *testing.B) int {
	file, err := os.OpenFile(*failOnce, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write([]byte{'x'}); err != nil {
		b.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return int(info.Size())
}
