package queue_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/queue"
)

// diskEnv tells this program that it has mounts of its own.
const diskEnv = "OVERLAP_QUEUE_TEST_DISK"

// withOwnMounts runs the test that calls it once more, in a process that may mount: as root in a
// user namespace of its own, or as root indeed. It says whether this is that process; else the
// test has been run. It skips where neither is allowed.
func withOwnMounts(t *testing.T) (here bool) {
	t.Helper()
	if os.Getenv(diskEnv) != "" {
		return true
	}
	self, err := os.Executable()
	require.NoError(t, err)
	command := func(flags uintptr, ids bool) *exec.Cmd {
		args := []string{"-test.run=^" + t.Name() + "$", "-test.v"}
		if testing.Short() {
			args = append(args, "-test.short")
		}
		cmd := exec.CommandContext(t.Context(), self, args...)
		cmd.Env = append(os.Environ(), diskEnv+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}
		if ids {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		}
		return cmd
	}
	output, err := command(syscall.CLONE_NEWUSER|syscall.CLONE_NEWNS, true).CombinedOutput()
	if strings.Contains(string(output), mayNotMount) || len(output) == 0 && err != nil {
		output, err = command(syscall.CLONE_NEWNS, false).CombinedOutput()
	}
	if strings.Contains(string(output), mayNotMount) || len(output) == 0 && err != nil {
		t.Skipf("a small disk needs user namespaces, or root with CAP_SYS_ADMIN: %v", err)
	}
	t.Logf("in namespaces of its own:\n%s", output)
	require.NoError(t, err)
	return false
}

const mayNotMount = "this process may not mount"

// smallDisk is a directory on a disk of so many bytes.
func smallDisk(t *testing.T, bytes int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
	}
	if err != nil {
		t.Fatalf("%s: %v", mayNotMount, err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill leaves so many bytes of a disk.
func fill(t *testing.T, dir string, leave int64) (file string) {
	t.Helper()
	file = filepath.Join(dir, "somebody-elses")
	var stat syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &stat))
	size := int64(stat.Bavail)*stat.Bsize - leave
	require.Positive(t, size)
	require.NoError(t, os.WriteFile(file, make([]byte, size), 0o600))
	return file
}

func TestAFullDiskIsOneClearError(t *testing.T) {
	t.Parallel() // it waits, mostly
	if !withOwnMounts(t) {
		return
	}
	dir := smallDisk(t, 16<<20)
	q, err := queue.Open(t.Context(), queue.Settings{Dir: dir})
	require.NoError(t, err)
	run := workerRun{Dir: dir, Name: "full", Limit: 4, Tries: 100, AckWait: 2 * time.Second, Record: filepath.Join(t.TempDir(), "record")}
	before := large(100)
	added, err := queue.Add(t.Context(), q, run.job(), "before", slices.Values(before))
	require.NoError(t, err)
	require.Equal(t, len(before), added.New)

	// A worker that is at work, in a process that does not run the server.
	running := run
	running.Name, running.Bulk, running.Record = "running", 256<<10, filepath.Join(t.TempDir(), "record")
	w := running.start(t)
	_, err = queue.Add(t.Context(), q, running.job(), "batch", slices.Values([]string{"wait"}))
	require.NoError(t, err)
	record := &journal{path: running.Record}
	eventually(t, "the job runs", func() bool { return record.count(t) == 1 })
	rest := fill(t, dir, 64<<10)
	running.open(t, "wait", 0)
	requireFullWorker(t, w, record, dir)
	require.NoError(t, os.Remove(rest))
	eventually(t, "there is room again", func() bool {
		_, err = queue.Add(t.Context(), q, running.job(), "batch", slices.Values([]string{"ok"}))
		return err == nil
	})
	w = running.start(t)
	for _, result := range queue.Collect(t.Context(), q, running.job(), "batch", []string{"wait", "ok"}) {
		require.NoError(t, result.Err)
		require.Greater(t, len(result.Value), running.Bulk)
	}
	require.NoError(t, w.Close())

	rest = fill(t, dir, 1<<20)
	// Add, from a process that runs the server, and from one that does not.
	all := large(1_000)
	added, err = queue.Add(t.Context(), q, run.job(), "after", slices.Values(all))
	requireFull(t, err, dir)
	require.Less(t, added.New, len(all))
	confirmed := added.New
	for _, result := range queue.Run(t.Context(), q, run.job(), all[:10]) {
		requireFull(t, result.Err, dir)
	}
	_, err = queue.Work(t.Context(), q, run.job(), run.Limit)
	requireFull(t, err, dir)
	w = run.start(t)
	requireFullWorker(t, w, &journal{path: run.Record}, dir)

	// With room again, whoever has the queue open goes on.
	require.NoError(t, os.Remove(rest))
	eventually(t, "Add is served again", func() bool {
		added, err = queue.Add(t.Context(), q, run.job(), "again", slices.Values(large(10)))
		return err == nil
	})
	require.Equal(t, 10, added.New+added.Known)
	require.NoError(t, q.Close())

	// While the disk is full, who opens the queue is told so, at once or when he wants something.
	rest = fill(t, dir, 0)
	opens, err := queue.Open(t.Context(), queue.Settings{Dir: dir})
	if err == nil {
		_, err = queue.Add(t.Context(), opens, run.job(), "after", slices.Values(all))
		require.NoError(t, opens.Close())
	}
	requireFull(t, err, dir)
	require.NoError(t, os.Remove(rest))

	q = opened(t, queue.Settings{Dir: dir})
	run.Record = filepath.Join(t.TempDir(), "record")
	w = run.start(t)
	for i, result := range queue.Collect(t.Context(), q, run.job(), "before", before) {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(before[i])}, result)
	}
	for i, result := range queue.Collect(t.Context(), q, run.job(), "after", all[:confirmed]) {
		require.Equal(t, overlap.Result[string]{Value: outcomeOf(all[i])}, result)
	}
	require.NoError(t, w.Close())
}
