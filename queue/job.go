package queue

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"example.com/overlap"
)

// A Job is an overlap.Job that other processes know by its name. Functions cannot travel: each
// worker is a program that has the job in its own code, and only keys and results are sent. So
// all programs of one queue must agree on the name and on both codecs.
//
// The zero values of all but Name and Job are what most want.
type Job[K, B, R any] struct {
	// Name is 1 to 64 letters, digits, '-' or '_'. It names the queue: the streams and the
	// consumer at the server are made of it.
	Name string
	Job  overlap.Job[K, B, R]

	Keys    Codec[K] // JSON if it is the zero Codec
	Results Codec[R] // JSON if it is the zero Codec

	// Tries is how often a job is handed to a worker before it is given up: 5 if it is 0. A
	// worker that dies or hangs has used up one of each job that it had, also of those that it
	// had asked for ahead. One that stops, or whose jobs turn out to last, hands those back that
	// it has not begun, which uses up one too, once for a job. With 1 or 2 none is asked for
	// ahead, or handed back.
	Tries int
	// AckWait is how long a worker may take for one try: 30 seconds if it is 0. When it is
	// over, ctx ends for the job's functions. If the worker has not said what came of it a
	// tenth of AckWait later (and at least a second), because it does not heed
	// ctx, or is no more, the job is handed to another. It must be longer than the job ever
	// takes.
	AckWait time.Duration
	// Backoff is the wait before the second try of a job that failed, doubled for each one
	// after, to an hour at most: a second if it is 0. It is not waited after a worker that
	// died: AckWait was.
	Backoff time.Duration

	// Temporary says which errors are worth another try; nil means all of them. It is asked
	// in the worker.
	Temporary func(error) bool
	// Errors are the errors that keep their identity on the way, each by its code: what
	// errors.Is finds in the worker, errors.Is finds in Run's results. A code that begins
	// with "overlap-" is taken.
	Errors map[string]error
}

// A Codec turns values into bytes and back. Both functions are called from many goroutines. The
// same value must always become the same bytes where it is a key: a job is known by them.
type Codec[T any] struct {
	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error)
}

// JSON is the codec of encoding/json, and what the zero Codec means.
func JSON[T any]() Codec[T] {
	return Codec[T]{
		Encode: func(v T) ([]byte, error) { return json.Marshal(v) },
		Decode: func(data []byte) (v T, err error) {
			err = json.Unmarshal(data, &v)
			return v, err
		},
	}
}

// Text is the codec of strings as they are.
func Text() Codec[string] {
	return Codec[string]{
		Encode: func(s string) ([]byte, error) { return []byte(s), nil },
		Decode: func(data []byte) (string, error) { return string(data), nil },
	}
}

func (c Codec[T]) orJSON() Codec[T] {
	if c.Encode == nil && c.Decode == nil {
		return JSON[T]()
	}
	return c
}

const (
	defaultTries   = 5
	defaultAckWait = 30 * time.Second
	defaultBackoff = time.Second
	longestBackoff = time.Hour
)

// A spec is what the queue knows of a Job: everything but its types.
type spec struct {
	name      string
	tries     int
	ackWait   time.Duration
	backoff   time.Duration
	temporary func(error) bool
	errors    map[string]error
}

// named says whether a name can be part of a subject and of a stream's name.
func named(name string) bool {
	for _, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '_' && c != '-' {
			return false
		}
	}
	return 1 <= len(name) && len(name) <= 64
}

// nameRule says what named wants.
const nameRule = "want 1 to 64 letters, digits, '-' or '_'"

// spec panics if the job is none: that is a programming error.
func (j Job[K, B, R]) spec() spec {
	if !named(j.Name) {
		panic(fmt.Sprintf("queue: job.Name is %q, %s", j.Name, nameRule))
	}
	mustCodec("Keys", j.Keys)
	mustCodec("Results", j.Results)
	s := spec{j.Name, j.Tries, j.AckWait, j.Backoff, j.Temporary, j.Errors}
	switch {
	case s.tries < 0:
		panic(fmt.Sprintf("queue: job.Tries is %d, want at least 1, or 0 for %d", s.tries, defaultTries))
	case s.ackWait < 0:
		panic(fmt.Sprintf("queue: job.AckWait is %v, want more than 0, or 0 for %v", s.ackWait, defaultAckWait))
	case s.backoff < 0:
		panic(fmt.Sprintf("queue: job.Backoff is %v, want more than 0, or 0 for %v", s.backoff, defaultBackoff))
	}
	if s.tries == 0 {
		s.tries = defaultTries
	}
	if s.ackWait == 0 {
		s.ackWait = defaultAckWait
	}
	if s.backoff == 0 {
		s.backoff = defaultBackoff
	}
	if s.temporary == nil {
		s.temporary = func(error) bool { return true }
	}
	mustCodes(s.errors)
	return s
}

func mustCodec[T any](field string, c Codec[T]) {
	if (c.Encode == nil) != (c.Decode == nil) {
		panic(fmt.Sprintf("queue: job.%s has one of Encode and Decode, want both or none", field))
	}
}

// bytes is the job as the queue sees it: from an encoded key to an encoded result. Both codecs
// run inside the job's own functions, so a panic in them is an error like any other.
func (j Job[K, B, R]) bytes() overlap.Job[[]byte, B, []byte] {
	keys, results := j.Keys.orJSON(), j.Results.orJSON()
	return overlap.Job[[]byte, B, []byte]{
		Fetch: func(ctx context.Context, data []byte) (body B, err error) {
			key, err := keys.Decode(data)
			if err != nil {
				return body, &codecError{CodeKey, fmt.Errorf("decode key %.100q: %w", data, err)}
			}
			return j.Job.Fetch(ctx, key)
		},
		Process: func(ctx context.Context, body B) ([]byte, error) {
			value, err := j.Job.Process(ctx, body)
			if err != nil {
				return nil, err
			}
			data, err := results.Encode(value)
			if err != nil {
				return nil, &codecError{CodeResult, fmt.Errorf("encode result: %w", err)}
			}
			return data, nil
		},
	}
}

// grace is how much longer than a try the server waits: the time that a worker whose try has ended
// by its deadline has to say so, before the job counts as lost.
func (s spec) grace() time.Duration { return max(s.ackWait/10, time.Second) }

// wait is how long a job that failed waits for its next try, n tries being done.
func (s spec) wait(n int) time.Duration {
	wait := s.backoff
	for ; n > 1 && wait < longestBackoff; n-- {
		wait *= 2
	}
	return min(wait, longestBackoff)
}

// id names a job within its batch, fit to be a token of a subject. A short key that is one is its
// own name: a person can read it, and the server's index of subjects is smaller and quicker. Any
// other has 132 bits of its SHA-256, so that two keys of a billion have the same name with a
// chance of 1e-22. That has 22 letters, and a short key fewer.
func id(key []byte) string {
	if len(key) < idLetters && named(string(key)) {
		return string(key)
	}
	sum := sha256.Sum256(key)
	return base64.RawURLEncoding.EncodeToString(sum[:])[:idLetters]
}

const idLetters = 22

// The names at the server. A subject is overlap.NAME.KIND.BATCH.ID.
func (s spec) stream(kind string) string { return "OVERLAP_" + s.name + "_" + kind }

func (s spec) subject(kind string, rest ...string) string {
	return strings.Join(append([]string{"overlap", s.name, kind}, rest...), ".")
}
