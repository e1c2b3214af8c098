// Package postgres gives tests and benchmarks a PostgreSQL: the one that the environment
// variable OVERLAP_POSTGRES names, or a throw-away server of their own, where one is installed.
//
// The server of one's own is a cluster in a temporary directory, reached over a Unix socket in
// that directory, so it has no port to collide with, and nobody else on the machine is let in.
// It ends with this process, however that ends, and its directory with it.
//
// It runs with fsync off, as its data is not meant to outlive it. A commit is then written to
// the operating system and no further: it survives the death of every process of the server,
// and of this one, but not of the machine. So it is quick, and says nothing of disks.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Env is the environment variable that names a PostgreSQL to be used in place of one's own: a
// URL, such as postgres://user:password@host:5432/database.
const Env = "OVERLAP_POSTGRES"

// ErrNotInstalled says that there is no PostgreSQL to be had.
var ErrNotInstalled = errors.New("PostgreSQL is not installed and " + Env + " is not set")

// ErrNotOurs says that the server is one that Env names, which is not ours to kill.
var ErrNotOurs = errors.New("the server is one that " + Env + " names")

// A Server is a PostgreSQL that can be connected to.
type Server struct {
	DSN     string // a URL
	cluster *cluster
}

// Start gives the server that Env names, without a look at it, or else starts one, which takes
// about a second. The error is ErrNotInstalled, or says why the server does not start, with the
// end of its log; ctx bounds the start.
func Start(ctx context.Context) (*Server, error) {
	if dsn := os.Getenv(Env); dsn != "" {
		return &Server{DSN: dsn}, nil
	}
	bin := find()
	if bin == "" {
		return nil, ErrNotInstalled
	}
	cluster, err := startCluster(ctx, bin)
	if err != nil {
		return nil, err
	}
	return &Server{DSN: cluster.dsn(), cluster: cluster}, nil
}

// Ours says whether the server is one's own, and not one that Env names.
func (s *Server) Ours() bool { return s.cluster != nil }

// Crash ends every process of the server at once, as `pg_ctl stop -m immediate` does, and starts
// it again on what they left behind. It returns when the new one takes connections. Of a server
// that Env names it is ErrNotOurs. It must not be called twice at a time.
func (s *Server) Crash(ctx context.Context) error {
	if s.cluster == nil {
		return ErrNotOurs
	}
	return s.cluster.crash(ctx)
}

// Close ends the server and removes its directory, and returns when both are gone. One that Env
// names is left alone.
func (s *Server) Close() error {
	if s.cluster == nil {
		return nil
	}
	return s.cluster.close()
}

// places are where the packages of Debian, Red Hat and Homebrew, and Postgres.app, put the
// programs of a server: seldom on PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// find returns the directory of initdb and postgres: that of PATH, else of the newest version in
// places; or "".
func find() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		// A link on PATH need not have its siblings beside it.
		if path, err = filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(path)) {
			return filepath.Dir(path)
		}
	}
	return newest(places)
}

func newest(patterns []string) string {
	var found []string
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern) // the patterns are right
		found = append(found, dirs...)
	}
	found = slices.DeleteFunc(found, func(dir string) bool { return !complete(dir) })
	if len(found) == 0 {
		return ""
	}
	return slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) })
}

func complete(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(bin, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// version is the first number in a path, 15 of /usr/lib/postgresql/15/bin; 0 if there is none,
// as in Homebrew's link to what is current, and in Postgres.app's.
func version(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0])
	return n
}
