package conform

import (
	"context"
	"slices"
	"testing"
	"time"

	"example.com/overlap/bench/schedule"
)

// clause8: the schedule is exact, to the nanosecond of virtual time.
func (s *suite) clause8(t *testing.T) {
	if s.promise.Plan == nil {
		t.Skip("the model promises no schedule")
	}
	const L, D = 50 * time.Millisecond, 7 * time.Millisecond
	s.check(t, "jobs of equal length", func(b *bubble, m model) {
		for _, n := range []int{0, 1, m.limit, m.limit + 1, 2*m.limit + 1, 100, m.most(300)} {
			for _, job := range []schedule.Job{{Wait: L, Work: D}, {Wait: D, Work: L}, {Wait: L}, {Work: D}} {
				equal := slices.Repeat([]schedule.Job{job}, n)
				l := m.planned(b, equal)
				plan := m.Plan(equal, m.limit)
				out := m.run(context.Background(), l)
				if out.took != plan.Makespan {
					b.failf("%d jobs that wait %v and work %v took %v, want exactly %v", n, job.Wait, job.Work, out.took, plan.Makespan)
				}
				// Which of two equal jobs comes first is left open.
				got, want := slices.Sorted(slices.Values(l.ended)), slices.Sorted(slices.Values(plan.Done))
				for k := range want {
					if got[k] != want[k] {
						b.failf("of %d jobs that wait %v and work %v, number %d ended after %v, want exactly %v", n, job.Wait, job.Work, k+1, got[k], want[k])
						break
					}
				}
			}
		}
	})
	s.check(t, "jobs of unequal length", func(b *bubble, m model) {
		for _, n := range []int{2, 3, m.some(), m.most(max(many, 10*m.some()))} {
			m.meets(b, m.planned(b, unequal(n)), unequal(n))
		}
	})
	s.check(t, "one long job holds up no other", func(b *bubble, m model) {
		jobs := unequal(m.some())
		jobs[1].Wait = time.Minute
		jobs[4].Work = time.Minute + time.Second
		m.meets(b, m.planned(b, jobs), jobs)
	})
	s.check(t, "jobs that go wrong cost no worker", func(b *bubble, m model) {
		var kinds []ending
		if !s.fragile {
			kinds = panics()
		}
		if !m.OnCaller {
			kinds = append(kinds, goexit(), goexit())
		}
		jobs := unequal(10 * m.some())
		l := m.planned(b, jobs)
		work := l.process
		l.process = func(ctx context.Context, i int) error {
			if err := work(ctx, i); err != nil || i%3 == 0 || len(kinds) == 0 {
				return &failure{i, "Process"}
			}
			kinds[i%len(kinds)].end(i)
			return nil
		}
		m.meets(b, l, jobs)
	})
	s.check(t, "jobs that go wrong in Fetch cost no worker", func(b *bubble, m model) {
		kinds := []ending{goexit()}
		if !s.fragile {
			kinds = m.endings()
		}
		for _, every := range []int{1, 3} {
			if every > 1 && (m.Fetching != nil || m.Processing != nil) {
				continue // no plan says how bodies overtake jobs that have none
			}
			jobs := unequal(3 * m.some())
			l := m.planned(b, slices.Clone(jobs))
			wait := l.fetch
			l.fetch = func(ctx context.Context, i int) error {
				if err := wait(ctx, i); err != nil || i%every > 0 {
					return err
				}
				if k := i % (len(kinds) + 1); !m.OnCaller && k < len(kinds) {
					kinds[k].end(i)
				}
				return &failure{i, "Fetch"}
			}
			for i := 0; i < len(jobs); i += every {
				jobs[i].Work = 0
			}
			m.ends(b, l, jobs)
		}
	})
}

// unequal is n jobs that wait and work for times of their own.
func unequal(n int) []schedule.Job {
	waits, works := lengths(1, n), lengths(2, n)
	jobs := make([]schedule.Job, n)
	for i := range jobs {
		jobs[i] = schedule.Job{Wait: waits[i], Work: works[i]}
	}
	return jobs
}

func (m model) planned(b *bubble, jobs []schedule.Job) *load {
	l := newLoad(b, len(jobs))
	l.fetch = func(ctx context.Context, i int) error { return rest(ctx, jobs[i].Wait) }
	l.process = func(ctx context.Context, i int) error { return rest(ctx, jobs[i].Work) }
	return l
}

// meets runs the load and holds every job to its moment in the plan, and the
// whole to its peak.
func (m model) meets(b *bubble, l *load, jobs []schedule.Job) {
	plan := m.ends(b, l, jobs)
	if m.AnyOrder {
		return
	}
	peak := 0
	for _, m := range l.moments() {
		peak = max(peak, m.inFlight)
	}
	if peak != plan.PeakInFlight {
		b.failf("at most %d jobs were in flight at once, of %d; the schedule has %d", peak, l.n, plan.PeakInFlight)
	}
}

// ends is meets for jobs whose Work may be nothing: when one of two things that
// happen at one moment comes first, the plan's peak is higher than any to be seen.
func (m model) ends(b *bubble, l *load, jobs []schedule.Job) (plan schedule.Plan) {
	out := m.run(context.Background(), l)
	if m.AnyOrder {
		m.greedy(l)
		return plan
	}
	plan = m.Plan(jobs, m.limit)
	if out.took != plan.Makespan {
		b.failf("%d jobs of unequal length took %v, want exactly %v", l.n, out.took, plan.Makespan)
	}
	for i, want := range plan.Done {
		if l.ended[i] != want {
			b.failf("of %d jobs of unequal length, number %d ended after %v, want exactly %v", l.n, i+1, l.ended[i], want)
			break
		}
	}
	return plan
}

// greedy fails if a job waited while there was room for it.
func (m model) greedy(l *load) {
	for _, moment := range l.moments() {
		room := l.n - moment.ended
		if most := bound(m.InFlight, m.limit); most > 0 {
			room = min(room, most)
		}
		if moment.inFlight != room {
			l.b.failf("after %v %d jobs were in flight, with %d of %d ended; there was room and work for %d", moment.at, moment.inFlight, moment.ended, l.n, room)
			return
		}
	}
}

// A moment is what is so once all that happens at one time has happened.
type moment struct {
	at              time.Duration
	inFlight, ended int
}

func (l *load) moments() []moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []moment
	var now moment
	for k, e := range l.events {
		now.at = e.at
		now.inFlight += e.delta
		if e.delta < 0 {
			now.ended++
		}
		if k+1 == len(l.events) || l.events[k+1].at != e.at {
			list = append(list, now)
		}
	}
	return list
}
