package rounds

import "example.com/overlap/bench/verdict"

// A Benchstat is the benchstat command.
type Benchstat = verdict.Benchstat

// FindBenchstat looks for benchstat, see package verdict.
var FindBenchstat = verdict.FindBenchstat
