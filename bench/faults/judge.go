package faults

import (
	"math"
	"slices"
)

// A Sample is what the process had at a moment of a soak. What is not known here is -1.
type Sample struct {
	Jobs     int64 // ended since the start
	Held     int64 // requests in flight, by the server's record
	Measured [measures]int64
}

// What is measured, in the order of Sample.Measured.
const (
	goroutineCount = iota
	liveHeap       // bytes that the last collection found in use
	resident       // bytes of RSS
	descriptorCount
	measures
)

// An allowance is by how much something may grow and still be called flat: so much for each
// job, and, however few the jobs were, a floor, for what a runtime does by itself.
type allowance struct {
	name   string
	bytes  bool
	perJob float64
	floor  float64
	left   bool // it is looked at after the end, too
}

// allowances are half of the leaks that are to be found: a goroutine or a descriptor for
// 1,000 jobs, and 100 bytes for each. What is resident is what the kernel and the collector
// make of the heap, so it has more room.
func allowances() [measures]allowance {
	return [measures]allowance{
		goroutineCount:  {name: "goroutines", perJob: 0.5 / 1000, floor: 64, left: true},
		liveHeap:        {name: "live heap", bytes: true, perJob: 50, floor: 4 << 20, left: true},
		resident:        {name: "resident memory", bytes: true, perJob: 100, floor: 64 << 20},
		descriptorCount: {name: "descriptors", perJob: 0.5 / 1000, floor: 64, left: true},
	}
}

// A Trend is how one measure went while so many jobs were held in flight.
type Trend struct {
	Name    string
	Bytes   bool // the unit; else a number of things
	Unknown bool // not measured on this system, or too few samples

	First, Last float64 // medians of the first and of the last quarter of the samples
	Growth      float64 // from the first part to the last, by the slope; see judge
	PerJob      float64 // the slope
	Sure        bool    // that there is a slope upwards is proven
	Allowed     float64 // growth that still is flat

	Left        float64 // what was there after the end, and not before the start
	LeftAllowed float64
}

// Flat says whether the measure neither grew nor left something.
func (t Trend) Flat() bool { return !t.Grew() && !t.Leaked() }

// Grew says whether it grew while the jobs ran: surely, and by more than is allowed.
func (t Trend) Grew() bool { return t.Sure && t.Growth > t.Allowed }

// Leaked says whether there was more of it after the end than before the start.
func (t Trend) Leaked() bool { return t.Left > t.LeftAllowed }

// parts is how many medians a trend is made of.
const parts = 12

// alpha is how often a trend is called sure where there is none.
const alpha = 0.01

// judge says how the measures went. The samples are those of the time in which the jobs
// were held; there must be as many as parts at least, or the trends are not known.
//
// They are cut into twelve parts of equal length, and each part is its median, so that a
// collection or a burst is no trend. The slope is the median of those between any two parts
// (Theil and Sen), and it is sure if the parts rise in an order that chance would give them
// once in a hundred times at most (Mann and Kendall). A measure grew if that is sure and the
// growth is more than is allowed.
//
// left is what was there after the end of so many jobs, and not before their start.
func judge(samples []Sample, jobs int64, left [measures]int64) []Trend {
	var trends []Trend
	for m, a := range allowances() {
		t := Trend{Name: a.name, Bytes: a.bytes}
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = float64(s.Measured[m])
			t.Unknown = t.Unknown || s.Measured[m] < 0
		}
		if a.left && !t.Unknown {
			t.Left = float64(left[m])
			if a.bytes {
				t.LeftAllowed = a.perJob*float64(jobs) + a.floor
			}
		}
		t.Unknown = t.Unknown || len(samples) < parts
		if !t.Unknown {
			t.grow(a, samples, values)
		}
		trends = append(trends, t)
	}
	return trends
}

// grow finds out how the values of the samples went.
func (t *Trend) grow(a allowance, samples []Sample, values []float64) {
	quarter := len(values) / 4
	t.First, t.Last = median(values[:quarter]), median(values[len(values)-quarter:])
	jobs, levels := make([]float64, parts), make([]float64, parts)
	for p := range parts {
		from, to := p*len(samples)/parts, (p+1)*len(samples)/parts
		levels[p] = median(values[from:to])
		of := make([]float64, 0, to-from)
		for _, s := range samples[from:to] {
			of = append(of, float64(s.Jobs))
		}
		jobs[p] = median(of)
	}
	done := jobs[parts-1] - jobs[0]
	t.PerJob, t.Sure = slope(jobs, levels)
	t.Growth = t.PerJob * done
	t.Allowed = a.perJob*done + a.floor
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// slope is that of y over x, and whether y surely rises. x rises.
func slope(x, y []float64) (perX float64, sure bool) {
	var slopes []float64
	s := 0 // pairs that rise, less those that fall
	for i := range x {
		for j := range i {
			if x[i] > x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
			switch {
			case y[i] > y[j]:
				s++
			case y[i] < y[j]:
				s--
			}
		}
	}
	if len(slopes) == 0 {
		return 0, false
	}
	return median(slopes), chanceOf(len(x), s) < alpha
}

// chanceOf is how probable it is that n values in random order rise in s pairs more than
// they fall, or in more: the exact distribution of Kendall's S, counted by the inversions of
// all orders. Ties make S smaller, so with them it is less probable still.
func chanceOf(n, s int) float64 {
	pairs := n * (n - 1) / 2
	ways := []float64{1} // orders of k values with so many inversions, as a share
	for k := 2; k <= n; k++ {
		next := make([]float64, len(ways)+k-1)
		for have, share := range ways {
			for more := range k {
				next[have+more] += share / float64(k)
			}
		}
		ways = next
	}
	most := int(math.Floor(float64(pairs-s) / 2)) // inversions
	sum := 0.0
	for have := 0; have <= most && have < len(ways); have++ {
		sum += ways[have]
	}
	return sum
}
