package tested

import (
	"context"
	"flag"
	"strings"
	"testing"

	"example.com/overlap/bench/conform"
)

func TestShared(t *testing.T) {
	conform.Test(t, func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return Shared(ctx, job, keys, limit)
		}
	}, conform.Limited("limit"))
}

// Tests that fail on purpose run only if they are asked for by name.
func onPurpose(t *testing.T) {
	t.Helper()
	if !strings.Contains(flag.Lookup("test.run").Value.String(), "Broken") {
		t.Skipf("fails on purpose; go test -run %s ./docs/code/testing shows how", t.Name())
	}
}

func TestBrokenBatches(t *testing.T) {
	onPurpose(t)
	conform.Test(t, func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return Batches(ctx, job, keys, limit)
		}
	}, conform.Limited("limit").Fixed(3))
}

func TestBrokenHasty(t *testing.T) {
	onPurpose(t)
	conform.Test(t, func(limit int) conform.Runner {
		return func(ctx context.Context, job conform.Job, keys []int) []conform.Result {
			return Hasty(ctx, job, keys, limit)
		}
	}, conform.Limited("limit").Fixed(3))
}
