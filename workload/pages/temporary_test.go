package pages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

func TestStatusTemporary(t *testing.T) {
	want := map[int]bool{408: true, 425: true, 429: true, 502: true, 503: true, 504: true}
	for status := 100; status < 600; status++ {
		require.Equal(t, want[status], (&pages.StatusError{StatusCode: status}).Temporary(), status)
	}
}

func TestRetryIn(t *testing.T) {
	now := time.Date(2026, time.November, 8, 8, 49, 30, 0, time.UTC)
	for name, tt := range map[string]struct {
		header string
		want   time.Duration
		ok     bool
	}{
		"no header":                     {"", 0, false},
		"seconds":                       {"120", 2 * time.Minute, true},
		"no wait":                       {"0", 0, true},
		"zeros before":                  {"007", 7 * time.Second, true},
		"white space around":            {" \t5 ", 5 * time.Second, true},
		"most seconds of a duration":    {"9223372036", 9223372036 * time.Second, true},
		"a second more":                 {"9223372037", math.MaxInt64, true},
		"more than an integer holds":    {"99999999999999999999", math.MaxInt64, true},
		"below zero":                    {"-1", 0, false},
		"a plus":                        {"+1", 0, false},
		"a fraction":                    {"1.5", 0, false},
		"a unit":                        {"5s", 0, false},
		"a power":                       {"1e3", 0, false},
		"digits that are not ASCII":     {"٥", 0, false},
		"a word":                        {"soon", 0, false},
		"white space alone":             {"  ", 0, false},
		"a date":                        {"Sun, 08 Nov 2026 08:49:37 GMT", 7 * time.Second, true},
		"a date that has passed":        {"Sun, 08 Nov 2026 08:49:00 GMT", 0, true},
		"a date as in RFC 850":          {"Sunday, 08-Nov-26 08:49:37 GMT", 7 * time.Second, true},
		"a date as C's asctime has":     {"Sun Nov  8 08:49:37 2026", 7 * time.Second, true},
		"a date too far for a duration": {"Fri, 08 Nov 9999 08:49:37 GMT", math.MaxInt64, true},
		"a day that there is not":       {"Sun, 38 Nov 2026 08:49:37 GMT", 0, false},
		"two values":                    {"5, 6", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			wait, ok := (&pages.StatusError{RetryAfter: tt.header}).RetryIn(now)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, wait)
		})
	}
}

func FuzzRetryIn(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "-1", "+1", "1.5", " 7\t", "9223372037", "99999999999999999999", "٥",
		"Sun, 08 Nov 2026 08:49:37 GMT", "Sunday, 08-Nov-26 08:49:37 GMT", "Sun Nov  8 08:49:37 2026", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(seed)
	}
	now := time.Date(2026, time.November, 8, 8, 49, 30, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		wait, ok := (&pages.StatusError{RetryAfter: header}).RetryIn(now)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		if !ok {
			require.Zero(t, wait)
		}
		text := strings.Trim(header, " \t")
		if date, err := http.ParseTime(text); err == nil {
			require.True(t, ok)
			if wait > 0 && wait < math.MaxInt64 {
				require.True(t, now.Add(wait).Equal(date))
			}
			return
		}
		digits := text != "" && strings.Trim(text, "0123456789") == ""
		require.Equal(t, digits, ok)
		if digits {
			nanos, _ := new(big.Int).SetString(text, 10)
			nanos.Mul(nanos, big.NewInt(int64(time.Second)))
			if most := big.NewInt(math.MaxInt64); nanos.Cmp(most) > 0 {
				nanos = most
			}
			require.Equal(t, nanos.Int64(), int64(wait))
		}
	})
}

func TestTemporary(t *testing.T) {
	dial := func(err error) error {
		return fmt.Errorf("get x: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
	}
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":                       {nil, false},
		"some error":                    {errors.New("no"), false},
		"a status that is":              {fmt.Errorf("x: %w", &pages.StatusError{StatusCode: 503}), true},
		"a status that is not":          {&pages.StatusError{StatusCode: 404}, false},
		"refused":                       {dial(syscall.ECONNREFUSED), true},
		"reset":                         {dial(syscall.ECONNRESET), true},
		"aborted":                       {dial(syscall.ECONNABORTED), true},
		"written to a closed end":       {dial(syscall.EPIPE), true},
		"no file descriptor left":       {dial(syscall.EMFILE), true},
		"not allowed":                   {dial(syscall.EACCES), false},
		"no answer":                     {fmt.Errorf("get x: %w", io.EOF), true},
		"half an answer":                {fmt.Errorf("get x: body: %w", io.ErrUnexpectedEOF), true},
		"a timeout":                     {fmt.Errorf("x: %w", os.ErrDeadlineExceeded), true},
		"cancelled":                     {fmt.Errorf("x: %w", context.Canceled), false},
		"a name that is not there":      {dial(&net.DNSError{IsNotFound: true}), false},
		"not there, and marked so":      {&net.DNSError{IsNotFound: true, IsTemporary: true}, false},
		"a DNS server that failed":      {dial(&net.DNSError{IsTemporary: true}), true},
		"a DNS server that was late":    {dial(&net.DNSError{IsTimeout: true}), true},
		"an error of DNS without a say": {&net.DNSError{}, false},
		"a page too large":              {&pages.TooLargeError{}, false},
		"an encoding":                   {&pages.EncodingError{}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.want, pages.Temporary(tt.err)) })
	}
}

// The errors that servers really give, whatever the client.
func TestTemporaryOfEachClient(t *testing.T) {
	server, err := mockserver.Start("", mockserver.Settings{Pages: 1})
	require.NoError(t, err)
	defer server.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	mute, err := net.Listen("tcp", "127.0.0.1:0") // closes without an answer
	require.NoError(t, err)
	defer mute.Close()
	go func() {
		for {
			conn, err := mute.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<10))
			_ = conn.Close()
		}
	}()
	eachReal(t, 1, func(t *testing.T, c client) {
		for name, tt := range map[string]struct {
			url  string
			want bool
		}{
			"refused":             {"http://" + gone.Addr().String(), true},
			"no answer":           {"http://" + mute.Addr().String(), true},
			"reset":               {server.PageURL(0) + "?fault=reset", true},
			"truncated":           {server.PageURL(0) + "?fault=truncate", true},
			"unavailable":         {server.PageURL(0) + "?fault=status", true},
			"an error inside":     {server.PageURL(0) + "?fault=status&status=500", false},
			"no such page":        {server.PageURL(1), false},
			"an URL that is none": {":", false},
		} {
			_, err := c.Job(0).Fetch(t.Context(), tt.url)
			require.Error(t, err, name)
			require.Equal(t, tt.want, pages.Temporary(err), "%s: %v", name, err)
		}
	})
}
