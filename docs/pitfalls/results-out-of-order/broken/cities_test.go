//go:build pitfall

// Package broken collects results in the order in which they come.
package broken

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The later a city stands in the list, the sooner its answer comes: after 3, 2
// and 1 second, in virtual time.
var cities = []string{"Lima", "Oslo", "Rome"}

var answers = map[string]struct {
	after   time.Duration
	degrees int
}{
	"Lima": {3 * time.Second, 22},
	"Oslo": {2 * time.Second, -4},
	"Rome": {1 * time.Second, 15},
}

func fetch(city string) (degrees int) {
	time.Sleep(answers[city].after)
	return answers[city].degrees
}

//region fetchAll

func fetchAll(cities []string) []int {
	var (
		mu      sync.Mutex
		results []int
		wg      sync.WaitGroup
	)
	for _, city := range cities {
		wg.Go(func() {
			degrees := fetch(city)
			mu.Lock()
			defer mu.Unlock()
			results = append(results, degrees)
		})
	}
	wg.Wait()
	return results
}

//endregion

//region unlocked

func fetchAllUnlocked(cities []string) []int {
	var (
		results []int
		wg      sync.WaitGroup
	)
	for _, city := range cities {
		wg.Go(func() { results = append(results, fetch(city)) })
	}
	wg.Wait()
	return results
}

//endregion

func TestFetchAll(t *testing.T)         { check(t, fetchAll) }
func TestFetchAllUnlocked(t *testing.T) { check(t, fetchAllUnlocked) }

func check(t *testing.T, fetchAll func([]string) []int) {
	synctest.Test(t, func(t *testing.T) {
		results := fetchAll(cities)
		var want []int
		for i, city := range cities {
			want = append(want, answers[city].degrees)
			t.Logf("%s: %d degrees", city, results[i])
		}
		if !slices.Equal(results, want) {
			t.Errorf("fetchAll = %v, want %v", results, want)
		}
	})
}
