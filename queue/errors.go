package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/overlap"
)

// The codes of a [RemoteError] that are not a job's own.
const (
	CodeFailed   = "overlap-failed"    // an error that Job.Errors does not name
	CodePanic    = "overlap-panic"     // errors.As finds an *overlap.PanicError, its value as text
	CodeGoexit   = "overlap-goexit"    // errors.Is finds overlap.ErrGoexit
	CodeDeadline = "overlap-deadline"  // errors.Is finds context.DeadlineExceeded
	CodeCanceled = "overlap-canceled"  // errors.Is finds context.Canceled
	CodeAckWait  = "overlap-ack-wait"  // errors.Is finds ErrAckWait
	CodeLost     = "overlap-lost"      // errors.Is finds ErrLost
	CodeKey      = "overlap-key"       // the worker could not decode the key
	CodeResult   = "overlap-result"    // the worker could not encode the result
	CodeTooLarge = "overlap-too-large" // the result is larger than the server takes
)

var (
	// ErrLost is the error of a job whose workers all died or hung: none of its tries came to
	// an end. It may well be what killed them.
	ErrLost = errors.New("each worker that had the job died or hung")
	// ErrAckWait is why a job's context ends when its try has taken Job.AckWait.
	ErrAckWait = errors.New("the ack wait is over, and the job goes to another worker")
	// ErrWithdrawn is why a job's context ends when the Run that it belongs to has ended.
	ErrWithdrawn = errors.New("the run that wanted the job has ended")
	// ErrFull is why nothing more is taken: the server's disk, or its limit of storage, is full.
	ErrFull = errors.New("the queue's storage is full")
)

// A RemoteError is the error of a job that failed in a worker, as it came back: text and code,
// for the value itself cannot travel. Unwrap gives what the code stands for.
type RemoteError struct {
	Code    string // one of the constants, or a code of Job.Errors
	Message string // of the last try
	Stack   string // of a panic
	Tries   int    // how often a worker was given the job
	Worker  string // who had it last: host and process

	err error
}

// Error gives the message, after how many tries, and who said so.
func (e *RemoteError) Error() string {
	tries := "1 try"
	if e.Tries != 1 {
		tries = fmt.Sprintf("%d tries", e.Tries)
	}
	return fmt.Sprintf("%s (after %s, at %s)", e.Message, tries, e.Worker)
}

// Unwrap returns the error that the code stands for, or nil if it stands for none.
func (e *RemoteError) Unwrap() error { return e.err }

// A codecError is an error of a codec, which has a code of its own.
type codecError struct {
	code string
	err  error
}

func (e *codecError) Error() string { return e.err.Error() }
func (e *codecError) Unwrap() error { return e.err }

// reserved begins the codes that are the package's own.
const reserved = "overlap-"

func mustCodes(errs map[string]error) {
	for code, err := range errs {
		switch {
		case code == "":
			panic("queue: job.Errors has an empty code")
		case strings.HasPrefix(code, reserved):
			panic(fmt.Sprintf("queue: job.Errors has %q: codes with %s are the package's own", code, reserved))
		case err == nil:
			panic(fmt.Sprintf("queue: job.Errors[%q] is nil", code))
		}
	}
}

// standard are the errors that have a code without a Job's doing, the more special ones first.
func standard() []coded {
	return []coded{
		{CodeAckWait, ErrAckWait},
		{CodeGoexit, overlap.ErrGoexit},
		{CodeLost, ErrLost},
		{CodeDeadline, context.DeadlineExceeded},
		{CodeCanceled, context.Canceled},
	}
}

type coded struct {
	code string
	err  error
}

// failure is a RemoteError as it travels.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
	Tries   int    `json:"tries"`
	Worker  string `json:"worker"`
}

// longestFailure is how many bytes a failure may have as JSON. A message or a stack that is
// longer is cut: an error must not be what the server refuses to take.
const longestFailure = 16 << 10

// json is the failure as it is sent.
func (f failure) json() []byte {
	for limit := longestFailure; ; limit /= 2 {
		f.Message, f.Stack = cut(f.Message, limit/4), cut(f.Stack, limit/2)
		if data, _ := json.Marshal(f); len(data) <= longestFailure { // strings and a number: no error
			return data
		}
	}
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + " […]"
}

// failed makes of a job's error what is sent.
func (s spec) failed(err error, tries int, worker string) failure {
	f := failure{Code: s.code(err), Message: err.Error(), Tries: tries, Worker: worker}
	if panicked, ok := errors.AsType[*overlap.PanicError](err); ok {
		f.Message, f.Stack = fmt.Sprint(panicked.Value), string(panicked.Stack)
	}
	return f
}

// code is the code of an error: a panic's, then the job's own ones in the order of their codes,
// then the standard ones.
func (s spec) code(err error) string {
	if _, ok := errors.AsType[*overlap.PanicError](err); ok {
		return CodePanic
	}
	if codec, ok := errors.AsType[*codecError](err); ok {
		return codec.code
	}
	for _, code := range slices.Sorted(maps.Keys(s.errors)) {
		if errors.Is(err, s.errors[code]) {
			return code
		}
	}
	for _, c := range standard() {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return CodeFailed
}

// received makes of what was sent what Run gives.
func (s spec) received(data []byte) error {
	var f failure
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("queue: the record of a failure is no JSON: %w", err)
	}
	e := &RemoteError{Code: f.Code, Message: f.Message, Stack: f.Stack, Tries: f.Tries, Worker: f.Worker}
	e.err = s.errors[f.Code]
	if f.Code == CodePanic {
		panicked := &overlap.PanicError{Value: f.Message, Stack: []byte(f.Stack)}
		e.Message, e.err = panicked.Error(), panicked
	}
	for _, c := range standard() {
		if c.code == f.Code {
			e.err = c.err
		}
	}
	return e
}
