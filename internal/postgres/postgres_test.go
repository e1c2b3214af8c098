package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// starts is the environment variable that makes of the test binary a program which starts a
// server, says its URL, and waits to be killed, or for the end of its stdin: then its parent has
// died.
const starts = "OVERLAP_POSTGRES_STARTS"

func TestMain(m *testing.M) {
	if os.Getenv(starts) != "" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
		server, err := Start(context.Background())
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(server.DSN)
		select {}
	}
	os.Exit(m.Run())
}

// ours starts a server of our own, whatever Env says, or skips the test.
func ours(t *testing.T) *Server {
	t.Helper()
	t.Setenv(Env, "")
	server, err := Start(t.Context())
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return server
}

func TestAServerOfOnesOwn(t *testing.T) {
	server := ours(t)
	require.True(t, server.Ours())
	conn, err := pgx.Connect(t.Context(), server.DSN)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 1 AS n")
	require.NoError(t, err)

	require.NoError(t, server.Crash(t.Context()))
	require.Error(t, conn.Ping(t.Context()), "that server is gone")
	conn, err = pgx.Connect(t.Context(), server.DSN)
	require.NoError(t, err)
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n), "what was committed is there")
	require.Equal(t, 1, n)

	dir := conn.Config().Host
	require.DirExists(t, dir)
	require.NoError(t, server.Close())
	require.NoDirExists(t, dir)
	require.NoError(t, server.Close(), "again")
	require.Error(t, conn.Ping(t.Context()))
}

func TestItEndsWithItsParent(t *testing.T) {
	if find() == "" {
		t.Skip(ErrNotInstalled)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), starts+"=1", Env+"=")
	_, err := cmd.StdinPipe() // closes when we have died
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var dsn string
	_, err = fmt.Fscanln(stdout, &dsn)
	require.NoError(t, err)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err, "it said: %s", dsn)
	require.DirExists(t, config.Host)

	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(config.Host)
		return errors.Is(err, os.ErrNotExist)
	}, time.Minute, 10*time.Millisecond, "the directory is removed when the server has ended")
	_, err = pgx.Connect(t.Context(), dsn)
	require.Error(t, err)
}

func TestAServerThatDoesNotStart(t *testing.T) {
	if find() == "" {
		t.Skip(ErrNotInstalled)
	}
	bin, temp := open(t), open(t)
	for name, script := range map[string]string{
		"initdb":   "#!/bin/sh\necho there is no room\nexit 1\n",
		"postgres": "#!/bin/sh\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755))
	}
	t.Setenv("TMPDIR", temp)
	_, err := startCluster(t.Context(), bin)
	require.ErrorContains(t, err, "there is no room")
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = startCluster(ctx, find())
	require.ErrorIs(t, err, context.Canceled)
	left, err = os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}

// open returns a directory that another user may look into, and write to.
func open(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}

func TestAServerThatIsNamed(t *testing.T) {
	t.Setenv(Env, "postgres://somebody@example.invalid/theirs")
	server, err := Start(t.Context())
	require.NoError(t, err)
	require.Equal(t, "postgres://somebody@example.invalid/theirs", server.DSN)
	require.False(t, server.Ours())
	require.ErrorIs(t, server.Crash(t.Context()), ErrNotOurs)
	require.NoError(t, server.Close())
}

func TestWhereItIsInstalled(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"lib/9/bin", "lib/15/bin", "lib/16/bin"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	for _, file := range []string{"lib/9/bin/initdb", "lib/9/bin/postgres", "lib/15/bin/initdb", "lib/15/bin/postgres", "lib/16/bin/initdb"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, file), nil, 0o755))
	}
	t.Chdir(root)
	require.Equal(t, filepath.FromSlash("lib/15/bin"), newest([]string{"lib/*/bin"}), "16 has no server, and 15 is more than 9")
	require.Empty(t, newest([]string{"elsewhere/*/bin"}))
}
