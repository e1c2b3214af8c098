package report

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Write puts the files of the report into a directory, which it makes if need be. An
// earlier report in it is replaced, charts that there are no more included. A file
// that is not of an earlier report is never touched: if one has a name that is needed,
// Write fails before it writes anything. It returns the files' names.
func (r *Report) Write(dir string) ([]string, error) {
	files, err := r.Files()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		path := filepath.Join(dir, f.Name)
		switch ours, err := isOurs(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !ours:
			return nil, fmt.Errorf("%s is there already and is not of an earlier report: it is not overwritten", path)
		}
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return nil, err
		}
	}
	for _, e := range old {
		name := e.Name()
		if !strings.HasSuffix(name, ".svg") && name != "report.csv" && name != "samples.csv" || slices.Contains(names, name) {
			continue
		}
		path := filepath.Join(dir, name)
		if ours, err := isOurs(path); err == nil && ours {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// isOurs says whether a file is of an earlier report.
func isOurs(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	head := make([]byte, 512)
	n, _ := file.Read(head)
	head = head[:n]
	if n == 0 {
		return true, nil // nothing is lost: writing it was cut off
	}
	if strings.HasSuffix(path, ".csv") {
		return bytes.HasPrefix(head, []byte("package,benchmark,")), nil
	}
	return bytes.Contains(head, []byte(mark)), nil
}
