package faults

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"example.com/overlap"
	"example.com/overlap/internal/lost"
	"example.com/overlap/workload/pages"
)

// A Kind is what became of a page: where its error comes from, found by errors.Is and
// errors.As, never by its text.
type Kind string

// The kinds.
const (
	Value       Kind = "value"       // no error
	Panicked    Kind = "panic"       // an *overlap.PanicError
	Exited      Kind = "goexit"      // overlap.ErrGoexit
	Status      Kind = "status"      // a *pages.StatusError
	TooLarge    Kind = "too large"   // a *pages.TooLargeError
	NoSuchHost  Kind = "no host"     // a *net.DNSError that says so
	NoResolver  Kind = "no resolver" // another *net.DNSError
	Descriptors Kind = "descriptors" // EMFILE or ENFILE: no more may be opened
	Timeout     Kind = "timeout"     // a net.Error of a timeout, or context.DeadlineExceeded
	Cancelled   Kind = "cancelled"   // context.Canceled
	Refused     Kind = "refused"     // ECONNREFUSED: nobody listens
	Broken      Kind = "reset"       // ECONNRESET, ECONNABORTED or EPIPE: the connection is gone
	Truncated   Kind = "truncated"   // io.ErrUnexpectedEOF: it ended in the middle of an answer
	Unanswered  Kind = "unanswered"  // io.EOF: it ended without an answer
	Other       Kind = "other"       // none of these
)

// KindOf says of which kind an error of the pages workload is.
func KindOf(err error) Kind {
	if err == nil {
		return Value
	}
	if _, ok := errors.AsType[*overlap.PanicError](err); ok {
		return Panicked
	}
	if _, ok := errors.AsType[*pages.StatusError](err); ok {
		return Status
	}
	if _, ok := errors.AsType[*pages.TooLargeError](err); ok {
		return TooLarge
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return NoSuchHost
		}
		return NoResolver
	}
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, overlap.ErrGoexit):
		return Exited
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return Descriptors
	case isNet && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Cancelled
	case lost.Refused(err):
		return Refused
	case lost.Broken(err):
		return Broken
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Truncated
	case errors.Is(err, io.EOF):
		return Unanswered
	}
	return Other
}
