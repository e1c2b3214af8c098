package queue_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/queue"
)

func TestSettingsThatAreNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, c := range []struct {
		name     string
		settings queue.Settings
		says     string
	}{
		{"nowhere", queue.Settings{}, "queue: neither URL nor Dir is set: where is the queue?"},
		{"at two places", queue.Settings{URL: "nats://a", Dir: "b"}, "queue: both URL and Dir are set: a server is either somewhere or here"},
		{"sync of another's server", queue.Settings{URL: "nats://a", Sync: true}, "queue: Sync is for the server of Dir: that of URL has settings of its own"},
		{"replicas", queue.Settings{Dir: "b", Replicas: -1}, "queue: Replicas is -1, want 1 to 5"},
		{"too many replicas", queue.Settings{URL: "nats://a", Replicas: 6}, "queue: Replicas is 6, want 1 to 5"},
		{"replicas of one server", queue.Settings{Dir: "b", Replicas: 3}, "queue: Replicas is 3: the server of Dir is one"},
		{"keep", queue.Settings{Dir: "b", Keep: -time.Second}, "queue: Keep is -1s, want more than 0"},
		{"a file for a directory", queue.Settings{Dir: file}, "queue " + file + ": mkdir " + file + ": not a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.name == "a file for a directory" {
				t.Skip("the system has words of its own for it")
			}
			_, err := queue.Open(t.Context(), c.settings)
			require.EqualError(t, err, c.says)
		})
	}
}

func TestOpenHeedsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("never mind"))
	_, err := queue.Open(ctx, queue.Settings{Dir: t.TempDir()})
	require.ErrorContains(t, err, "never mind")
}
