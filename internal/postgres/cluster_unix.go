//go:build unix

package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// keeper is the shell script that a cluster runs under. It makes the cluster, starts the server
// and waits on its input, which closes when we close it and when we have died: then it ends the
// server and removes the directory. A line on its input has it end the server and start it again.
//
// SIGQUIT is PostgreSQL's immediate shutdown: no process of it lives on, nothing is tidied up.
// It is sent until it is heard: a shell starts what runs in the background with it ignored, and
// the server takes a moment to say otherwise. SIGPIPE is ignored, as the log goes to us, and when
// we have died nobody reads it: it must not end the keeper before its work is done.
const keeper = `
dir=$1 bin=$2
trap 'rm -rf "$dir"' EXIT
trap '' PIPE
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --wal-segsize=1 >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
start() {
	"$bin/postgres" -D "$dir/data" -k "$dir" \
		-c listen_addresses= -c max_connections=100 -c shared_buffers=32MB \
		-c fsync=off -c full_page_writes=off -c dynamic_shared_memory_type=mmap \
		-c lc_messages=C -c log_checkpoints=off </dev/null >&2 &
	server=$!
}
end() {
	(while kill -QUIT $server; do sleep 0.1; done) >/dev/null 2>&1 &
	again=$!
	wait $server
	kill $again 2>/dev/null
	wait $again
}
start
while read -r order; do end; start; done
end
exit 0
`

// startWithin is how long a server may take to start, on a machine that is busy.
const startWithin = time.Minute

// A cluster is a server of our own.
type cluster struct {
	dir   string
	cmd   *exec.Cmd
	input io.WriteCloser
	log   tail
	ended chan struct{} // closed when the keeper has ended, with err
	err   error
	once  sync.Once
}

func startCluster(ctx context.Context, bin string) (*cluster, error) {
	c := &cluster{ended: make(chan struct{})}
	credential, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if c.dir, err = makeDir(credential); err != nil {
		return nil, err
	}
	c.cmd = exec.Command("/bin/sh", "-c", keeper, "keeper", c.dir, bin)
	c.cmd.Dir = c.dir // the other user may not see where we are
	c.cmd.Stderr = &c.log
	// A group of its own, as a terminal's Ctrl-C goes to all of a group.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credential}
	if c.input, err = c.cmd.StdinPipe(); err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL does not start: %w", err), os.RemoveAll(c.dir))
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	if err := c.await(ctx); err != nil {
		_ = c.close() // it is said already that it does not work
		return nil, err
	}
	return c, nil
}

// unprivileged is whom the server runs as: PostgreSQL refuses to run as root. It is nil, for
// ourselves, if we are not.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		who, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, err1 := strconv.ParseUint(who.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(who.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			errs = append(errs, err)
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is nobody else: %w", errors.Join(errs...))
}

// longestDir is how long the path of the directory may be: that of a socket in it has room for
// 103 bytes on macOS, for 107 on Linux, and its name takes 15.
const longestDir = 103 - len("/.s.PGSQL.5432")

func makeDir(credential *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp("", "overlap-postgres-")
	if err == nil && len(dir) > longestDir {
		if err = os.Remove(dir); err == nil {
			dir, err = os.MkdirTemp("/tmp", "overlap-postgres-")
		}
	}
	if err == nil && credential != nil {
		err = os.Chown(dir, int(credential.Uid), int(credential.Gid))
	}
	return dir, err
}

func (c *cluster) dsn() string {
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Path:     "/postgres",
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}).String()
}

// await returns when the server takes connections.
func (c *cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.dsn())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.ended:
			return fmt.Errorf("PostgreSQL has ended: %w\n%s", errors.Join(c.err, err), c.log.String())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not start: %w\n%s", errors.Join(context.Cause(ctx), err), c.log.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// crash has the keeper start the server anew. A connection of our own tells when the old one is
// gone, as the socket of the new one has the same name.
func (c *cluster) crash(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.dsn())
	if err != nil {
		return fmt.Errorf("crash of PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := io.WriteString(c.input, "again\n"); err != nil {
		return fmt.Errorf("crash of PostgreSQL: %w", err)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(86400)"); ctx.Err() != nil {
		return fmt.Errorf("crash of PostgreSQL: %w", err)
	}
	return c.await(ctx)
}

func (c *cluster) close() error {
	c.once.Do(func() { _ = c.input.Close() })
	<-c.ended
	if c.err != nil {
		return fmt.Errorf("PostgreSQL did not end well: %w\n%s", c.err, c.log.String())
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("PostgreSQL left %s behind", filepath.ToSlash(c.dir))
	}
	return nil
}

// A tail keeps the end of what is written to it. It is safe for concurrent use.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// most is how many bytes of a log are shown.
const most = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*most {
		t.text = bytes.Clone(t.text[len(t.text)-most:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text[max(0, len(t.text)-most):])
}
