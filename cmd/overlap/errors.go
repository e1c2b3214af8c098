package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"syscall"

	"github.com/coder/websocket"

	"example.com/overlap"
	"example.com/overlap/internal/lost"
	"example.com/overlap/workload/live"
	"example.com/overlap/workload/pages"
	"example.com/overlap/workload/rows"
)

// A kind is a sort of error, how often it came and what one of them says.
type kind struct {
	Kind    string `json:"kind"`
	Count   int    `json:"count"`
	Example string `json:"example"`
}

// kinds sorts the errors of the results, the most frequent kind first.
func kinds[R any](results []overlap.Result[R], begun func(i int) bool) []kind {
	list := []kind{}
	for i, r := range results {
		if r.Err == nil {
			continue
		}
		name := kindOf(r.Err, begun(i))
		at := slices.IndexFunc(list, func(k kind) bool { return k.Kind == name })
		if at < 0 {
			list = append(list, kind{Kind: name, Example: r.Err.Error()})
			at = len(list) - 1
		}
		list[at].Count++
	}
	slices.SortFunc(list, func(a, b kind) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind)) })
	return list
}

func kindOf(err error, begun bool) string {
	if status, ok := errors.AsType[*pages.StatusError](err); ok {
		return statusKind(status.StatusCode)
	}
	if status, ok := errors.AsType[*live.StatusError](err); ok {
		return statusKind(status.StatusCode)
	}
	if closed, ok := errors.AsType[websocket.CloseError](err); ok {
		return fmt.Sprintf("closed: %d %s", int(closed.Code), closed.Reason)
	}
	if _, ok := errors.AsType[*pages.TooLargeError](err); ok {
		return "body too large"
	}
	if _, ok := errors.AsType[*pages.TypeError](err); ok {
		return "not HTML"
	}
	if _, ok := errors.AsType[*overlap.PanicError](err); ok {
		return "panic"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "host not found"
	}
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled) && !begun:
		return "not begun: interrupted"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case isTimeout && timeout.Timeout():
		return "timeout"
	case lost.Refused(err):
		return "connection refused"
	case lost.Broken(err):
		return "connection reset"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "answer cut short"
	case errors.Is(err, syscall.EMFILE):
		return "too many open files"
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case isBusy(err):
		return "database is busy"
	}
	return "other"
}

func statusKind(code int) string {
	if name := http.StatusText(code); name != "" {
		return fmt.Sprintf("status %d %s", code, name)
	}
	return fmt.Sprintf("status %d", code)
}

// isBusy says whether it is a database that is in the way, and not the network before it.
func isBusy(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return !network && rows.Temporary(err)
}
