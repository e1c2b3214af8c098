package weave

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// mostBytes is the most that a page, a list or a recording may have. A reader of the
// course reads none that is a hundredth of it.
const mostBytes = 16 << 20

// readFile reads a file that is a regular one, or a link to one: a pipe would wait for
// ever, and a device may never end.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no regular file")}
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err == nil && len(data) > mostBytes {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is larger than %d MiB", mostBytes>>20)}
	}
	return data, err
}

// reason is what an error says without the name of the file, which is this machine's own.
func reason(err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Err
	}
	return err
}

// modeFor is the mode with which a file is to be written: that which it has. The error
// says why it must not be written.
func modeFor(name string) (fs.FileMode, error) {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0o644, nil
	case err != nil:
		return 0, reason(err)
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(name) // an empty name says as much
		return 0, fmt.Errorf("it is a symbolic link, to %s, and is not written: make a file of it", target)
	case !info.Mode().IsRegular():
		return 0, errors.New("it is no regular file")
	case info.Mode()&0o200 == 0:
		return 0, fmt.Errorf("it may not be written: its mode is %v", info.Mode().Perm())
	}
	return info.Mode().Perm(), nil
}

// replaceFile writes a file in one step, so that nobody finds half of it. A file
// that is there keeps its mode; one that is read-only, or a link, is an error.
func replaceFile(name string, data []byte) error {
	mode, err := modeFor(name)
	if err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	dir, base := filepath.Split(name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+base+"-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
