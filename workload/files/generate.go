package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"
)

// A Set is a directory of generated files: logs of a web server, which gzip
// makes five to seven times smaller. The same Set gives the same bytes.
type Set struct {
	Files int // at least 1, at most 10 million
	Size  int // bytes of each file; at most MaxBytes
	Seed  uint64
}

// Name is the name of file i.
func (s Set) Name(i int) string { return fmt.Sprintf("%07d.log", i) }

// Content returns the bytes of file i. It takes some 3 ns a byte.
func (s Set) Content(i int) []byte { return s.appendContent(nil, i) }

// Generate makes the files of set in dir, which is made if there is none, and returns their
// names, which are the keys. A file that has its bytes already is left alone, so that its
// result stays good; others of that name are written anew. Other files in dir stay.
//
// progress, if not nil, is called with the number of files so far, after each. The error
// says which field of set is wrong, or is the file system's, or context.Cause(ctx).
func Generate(ctx context.Context, dir string, set Set, progress func(files int)) (keys []string, err error) {
	switch {
	case set.Files < 1 || set.Files > 10_000_000:
		return nil, fmt.Errorf("files: Files is %d, want 1 to 10000000", set.Files)
	case set.Size < 0 || set.Size > MaxBytes:
		return nil, fmt.Errorf("files: Size is %d, want 0 to %d bytes", set.Size, MaxBytes)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	keys = make([]string, set.Files)
	var content []byte
	for i := range keys {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("files: %w", context.Cause(ctx))
		}
		keys[i] = set.Name(i)
		content = set.appendContent(content[:0], i)
		if err := keep(root, keys[i], content); err != nil {
			return nil, fmt.Errorf("files: generate: %w", err)
		}
		if progress != nil {
			progress(i + 1)
		}
	}
	return keys, nil
}

// keep writes content to name, unless it is there.
func keep(root *os.Root, name string, content []byte) error {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.Mode().IsRegular() && info.Size() == int64(len(content)):
		if there, err := root.ReadFile(name); err == nil && bytes.Equal(there, content) {
			return nil
		}
	}
	return root.WriteFile(name, content, 0o666)
}

func (s Set) appendContent(b []byte, i int) []byte {
	const longest = 160 // a line, with room to spare
	b = slices.Grow(b, s.Size+longest)
	r := rand.NewPCG(s.Seed, uint64(i))
	at := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	end := len(b) + s.Size
	for len(b) < end {
		// One draw gives all of a line; what is rare in logs is rare here.
		draw := r.Uint64()
		at = at.Add(time.Duration(draw%997) * time.Millisecond)
		level, status := "INFO ", "200"
		switch draw >> 58 {
		case 0:
			level, status = "ERROR", "503"
		case 1, 2, 3:
			level, status = "WARN ", "404"
		}
		b = at.AppendFormat(b, "2006-01-02T15:04:05.000Z ")
		b = append(append(b, level...), " worker="...)
		b = strconv.AppendUint(b, draw>>8%64, 10)
		b = append(b, " GET /page/"...)
		b = strconv.AppendUint(b, draw>>16%1000, 10)
		b = append(append(b, " status="...), status...)
		b = append(b, " bytes=2048 took="...)
		b = strconv.AppendUint(b, draw>>32%100_000, 10)
		b = append(b, "us\n"...)
	}
	b = b[:end]
	if s.Size > 0 {
		b[end-1] = '\n'
	}
	return b
}
