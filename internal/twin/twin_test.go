package twin_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/internal/twin"
)

type greeting struct {
	Text  string
	Fails bool   // when it ends
	Tells string // the file that it makes when it ends
}

// greet serves its text on loopback.
func greet(g greeting) (string, func() error, error) {
	if g.Text == "" {
		return "", nil, errors.New("no text")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, g.Text) })}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() error {
		if g.Fails {
			return errors.New("as it was told")
		}
		if g.Tells != "" {
			if err := os.WriteFile(g.Tells, nil, 0o600); err != nil {
				return err
			}
		}
		return server.Close()
	}, nil
}

func TestMain(m *testing.M) {
	twin.Main("other", func(struct{}) (string, func() error, error) { panic("not this one") })
	twin.Main("greet", greet)
	if _, ok := os.LookupEnv("OVERLAP_TWIN"); ok { // a server that TestMain does not know
		_, err := twin.Start("greet", greeting{Text: "again"})
		if err == nil {
			os.Exit(0)
		}
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func TestTwo(t *testing.T) {
	first, err := twin.Start("greet", greeting{Text: "hello"})
	require.NoError(t, err)
	defer first.Close()
	second, err := twin.Start("greet", greeting{Text: "goodbye"})
	require.NoError(t, err)
	require.NotEqual(t, first.URL, second.URL)
	require.Equal(t, "hello", get(t, first.URL))
	require.Equal(t, "goodbye", get(t, second.URL))

	require.NoError(t, second.Close())
	_, err = http.Get(second.URL)
	require.Error(t, err, "nobody is there any more")
	require.Equal(t, "hello", get(t, first.URL), "the other one lives")
}

func get(t *testing.T, url string) string {
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

func TestErrors(t *testing.T) {
	_, err := twin.Start("greet", greeting{})
	require.EqualError(t, err, "greet did not say its address: EOF\ngreet did not end well: exit status 1")
	_, err = twin.Start("greet", func() {})
	require.ErrorContains(t, err, "unsupported type")

	fails, err := twin.Start("greet", greeting{Text: "hello", Fails: true})
	require.NoError(t, err)
	require.EqualError(t, fails.Close(), "greet did not end well: exit status 1")
}

// A server that is killed has no chance to close anything; one that is closed has.
func TestKill(t *testing.T) {
	tells := filepath.Join(t.TempDir(), "it ended well")
	killed, err := twin.Start("greet", greeting{Text: "hello", Tells: tells})
	require.NoError(t, err)
	require.Equal(t, "hello", get(t, killed.URL))
	require.NoError(t, killed.Kill())
	_, err = http.Get(killed.URL)
	require.Error(t, err, "nobody is there any more")
	require.NoFileExists(t, tells)
	require.NoError(t, killed.Close(), "there is nothing to close")
	require.NoError(t, killed.Kill(), "there is nothing to kill")

	closed, err := twin.Start("greet", greeting{Text: "hello", Tells: tells})
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	require.FileExists(t, tells)
	require.NoError(t, closed.Close(), "there is nothing to close")
	require.NoError(t, closed.Kill(), "there is nothing to kill")
}

// Without a Main for it a program would start itself, and that one itself.
func TestWithoutMain(t *testing.T) {
	_, err := twin.Start("nobody", struct{}{})
	require.EqualError(t, err, "nobody did not say its address: EOF\nnobody did not end well: exit status 3")
}
