package files_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/bench"
	"example.com/overlap/goroutines"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/files"
)

// manyFiles is a global because go test gives tests no other way to their flags.
var manyFiles = flag.Int("files", 1_000, "`number` of files in TestManyFiles; 100000 takes a few minutes")

func TestMain(m *testing.M) {
	childMain()
	os.Exit(m.Run())
}

func Example() {
	dir, err := os.MkdirTemp("", "files")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	ctx := context.Background()
	keys, err := files.Generate(ctx, in, files.Set{Files: 100, Size: 4 << 10, Seed: 1}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		batch, err := files.Open(files.Settings{In: in, Out: out, Work: files.SHA256})
		if err != nil {
			fmt.Println(err)
			return
		}
		var account files.Account
		for _, result := range pool.Run(ctx, batch.Job(), append(keys, "../secret"), 8) {
			account.Add(result)
		}
		fmt.Println(&account)
		if err := batch.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 101 files: 100 done, 0 skipped, 1 failed (1 times read: not a path within the directory); 409600 bytes read, 7800 written
	// 101 files: 0 done, 100 skipped, 1 failed (1 times read: not a path within the directory); 0 bytes read, 0 written
}

type result = overlap.Result[files.Done]

// models are all of this module.
func models(inFlight int) []bench.Model[string, files.Body, files.Done] {
	return bench.Models[string, files.Body, files.Done](bench.Limit{InFlight: inFlight, Process: 2})
}

// dirs are an input directory with files in it, and an output directory that is not there yet.
func dirs(t testing.TB, set files.Set) (settings files.Settings, keys []string) {
	dir := t.TempDir()
	settings = files.Settings{In: filepath.Join(dir, "in"), Out: filepath.Join(dir, "out"), Work: files.SHA256}
	keys, err := files.Generate(t.Context(), settings.In, set, nil)
	require.NoError(t, err)
	return settings, keys
}

// open is a batch that is closed with the test.
func open(t testing.TB, settings files.Settings) *files.Batch {
	batch, err := files.Open(settings)
	require.NoError(t, err)
	files.NoSync(batch)
	t.Cleanup(func() { require.NoError(t, batch.Close()) })
	return batch
}

// put makes a file in a directory.
func put(t testing.TB, dir, name, content string) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
}

// all are the regular files under dir, with slashes, and what is in them.
func all(t testing.TB, dir string) map[string]string {
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(content)
		return err
	}))
	return found
}

// gunzip is Go's own, not that of the package under test.
func gunzip(t testing.TB, compressed string) string {
	r, err := gzip.NewReader(strings.NewReader(compressed))
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(content)
}

func account(results []result) *files.Account {
	a := new(files.Account)
	for _, r := range results {
		a.Add(r)
	}
	return a
}

func TestResults(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 20, Size: 10_000, Seed: 3})
	put(t, settings.In, "deep/er/name", "hello\n")
	put(t, settings.In, "empty", "")
	want := all(t, settings.In)
	for _, work := range []files.Work{files.Gzip, files.SHA256} {
		settings.Work = work
		var first []result
		for _, m := range models(8) {
			t.Run(fmt.Sprintf("%s/%s", work, m.Name), func(t *testing.T) {
				settings.Out = filepath.Join(t.TempDir(), "made", "of", "need")
				batch := open(t, settings)
				keys, err := batch.Keys()
				require.NoError(t, err)
				require.Len(t, keys, len(want))
				results := m.Run(t.Context(), batch.Job(), keys)
				require.NoError(t, overlap.Errors(results))
				if first == nil {
					first = results // sequential's
				}
				require.Equal(t, first, results)

				out := all(t, settings.Out)
				require.Len(t, out, len(keys), "the results and nothing else")
				for i, key := range keys {
					done := results[i].Value
					got := out[done.Output]
					switch work {
					case files.Gzip:
						require.Equal(t, key+".gz", done.Output)
						require.Equal(t, want[key], gunzip(t, got))
					case files.SHA256:
						require.Equal(t, key+".sha256", done.Output)
						require.Equal(t, fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(want[key])), key), got)
					}
					require.Equal(t, files.Done{
						Output: done.Output, Read: int64(len(want[key])), Written: int64(len(got)), Sum: sha256.Sum256([]byte(got)),
					}, done)
				}
				require.NoError(t, overlap.Errors(m.Run(t.Context(), batch.Check(), keys)))
				if m.Stream == nil {
					return
				}
				for key, r := range m.Stream(t.Context(), batch.Job(), slices.Values(keys)) {
					require.Equal(t, result{Value: files.Done{Output: key + map[files.Work]string{files.Gzip: ".gz", files.SHA256: ".sha256"}[work], Skipped: true}}, r)
				}
			})
		}
	}
	require.Len(t, keys, 20)
}

// A name of more than letters is written as sha256sum does it.
func TestHashesOfOddNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such names on Windows")
	}
	settings, _ := dirs(t, files.Set{Files: 1})
	put(t, settings.In, "two\nlines", "x")
	put(t, settings.In, " spaces ", "x")
	batch := open(t, settings)
	require.NoError(t, overlap.Errors(sequential.Run(t.Context(), batch.Job(), []string{"two\nlines", " spaces "})))
	out := all(t, settings.Out)
	const sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	require.Equal(t, `\`+sum+`  two\nlines`+"\n", out["two\nlines.sha256"])
	require.Equal(t, sum+"   spaces \n", out[" spaces .sha256"])
}

func TestWhatIsDoneIsSkipped(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 10, Size: 1000})
	run := func(settings files.Settings) string {
		batch, err := files.Open(settings)
		require.NoError(t, err)
		files.NoSync(batch)
		defer func() { require.NoError(t, batch.Close()) }()
		return account(pool.Run(t.Context(), batch.Job(), keys, 3)).String()
	}
	path := func(name string) string { return filepath.Join(settings.Out, name) }
	require.Contains(t, run(settings), "10 files: 10 done, 0 skipped, 0 failed; 10000 bytes read")
	require.Equal(t, "10 files: 0 done, 10 skipped, 0 failed; 0 bytes read, 0 written", run(settings))

	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(settings.In, keys[3]), later, later))
	require.Contains(t, run(settings), "1 done, 9 skipped", "the file was changed after its result")
	require.Contains(t, run(settings), "1 done, 9 skipped", "and still is in the future")
	require.NoError(t, os.Chtimes(path(keys[3]+".sha256"), later, later))
	require.Contains(t, run(settings), "0 done, 10 skipped", "just as old counts")

	require.NoError(t, os.Remove(path(keys[4]+".sha256")))
	require.Contains(t, run(settings), "1 done, 9 skipped")

	if runtime.GOOS != "windows" { // where links take a privilege
		elsewhere := filepath.Join(t.TempDir(), "elsewhere")
		require.NoError(t, os.WriteFile(elsewhere, []byte("precious"), 0o666))
		require.NoError(t, os.Remove(path(keys[5]+".sha256")))
		require.NoError(t, os.Symlink(elsewhere, path(keys[5]+".sha256")))
		require.Contains(t, run(settings), "1 done, 9 skipped", "a link is no result")
		content, err := os.ReadFile(elsewhere)
		require.NoError(t, err)
		require.Equal(t, "precious", string(content), "the link was replaced, not what it leads to")
	}

	again := settings
	again.Again = true
	require.Contains(t, run(again), "10 done, 0 skipped")
	other := settings
	other.Work = files.Gzip
	require.Contains(t, run(other), "10 done, 0 skipped", "another work is another result")
	require.Len(t, all(t, settings.Out), 20)
}

// Nothing is read that is not a file within the directory, and nothing written.
func TestKeysStayWithin(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 1, Size: 100})
	outside := filepath.Dir(settings.In)
	put(t, outside, "secret", "secret")
	put(t, settings.In, "dir/file", "x")
	batch := open(t, settings)
	for key, want := range map[string]error{
		"":                       files.ErrPath,
		".":                      files.ErrNotRegular,
		"..":                     files.ErrPath,
		"../secret":              files.ErrPath,
		"dir/../../secret":       files.ErrPath,
		"dir/../dir/file":        files.ErrPath,
		"/secret":                files.ErrPath,
		outside + "/secret":      files.ErrPath,
		"./" + keys[0]:           files.ErrPath,
		"dir//file":              files.ErrPath,
		"dir/":                   files.ErrPath,
		"dir":                    files.ErrNotRegular,
		"dir/file\x00":           files.ErrPath,
		"missing":                fs.ErrNotExist,
		"dir/file/file":          syscall.ENOTDIR,
		strings.Repeat("x", 300): syscall.ENAMETOOLONG,
	} {
		r := batch.Job().Do(t.Context(), key)
		if runtime.GOOS != "windows" || !errors.As(want, new(syscall.Errno)) {
			require.ErrorIs(t, r.Err, want, "%q", key)
		}
		failure, ok := errors.AsType[*fs.PathError](r.Err)
		require.True(t, ok)
		require.Equal(t, "read", failure.Op)
		require.Equal(t, key, failure.Path)
	}
	require.NoError(t, batch.Job().Do(t.Context(), "dir/file").Err)
}

func TestLinksStayWithin(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links take a privilege on Windows")
	}
	settings, keys := dirs(t, files.Set{Files: 1, Size: 100})
	outside := t.TempDir()
	put(t, outside, "secret", "secret")
	put(t, settings.In, "dir/file", "x")
	link := func(to, from string) { require.NoError(t, os.Symlink(to, from)) }
	link(filepath.Join(outside, "secret"), filepath.Join(settings.In, "link"))
	link(keys[0], filepath.Join(settings.In, "inner"))
	link(outside, filepath.Join(settings.In, "outer"))
	link("dir", filepath.Join(settings.In, "innerdir"))
	batch := open(t, settings)
	read := func(key string) error { return batch.Job().Do(t.Context(), key).Err }
	require.EqualError(t, read("link"), "read link: not a regular file")
	require.EqualError(t, read("inner"), "read inner: not a regular file")
	require.EqualError(t, read("outer/secret"), "read outer/secret: path escapes from parent")
	require.NoError(t, read("innerdir/file"), "it stays within")

	// Neither does one that comes between the look at the file and the open.
	put(t, settings.In, "swapped", "x")
	files.OnOpen(batch, func(open func(string) (*os.File, error), name string) (*os.File, error) {
		if name == "swapped" {
			require.NoError(t, os.Remove(filepath.Join(settings.In, name)))
			link(filepath.Join(outside, "secret"), filepath.Join(settings.In, name))
		}
		return open(name)
	})
	require.EqualError(t, read("swapped"), "read swapped: path escapes from parent")

	link(outside, filepath.Join(settings.Out, "dir"))
	require.EqualError(t, read("dir/file"), "write dir/file.sha256: path escapes from parent")
	require.Equal(t, map[string]string{"secret": "secret"}, all(t, outside))
	require.Len(t, all(t, settings.Out), 1, "only that of innerdir")
	keys, err := batch.Keys()
	require.NoError(t, err)
	require.Equal(t, []string{"0000000.log", "dir/file"}, keys)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 3, Size: 100})
	batch := open(t, settings)
	large := filepath.Join(settings.In, "large")
	require.NoError(t, os.WriteFile(large, nil, 0o666))
	require.NoError(t, os.Truncate(large, files.MaxBytes+1))
	var opened atomic.Int64 // what is counted here goes on below, in two workers
	files.OnOpen(batch, func(open func(string) (*os.File, error), name string) (*os.File, error) {
		opened.Add(1)
		return open(name)
	})
	require.EqualError(t, batch.Job().Do(t.Context(), "large").Err, "read large: larger than 1073741824 bytes")
	require.ErrorIs(t, batch.Job().Do(t.Context(), "large").Err, files.ErrTooLarge)
	require.Zero(t, opened.Load(), "nothing of it is read")
	require.NoError(t, os.Remove(large))

	unreadable := filepath.Join(settings.In, "unreadable")
	require.NoError(t, os.WriteFile(unreadable, nil, 0))
	if file, err := os.Open(unreadable); err == nil {
		require.NoError(t, file.Close()) // whoever is root may read all
	} else {
		require.ErrorIs(t, batch.Job().Do(t.Context(), "unreadable").Err, fs.ErrPermission)
	}
	files.OnOpen(batch, func(open func(string) (*os.File, error), name string) (*os.File, error) {
		if name == keys[1] {
			return nil, &fs.PathError{Op: "openat", Path: name, Err: syscall.EACCES}
		}
		return open(name)
	})
	results := pool.Run(t.Context(), batch.Job(), keys, 2)
	require.NoError(t, results[0].Err)
	require.ErrorIs(t, results[1].Err, fs.ErrPermission)
	require.EqualError(t, results[1].Err, "read "+keys[1]+": "+syscall.EACCES.Error())
	require.NoError(t, results[2].Err)
}

// A result that cannot be written leaves nothing behind, and the others go on.
func TestResultsThatCannotBeWritten(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 3, Size: 100})
	batch := open(t, settings)
	result := keys[1] + ".sha256"
	require.NoError(t, os.MkdirAll(filepath.Join(settings.Out, result, "in the way"), 0o777))
	results := pool.Run(t.Context(), batch.Job(), keys, 2)
	require.Error(t, results[1].Err)
	failure, ok := errors.AsType[*fs.PathError](results[1].Err)
	require.True(t, ok)
	require.Equal(t, result, failure.Path)
	require.Equal(t, "write", failure.Op)
	require.Equal(t, 1, overlap.Failures(results))
	require.Len(t, all(t, settings.Out), 2)
}

func TestADiskThatIsFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	settings, keys := dirs(t, files.Set{Files: 30, Size: 1000})
	for _, m := range models(5) {
		settings.Out = t.TempDir()
		batch := open(t, settings)
		var created atomic.Int64
		files.OnCreate(batch, func(create func(string) (*os.File, error), name string) (*os.File, error) {
			file, err := create(name)
			if err != nil || created.Add(1)%3 != 0 {
				return file, err
			}
			require.NoError(t, file.Close())
			return os.OpenFile("/dev/full", os.O_WRONLY, 0) // the name is there, and no room
		})
		results := m.Run(t.Context(), batch.Job(), keys)
		for i, r := range results {
			if r.Err != nil {
				require.ErrorIs(t, r.Err, syscall.ENOSPC, m.Name)
				require.EqualError(t, r.Err, "write "+keys[i]+".sha256: no space left on device")
			}
		}
		require.Equal(t, 10, overlap.Failures(results))
		require.Equal(t, map[string]int{"write: no space left on device": 10}, account(results).Causes)
		require.Len(t, all(t, settings.Out), 20, "nothing half")
	}
}

// A result is brought to the disk before it has its name, and has none if that fails.
func TestResultsAreBroughtToTheDisk(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 5, Size: 100})
	batch := open(t, settings)
	synced := 0
	files.OnSync(batch, func(file *os.File) error {
		require.True(t, files.IsLeftover(filepath.Base(file.Name())))
		content, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		require.Len(t, content, 78, "all of it")
		if synced++; synced == 3 {
			return syscall.EIO
		}
		return file.Sync()
	})
	results := sequential.Run(t.Context(), batch.Job(), keys)
	require.Equal(t, 5, synced)
	require.EqualError(t, results[2].Err, "write "+keys[2]+".sha256: "+syscall.EIO.Error())
	require.Equal(t, 1, overlap.Failures(results))
	require.Len(t, all(t, settings.Out), 4)
}

func TestCheck(t *testing.T) {
	for _, work := range []files.Work{files.Gzip, files.SHA256} {
		settings, keys := dirs(t, files.Set{Files: 3, Size: 5000})
		settings.Work = work
		batch := open(t, settings)
		results := pool.Run(t.Context(), batch.Job(), keys, 2)
		require.NoError(t, overlap.Errors(results))
		require.Equal(t, results, pool.Run(t.Context(), batch.Check(), keys, 2))

		path := filepath.Join(settings.Out, results[0].Value.Output)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		content[len(content)/2] ^= 1
		require.NoError(t, os.WriteFile(path, content, 0o666))
		require.NoError(t, os.Remove(filepath.Join(settings.Out, results[1].Value.Output)))
		results = pool.Run(t.Context(), batch.Check(), keys, 2)
		require.ErrorIs(t, results[0].Err, files.ErrDiffers)
		require.ErrorContains(t, results[0].Err, "check "+keys[0])
		require.ErrorIs(t, results[1].Err, fs.ErrNotExist)
		require.NoError(t, results[2].Err)
		require.Len(t, all(t, settings.Out), 2, "it writes none")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	settings, _ := dirs(t, files.Set{Files: 1})
	refused := func(text string, change func(s *files.Settings)) {
		s := settings
		change(&s)
		_, err := files.Open(s)
		require.ErrorContains(t, err, text)
	}
	refused(`files: Work is "", want gzip or hash`, func(s *files.Settings) { s.Work = "" })
	refused("files: MaxOpen is -1, want 0 or more", func(s *files.Settings) { s.MaxOpen = -1 })
	refused("files: input: ", func(s *files.Settings) { s.In = filepath.Join(s.In, "missing") })
	refused("files: input: ", func(s *files.Settings) { s.In = filepath.Join(s.In, "0000000.log") })
	refused("files: output: ", func(s *files.Settings) { s.Out = "" })
	refused("files: output: ", func(s *files.Settings) { s.Out = filepath.Join(s.In, "0000000.log") })
	refused("is within input", func(s *files.Settings) { s.Out = s.In })
	refused("is within input", func(s *files.Settings) { s.Out = filepath.Join(s.In, "a", "b") })
	if runtime.GOOS != "windows" {
		link := filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink(settings.In, link))
		refused("is within input", func(s *files.Settings) { s.Out = filepath.Join(link, "out") })
		refused("is within input", func(s *files.Settings) { s.In, s.Out = link, filepath.Join(s.In, "out") })
	}
}

func TestOneBatchADirectory(t *testing.T) {
	if !slices.Contains([]string{"linux", "darwin"}, runtime.GOOS) {
		t.Skip("no locks here")
	}
	settings, keys := dirs(t, files.Set{Files: 1, Size: 10})
	first, err := files.Open(settings)
	require.NoError(t, err)
	_, err = files.Open(settings)
	require.ErrorContains(t, err, settings.Out+": another run is writing there")
	require.NoError(t, first.Job().Do(t.Context(), keys[0]).Err)
	require.NoError(t, first.Close())
	require.NoError(t, open(t, settings).Job().Do(t.Context(), keys[0]).Err)
}

// The job's own bound: whatever the model, so many are open at once and no more.
func TestMaxOpen(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 20, Size: 10})
	settings.MaxOpen = 3
	for _, m := range models(12) {
		synctest.Test(t, func(t *testing.T) {
			settings.Out = t.TempDir()
			batch, err := files.Open(settings)
			require.NoError(t, err)
			defer func() { require.NoError(t, batch.Close()) }()
			files.NoSync(batch)
			var now, peak atomic.Int64
			hold := func(open func(string) (*os.File, error), name string) (*os.File, error) {
				if n := now.Add(1); n > peak.Load() {
					peak.Store(n)
				}
				time.Sleep(time.Second) // virtual: whoever may come in, does
				now.Add(-1)
				return open(name)
			}
			files.OnOpen(batch, hold)
			files.OnCreate(batch, hold)
			require.NoError(t, overlap.Errors(m.Run(t.Context(), batch.Job(), keys)))
			want := int64(settings.MaxOpen)
			if m.Name == "sequential" {
				want = 1
			}
			require.Equal(t, want, peak.Load(), m.Name)
		})
	}
}

func TestAPlaceIsWaitedForNoLongerThanItsContext(t *testing.T) {
	settings, keys := dirs(t, files.Set{Files: 20, Size: 10})
	settings.MaxOpen = 1
	synctest.Test(t, func(t *testing.T) {
		batch, err := files.Open(settings)
		require.NoError(t, err)
		defer func() { require.NoError(t, batch.Close()) }()
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		files.OnOpen(batch, func(open func(string) (*os.File, error), name string) (*os.File, error) {
			time.Sleep(time.Minute)
			return open(name)
		})
		results := goroutines.Run(ctx, batch.Job(), keys)
		for _, r := range results {
			require.ErrorIs(t, r.Err, cause)
		}
		require.Empty(t, all(t, settings.Out))
		_, err = batch.Job().Fetch(ctx, keys[0])
		require.EqualError(t, err, "read "+keys[0]+": enough")
	})
}

func TestStandardOpen(t *testing.T) {
	require.Equal(t, 256, files.StandardOpen(0, false))
	require.Equal(t, 256, files.StandardOpen(1<<63, true))
	require.Equal(t, 256, files.StandardOpen(1024, true))
	require.Equal(t, 112, files.StandardOpen(256, true), "as macOS has it")
	require.Equal(t, 16, files.StandardOpen(64, true))
	require.Equal(t, 1, files.StandardOpen(3, true))
}

// What a killed run leaves is removed by the next, and nothing else is.
func TestLeftoversAreRemoved(t *testing.T) {
	settings, _ := dirs(t, files.Set{Files: 1})
	put(t, settings.Out, files.Leftover(), "half")
	put(t, settings.Out, "deep/"+files.Leftover(), "half")
	for _, name := range []string{"mine.tmp", ".overlap-1.tmp", ".overlap-0123456789abcdef.tmp.gz", "x.overlap-0123456789abcdef.tmp"} {
		put(t, settings.Out, name, "whole")
	}
	require.NoError(t, os.Mkdir(filepath.Join(settings.Out, files.Leftover()), 0o777))
	open(t, settings)
	left := all(t, settings.Out)
	require.Len(t, left, 4)
	for _, content := range left {
		require.Equal(t, "whole", content)
	}
}

// As many files as the flag says, all at once: a result for each.
func TestManyFiles(t *testing.T) {
	n := *manyFiles
	began := time.Now()
	settings, keys := dirs(t, files.Set{Files: n, Size: 4 << 10, Seed: 5})
	t.Logf("generated in %v", time.Since(began))
	for _, work := range []files.Work{files.SHA256, files.Gzip} {
		settings.Work = work
		batch, err := files.Open(settings)
		require.NoError(t, err)
		if n < 10_000 {
			files.NoSync(batch)
		}
		began = time.Now()
		a := account(goroutines.Run(t.Context(), batch.Job(), keys))
		t.Logf("%s by goroutines.Run in %v: %v", work, time.Since(began), a)
		require.Equal(t, n, a.Done)
		began = time.Now()
		a = account(goroutines.Run(t.Context(), batch.Job(), keys))
		t.Logf("once more in %v: %v", time.Since(began), a)
		require.Equal(t, n, a.Skipped)
		require.NoError(t, batch.Close())
	}
}

func TestGenerate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "of need")
	set := files.Set{Files: 5, Size: 3000, Seed: 7}
	var progress []int
	keys, err := files.Generate(t.Context(), dir, set, func(n int) { progress = append(progress, n) })
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4, 5}, progress)
	require.Equal(t, []string{"0000000.log", "0000001.log", "0000002.log", "0000003.log", "0000004.log"}, keys)
	there := all(t, dir)
	require.Len(t, there, 5)
	for i, key := range keys {
		require.Len(t, there[key], 3000)
		require.Equal(t, there[key], string(set.Content(i)))
	}
	require.NotEqual(t, there[keys[0]], there[keys[1]])
	require.NotEqual(t, set.Content(0), files.Set{Files: 5, Size: 3000, Seed: 8}.Content(0))
	require.Equal(t, "b1", fmt.Sprintf("%x", sha256.Sum256(set.Content(0)))[:2], "the same bytes for ever: results are compared between versions")
	require.True(t, bytes.HasPrefix(files.Set{Size: 5000, Seed: 7}.Content(0), set.Content(0)[:2900]))

	for _, size := range []int{4 << 10, 1 << 20} {
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		_, err := w.Write(files.Set{Size: size, Seed: 1}.Content(0))
		require.NoError(t, errors.Join(err, w.Close()))
		ratio := float64(size) / float64(compressed.Len())
		require.Greater(t, ratio, 4.5)
		require.Less(t, ratio, 7.5)
	}

	// What is right is left as it is; what is not is made right; what is more, stays.
	old := time.Now().Add(-time.Hour)
	for _, key := range keys {
		require.NoError(t, os.Chtimes(filepath.Join(dir, key), old, old))
	}
	damaged := []byte(there[keys[1]])
	damaged[1] ^= 1
	put(t, dir, keys[1], string(damaged))
	put(t, dir, keys[2], "short")
	put(t, dir, "mine", "x")
	_, err = files.Generate(t.Context(), dir, set, nil)
	require.NoError(t, err)
	there["mine"] = "x"
	require.Equal(t, there, all(t, dir))
	for i, key := range keys {
		info, err := os.Stat(filepath.Join(dir, key))
		require.NoError(t, err)
		require.Equal(t, i == 1 || i == 2, info.ModTime().After(old.Add(time.Minute)), key)
	}
}

func TestGenerateErrors(t *testing.T) {
	dir := t.TempDir()
	for text, set := range map[string]files.Set{
		"files: Files is 0, want 1 to 10000000":             {},
		"files: Files is 10000001, want":                    {Files: 10_000_001},
		"files: Size is -1, want 0 to 1073741824 bytes":     {Files: 1, Size: -1},
		"files: Size is 1073741825, want 0 to 1073741824 b": {Files: 1, Size: files.MaxBytes + 1},
	} {
		_, err := files.Generate(t.Context(), dir, set, nil)
		require.ErrorContains(t, err, text)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := files.Generate(ctx, dir, files.Set{Files: 10}, func(n int) {
		if n == 3 {
			cancel(cause)
		}
	})
	require.ErrorIs(t, err, cause)
	require.Len(t, all(t, dir), 3)
	_, err = files.Generate(t.Context(), filepath.Join(dir, "0000000.log"), files.Set{Files: 1}, nil)
	require.ErrorContains(t, err, "0000000.log")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "0000003.log"), 0o777))
	_, err = files.Generate(t.Context(), dir, files.Set{Files: 10}, nil)
	require.ErrorContains(t, err, "0000003.log")
}

func TestAccount(t *testing.T) {
	var a files.Account
	require.Equal(t, "0 files: 0 done, 0 skipped, 0 failed; 0 bytes read, 0 written", a.String())
	a.Add(result{Value: files.Done{Read: 100, Written: 20}})
	a.Add(result{Value: files.Done{Skipped: true}})
	for i := range 7 {
		a.Add(result{Err: &fs.PathError{Op: "read", Path: fmt.Sprint(i), Err: fmt.Errorf("cause %d", i)}})
	}
	a.Add(result{Err: overlap.ErrGoexit})
	a.Add(result{Err: &fs.PathError{Op: "write", Path: "y", Err: syscall.EMFILE}})
	a.Add(result{Err: fmt.Errorf("after 3 tries: %w", &fs.PathError{Op: "write", Path: "x", Err: syscall.EMFILE})})
	require.Equal(t, "12 files: 1 done, 1 skipped, 10 failed (2 times write: "+syscall.EMFILE.Error()+"; 1 times job called runtime.Goexit; "+
		"1 times read: cause 0; 1 times read: cause 1; 1 times read: cause 2; and 4 other causes); 100 bytes read, 20 written", a.String())
}

// Whatever a key says, what is read is one of the two files, and what is written is its result.
func FuzzKeys(f *testing.F) {
	for _, key := range []string{"a", "dir/b", "../secret", "dir/../a", "dir//b", "link", "links/secret", "", "/", "a\x00", "dir/b/", "./a"} {
		f.Add(key)
	}
	settings, _ := dirs(f, files.Set{Files: 1})
	require.NoError(f, os.RemoveAll(settings.In))
	put(f, settings.In, "a", "a")
	put(f, settings.In, "dir/b", "b")
	put(f, filepath.Dir(settings.In), "secret", "secret")
	if runtime.GOOS != "windows" {
		require.NoError(f, os.Symlink("../secret", filepath.Join(settings.In, "link")))
		require.NoError(f, os.Symlink("..", filepath.Join(settings.In, "links")))
	}
	settings.Again = true
	job := open(f, settings).Job()
	f.Fuzz(func(t *testing.T, key string) {
		r := job.Do(t.Context(), key)
		require.Equal(t, key == "a" || key == "dir/b", r.Err == nil, "%q: %v", key, r.Err)
		for name := range all(t, filepath.Dir(settings.In)) {
			require.Contains(t, []string{"in/a", "in/dir/b", "secret", "out/a.sha256", "out/dir/b.sha256"}, name)
		}
	})
}
