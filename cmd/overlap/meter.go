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
	last  time.Time                // the bar was drawn
	width int                      // of the terminal, in letters
}

const barWidth = 16

// often is how often a bar is drawn: work may be done a hundred thousand times a
// second.
const often = 50 * time.Millisecond

// unknown is the total of work whose end cannot be told.
const unknown = -1

func newMeter(w io.Writer, total int) *meter {
	m := &meter{w: w, total: total}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		m.bar = newBar(w, total)
		m.width = 80
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			m.width = width
		}
	}
	return m
}

func newBar(w io.Writer, total int) *progressbar.ProgressBar {
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(false), // the time left is ours
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that draws by itself
	)
}

// show says that so much is done, what is being done, and how long the rest will
// take. It is not safe for concurrent use.
func (m *meter) show(done int, what string, left time.Duration) {
	if m.bar != nil {
		if time.Since(m.last) < often && done != m.total {
			return
		}
		m.last = time.Now()
		if m.total == unknown {
			what = fmt.Sprintf("%d done, %s", done, what)
		} else {
			what = fmt.Sprintf("%-10s %s", "~"+left.Round(time.Second).String()+" left", what)
		}
		_ = m.bar.Set(done) // fails only beyond the total
		m.bar.Describe(m.fit(what))
		return
	}
	if m.total == unknown {
		return
	}
	if tenths := done * 10 / max(1, m.total); tenths > m.shown {
		m.shown = tenths
		fmt.Fprintf(m.w, "%d of %d done, about %v left, %s\n", done, m.total, left.Round(time.Second), what)
	}
}

// fit cuts a text so that it and the bar take one line: a bar that wraps is drawn
// again and again.
func (m *meter) fit(text string) string {
	room := max(10, m.width-barWidth-len(" 100% ||  "))
	if letters := []rune(text); len(letters) > room {
		return string(letters[:room-1]) + "…"
	}
	return text
}

// end takes the bar away.
func (m *meter) end() {
	if m.bar != nil {
		_ = m.bar.Clear()
	}
}
