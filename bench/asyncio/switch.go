package asyncio

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"example.com/overlap/eventloop"
)

// Switches are the ways in which so many tasks take turns. An operation is the turn of one.
func Switches(tasks int) []Row {
	return []Row{
		{"eventloop", func(ctx context.Context, m Meter, n int) (int, error) { return loopTurns(ctx, m, tasks, n) }},
		{"channel", func(_ context.Context, m Meter, n int) (int, error) { return ring(m, max(2, tasks), n) }},
		{"gosched", func(_ context.Context, m Meter, n int) (int, error) { return gosched(m, tasks, n) }},
	}
}

// roundsOf is in how many rounds of all tasks there are n turns.
func roundsOf(tasks, n int) int { return (n + tasks - 1) / tasks }

// begin begins what is measured. The collector has then done with what was made for it,
// which would cost ten thousand switches up to half as much again.
func begin(m Meter) {
	runtime.GC()
	m.ResetTimer()
}

// loopTurns is the twin of switch.py.
func loopTurns(ctx context.Context, m Meter, tasks, n int) (int, error) {
	rounds := roundsOf(tasks, n)
	return eventloop.Main(ctx, func(co *eventloop.Co) (int, error) {
		counting, done := false, false
		takeTurns := func(co *eventloop.Co) (int, error) {
			steps := 0
			for !done {
				if counting {
					steps++
				}
				if err := co.Yield(); err != nil {
					return 0, err
				}
			}
			return steps, nil
		}
		others := make([]*eventloop.Task[int], tasks-1)
		for i := range others {
			others[i] = eventloop.CreateTask(co, takeTurns)
		}
		for range 2 { // all have begun
			if err := co.Yield(); err != nil {
				return 0, err
			}
		}
		counting = true
		begin(m)
		for range rounds {
			if err := co.Yield(); err != nil {
				return 0, err
			}
		}
		m.StopTimer()
		done = true
		for _, task := range others {
			steps, err := task.Await(co)
			if err != nil {
				return 0, err
			}
			if steps != rounds {
				return 0, fmt.Errorf("a task took %d turns, want %d", steps, rounds)
			}
		}
		return rounds * tasks, nil
	})
}

// ring hands a token round a ring of goroutines. It counts the hands that it goes through.
func ring(m Meter, goroutines, n int) (int, error) {
	rounds := roundsOf(goroutines, n)
	first := make(chan int)
	last := first
	for range goroutines - 1 {
		in, out := last, make(chan int)
		go func() {
			defer close(out)
			for token := range in {
				out <- token + 1
			}
		}()
		last = out
	}
	token := 0
	hand := func() {
		first <- token + 1
		token = <-last
	}
	hand() // all have begun
	token = 0
	begin(m)
	for range rounds {
		hand()
	}
	m.StopTimer()
	close(first)
	for range last { // until all have ended
	}
	if want := rounds * goroutines; token != want {
		return 0, fmt.Errorf("the token went through %d hands, want %d", token, want)
	}
	return token, nil
}

// gosched has goroutines give way to each other. How many turns each of the others gets
// is up to the scheduler: they count.
func gosched(m Meter, goroutines, n int) (int, error) {
	rounds := roundsOf(goroutines, n)
	var counting, done atomic.Bool
	var turns atomic.Int64
	var begun, ended sync.WaitGroup
	begun.Add(goroutines - 1)
	for range goroutines - 1 {
		ended.Go(func() {
			begun.Done()
			steps := int64(0)
			for !done.Load() {
				if counting.Load() {
					steps++
				}
				runtime.Gosched()
			}
			turns.Add(steps)
		})
	}
	begun.Wait()
	begin(m)
	counting.Store(true)
	for range rounds {
		runtime.Gosched()
	}
	m.StopTimer()
	done.Store(true)
	ended.Wait()
	return int(turns.Load()) + rounds, nil
}
