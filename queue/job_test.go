package queue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
)

// length is a job: a text's length.
func length() Job[string, string, int] {
	return Job[string, string, int]{Name: "length", Job: overlap.Job[string, string, int]{
		Fetch:   func(_ context.Context, key string) (string, error) { return key, nil },
		Process: func(_ context.Context, body string) (int, error) { return len(body), nil },
	}}
}

func TestAJobThatIsNonePanics(t *testing.T) {
	type job = Job[string, string, int]
	for _, c := range []struct {
		name  string
		spoil func(*job)
		says  string
	}{
		{"no name", func(j *job) { j.Name = "" }, `queue: job.Name is "", want 1 to 64 letters, digits, '-' or '_'`},
		{"a name that is a subject", func(j *job) { j.Name = "a.b" }, `queue: job.Name is "a.b", want 1 to 64 letters, digits, '-' or '_'`},
		{"a name of 65", func(j *job) { j.Name = strings.Repeat("a", 65) }, `queue: job.Name is "` + strings.Repeat("a", 65) + `", want 1 to 64 letters, digits, '-' or '_'`},
		{"half a codec of keys", func(j *job) { j.Keys.Encode = Text().Encode }, "queue: job.Keys has one of Encode and Decode, want both or none"},
		{"half a codec of results", func(j *job) { j.Results.Decode = JSON[int]().Decode }, "queue: job.Results has one of Encode and Decode, want both or none"},
		{"tries below 0", func(j *job) { j.Tries = -1 }, "queue: job.Tries is -1, want at least 1, or 0 for 5"},
		{"an ack wait below 0", func(j *job) { j.AckWait = -time.Second }, "queue: job.AckWait is -1s, want more than 0, or 0 for 30s"},
		{"a backoff below 0", func(j *job) { j.Backoff = -time.Second }, "queue: job.Backoff is -1s, want more than 0, or 0 for 1s"},
		{"an empty code", func(j *job) { j.Errors = map[string]error{"": errors.New("x")} }, "queue: job.Errors has an empty code"},
		{"a code of ours", func(j *job) { j.Errors = map[string]error{CodeLost: errors.New("x")} }, `queue: job.Errors has "overlap-lost": codes with overlap- are the package's own`},
		{"a code of nothing", func(j *job) { j.Errors = map[string]error{"gone": nil} }, `queue: job.Errors["gone"] is nil`},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := length()
			c.spoil(&j)
			require.PanicsWithValue(t, c.says, func() { j.spec() })
		})
	}
	require.NotPanics(t, func() { length().spec() })
}

func TestAJobInBytes(t *testing.T) {
	failing := errors.New("no")
	job := length()
	do := func(key string) (string, error) {
		result := job.bytes().Do(t.Context(), []byte(key))
		return string(result.Value), result.Err
	}
	value, err := do(`"four"`)
	require.NoError(t, err)
	require.Equal(t, "4", value)

	_, err = do("no JSON")
	require.ErrorContains(t, err, `decode key "no JSON": invalid character`)
	require.Equal(t, CodeKey, job.spec().code(err))

	job.Results = Codec[int]{Encode: func(int) ([]byte, error) { return nil, failing }, Decode: JSON[int]().Decode}
	_, err = do(`"four"`)
	require.EqualError(t, err, "encode result: no")
	require.ErrorIs(t, err, failing)
	require.Equal(t, CodeResult, job.spec().code(err))

	job.Keys = Codec[string]{Encode: Text().Encode, Decode: func([]byte) (string, error) { panic("a codec's") }}
	_, err = do("four")
	require.EqualError(t, err, "panic: a codec's")
	require.Equal(t, CodePanic, job.spec().code(err))
}

func TestText(t *testing.T) {
	data, err := Text().Encode("as it is")
	require.NoError(t, err)
	require.Equal(t, "as it is", string(data))
	text, err := Text().Decode(data)
	require.NoError(t, err)
	require.Equal(t, "as it is", text)
}

func TestTheWaitDoublesToAnHour(t *testing.T) {
	s := length().spec()
	require.Equal(t, time.Second, s.wait(1))
	require.Equal(t, 2*time.Second, s.wait(2))
	require.Equal(t, 16*time.Second, s.wait(5))
	require.Equal(t, time.Hour, s.wait(13))
	require.Equal(t, time.Hour, s.wait(1_000_000))
	s.backoff = 2 * time.Hour
	require.Equal(t, time.Hour, s.wait(1))
}

func TestIDs(t *testing.T) {
	require.Equal(t, id([]byte("a")), id([]byte("a")))
	require.NotEqual(t, id([]byte("a")), id([]byte("b")))
	require.Equal(t, "page-7", id([]byte("page-7")), "a short key that can be a token is its own")
	for _, key := range []string{"", "a.b", "*", ">", "ä", "a b", "a-key-of-22-characters", strings.Repeat("a", 1000)} {
		require.Len(t, id([]byte(key)), idLetters, key)
		require.True(t, named(id([]byte(key))), "it is a token of a subject")
	}
}
