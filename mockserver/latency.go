package mockserver

import (
	"math"
	"time"
)

// A Profile is the shape of a latency's distribution over the paths, and with
// PerRequest over the requests for a path too. Mean is the
// mean of every profile, so that they can be compared. No wait is longer than an
// hour; for a Mean up to half a minute that takes less than a thousandth off the
// mean, unless Sigma is over 1.
type Profile string

// The profiles. Real services look like LogNormal; HeavyTail is what a few very
// slow answers do to a program that waits for all.
const (
	Constant  Profile = "constant"   // always Mean; what an empty Profile stands for
	Uniform   Profile = "uniform"    // even between Mean-Spread and Mean+Spread
	LogNormal Profile = "lognormal"  // most below Mean, some well above; Sigma is the width
	HeavyTail Profile = "heavy-tail" // Pareto: four of five below Mean, half below 0.55 of it, one in a thousand above 34 times; Alpha is the weight of the tail
)

// Latency is how long the server waits before it answers. A field that is not the
// profile's is refused.
type Latency struct {
	Profile Profile
	Mean    time.Duration // 0 to an hour
	Spread  time.Duration // of Uniform; at most Mean; 0 stands for half of it
	Sigma   float64       // of LogNormal: standard deviation of the logarithm, at most 2; 0 stands for 0.5
	Alpha   float64       // of HeavyTail: above 1, smaller is heavier; 0 stands for 1.5

	// PerRequest draws the wait of each request anew, so that a second try may be
	// quick where the first was slow: what hedging needs. Without it a path always
	// waits as long. Of every profile but Constant, which draws nothing.
	PerRequest bool
}

const (
	// maxLatency ends every tail: nobody waits for hours.
	maxLatency = time.Hour
	// maxTail ends HeavyTail's, so that a run ends: the longest wait is so many
	// times the shortest. With the standard Alpha that is 104 times Mean.
	maxTail = 300
)

// For returns how long the server waits before it answers the first request for
// path, which is [PagePath] of a page. It depends on l, seed and path only, so the
// best schedule for a set of paths can be computed. Without PerRequest each
// request for a path waits as long as the first.
func (l Latency) For(seed uint64, path string) time.Duration { return l.draw(seed, path, 0) }

// ForRequest is [Latency.For] for the request that comes after so many others for
// path. They are counted as [Faults.For] counts them. It differs from For only
// with PerRequest, and then from the second request on.
func (l Latency) ForRequest(seed uint64, path string, request int) time.Duration {
	if !l.PerRequest {
		request = 0
	}
	return l.draw(seed, path, request)
}

func (l Latency) draw(seed uint64, path string, request int) time.Duration {
	switch l.Profile {
	case Uniform:
		spread := l.Spread
		if spread == 0 {
			spread = l.Mean / 2
		}
		draw := newDraws(seed, "latency", request, path)
		return l.Mean + time.Duration((2*draw.float()-1)*float64(spread))
	case LogNormal:
		sigma := l.Sigma
		if sigma == 0 {
			sigma = 0.5
		}
		draw := newDraws(seed, "latency", request, path)
		return l.times(math.Exp(sigma*draw.normal() - sigma*sigma/2))
	case HeavyTail:
		alpha := l.Alpha
		if alpha == 0 {
			alpha = 1.5
		}
		draw := newDraws(seed, "latency", request, path)
		return l.times(min(math.Pow(1-draw.float(), -1/alpha), maxTail) / tailMean(alpha))
	}
	return l.Mean
}

func (l Latency) times(factor float64) time.Duration {
	return time.Duration(min(float64(l.Mean)*factor, float64(maxLatency)))
}

// tailMean is the mean of a Pareto variable from 1 up that is cut off at maxTail:
// (alpha - maxTail^(1-alpha)) / (alpha-1), written so that alpha may be close to 1.
func tailMean(alpha float64) float64 {
	return 1 - math.Expm1((1-alpha)*math.Log(maxTail))/(alpha-1)
}
