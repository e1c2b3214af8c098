package timeline_test

import (
	"context"
	"fmt"
	"os"

	"example.com/overlap"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/pool"
)

// Three jobs on two workers. The first two wait for each other, so both are in
// flight at once; the third has a lane that one of them has left.
func ExampleRecord() {
	met := map[string]chan struct{}{"/a": make(chan struct{}), "/b": make(chan struct{})}
	job := overlap.Job[string, string, int]{
		Fetch: func(ctx context.Context, path string) (string, error) {
			switch path {
			case "/a":
				close(met["/b"])
				<-met["/a"]
			case "/b":
				close(met["/a"])
				<-met["/b"]
			case "/c":
				return "", fmt.Errorf("%s is not there", path)
			}
			return "the page " + path, nil
		},
		Process: func(ctx context.Context, page string) (int, error) { return len(page), nil },
	}

	recorder := timeline.NewRecorder[string](nil)
	results := pool.Run(context.Background(), timeline.Record(job, recorder), []string{"/a", "/b", "/c"}, 2)
	fmt.Println(results[0].Value, results[1].Value, results[2].Err)

	recorded := recorder.Timeline()
	recorded.Title, recorded.Model = "three pages, two workers", "pool"
	fmt.Println("in flight at the peak:", recorded.Peak())
	fmt.Println("the last to begin:", recorded.Jobs[2].Label, recorded.Jobs[2].Outcome)

	picture, err := os.CreateTemp("", "*.svg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(picture.Name())
	defer picture.Close()
	fmt.Println("drawn:", timeline.Draw(picture, recorded, timeline.Drawing{}) == nil)
	// Output:
	// 11 11 /c is not there
	// in flight at the peak: 2
	// the last to begin: /c error
	// drawn: true
}
