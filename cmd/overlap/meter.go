package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A meter shows how far long work is: a bar on a terminal, else a line for each
// tenth of the work, so that a log stays short.
type meter struct {
	w     io.Writer
	total int
	bar   *progressbar.ProgressBar // nil if w is no terminal
	shown int                      // tenths
}

// unknown is the total of work whose end cannot be told.
const unknown = -1

func newMeter(w io.Writer, total int) *meter {
	m := &meter{w: w, total: total}
	if isTerminal(w) {
		m.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetWidth(24),
			progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionSetPredictTime(false), // the time left is ours
			progressbar.OptionClearOnFinish(),
		)
	}
	return m
}

// show says that so much is done, what is being done, and how long the rest will
// take. It is not safe for concurrent use.
func (m *meter) show(done int, what string, left time.Duration) {
	if m.total == unknown {
		if m.bar != nil {
			m.bar.Describe(fmt.Sprintf("%d done, %s", done, what))
			_ = m.bar.Add(1)
		}
		return
	}
	if m.bar != nil {
		m.bar.Describe(fmt.Sprintf("%-10s %s", "~"+left.Round(time.Second).String()+" left", what))
		_ = m.bar.Set(done) // fails only beyond the total
		return
	}
	if tenths := done * 10 / max(1, m.total); tenths > m.shown {
		m.shown = tenths
		fmt.Fprintf(m.w, "%d of %d done, about %v left, %s\n", done, m.total, left.Round(time.Second), what)
	}
}

// end takes the bar away.
func (m *meter) end() {
	if m.bar != nil {
		_ = m.bar.Clear()
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
