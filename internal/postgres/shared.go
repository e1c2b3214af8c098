package postgres

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// A Shared is a server for all tests of a process, started by the first that asks. A TestMain
// closes it after m.Run. The zero value is ready; it is safe for concurrent use, but for Close.
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Get returns the server. Where there is no PostgreSQL the test is skipped, by name; if one does
// not start, the test fails.
func (s *Shared) Get(t testing.TB) *Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = Start(context.Background()) })
	switch {
	case errors.Is(s.err, ErrNotInstalled):
		t.Skip(s.err)
	case s.err != nil:
		t.Fatal(s.err)
	}
	return s.server
}

// Close ends the server if one was started.
func (s *Shared) Close() error {
	if s.server == nil {
		return nil
	}
	return s.server.Close()
}
