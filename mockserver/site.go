package mockserver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// site decides what to answer; Server and Transport only carry it out.
type site struct {
	settings Settings
	rule     rule
	record   *recorder
	buckets  buckets

	pages []atomic.Pointer[[]byte] // made once each, while room lasts
	room  atomic.Int64             // bytes that may still be kept

	// Header values that each answer shares: one allocation fewer a request.
	html, text, pageSize []string
}

// cacheBytes bounds the pages kept in memory; those beyond are made anew for
// each request.
const cacheBytes = 64 << 20

func newSite(s Settings) (*site, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s = s.withDefaults()
	site := &site{
		settings: s,
		rule:     rule{s.Latency, s.Faults, s.RateLimit},
		record:   newRecorder(s),
		pages:    make([]atomic.Pointer[[]byte], s.Pages),
		html:     []string{"text/html; charset=utf-8"},
		text:     []string{"text/plain; charset=utf-8"},
		pageSize: []string{strconv.Itoa(s.PageSize)},
	}
	site.room.Store(cacheBytes)
	site.buckets.own = s.RateLimit
	site.buckets.reset()
	return site, nil
}

func (s *site) page(i int) []byte {
	if p := s.pages[i].Load(); p != nil {
		return *p
	}
	page := s.settings.Page(i)
	size := int64(len(page))
	if s.room.Add(-size) < 0 || !s.pages[i].CompareAndSwap(nil, &page) {
		s.room.Add(size) // no room, or another request kept the page
	}
	return page
}

// An answer is what a request gets: after wait, status and body, unless fault
// does otherwise.
type answer struct {
	wait   time.Duration
	fault  Fault
	pause  time.Duration // between the pieces of a slow body
	status int
	kind   []string // Content-Type
	size   []string // Content-Length; made of body if nil
	name   string   // one more header, if not empty
	value  string
	body   []byte
}

// fill sets the header fields of the answer.
func (a answer) fill(h http.Header) {
	h["Content-Type"] = a.kind
	if h["Content-Length"] = a.size; a.size == nil {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	if a.name != "" {
		h.Set(a.name, a.value)
	}
}

func (s *site) plain(status int, format string, args ...any) answer {
	return answer{status: status, kind: s.text, body: fmt.Appendf(nil, format+"\n", args...)}
}

// decide records the request and says what becomes of it.
func (s *site) decide(r *http.Request) answer {
	i, ok := pageIndex(r.URL.Path, s.settings.Pages)
	// A page has one name: /page%2F0 is not /page/0, nor is there any need of %70age.
	if !ok || r.URL.RawPath != "" {
		s.record.other.Add(1)
		path := cmp.Or(r.URL.EscapedPath(), "/") // GET http://site, and CONNECT
		return s.plain(http.StatusNotFound, "%s is no page of this site: /page/0 to /page/%d are", quoted(path), s.settings.Pages-1)
	}
	before := s.record.page(i)
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != "" {
		a := s.plain(http.StatusMethodNotAllowed, "%s is not for pages: GET and HEAD are", quoted(r.Method))
		a.name, a.value = "Allow", "GET, HEAD"
		return a
	}
	if hasBody(r) {
		// net/http does not see that a client has left while its body is unread.
		return s.plain(http.StatusBadRequest, "a request for a page has no body")
	}
	rule := s.rule
	if r.URL.RawQuery != "" {
		var err error
		if rule, err = rule.with(r.URL.RawQuery); err != nil {
			return s.plain(http.StatusBadRequest, "%v", err)
		}
	}
	if a, over := s.limit(rule.limit); over {
		return a
	}
	return s.pageAnswer(i, r.URL.Path, before, rule)
}

// hasBody says whether there is one, or may be: over HTTP/2 no body is not NoBody.
func hasBody(r *http.Request) bool {
	return r.ContentLength != 0 || r.ProtoMajor < 2 && r.Body != nil && r.Body != http.NoBody
}

// forRecord says whether a request is for the record, which has one name too.
func forRecord(r *http.Request) bool { return r.URL.Path == RecordPath && r.URL.RawPath == "" }

func (s *site) pageAnswer(i int, path string, before int, rule rule) answer {
	a := answer{status: http.StatusOK, kind: s.html}
	a.fault = rule.faults.For(s.settings.Seed, path, before)
	if a.fault != NoFault {
		s.record.fault(a.fault)
	}
	switch a.fault {
	case Status:
		a = s.plain(rule.faults.StatusCode, "%d %s", rule.faults.StatusCode, http.StatusText(rule.faults.StatusCode))
		a.fault = Status
		if a.status == http.StatusTooManyRequests {
			a.name, a.value = "Retry-After", "1"
		}
	case Malformed:
		a.body = malformed(s.page(i))
	default:
		a.body, a.size = s.page(i), s.pageSize
	}
	a.wait, a.pause = rule.latency.ForRequest(s.settings.Seed, path, before), rule.faults.SlowPause
	return a
}

// limit takes a token, or says that there is none.
func (s *site) limit(l RateLimit) (a answer, over bool) {
	if l.PerSecond == 0 {
		return answer{}, false
	}
	tokens, ok := s.buckets.take(l)
	switch {
	case !ok:
		return s.plain(http.StatusBadRequest, "query parameter rate is one limit too many: this server keeps %d at once", maxBuckets), true
	case tokens >= 1:
		return answer{}, false
	}
	a = s.plain(http.StatusTooManyRequests, "over %v requests a second", l.PerSecond)
	a.name, a.value = "Retry-After", retryAfter((1-tokens)/l.PerSecond)
	return a, true
}

// retryAfter gives whole seconds, rounded up: a lone client that waits as told
// finds a token.
func retryAfter(seconds float64) string {
	return strconv.FormatInt(int64(min(max(1, math.Ceil(seconds)), 1<<31-1)), 10)
}

// buckets are the server's own token bucket, if it has a limit, and one for each
// other limit that a query has named: requests with the same limit share a bucket.
type buckets struct {
	own RateLimit
	mu  sync.Mutex
	all map[RateLimit]*rate.Limiter
}

// reset makes every bucket full. The server's own is there from the start and
// stays, so that queries never take its place.
func (b *buckets) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = map[RateLimit]*rate.Limiter{}
	if b.own.PerSecond > 0 {
		b.all[b.own] = newBucket(b.own)
	}
}

func newBucket(l RateLimit) *rate.Limiter { return rate.NewLimiter(rate.Limit(l.PerSecond), l.Burst) }

// take returns 1 for a token that it took, or the part of one that there is. The
// bucket is made at the first request for it; ok is false if there are too many
// already. The lock is held throughout: no bucket in use is dropped.
func (b *buckets) take(l RateLimit) (tokens float64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket := b.all[l]
	if bucket == nil {
		if len(b.all) >= maxBuckets {
			b.dropFull()
		}
		if len(b.all) >= maxBuckets {
			return 0, false
		}
		bucket = newBucket(l)
		b.all[l] = bucket
	}
	if bucket.Allow() {
		return 1, true
	}
	return min(bucket.Tokens(), math.Nextafter(1, 0)), true // a token may have come since
}

// dropFull makes room: a bucket that is full again is what a new one would be.
func (b *buckets) dropFull() {
	maps.DeleteFunc(b.all, func(l RateLimit, bucket *rate.Limiter) bool {
		return l != b.own && bucket.Tokens() >= float64(l.Burst)
	})
}

// reset brings the site back to its start, but for the requests in flight.
func (s *site) reset() {
	s.record.reset()
	s.buckets.reset()
}

// serveRecord answers a request for the record itself, which it does not count.
func (s *site) serveRecord(method string) answer {
	switch method {
	case http.MethodGet, http.MethodHead, "":
		text, err := json.Marshal(s.record.snapshot())
		if err != nil {
			return s.plain(http.StatusInternalServerError, "%v", err)
		}
		return answer{status: http.StatusOK, kind: []string{"application/json"}, body: append(text, '\n')}
	case http.MethodDelete, http.MethodPost:
		s.reset()
		return answer{status: http.StatusOK, kind: s.text, body: []byte("the record is cleared\n")}
	}
	a := s.plain(http.StatusMethodNotAllowed, "%s is not for the record: GET, HEAD, POST and DELETE are", quoted(method))
	a.name, a.value = "Allow", "GET, HEAD, POST, DELETE"
	return a
}
