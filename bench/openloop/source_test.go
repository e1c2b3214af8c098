package openloop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

// upTo gives 0 to n-1, and counts what was pulled.
func upTo(n int, pulled *int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for key := range n {
			*pulled++
			if !yield(key) {
				return
			}
		}
	}
}

var endless = upTo(math.MaxInt, new(int))

func sourceOf(t testing.TB, keys iter.Seq[int], c Config) *Source[int] {
	s, err := NewSource(keys, c)
	require.NoError(t, err)
	return s
}

// taken is an arrival and when it was handed over, from the beginning.
type taken struct {
	key int
	at  time.Duration
}

// take loops over the arrivals of s and is away for so long after each.
func take(ctx context.Context, s *Source[int], away func(i int) time.Duration) []taken {
	var got []taken
	began := time.Now()
	for a := range s.Arrivals(ctx) {
		got = append(got, taken{a.Key, time.Since(began)})
		time.Sleep(away(len(got) - 1))
	}
	return got
}

func always(d time.Duration) func(int) time.Duration {
	return func(int) time.Duration { return d }
}

func TestFastConsumer(t *testing.T) {
	for _, schedule := range []Schedule{Constant(100), Constant(7), Poisson(100, 3), Poisson(1e6, 4)} {
		t.Run(schedule.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 1000
				starts := first(n, schedule.Starts())
				s := sourceOf(t, endless, Config{Schedule: schedule, N: n, Backlog: NoBacklog})
				began, i := time.Now(), 0
				for a := range s.Arrivals(t.Context()) {
					require.Equal(t, Arrival[int]{Key: i, Number: i, Intended: began.Add(starts[i])}, a)
					require.Equal(t, starts[i], time.Since(began), "handed over on time")
					i++
				}
				require.Equal(t, Counts{Offered: n, Handed: n, Last: starts[n-1]}, s.Counts())
				require.Equal(t, starts[n-1], time.Since(began), "over with the last")
			})
		})
	}
}

func TestSlowConsumer(t *testing.T) {
	const sec = time.Second
	half := sec / 2
	for _, c := range []struct {
		name   string
		config Config // one arrival a second
		away   time.Duration
		want   []taken
		counts Counts
	}{
		{
			name:   "all wait, none is dropped",
			config: Config{N: 5},
			away:   2*sec + half,
			want:   []taken{{0, 0}, {1, 2*sec + half}, {2, 5 * sec}, {3, 7*sec + half}, {4, 10 * sec}},
			counts: Counts{Offered: 5, Handed: 5, Last: 4 * sec},
		},
		{
			// It is away from 0 to 2.5: 1 waits, 2 is dropped. To 5: 3 waits, 4 is
			// dropped; 5 comes when it is back for 3, and waits. And so on.
			name:   "one place",
			config: Config{N: 8, Backlog: 1},
			away:   2*sec + half,
			want:   []taken{{0, 0}, {1, 2*sec + half}, {3, 5 * sec}, {5, 7*sec + half}},
			counts: Counts{Offered: 8, Handed: 4, Dropped: 4, Last: 7 * sec},
		},
		{
			// It is back at 2.5, and 3 is the next to come.
			name:   "no place",
			config: Config{N: 8, Backlog: NoBacklog},
			away:   2*sec + half,
			want:   []taken{{0, 0}, {3, 3 * sec}, {6, 6 * sec}},
			counts: Counts{Offered: 8, Handed: 3, Dropped: 5, Last: 7 * sec},
		},
		{
			name:   "back at the very moment, without a place",
			config: Config{N: 4, Backlog: NoBacklog},
			away:   sec,
			want:   []taken{{0, 0}, {1, sec}, {2, 2 * sec}, {3, 3 * sec}},
			counts: Counts{Offered: 4, Handed: 4, Last: 3 * sec},
		},
		{
			// At 2 it takes 1, and then 2 comes and finds the place free; 3 does not.
			name:   "back at the very moment, and the backlog was full",
			config: Config{N: 5, Backlog: 1},
			away:   2 * sec,
			want:   []taken{{0, 0}, {1, 2 * sec}, {2, 4 * sec}, {4, 6 * sec}},
			counts: Counts{Offered: 5, Handed: 4, Dropped: 1, Last: 4 * sec},
		},
		{
			name:   "for a time: 3 would come when it has passed",
			config: Config{For: 3 * sec},
			away:   2 * sec,
			want:   []taken{{0, 0}, {1, 2 * sec}, {2, 4 * sec}},
			counts: Counts{Offered: 3, Handed: 3, Last: 2 * sec},
		},
		{
			name:   "for a time and a number",
			config: Config{For: 3 * sec, N: 2},
			away:   0,
			want:   []taken{{0, 0}, {1, sec}},
			counts: Counts{Offered: 2, Handed: 2, Last: sec},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.config.Schedule = Constant(1)
				pulled := 0
				s := sourceOf(t, upTo(1000, &pulled), c.config)
				for range 2 { // a second loop begins anew
					pulled = 0
					require.Equal(t, c.want, take(t.Context(), s, always(c.away)))
					require.Equal(t, c.counts, s.Counts())
					require.Equal(t, c.counts.Offered, pulled, "a key for each arrival and no more")
				}
			})
		})
	}
}

// TestBacklogOfAnySize holds Arrivals to another way of saying the same: a clock
// that ticks, and at each tick first a consumer that comes back, then the arrivals. It
// sees many at one moment, and consumers that are back at once.
func TestBacklogOfAnySize(t *testing.T) {
	const n = 60
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			c := Config{Schedule: Poisson(1e9/(1+5*random.Float64()), seed), N: n, Backlog: 1 + random.IntN(6)}
			if random.IntN(4) == 0 {
				c.Backlog = NoBacklog
			}
			away := make([]time.Duration, n)
			for i := range away {
				away[i] = time.Duration(random.IntN(2) * random.IntN(16))
			}
			starts := first(n, c.Schedule.Starts())

			var want []taken
			var waiting []int
			back, dropped := time.Duration(0), 0
			hand := func(key int, at time.Duration) {
				back = at + away[len(want)]
				want = append(want, taken{key, at})
			}
			for tick, next := time.Duration(0), 0; next < n || len(waiting) > 0; tick++ {
				for arrived := true; arrived; {
					for back <= tick && len(waiting) > 0 {
						hand(waiting[0], tick)
						waiting = waiting[1:]
					}
					if arrived = next < n && starts[next] == tick; !arrived {
						break
					}
					switch {
					case back <= tick:
						hand(next, tick)
					case len(waiting) < c.room():
						waiting = append(waiting, next)
					default:
						dropped++
					}
					next++
				}
			}

			s := sourceOf(t, endless, c)
			got := take(t.Context(), s, func(i int) time.Duration { return away[i] })
			require.Equal(t, want, got, "seed %d", seed)
			require.Equal(t, Counts{Offered: n, Handed: len(want), Dropped: dropped, Last: starts[n-1]}, s.Counts())
		})
	}
}

var errEnough = errors.New("enough")

func TestCtxEnds(t *testing.T) {
	const sec = time.Second
	for _, c := range []struct {
		name   string
		end    time.Duration
		away   time.Duration
		want   []taken
		over   time.Duration // when the loop was
		counts Counts
	}{
		{"before the first", 0, 0, nil, 0, Counts{}},
		{"while it waits", 2*sec + 1, 0, []taken{{0, 0}, {1, sec}, {2, 2 * sec}}, 2*sec + 1, Counts{Offered: 3, Handed: 3, Last: 2 * sec}},
		{
			// 1 and 2 wait, 3 and 4 are dropped; 5 would come as it is back.
			"while the consumer is away: what has come is counted", 2*sec + 1, 5 * sec,
			[]taken{{0, 0}}, 5 * sec, Counts{Offered: 5, Handed: 1, Dropped: 2, Left: 2, Last: 4 * sec},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.end)
				defer cancel()
				began := time.Now()
				pulled := 0
				s := sourceOf(t, upTo(1000, &pulled), Config{Schedule: Constant(1), Backlog: 2})
				require.Equal(t, c.want, take(ctx, s, always(c.away)))
				require.LessOrEqual(t, pulled, 2*c.counts.Offered, "no key when ctx had ended before")
				require.Equal(t, c.over, time.Since(began))
				require.Equal(t, c.counts, s.Counts())
			})
		})
	}
	t.Run("at the moment of an arrival", func(t *testing.T) {
		for range 50 { // the select has two ready cases
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				s := sourceOf(t, endless, Config{Schedule: Constant(1)})
				time.AfterFunc(sec, cancel)
				got := take(ctx, s, always(0))
				require.LessOrEqual(t, len(got), 2)
				require.Equal(t, len(got), s.Counts().Handed)
			})
		}
	})
}

func TestBreak(t *testing.T) {
	const sec = time.Second
	synctest.Test(t, func(t *testing.T) {
		pulled := 0
		s := sourceOf(t, upTo(1000, &pulled), Config{Schedule: Constant(1), Backlog: 3})
		for a := range s.Arrivals(t.Context()) {
			if a.Number == 1 {
				time.Sleep(6*sec + sec/2) // from 1 to 7.5: six come, three wait
				break
			}
		}
		require.Equal(t, Counts{Offered: 8, Handed: 2, Dropped: 3, Left: 3, Last: 7 * sec}, s.Counts())
		require.Equal(t, 8, pulled, "keys are those of arrivals that came")
	})
	synctest.Test(t, func(t *testing.T) {
		pulled := 0
		s := sourceOf(t, upTo(1000, &pulled), Config{Schedule: Constant(1)})
		for range s.Arrivals(t.Context()) {
			break
		}
		require.Equal(t, Counts{Offered: 1, Handed: 1}, s.Counts())
		require.Equal(t, 1, pulled, "keys may block, so none is pulled that has not come")
	})
}

func TestBreakInBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sourceOf(t, endless, Config{Schedule: Constant(1)})
		for a := range s.Arrivals(t.Context()) {
			if a.Number == 0 {
				time.Sleep(3*time.Second + 1) // 1, 2 and 3 wait; 4 has not come
			}
			if a.Number == 2 {
				break
			}
		}
		require.Equal(t, Counts{Offered: 4, Handed: 3, Left: 1, Last: 3 * time.Second}, s.Counts())
	})
}

func TestKeysEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := sourceOf(t, slices.Values([]int{7, 8, 9}), Config{Schedule: Constant(1)})
		require.Equal(t, []taken{{7, 0}, {8, time.Second}, {9, 2 * time.Second}}, take(t.Context(), s, always(0)))
		require.Equal(t, 2*time.Second, time.Since(began))

		s = sourceOf(t, slices.Values([]int(nil)), Config{Schedule: Constant(1)})
		require.Empty(t, take(t.Context(), s, always(0)))
		require.Equal(t, Counts{}, s.Counts())
	})
}

func TestConfig(t *testing.T) {
	_, err := NewSource(endless, Config{})
	require.EqualError(t, err, "openloop: Schedule.Rate is 0, want above 0 and at most 1e+09 arrivals a second")
	for _, c := range []struct {
		field string
		value any
		spoil func(*Config)
	}{
		{"Schedule.Rate", "-5", func(c *Config) { c.Schedule.Rate = -5 }},
		{"Schedule.Rate", "NaN", func(c *Config) { c.Schedule.Rate = math.NaN() }},
		{"Schedule.Rate", "+Inf", func(c *Config) { c.Schedule.Rate = math.Inf(1) }},
		{"Schedule.Rate", "2e+09", func(c *Config) { c.Schedule.Rate = 2e9 }},
		{"N", -1, func(c *Config) { c.N = -1 }},
		{"For", -time.Second, func(c *Config) { c.For = -time.Second }},
		{"Backlog", -2, func(c *Config) { c.Backlog = -2 }},
		{"Tolerance", -time.Nanosecond, func(c *Config) { c.Tolerance = -1 }},
	} {
		name := fmt.Sprintf("openloop: %s is %v, want ", c.field, c.value)
		t.Run(name, func(t *testing.T) {
			config := Config{Schedule: Constant(1)}
			c.spoil(&config)
			_, err := NewSource(endless, config)
			require.ErrorContains(t, err, name)
		})
	}
	require.PanicsWithValue(t, "overlap: keys is nil", func() { _, _ = NewSource[int](nil, Config{Schedule: Constant(1)}) })
}

func TestQueue(t *testing.T) {
	var q queue[int]
	random := rand.New(rand.NewPCG(1, 1))
	in, out := 0, 0
	for range 100_000 {
		if q.len() < 100 && random.IntN(2) == 0 {
			q.push(in)
			in++
		} else if q.len() > 0 {
			require.Equal(t, out, q.pop())
			out++
		}
		require.Equal(t, in-out, q.len())
	}
	require.LessOrEqual(t, cap(q.items), 512, "memory for those that wait")
}

// BenchmarkSource is what the source itself takes for an arrival, besides waiting for
// it: handed over when it comes, after waiting in the backlog, and dropped.
func BenchmarkSource(b *testing.B) {
	open := func(b *testing.B, room int) desk[int] {
		b.ReportAllocs()
		return desk[int]{
			ctx: b.Context(), yield: func(Arrival[int]) bool { return true },
			counts: new(Counts), room: room, opened: time.Now(),
		}
	}
	b.Run("handed", func(b *testing.B) {
		d := open(b, 0)
		for b.Loop() {
			d.arrive(0, d.back) // the consumer came back at this very moment
		}
	})
	b.Run("waited", func(b *testing.B) {
		d := open(b, 1)
		for b.Loop() {
			d.arrive(0, d.back-1) // it came back a moment later
			d.hand(d.backlog.pop())
		}
	})
	b.Run("dropped", func(b *testing.B) {
		d := open(b, 0)
		for b.Loop() {
			d.arrive(0, d.back-1)
		}
	})
	for name, schedule := range map[string]Schedule{"constant": Constant(1e6), "poisson": Poisson(1e6, 1)} {
		b.Run("plan/"+name, func(b *testing.B) {
			next := schedule.starts()
			for b.Loop() {
				next()
			}
		})
	}
}

// BenchmarkWatch is what the two latencies take a job, without the recorders.
func BenchmarkWatch(b *testing.B) {
	b.ReportAllocs()
	nothing := func(time.Duration) {}
	watched, _ := Watch(overlap.Job[int, int, int]{
		Fetch:   func(_ context.Context, key int) (int, error) { return key, nil },
		Process: func(_ context.Context, body int) (int, error) { return body, nil },
	}, Config{FromSend: nothing, FromIntended: nothing})
	a := Arrival[int]{Intended: time.Now()}
	for b.Loop() {
		body, _ := watched.Fetch(b.Context(), a)
		_, _ = watched.Process(b.Context(), body)
	}
}
