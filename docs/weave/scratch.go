package weave

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A scratch is a directory in which commands of the course find the files of the
// repository, and leave behind what they write: a link to each of its files and
// directories, and a bin of its own. The directory of results is its own, too, with links
// to those that there are: overlap bench adds to it.
type scratch struct {
	course *Course
	dir    string
	real   string // dir without symbolic links
}

func (c *Course) scratch() (_ *scratch, err error) {
	dir, err := os.MkdirTemp("", "overlap-docs-")
	if err != nil {
		return nil, err
	}
	w := &scratch{course: c, dir: dir}
	defer func() {
		if err != nil {
			w.remove()
		}
	}()
	if w.real, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	if err := w.link("."); err != nil {
		return nil, err
	}
	return w, os.Mkdir(filepath.Join(dir, "bin"), 0o777)
}

// link links what is in a directory of the repository. Those that lead to the results are
// made anew.
func (w *scratch) link(dir string) error {
	entries, err := os.ReadDir(w.course.file(dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || name == "bin" {
			continue
		}
		at := filepath.Join(w.dir, filepath.FromSlash(name))
		if e.IsDir() && strings.HasPrefix(resultsDir+"/", name+"/") {
			err = os.Mkdir(at, 0o777)
			if err == nil {
				err = w.link(name)
			}
		} else {
			err = os.Symlink(w.course.file(name), at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *scratch) remove() { _ = os.RemoveAll(w.dir) } // what is left is in the system's directory for such files

// environment is what a command is given: as in a reader's shell, also where make runs us, which
// would have a make below it print where it is.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "MAKEFLAGS" || name == "MAKELEVEL" || name == "MFLAGS"
	})
}
