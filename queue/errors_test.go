package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

// An error goes to the other side and back, with what its code stands for.
func TestErrorsTravelByTheirCodes(t *testing.T) {
	errGone, errBusy := errors.New("gone"), errors.New("busy")
	job := length()
	job.Errors = map[string]error{"gone": errGone, "busy": errBusy}
	s := job.spec()
	for _, c := range []struct {
		name    string
		err     error
		code    string
		is      error
		message string
	}{
		{"one of the job's", fmt.Errorf("page 7: %w", errGone), "gone", errGone, "page 7: gone"},
		{"two of the job's", errors.Join(errGone, errBusy), "busy", errBusy, "gone\nbusy"},
		{"the job's before a standard one", errors.Join(context.Canceled, errGone), "gone", errGone, "context canceled\ngone"},
		{"one that nobody named", errors.New("odd"), CodeFailed, nil, "odd"},
		{"a deadline of the job's own", context.DeadlineExceeded, CodeDeadline, context.DeadlineExceeded, "context deadline exceeded"},
		{"a cancellation of the job's own", context.Canceled, CodeCanceled, context.Canceled, "context canceled"},
		{"an ack wait that is over", ErrAckWait, CodeAckWait, ErrAckWait, "the ack wait is over, and the job goes to another worker"},
		{"a Goexit", overlap.ErrGoexit, CodeGoexit, overlap.ErrGoexit, "job called runtime.Goexit"},
		{"workers that were lost", fmt.Errorf("%w in each of 5 tries", ErrLost), CodeLost, ErrLost, "each worker that had the job died or hung in each of 5 tries"},
		{"a codec", &codecError{CodeKey, errGone}, CodeKey, nil, "gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := travel(t, s, c.err)
			var remote *RemoteError
			require.ErrorAs(t, err, &remote)
			require.Equal(t, c.code, remote.Code)
			require.Equal(t, c.message, remote.Message)
			require.Equal(t, c.is, errors.Unwrap(err))
			require.EqualError(t, err, c.message+" (after 3 tries, at machine/7)")
		})
	}
}

func travel(t *testing.T, s spec, err error) error {
	return s.received(s.failed(err, 3, "machine/7").json())
}

func TestAPanicTravelsWithItsStack(t *testing.T) {
	s := length().spec()
	err := travel(t, s, fmt.Errorf("in a guard: %w", &overlap.PanicError{Value: errors.New("boom"), Stack: []byte("main.go:7")}))
	require.EqualError(t, err, "panic: boom (after 3 tries, at machine/7)")
	var panicked *overlap.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "boom", panicked.Value, "the value as text")
	require.Equal(t, "main.go:7", string(panicked.Stack))
	var remote *RemoteError
	require.ErrorAs(t, err, &remote)
	require.Equal(t, CodePanic, remote.Code)
	require.Equal(t, "main.go:7", remote.Stack)
}

func TestACodeThatThisSideDoesNotKnow(t *testing.T) {
	job := length()
	job.Errors = map[string]error{"gone": errors.New("gone")}
	err := length().spec().received(job.spec().failed(job.Errors["gone"], 1, "w").json())
	require.EqualError(t, err, "gone (after 1 try, at w)")
	require.NoError(t, errors.Unwrap(err))
}

func TestALongErrorIsCut(t *testing.T) {
	s := length().spec()
	for name, letter := range map[string]string{"plain": "x", "escaped as six": "\x00", "of two bytes": "ä"} {
		t.Run(name, func(t *testing.T) {
			long := strings.Repeat(letter, 1<<20)
			data := s.failed(&overlap.PanicError{Value: long, Stack: []byte(long)}, 1, "w").json()
			require.LessOrEqual(t, len(data), longestFailure)
			var remote *RemoteError
			require.ErrorAs(t, s.received(data), &remote)
			require.True(t, strings.HasPrefix(remote.Message, "panic: "+strings.Repeat(letter, 100)))
			require.True(t, strings.HasSuffix(remote.Message, " […]"))
			require.True(t, strings.HasSuffix(remote.Stack, " […]"))
		})
	}
	var remote *RemoteError
	require.ErrorAs(t, travel(t, s, errors.New("short")), &remote)
	require.Equal(t, "short", remote.Message)
}

func TestARecordThatIsNone(t *testing.T) {
	require.ErrorContains(t, length().spec().received([]byte("{")), "queue: the record of a failure is no JSON: ")
}
