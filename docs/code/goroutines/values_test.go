package goroutines_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/docs/code/goroutines"
)

// slow takes as many seconds as its key says.
func slow(key int) string {
	time.Sleep(time.Duration(key) * time.Second)
	return fmt.Sprint("page ", key)
}

func TestSlotsKeepTheOrderOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.Equal(t, []string{"page 3", "page 1", "page 2"}, goroutines.Slots([]int{3, 1, 2}, slow))
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestCompletedGivesTheFirstFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		goroutines.Completed([]int{3, 1, 2}, slow, func(key int, page string) {
			require.Equal(t, fmt.Sprint("page ", key), page)
			require.Equal(t, time.Duration(key)*time.Second, time.Since(start))
			got = append(got, page)
		})
		require.Equal(t, []string{"page 1", "page 2", "page 3"}, got)
	})
}

func TestStartGivesTheValueToAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		await := goroutines.Start(func() string { return slow(2) })
		time.Sleep(time.Second) // something else, meanwhile
		require.Equal(t, []string{"page 2", "page 2"}, goroutines.Slots([]int{0, 1}, func(int) string { return await() }))
		require.Equal(t, "page 2", await())
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func ExampleStart() {
	first := goroutines.Start(func() string { return "a page" })
	second := goroutines.Start(func() int { return 42 })
	fmt.Println(first(), second())
	// Output: a page 42
}
