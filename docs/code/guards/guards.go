// Package guards is the code that the chapter on guards shows: what real programs put
// around a job, and what becomes of it in the other order.
package guards

import (
	"time"

	"golang.org/x/time/rate"

	"example.com/overlap"
	"example.com/overlap/guard"
	"example.com/overlap/workload/pages"
)

// A Job fetches a page and reads it.
type Job = overlap.Job[string, pages.Body, pages.Page]

// Guarded gives each try 300 ms and tries again what may come at another time; all retries
// together are at most half of the first tries.
func Guarded(job Job) Job {
	job = guard.Timeout(job, 300*time.Millisecond)
	job = guard.Retry(job, guard.RetryPolicy{
		Base:      50 * time.Millisecond,
		Temporary: pages.Temporary,
		Budget:    guard.NewBudget(0.5),
	})
	return job
}

// Hasty gives 480 ms to the request and to the wait for its turn.
func Hasty(job Job, limiter *rate.Limiter) Job {
	job = guard.RateLimit(job, limiter)
	job = guard.Timeout(job, 480*time.Millisecond)
	return job
}

// Patient gives 480 ms to the request alone.
func Patient(job Job, limiter *rate.Limiter) Job {
	job = guard.Timeout(job, 480*time.Millisecond)
	job = guard.RateLimit(job, limiter)
	return job
}
