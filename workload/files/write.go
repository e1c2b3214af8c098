package files

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"regexp"
)

// temporary are the names under which results are written, and no others.
var temporary = regexp.MustCompile(`^\.overlap-[0-9a-f]{16}\.tmp$`)

func temporaryName() string { return fmt.Sprintf(".overlap-%016x.tmp", rand.Uint64()) }

// write puts content at name in one step: whoever looks finds all of it, or what was
// there before. If it fails, nothing of it stays.
func (b *Batch) write(name string, content []byte) (err error) {
	dir := filepath.Dir(name)
	temp := filepath.Join(dir, temporaryName()) // beside it: a rename cannot leave the file system
	file, err := b.create(temp)
	if errors.Is(err, fs.ErrNotExist) {
		if err = b.out.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		file, err = b.create(temp)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = b.out.Remove(temp) // else the next run does
		}
	}()
	_, err = file.Write(content)
	if err == nil {
		err = b.sync(file) // or a crash of the machine might leave the name without the bytes
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return b.out.Rename(temp, name)
}

// removeLeftovers removes what a run that was killed was writing.
func (b *Batch) removeLeftovers() error {
	return fs.WalkDir(b.out.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !temporary.MatchString(entry.Name()) {
			return err
		}
		return b.out.Remove(filepath.FromSlash(path))
	})
}
