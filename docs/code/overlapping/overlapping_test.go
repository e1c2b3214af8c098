package overlapping_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/docs/code/overlapping"
)

func Example() {
	download := func(url string) string { return "the page at " + url }
	fmt.Println(overlapping.OneAfterAnother([]string{"/a", "/b"}, download))
	fmt.Println(overlapping.AtOnce([]string{"/a", "/b"}, download))
	// Output:
	// [the page at /a the page at /b]
	// [the page at /a the page at /b]
}

// What the chapter says: three waits in a row take three times as long as one, three
// at once as long as one, and the pages are the same. In virtual time it is exact.
func TestWaitsAddUpOrOverlap(t *testing.T) {
	urls := []string{"/a", "/b", "/c"}
	want := []string{"page /a", "page /b", "page /c"}
	for _, c := range []struct {
		name string
		all  func([]string, func(string) string) []string
		took time.Duration
	}{
		{"one after another", overlapping.OneAfterAnother, 900 * time.Millisecond},
		{"at once", overlapping.AtOnce, 300 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				pages := c.all(urls, func(url string) string {
					time.Sleep(300 * time.Millisecond)
					return "page " + url
				})
				require.Equal(t, want, pages)
				require.Equal(t, c.took, time.Since(start))
			})
		})
	}
}
