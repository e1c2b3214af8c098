package pipeline_test

import (
	"context"
	"fmt"
	"sync"

	"example.com/overlap"
	"example.com/overlap/pipeline"
)

// A gauge counts what goes on at one time, and remembers the most.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

// A width for each half: four downloads wait at the same time, and one page at a
// time is parsed.
func ExampleRun() {
	var downloading, parsing gauge
	var first sync.WaitGroup
	first.Add(4)
	job := overlap.Job[int, string, int]{
		Fetch: func(ctx context.Context, page int) (string, error) {
			downloading.add(1)
			defer downloading.add(-1)
			if page < 4 { // a slow server: it answers the first four together
				first.Done()
				first.Wait()
			}
			return fmt.Sprint("page ", page), nil
		},
		Process: func(ctx context.Context, text string) (int, error) {
			parsing.add(1)
			defer parsing.add(-1)
			return len(text), nil
		},
	}

	pages := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	results := pipeline.Run(context.Background(), job, pages, pipeline.Widths{Fetch: 4, Process: 1, Buffer: 2})
	fmt.Println(overlap.Values(results))
	fmt.Println("downloads at once:", downloading.most)
	fmt.Println("pages parsed at once:", parsing.most)
	// Output:
	// [6 6 6 6 6 6 6 6 6 6 7 7] <nil>
	// downloads at once: 4
	// pages parsed at once: 1
}

// Backpressure: the processor is stuck with the first photo, so the buffer
// fills, and then the fetcher stops with a photo in its hands. However many
// there are to come, four are in memory: one is being processed, two wait in the
// buffer, one waits to get in.
func ExampleStream() {
	var inMemory gauge
	var first sync.WaitGroup
	first.Add(4)
	thumbnail := overlap.Job[int, int, string]{
		Fetch: func(ctx context.Context, photo int) (int, error) {
			inMemory.add(1)
			if photo < 4 {
				first.Done()
			}
			return photo, nil
		},
		Process: func(ctx context.Context, photo int) (string, error) {
			defer inMemory.add(-1)
			first.Wait() // stuck until the fetcher can do no more
			return fmt.Sprint("thumbnail ", photo), nil
		},
	}
	photos := func(yield func(int) bool) {
		for photo := range 1000 {
			if !yield(photo) {
				return
			}
		}
	}

	made := 0
	for _, result := range pipeline.Stream(context.Background(), thumbnail, photos, pipeline.Widths{Fetch: 1, Process: 1, Buffer: 2}) {
		if result.Err == nil {
			made++
		}
	}
	fmt.Println("thumbnails made:", made)
	fmt.Println("photos in memory at most:", inMemory.most)
	// Output:
	// thumbnails made: 1000
	// photos in memory at most: 4
}
