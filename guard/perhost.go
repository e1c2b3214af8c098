package guard

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"example.com/overlap"
)

// PerHost lets no more than limit Fetches to the same host be in flight at once. What the
// host of a key is, a function says: the host of a URL, the shard of a customer. A model's
// own limit bounds the load of this program; this one the load of each server, so that one
// slow server does not get all of the places, and many quick ones can be asked at once.
//
// Who waits is served in order of arrival. When the context ends meanwhile, the error is its
// cause. A host that nobody asks any more takes no memory.
//
// Alters clause 8: a Fetch begins when there is a place at its host, and keeps its place in
// the model meanwhile: with a model's limit of W, W keys of one host in a row hold up those of
// others behind them, so mix the hosts, or give the model more room. It belongs inside [Retry]
// and [Hedge], so that each request counts and no place is held while a retry waits; outside
// [RateLimit] and [Timeout]. It costs two locks of one mutex and one of the host's semaphore. In
// asyncio it is a dict of Semaphores; in aiohttp, TCPConnector(limit_per_host=...).
//
// It panics if host is nil or limit below one.
func PerHost[K, B, R any](job overlap.Job[K, B, R], host func(K) string, limit int) overlap.Job[K, B, R] {
	job.MustValid()
	if host == nil {
		panic("guard: host is nil")
	}
	overlap.MustLimit("limit", limit)
	hosts := hosts{limit: int64(limit), places: map[string]*places{}}
	fetch := job.Fetch
	job.Fetch = func(ctx context.Context, key K) (B, error) {
		release, err := hosts.acquire(ctx, host(key))
		if err != nil {
			var none B
			return none, err
		}
		defer release()
		return fetch(ctx, key)
	}
	return job
}

// hosts has the places of each host that somebody has, or waits for.
type hosts struct {
	limit int64

	mu     sync.Mutex
	places map[string]*places
}

type places struct {
	*semaphore.Weighted
	users int // that have one or wait; guarded by hosts.mu
}

// acquire waits for a place at a host. Where ctx ends first, the error is its cause.
func (h *hosts) acquire(ctx context.Context, name string) (release func(), err error) {
	at := h.enter(name)
	if at.Acquire(ctx, 1) != nil {
		h.leave(name, at)
		return nil, context.Cause(ctx) // the semaphore knows no causes
	}
	return func() {
		at.Release(1)
		h.leave(name, at)
	}, nil
}

func (h *hosts) enter(name string) *places {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.places[name]
	if at == nil {
		at = &places{Weighted: semaphore.NewWeighted(h.limit)}
		h.places[name] = at
	}
	at.users++
	return at
}

func (h *hosts) leave(name string, at *places) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.users--; at.users == 0 {
		delete(h.places, name)
	}
}
