package mockserver

import (
	"math"
	"time"
)

// A Profile is the shape of a latency's distribution over the paths. Mean is the
// mean of every profile, so that they can be compared.
type Profile string

// The profiles. Real services look like LogNormal; HeavyTail is what a few very
// slow answers do to a program that waits for all.
const (
	Constant  Profile = "constant"   // always Mean; what an empty Profile stands for
	Uniform   Profile = "uniform"    // even between Mean-Spread and Mean+Spread
	LogNormal Profile = "lognormal"  // most below Mean, some well above; Sigma is the width
	HeavyTail Profile = "heavy-tail" // Pareto: most at a third of Mean, one in a thousand at 30 times Mean; Alpha is the weight of the tail
)

// Latency is how long the server waits before it answers.
type Latency struct {
	Profile Profile
	Mean    time.Duration // 0 to an hour
	Spread  time.Duration // of Uniform; at most Mean
	Sigma   float64       // of LogNormal: standard deviation of the logarithm, at most 5; 0 stands for 0.5
	Alpha   float64       // of HeavyTail: above 1, smaller is heavier; 0 stands for 1.5
}

const (
	// maxLatency ends every tail: nobody waits for hours.
	maxLatency = time.Hour
	// maxTail ends HeavyTail's, in means, so that a run ends. With the standard
	// Alpha this takes 4 % off the mean.
	maxTail = 100
)

// For returns how long the server waits before it answers a request for path,
// which is [PagePath] of a page. It depends on l, seed and path only, so each
// request for a path waits as long as the one before, and the best schedule
// for a set of paths can be computed.
func (l Latency) For(seed uint64, path string) time.Duration {
	switch l.Profile {
	case Uniform:
		draw := newDraws(seed, "latency", 0, path)
		return l.Mean + time.Duration((2*draw.float()-1)*float64(l.Spread))
	case LogNormal:
		sigma := l.Sigma
		if sigma == 0 {
			sigma = 0.5
		}
		draw := newDraws(seed, "latency", 0, path)
		return l.scaled(math.Exp(sigma*draw.normal()-sigma*sigma/2), math.Inf(1))
	case HeavyTail:
		alpha := l.Alpha
		if alpha == 0 {
			alpha = 1.5
		}
		draw := newDraws(seed, "latency", 0, path)
		return l.scaled((alpha-1)/alpha*math.Pow(1-draw.float(), -1/alpha), maxTail)
	}
	return l.Mean
}

func (l Latency) scaled(factor, most float64) time.Duration {
	return time.Duration(min(float64(l.Mean)*min(factor, most), float64(maxLatency)))
}
