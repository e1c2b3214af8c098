// Package guards measures what guards do on a real server, and what they cost.
//
// It has benchmarks, and tests that hold them to their word:
//
//   - BenchmarkHedge: latencies from a heavy tail, with a second request and without.
//   - BenchmarkRetry: what is asked of a server that fails everything.
//   - BenchmarkGuards: an empty job under each guard, so what a guard itself costs.
//
// The server is the mock server in a process of its own, and its record says how many
// requests there were:
//
//	overlap bench -pkg ./bench/guards -bench Hedge -unit p99-ms,p50-ms -benchtime 1x
//	overlap bench -pkg ./bench/guards -bench Retry -benchtime 1x
//	overlap bench -pkg ./bench/guards -bench Guards
//
// # What hedging can do
//
// A second request after the 95th percentile makes a job as long as that percentile and the
// second request, or as the first if that is shorter. So how much it takes off the 99th
// percentile depends on the tail. Of a Pareto distribution with the weight alpha, in
// units of the shortest wait, where q is the 95th percentile and x what the 99th
// of the hedged takes beyond it,
//
//	q = 20^(1/alpha)    (x*(x+q))^alpha = 100    100^(1/alpha) / (q+x) times less
//
// which is 3.5 times less for an alpha of 1.1, 3.05 for 1.2, and 2.24 for 1.5, which is the
// mock server's if nobody says otherwise. For 5 % more requests, three times is what
// tails from 1.2 down give, and no policy makes it more: an earlier second request
// is one more for more jobs. TestHedgeMeetsTheory simulates it.
package guards
