package measure

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

const (
	// connections are enough that a request is always ready for each core; with more
	// than about a hundred, a machine of two cores carried less again. It is also what
	// BenchmarkPages has in flight.
	connections = 100

	loopbackWarmUp  = 200 * time.Millisecond // the heap grows, the server makes its pages
	loopbackWindows = 7
	loopbackWindow  = 100 * time.Millisecond
)

// loopback is how many pages a second this machine carries: as many goroutines as
// connections, each of which fetches and parses page after page, none delayed.
//
// The job is the whole one of BenchmarkPages, parsing included: then the ceiling is
// where all cores are full, and a rate's share of it is how busy a cell makes them.
// Fetching alone went more than twice as fast here (46,000 to 51,000), and a quarter
// of that would have been more than half of the machine.
//
// The server is in this process, although BenchmarkPages has it in another: on two
// cores that carried a fifth less (14,000 to 16,000 against 17,000 to 21,000), as each
// answer then costs a switch of processes. A second process would ask of every
// program that calibrates to be a server as well, for a difference that a limit as
// rough as a quarter does not feel. The higher ceiling is the more lenient one.
func loopback(ctx context.Context) (perSecond float64, err error) {
	if err := mockserver.CheckFiles(2 * connections); err != nil { // both ends are ours
		return 0, err
	}
	server, err := mockserver.Start("", mockserver.Settings{Seed: 1, Pages: connections, PageSize: 4096, Links: 10})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	client := pages.NewClient(connections, 0)
	defer client.CloseIdleConnections()
	if err := pages.Connect(ctx, client, server.PageURL(0), connections); err != nil {
		return 0, err
	}

	job := pages.Job(client, 0)
	all, ctx := errgroup.WithContext(ctx)
	stop := make(chan struct{})
	var done atomic.Int64
	for i := range connections {
		url := server.PageURL(i)
		all.Go(func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if result := job.Do(ctx, url); result.Err != nil {
					return result.Err
				}
				done.Add(1)
			}
		})
	}
	var rates []float64
	if pause(ctx, loopbackWarmUp) {
		for range loopbackWindows {
			before, begin := done.Load(), time.Now()
			if !pause(ctx, loopbackWindow) {
				break
			}
			rates = append(rates, float64(done.Load()-before)/time.Since(begin).Seconds())
		}
	}
	close(stop)
	return median(rates), all.Wait()
}
