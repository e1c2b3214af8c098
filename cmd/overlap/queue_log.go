package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"unicode"
)

// humanLog is what the queue tells beside the jobs, a short line each.
func humanLog(w io.Writer, prefix string) *slog.Logger {
	return slog.New(&humanHandler{w: w, prefix: prefix})
}

// A humanHandler writes the message, then the key of the job, the text and the error that it has,
// with colons between. What else there is, such as the queue's place, the reader knows.
type humanHandler struct {
	w      io.Writer // safe for concurrent use
	prefix string
}

func (h *humanHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}
func (h *humanHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *humanHandler) WithGroup(string) slog.Handler      { return h }

func (h *humanHandler) Handle(_ context.Context, r slog.Record) error {
	line := h.prefix + r.Message
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "key", "text", "error":
			if text := a.Value.String(); text != "" && a.Value.Any() != nil {
				line += ": " + printable(text)
			}
		}
		return true
	})
	_, err := fmt.Fprintln(h.w, line)
	return err
}

// printable makes one line of a text, and nothing of it a terminal's command.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
}

// together lets goroutines share a writer: what each writes at once stays together. A file does
// that by itself, and stays a file, which a meter may draw on.
func together(w io.Writer) io.Writer {
	if _, ok := w.(*os.File); ok {
		return w
	}
	return &shared{w: w}
}

type shared struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
