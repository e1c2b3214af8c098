package tested

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/docs/code/sharing"
)

var only = flag.Int64("seed", -1, "the one schedule to try, in place of a thousand")

// open makes a store of docs/code/sharing that fetches its pages in this way.
type open func(fetch func(path string) string) sharing.Store

func careless(fetch func(string) string) sharing.Store { return sharing.NewCareless(fetch) }
func promised(fetch func(string) string) sharing.Store { return sharing.NewPromised(fetch) }

// try lets three goroutines ask a store for pages, in virtual time. The seed says
// when each of them asks and for what, and how long each fetch takes. Times are
// random to the nanosecond, so no two things happen at one moment, and a seed has
// one story.
func try(t *testing.T, seed int64, open open) *script {
	s := &script{random: rand.New(rand.NewPCG(uint64(seed), 99)), fetched: map[string]int{}}
	synctest.Test(t, func(t *testing.T) {
		s.start = time.Now()
		//region try
		store := open(func(path string) string {
			time.Sleep(s.fetch(path)) // up to 10 ms
			return "the page " + path
		})
		var wg sync.WaitGroup
		for name := range uint64(3) {
			random := rand.New(rand.NewPCG(uint64(seed), name))
			wg.Go(func() {
				for range 3 {
					time.Sleep(time.Duration(random.Int64N(1e9))) // up to a second; the others go on
					path := fmt.Sprint("/page/", random.IntN(4))
					s.note(name, "asks for "+path)
					if page := store.Get(path); page != "the page "+path {
						t.Errorf("seed %d: asked for %s, got %s", seed, path, page)
					}
					s.note(name, "has "+path)
				}
			})
		}
		wg.Wait()
		//endregion
	})
	return s
}

// A script is what a seed has made happen. Its methods may be called from many
// goroutines.
type script struct {
	start time.Time

	mu      sync.Mutex // guards those below
	random  *rand.Rand // says how long fetches take
	story   []string
	fetched map[string]int
	twice   string // a page that was fetched twice, if there is one
	seen    int    // how long the story was then
}

func (s *script) note(name uint64, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.story = append(s.story, fmt.Sprintf("%9.3f ms  goroutine %d %s", float64(time.Since(s.start))/1e6, name, what))
}

// fetch returns how long this fetch of path takes.
func (s *script) fetch(path string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetched[path]++; s.fetched[path] == 2 {
		s.twice, s.seen = path, len(s.story)
	}
	return time.Duration(s.random.Int64N(10e6))
}

// String is the story up to the moment at which a page is fetched twice.
func (s *script) String() string { return strings.Join(s.story[:s.seen], "\n") }

// The store without a promise is right under most schedules, so that a test which
// tries one of them says nothing. The counts are exact: a seed has one story.
func TestAThousandSchedules(t *testing.T) {
	//region thousand
	for _, c := range []struct {
		name string
		open open
		want int
	}{
		{"careless", careless, 14},
		{"promised", promised, 0},
	} {
		wrong := 0
		for seed := range int64(1000) {
			if try(t, seed, c.open).twice != "" {
				wrong++
			}
		}
		t.Logf("%s: a page is fetched twice under %d of 1000 schedules", c.name, wrong)
		require.Equal(t, c.want, wrong)
	}
	//endregion
}

func TestBrokenStore(t *testing.T) {
	onPurpose(t)
	first, last := int64(0), int64(1000)
	if *only >= 0 {
		first, last = *only, *only+1
	}
	for seed := first; seed < last; seed++ {
		if s := try(t, seed, careless); s.twice != "" {
			t.Fatalf("seed %d: %s is fetched twice:\n%s", seed, s.twice, s)
		}
	}
}

func TestASeedHasOneStory(t *testing.T) {
	for seed := range int64(20) {
		for _, open := range []open{careless, promised} {
			want := try(t, seed, open).story
			require.Len(t, want, 18, "nine times somebody asks, and has it")
			for range 20 {
				require.Equal(t, want, try(t, seed, open).story)
			}
		}
	}
}

// FuzzStore leaves it to Go's fuzzer to choose the schedules:
//
//	go test -run - -fuzz FuzzStore -fuzztime 10s ./docs/code/testing
func FuzzStore(f *testing.F) {
	for seed := range int64(10) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed int64) {
		if s := try(t, seed, promised); s.twice != "" {
			t.Errorf("seed %d: %s is fetched twice:\n%s", seed, s.twice, s)
		}
	})
}
