package live

import (
	"bytes"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestMessagesThereAndBack(t *testing.T) {
	at := time.Unix(1_800_000_000, 123_456_789)
	for _, text := range []string{"", "hello", `"}}`, "<&>\u2028", "\x00\x7f", "日本"} {
		for _, size := range []int{0, 200, 1000} {
			data := encodeMessage(7, at, 3, text, size)
			if size > 0 {
				require.Len(t, data, size)
			}
			f, err := decode(data)
			require.NoError(t, err)
			require.NotNil(t, f.Message)
			require.Equal(t, message{Seq: 7, At: at.UnixNano(), From: 3, Text: text, Pad: f.Message.Pad}, *f.Message)
			require.Empty(t, bytes.Trim([]byte(f.Message.Pad), "x"))
		}
	}
	require.Equal(t, aBye, string(encode(frame{Bye: &bye{Delivered: 2}})))
	require.Equal(t, aWelcome, string(encode(frame{Welcome: &welcome{First: 5, Messages: 2}})))
}

// The longest post, every byte escaped, still is one that a client reads.
func TestTheLongestMessage(t *testing.T) {
	line := string(bytes.Repeat([]byte{1}, MaxPost))
	data := encodeMessage(1<<62, time.Unix(1<<33, 0), maxClient, line, maxSize)
	require.LessOrEqual(t, len(data), maxFrame)
	require.Greater(t, len(encodeMessage(1, time.Time{}, 1, line, 0)), 6*MaxPost)
}

// Nothing that comes makes a panic, and what is taken is what a server may say.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		aWelcome, message5, message6, aBye, "", "{}", "null", "[]", `{"message":null}`, `{"message":{"seq":1e3}}`, `{"message":{"seq":0}}`,
		`{"message":{"seq":1,"from":-2}}`, `{"bye":{"dropped":-1}}`, `{"message":{"seq":5},"message":{"seq":6}}`, `{"MESSAGE":{"SEQ":5}}`,
		`{"welcome":{"first":9223372036854775807,"messages":1000000}}`, "{\"message\":{\"text\":\"\xff\"}}", message5 + message6,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decode(data)
		if err != nil {
			require.Less(t, len(err.Error()), 500+2*len(data))
			return
		}
		require.True(t, utf8.Valid(data))
		again, err := decode(encode(got))
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

// Whatever frames a client has received, they are summed up or refused, and a sum adds up.
func FuzzSummary(f *testing.F) {
	f.Add(int64(5), 2, []byte(message5+"\n"+message6+"\n"+aBye))
	f.Add(int64(6), 1, []byte(message6+"\n"+aBye))
	f.Add(int64(1), 3, []byte("{\"bye\":{\"dropped\":2}}"))
	f.Add(int64(9223372036854775807), 2, []byte(`{"message":{"seq":9223372036854775807}}`+"\n"+aBye))
	f.Fuzz(func(t *testing.T, first int64, owed int, lines []byte) {
		r := Received{First: max(1, first), Owed: 1 + max(0, owed)%100}
		for line := range bytes.SplitSeq(lines, []byte("\n")) {
			r.Frames = append(r.Frames, Frame{At: time.Unix(1, 0), Data: line})
		}
		s, err := Clients{}.Job().Process(t.Context(), r)
		if err != nil {
			return
		}
		require.Equal(t, r.Owed, s.Messages+s.Dropped+s.Lost)
		require.Len(t, s.Latencies, s.Messages)
		require.GreaterOrEqual(t, min(s.Messages, s.Dropped, s.Lost, s.Bytes), 0)
		var total Total
		total.Add(s)
		require.NotEmpty(t, total.String())
	})
}
