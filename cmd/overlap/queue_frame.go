package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"example.com/overlap/queue"
)

// A frame is text on a terminal that is drawn again in its place. Below it stands the last thing
// that was said meanwhile: what else is written to the terminal would move it. Its methods are
// safe for concurrent use.
type frame struct {
	w    io.Writer
	size func() (width, height int, err error)

	mu    sync.Mutex
	text  string
	said  string
	lines int // that are drawn
}

// show draws a text in the place of the last one.
func (f *frame) show(text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = text
	return f.draw()
}

// Write takes a line of what is said.
func (f *frame) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = strings.TrimSpace(string(line))
	if f.text == "" { // nothing is drawn yet
		return len(line), nil
	}
	return len(line), f.draw()
}

// The commands of a terminal (ECMA-48): to the beginning of the line so many lines above, and
// erase what follows on the line or the screen.
const (
	cursorUp  = "\x1b[%dF"
	eraseLine = "\x1b[K"
	eraseRest = "\x1b[J"
)

func (f *frame) draw() error {
	width, height, err := f.size()
	if err != nil || width < 1 || height < 2 {
		width, height = 80, 24
	}
	lines := strings.Split(strings.TrimRight(f.text, "\n"), "\n")
	if f.said != "" {
		lines = append(lines, "", f.said)
	}
	if most := height - 1; len(lines) > most { // the cursor stands below
		left := len(lines) - most + 1
		lines = append(lines[:most-1], fmt.Sprintf("… and %d lines more", left))
	}
	var out strings.Builder
	if f.lines > 0 {
		fmt.Fprintf(&out, cursorUp, f.lines)
	}
	for _, line := range lines {
		if letters := []rune(line); len(letters) >= width {
			line = string(letters[:width-1])
		}
		out.WriteString(line + eraseLine + "\n")
	}
	out.WriteString(eraseRest)
	f.lines = len(lines)
	_, err = io.WriteString(f.w, out.String())
	return err
}

// A frameWatcher draws the status on a terminal.
type frameWatcher struct {
	job string
	*frame
}

func (f *frameWatcher) show(s queue.Status) error {
	return f.frame.show(statusTable(f.job, s) + "\nCtrl-C ends this\n")
}

func (f *frameWatcher) silent(err error) error {
	_, err = f.Write([]byte(err.Error()))
	return err
}
