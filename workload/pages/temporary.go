package pages

import (
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/internal/lost"
)

// Temporary says whether the same request may be answered with a page later, by what
// the status says of itself:
//
//   - 408 Request Timeout, 502 Bad Gateway, 503 Service Unavailable and 504 Gateway
//     Timeout, which are about this moment (RFC 9110, 15.5.9 and 15.6.3 to 15.6.5),
//   - 425 Too Early (RFC 8470, 5.2), 429 Too Many Requests (RFC 6585, 4).
//
// 500 Internal Server Error is not among them: it is an unexpected condition, most often a
// mistake, of which nothing says that it will pass. Those who know their server to mean
// something else say so in their own function.
func (e *StatusError) Temporary() bool {
	switch e.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// RetryIn is how long after now the server asks to wait, by its header Retry-After: a
// number of seconds or a date (RFC 9110, 10.2.3). It is never below zero, and the longest
// Duration for what is longer. ok is false if there is no such header or it is neither. A
// date is by the server's clock, now by this machine's.
func (e *StatusError) RetryIn(now time.Time) (wait time.Duration, ok bool) {
	text := strings.Trim(e.RetryAfter, " \t")
	isDigit := func(r rune) bool { return r >= '0' && r <= '9' }
	if text != "" && strings.TrimFunc(text, isDigit) == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(math.MaxInt64/time.Second) {
			return math.MaxInt64, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return max(0, date.Sub(now)), true
}

// Temporary says whether a page that Fetch failed to get may be there at the next try, for a
// guard.RetryPolicy. A GET may be sent again (RFC 9110, 9.2.2), whatever became of the first
// one. So these are temporary:
//
//   - a *[StatusError] that says so;
//   - a connection that is refused, reset, aborted, or ends in the middle of the answer: the
//     server may be restarting;
//   - a timeout, and what else package net calls temporary: a DNS server that did not
//     answer, no file descriptor left in this process.
//
// Not so a name that does not exist, the end of the caller's own context by
// context.Canceled, and what is wrong with the page itself.
func Temporary(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return !dns.IsNotFound && (dns.IsTimeout || dns.IsTemporary)
	}
	if lost.Refused(err) || lost.Broken(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	says, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && says.Temporary()
}
