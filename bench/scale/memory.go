package scale

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// What a job is expected to take, to be refused in advance. All are on the safe
// side of what was measured; none is what a benchmark reports.
const (
	goroutineNeed = 2_900 // bytes of a goroutine that waits, and of its job
	taskNeed      = 3_600 // of a task of an event loop that sleeps
	timerNeed     = 400   // of a time.AfterFunc
	stacklessNeed = 400   // of a sleep on an event loop without a coroutine
	jobNeed       = 100   // of any job: key, result, garbage of the model's
	processNeed   = 64 << 20
)

// Need estimates the bytes that so many jobs take, of which waiting wait at a time on
// a goroutine each. It is a third above what such a run was seen to take.
func Need(jobs, waiting int) uint64 {
	return need(float64(jobs)*jobNeed + float64(waiting)*goroutineNeed)
}

func need(bytes float64) uint64 {
	return uint64(min(processNeed+bytes*1.25, 1<<62))
}

// blind is what may be needed where nobody knows how much there is.
const blind = 1 << 30

// A Memory says how much a process may take yet.
type Memory struct {
	Available uint64 // bytes; of no meaning if Source is empty
	Source    string // who says so; empty if nobody does
	Unknown   string // why nobody does
}

// Admit returns nil if need is there, or else an error with what is needed and what is there.
// Where nobody knows, a need of up to 1 GiB is let through.
func (m Memory) Admit(need uint64) error {
	switch {
	case m.Source == "" && need > blind:
		return fmt.Errorf("needs some %s of memory, and what is available is unknown (%s): set GOMEMLIMIT to what it may take", size(need), m.Unknown)
	case m.Source != "" && need > m.Available:
		return fmt.Errorf("needs some %s of memory, %s are available (%s)", size(need), size(m.Available), m.Source)
	}
	return nil
}

func size(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// Available asks everybody who sets a bound and returns the lowest: Go's own
// (GOMEMLIMIT), the kernel's (MemAvailable of /proc/meminfo) and those of the control
// groups that the process is in (versions 1 and 2). Only GOMEMLIMIT is known on systems
// other than Linux.
func Available() Memory {
	m := Memory{Unknown: "on " + runtime.GOOS + " it is not read"}
	if runtime.GOOS == "linux" {
		var err error
		if m, err = system(os.DirFS("/")); err != nil {
			m = Memory{Unknown: err.Error()}
		}
	}
	// -1 only asks.
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		m.lower(less(uint64(limit), s.Sys-s.HeapReleased), "GOMEMLIMIT")
	}
	return m
}

// lower takes another's word if it is a lower bound.
func (m *Memory) lower(available uint64, source string) {
	if m.Source == "" || available < m.Available {
		m.Available, m.Source = available, source
	}
}

// less is a-b, or 0 if that is below.
func less(a, b uint64) uint64 { return a - min(a, b) }

// system is the kernel's word and the control groups'. root is the file system's.
func system(root fs.FS) (Memory, error) {
	var m Memory
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return m, err
	}
	available, err := ParseMeminfo(string(text))
	if err != nil {
		return m, fmt.Errorf("/proc/meminfo: %w", err)
	}
	m.lower(available, "MemAvailable of /proc/meminfo")

	text, err = fs.ReadFile(root, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil // a kernel without control groups
	}
	if err != nil {
		return m, err
	}
	groups, err := ParseCgroup(string(text))
	if err != nil {
		return m, fmt.Errorf("/proc/self/cgroup: %w", err)
	}
	for _, g := range groups {
		if err := g.bound(root, &m); err != nil {
			return m, err
		}
	}
	return m, nil
}

// ParseMeminfo returns the bytes of MemAvailable in the text of /proc/meminfo: what can
// be taken without swapping. Kernels before 3.14 do not say it. Errors name the line.
func ParseMeminfo(text string) (uint64, error) {
	for n, line := range lines(text) {
		value, ok := strings.CutPrefix(line, "MemAvailable:")
		if !ok {
			continue
		}
		number, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
		kib, err := strconv.ParseUint(number, 10, 64)
		if err != nil || strings.TrimSpace(unit) != "kB" || kib > math.MaxUint64>>10 {
			return 0, fmt.Errorf("line %d: %q is not a number of kB", n, strings.TrimSpace(value))
		}
		return kib << 10, nil
	}
	return 0, errors.New("there is no line MemAvailable")
}

// A Group is a control group that bounds memory.
type Group struct {
	Version int
	Path    string // below the place where the hierarchy is mounted; begins with /
}

// ParseCgroup returns the groups that may bound memory, from the text of
// /proc/self/cgroup: of version 2, and of version 1 with the controller memory. Errors
// name the line.
func ParseCgroup(text string) ([]Group, error) {
	var groups []Group
	for n, line := range lines(text) {
		if line == "" {
			continue
		}
		parts := strings.SplitN(line, ":", 3) // the path may hold colons
		if len(parts) < 3 || !strings.HasPrefix(parts[2], "/") {
			return nil, fmt.Errorf("line %d: %q is not ID:CONTROLLERS:/PATH", n, line)
		}
		if parts[0] == "0" && parts[1] == "" {
			groups = append(groups, Group{Version: 2, Path: parts[2]})
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			if controller == "memory" {
				groups = append(groups, Group{Version: 1, Path: parts[2]})
			}
		}
	}
	return groups, nil
}

// bound lowers m to what the group and all groups above it leave. In a container the path
// may be that outside, which is not there inside: what is there is asked.
func (g Group) bound(root fs.FS, m *Memory) error {
	mount, limit, usage, cache := "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
	if g.Version == 1 {
		mount, limit, usage, cache = "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
	}
	for dir := path.Clean(g.Path); ; dir = path.Dir(dir) {
		at := path.Join(mount, dir)
		most, ok, err := readBytes(root, path.Join(at, limit))
		if err != nil {
			return err
		}
		if ok && most < math.MaxInt64>>1 { // version 1 writes "none" as the largest number of pages
			used, _, err := readBytes(root, path.Join(at, usage))
			if err != nil {
				return err
			}
			stat, err := fs.ReadFile(root, path.Join(at, "memory.stat"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			// Pages of files that nobody uses are given up when they are needed.
			m.lower(less(most, less(used, ParseStat(string(stat), cache))), "/"+path.Join(at, limit))
		}
		if dir == "/" || dir == "." {
			return nil
		}
	}
}

// readBytes reads a file with a number of bytes in it, or with the word max; then, or if
// there is no such file, ok is false.
func readBytes(root fs.FS, name string) (bytes uint64, ok bool, err error) {
	text, err := fs.ReadFile(root, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) { // a path that is not UTF-8
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	bytes, ok, err = ParseBytes(string(text))
	if err != nil {
		err = fmt.Errorf("/%s: %w", name, err)
	}
	return bytes, ok, err
}

// ParseBytes reads a control group's number of bytes. The word max is no number: ok is false.
func ParseBytes(text string) (bytes uint64, ok bool, err error) {
	text = strings.TrimSpace(text)
	if text == "max" {
		return 0, false, nil
	}
	bytes, err = strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("%q is neither a number of bytes nor max", text)
	}
	return bytes, true, nil
}

// ParseStat returns the value of a key in the text of a control group's memory.stat, or 0
// if it has none that is a number: it only betters an estimate.
func ParseStat(text, key string) uint64 {
	for _, line := range lines(text) {
		if k, v, _ := strings.Cut(line, " "); k == key {
			n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// lines yields the lines of text with their numbers from 1.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			if !yield(n, strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}

// resident is the process's resident memory in bytes, or 0 where it is unknown.
func resident() int64 {
	file, err := os.Open("/proc/self/statm")
	if err != nil {
		return 0
	}
	defer file.Close()
	var total, pages int64
	if _, err := fmt.Fscan(bufio.NewReaderSize(file, 64), &total, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
