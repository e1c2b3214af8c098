//go:build pitfall

// Package mended gives each result the place of its key.
package mended

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
		results = make([]int, len(cities))
		wg      sync.WaitGroup
	)
	for i, city := range cities {
		wg.Go(func() {
			results[i] = fetch(city)
		})
	}
	wg.Wait()
	return results
}

//endregion

func TestFetchAll(t *testing.T) { check(t, fetchAll) }

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
