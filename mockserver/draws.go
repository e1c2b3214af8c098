package mockserver

import "math"

// draws is a sequence of random numbers that depends only on what it was made
// from: the seed and a path, so that neither order nor concurrency changes what
// a path gets. FNV-1a mixes the origin (allocation-free here, unlike hash/fnv),
// splitmix64 (S. Vigna, 2015) makes the numbers.
type draws struct{ state uint64 }

func newDraws(seed uint64, purpose string, n int, path string) draws {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for _, x := range [...]uint64{seed, uint64(n)} {
		for range 8 {
			h = (h ^ x&0xff) * prime
			x >>= 8
		}
	}
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * prime
	}
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * prime
	}
	return draws{h}
}

func (d *draws) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// float is even in [0, 1).
func (d *draws) float() float64 { return float64(d.next()>>11) / (1 << 53) }

// normal has mean 0 and standard deviation 1 (Box and Muller, 1958).
func (d *draws) normal() float64 {
	return math.Sqrt(-2*math.Log(1-d.float())) * math.Cos(2*math.Pi*d.float())
}

func (d *draws) intn(n int) int { return int(d.next() % uint64(n)) }
