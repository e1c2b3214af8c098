//go:build !unix

package postgres

import (
	"context"
	"fmt"
	"runtime"
)

// A cluster is a server of our own: here there is none.
type cluster struct{}

func startCluster(context.Context, string) (*cluster, error) {
	return nil, fmt.Errorf("%w: on %s none is started", ErrNotInstalled, runtime.GOOS)
}

func (*cluster) dsn() string                 { return "" }
func (*cluster) crash(context.Context) error { return nil }
func (*cluster) close() error                { return nil }
