// Package files is the workload on many files: Fetch reads a file whole, so it waits for
// the disk; Process compresses it, or computes its hash, and writes the result into another
// directory. What is real is the file system.
//
// # A result is whole or not there
//
// A result is written under a name of its own beside its place, brought to the disk, and
// then renamed: rename(2) replaces a name in one step. Whenever a run is killed, each file
// under a result's name is whole. The next run finds what is done, skips it and does the
// rest; [Open] removes the half files that the last one left. After a crash of the machine
// a result may be missing, as the directory itself is not brought to the disk, and is done
// again.
//
// google/renameio does this, but not on Windows; natefinch/atomic does it there too, but by
// paths, so not within an [os.Root]. So the few lines are here.
//
// # Nothing outside the directories
//
// A key is the path of a file within the input directory, with slashes, as package io/fs
// has it. All files are opened through an os.Root, so neither a key nor a symbolic link leads
// out of the two directories.
//
// # How many files are open at once
//
// A process may open so many files only (RLIMIT_NOFILE), and beyond that each open fails
// with EMFILE. Worse: no poller waits for a file, so each read holds a thread of the operating
// system, and the Go runtime ends a program that has 10,000 of them. A model without a
// limit, on 100,000 files, would meet one or the other. So the job itself waits for one of
// [Settings].MaxOpen places before it touches a file: whoever waits there holds no thread.
// Package net does so for the lookups that hold one (net.concurrentThreadsLimit: 500, or
// what may be opened less 30).
//
// The bytes are another matter: each job in flight holds its file from Fetch to the end of
// Process, and a compressed copy of it at the end. Memory is jobs in flight times the size
// of a file; only a model with a limit bounds it.
package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/semaphore"

	"example.com/overlap"
)

// Settings say which files are read, what is made of them, and where that goes.
type Settings struct {
	In, Out string // directories; Out is made if there is none, and may not be in In
	Work    Work

	// Again does all files, also those whose result is there and not older than the file.
	Again bool

	// MaxOpen is how many files are open at once at most, those that are read and those that
	// are written together. 0 stands for 256, or half of what this process may open less 32 if
	// that is less: under a directory within In, a file takes two descriptors while it is opened.
	// Without a bound, with math.MaxInt, files that find no descriptor fail with EMFILE; above
	// some 9,000, a program may be ended for its threads.
	MaxOpen int
}

// MaxBytes is how large a file may be that is read: it is held in memory.
const MaxBytes = 1 << 30

// The errors of a job are all *[fs.PathError], with the key, or the result's name, as Path.
// Beneath is the operating system's error (syscall.EMFILE, ENOSPC, fs.ErrNotExist ...),
// context.Cause, or one of these.
var (
	ErrPath       = errors.New("not a path within the directory")
	ErrNotRegular = errors.New("not a regular file") // a directory, a symbolic link, a pipe
	ErrTooLarge   = fmt.Errorf("larger than %d bytes", MaxBytes)
	ErrDiffers    = errors.New("not the result of its file") // of [Batch.Check]
)

// A Body is a file as it was read.
type Body struct {
	Key   string
	Bytes []byte

	skip bool // its result is there
}

// A Done is what became of one file.
type Done struct {
	Output  string            // the result's path within Settings.Out, with slashes
	Read    int64             // bytes of the file
	Written int64             // bytes of the result
	Sum     [sha256.Size]byte // SHA-256 of the result
	Skipped bool              // the result was there already; then Read, Written and Sum are zero
}

// A Batch is the work on the files of a directory. Its methods are safe for concurrent
// use, but for Close.
type Batch struct {
	settings Settings
	in, out  *os.Root
	locked   *os.File // of out; nil where there are no locks
	places   *semaphore.Weighted
	gzips    sync.Pool // of *gzip.Writer: each takes most of a megabyte

	// What the file system does, for tests to put something else in its place.
	open   func(name string) (*os.File, error) // of in
	create func(name string) (*os.File, error) // of out
	sync   func(*os.File) error
}

// Open opens both directories, and removes what a killed run has left in Out. The error
// says which setting is wrong, or is the file system's.
//
// One Batch at a time may have an output directory: on Linux, macOS and the BSDs another
// one is refused, also that of another process (flock); elsewhere it must not be. When done,
// call Close.
func Open(settings Settings) (_ *Batch, err error) {
	if settings.MaxOpen < 0 {
		return nil, fmt.Errorf("files: MaxOpen is %d, want 0 or more", settings.MaxOpen)
	}
	if !settings.Work.valid() {
		return nil, fmt.Errorf("files: Work is %q, want %s or %s", settings.Work, Gzip, SHA256)
	}
	if settings.MaxOpen == 0 {
		settings.MaxOpen = standardOpen(fileLimit())
	}
	b := &Batch{settings: settings, places: semaphore.NewWeighted(int64(settings.MaxOpen))}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("files: %w", err), b.Close())
		}
	}()
	if b.in, err = os.OpenRoot(settings.In); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	if err = os.MkdirAll(settings.Out, 0o777); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	if b.out, err = os.OpenRoot(settings.Out); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	if err = apart(settings.In, settings.Out); err != nil {
		return nil, err
	}
	if b.locked, err = lock(b.out); err != nil {
		return nil, fmt.Errorf("output %s: %w", settings.Out, err)
	}
	b.open, b.sync = b.in.Open, (*os.File).Sync
	b.create = func(name string) (*os.File, error) {
		return b.out.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	}
	return b, b.removeLeftovers()
}

// Close closes the directories. No job may run any more.
func (b *Batch) Close() error {
	var errs []error
	if b.in != nil {
		errs = append(errs, b.in.Close())
	}
	if b.out != nil {
		errs = append(errs, b.out.Close())
	}
	if b.locked != nil {
		errs = append(errs, b.locked.Close())
	}
	return errors.Join(errs...)
}

// Keys returns the paths of all files in the input directory and those beneath it, in
// lexical order. What is not a regular file is left out.
func (b *Batch) Keys() (keys []string, err error) {
	err = fs.WalkDir(b.in.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			keys = append(keys, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return keys, nil
}

// Job returns the workload: the key is a file's path, the result what became of it. Its
// errors are told beside [ErrPath].
//
// A file whose result is there is not read, unless Settings.Again says so. As make does it,
// a result counts that is not older than its file.
func (b *Batch) Job() overlap.Job[string, Body, Done] {
	return overlap.Job[string, Body, Done]{
		Fetch:   func(ctx context.Context, key string) (Body, error) { return b.fetch(ctx, key, !b.settings.Again) },
		Process: b.process,
	}
}

// Check returns the workload that looks at results and writes none: it does the work once
// more, in memory. A result that is not what a sequential run would give has the error
// [ErrDiffers], a missing one fs.ErrNotExist.
func (b *Batch) Check() overlap.Job[string, Body, Done] {
	return overlap.Job[string, Body, Done]{
		Fetch:   func(ctx context.Context, key string) (Body, error) { return b.fetch(ctx, key, false) },
		Process: b.check,
	}
}

func (b *Batch) fetch(ctx context.Context, key string, skip bool) (Body, error) {
	name, err := filepath.Localize(key) // "." passes, and is no regular file
	if err != nil {
		return Body{}, fileError("read", key, ErrPath)
	}
	leave, err := b.enter(ctx)
	if err != nil {
		return Body{}, fileError("read", key, err)
	}
	defer leave()
	info, err := b.in.Lstat(name) // first: to open a pipe waits for its writer
	switch {
	case err != nil:
		return Body{}, fileError("read", key, err)
	case !info.Mode().IsRegular():
		return Body{}, fileError("read", key, ErrNotRegular)
	case skip && b.isDone(name, info):
		return Body{Key: key, skip: true}, nil
	}
	content, err := read(b.open, name, info.Size())
	if err != nil {
		return Body{}, fileError("read", key, err)
	}
	return Body{Key: key, Bytes: content}, nil
}

// isDone says whether the result of a file is there.
func (b *Batch) isDone(name string, file fs.FileInfo) bool {
	result, err := b.out.Lstat(name + b.settings.Work.suffix())
	return err == nil && result.Mode().IsRegular() && !result.ModTime().Before(file.ModTime())
}

func (b *Batch) process(ctx context.Context, body Body) (Done, error) {
	done := Done{Output: body.Key + b.settings.Work.suffix(), Skipped: body.skip}
	if done.Skipped {
		return done, nil
	}
	result, err := b.work(body)
	if err != nil {
		return Done{}, fileError("compress", body.Key, err)
	}
	leave, err := b.enter(ctx)
	if err != nil {
		return Done{}, fileError("write", done.Output, err)
	}
	defer leave()
	if err := b.write(filepath.FromSlash(done.Output), result); err != nil {
		return Done{}, fileError("write", done.Output, err)
	}
	return done.of(body, result), nil
}

func (b *Batch) check(ctx context.Context, body Body) (Done, error) {
	done := Done{Output: body.Key + b.settings.Work.suffix()}
	want, err := b.work(body)
	if err != nil {
		return Done{}, fileError("compress", body.Key, err)
	}
	leave, err := b.enter(ctx)
	if err != nil {
		return Done{}, fileError("check", done.Output, err)
	}
	defer leave()
	got, err := read(b.out.Open, filepath.FromSlash(done.Output), int64(len(want)))
	if err == nil && !bytes.Equal(got, want) {
		err = ErrDiffers
	}
	if err != nil {
		return Done{}, fileError("check", done.Output, err)
	}
	return done.of(body, want), nil
}

func (d Done) of(body Body, result []byte) Done {
	d.Read, d.Written, d.Sum = int64(len(body.Bytes)), int64(len(result)), sha256.Sum256(result)
	return d
}

// enter waits for a place, in which one file may be open at a time.
func (b *Batch) enter(ctx context.Context) (leave func(), err error) {
	if b.places.Acquire(ctx, 1) != nil {
		return nil, context.Cause(ctx)
	}
	return func() { b.places.Release(1) }, nil
}

// read gives all of a file that has about size bytes.
func read(open func(string) (*os.File, error), name string, size int64) ([]byte, error) {
	if size > MaxBytes {
		return nil, ErrTooLarge
	}
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var content bytes.Buffer
	content.Grow(int(size) + bytes.MinRead) // room to see the end without growing
	if _, err := content.ReadFrom(io.LimitReader(file, MaxBytes+1)); err != nil {
		return nil, err
	}
	if content.Len() > MaxBytes {
		return nil, ErrTooLarge // it has grown
	}
	return content.Bytes(), nil
}

// fileError gives err the name that the caller knows, in place of the one beneath.
func fileError(op, name string, err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	} else if inner, ok := errors.AsType[*os.LinkError](err); ok {
		err = inner.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// apart returns an error if out is in, or within it: then results would be found as files.
func apart(in, out string) error {
	from, err := os.Stat(in)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(out)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return err
	}
	for dir, parent := real, ""; dir != parent; dir, parent = filepath.Dir(dir), dir {
		if info, err := os.Stat(dir); err == nil && os.SameFile(from, info) {
			return fmt.Errorf("output %s is within input %s", out, in)
		}
	}
	return nil
}

// standardOpen is MaxOpen if it is not given. limit is what this process may open.
func standardOpen(limit uint64, known bool) int {
	const most, spare = 256, 32
	if !known {
		return most
	}
	return int(max(1, min(most, (max(limit, spare)-spare)/2)))
}
