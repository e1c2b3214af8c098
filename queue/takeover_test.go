package queue_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

// follows dials whoever runs the server of a directory now, and never runs it itself.
type follows struct{ dir string }

func (f follows) Dial(network, _ string) (net.Conn, error) {
	address, err := os.ReadFile(filepath.Join(f.dir, "address"))
	if err != nil {
		return nil, err
	}
	return net.DialTimeout(network, string(address), time.Second)
}

// The process that runs the server of a directory dies again and again; others go on with it.
func TestTheServerIsTakenOver(t *testing.T) {
	const n, deaths = 3_000, 3
	dir := t.TempDir()
	run := workerRun{
		Dir: dir, Name: "takeover", Limit: 8, Tries: 100, AckWait: time.Second,
		Record: filepath.Join(t.TempDir(), "record"),
	}
	workers := map[int]worker{}
	start := func() (pid int) {
		w := run.start(t)
		workers[w.pid] = w
		return w.pid
	}
	host := start()
	start()
	start()
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	require.NoError(t, err)
	q := opened(t, queue.Settings{URL: "nats://queue.test:4222", Options: []nats.Option{
		nats.SetCustomDialer(follows{dir}), nats.Token(string(token)),
	}})

	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("ok %d", i)
	}
	keys[n-1] = "wait" // so that the run cannot end before the last death
	record := &journal{path: run.Record}
	ran := make(chan []overlap.Result[string], 1)
	go func() { ran <- queue.Run(t.Context(), q, run.job(), keys) }()
	for death := range deaths {
		eventually(t, "work goes on", func() bool { return record.count(t) >= (death+1)*n/(deaths+1) })
		require.NoError(t, workers[host].Kill())
		eventually(t, "another process takes over", func() bool { return len(record.of(t, "host")) == death+1 })
		host = record.of(t, "host")[death].pid
		start()
	}
	run.open(t, "wait", 0)
	for i, result := range <-ran {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(keys[i])}, result)
	}
	require.Empty(t, record.of(t, "error"))
	t.Logf("%d jobs; the process that ran the server died %d times; %d executions", n, deaths, record.count(t))
	for _, w := range workers {
		require.NoError(t, w.Close())
	}
}
