package mockserver

import (
	"io"
	"sync"
)

// firstEntries writes so many log entries through, and then a last word: whoever makes a
// server log something can make it do so without end.
type firstEntries struct {
	mu   sync.Mutex
	to   io.Writer
	left int
}

// Write is called once for each entry, by package log.
func (f *firstEntries) Write(entry []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return len(entry), nil
	}
	f.left--
	n, err := f.to.Write(entry)
	if err == nil && f.left == 0 {
		_, err = io.WriteString(f.to, "mockserver: no more of this is told\n")
	}
	return n, err
}
