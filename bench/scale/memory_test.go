package scale

import (
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestMeminfo(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       uint64
		err        string
	}{
		{"a kernel's", "MemTotal:  200 kB\nMemFree:  1 kB\nMemAvailable:     123 kB\nBuffers: 7 kB\n", 123 << 10, ""},
		{"no newline at the end", "MemAvailable: 5 kB", 5 << 10, ""},
		{"carriage returns", "MemTotal: 9 kB\r\nMemAvailable: 5 kB\r\n", 5 << 10, ""},
		{"empty", "", 0, "there is no line MemAvailable"},
		{"before 3.14", "MemTotal: 200 kB\n", 0, "there is no line MemAvailable"},
		{"no number", "MemTotal: 1 kB\nMemAvailable: lots kB\n", 0, `line 2: "lots kB" is not a number of kB`},
		{"another unit", "MemAvailable: 5 MB\n", 0, `line 1: "5 MB" is not a number of kB`},
		{"negative", "MemAvailable: -5 kB\n", 0, `line 1: "-5 kB" is not a number of kB`},
		{"too large", "MemAvailable: 18446744073709551615 kB\n", 0, `line 1: "18446744073709551615 kB" is not a number of kB`},
		{"nothing", "MemAvailable:", 0, `line 1: "" is not a number of kB`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseMeminfo(c.text)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestCgroup(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Group
		err        string
	}{
		{"version 2", "0::/user.slice\n", []Group{{2, "/user.slice"}}, ""},
		{"version 1", "5:cpu,cpuacct:/a\n4:memory:/b\n", []Group{{1, "/b"}}, ""},
		{"both, memory beside another", "4:hugetlb,memory:/b\n0::/\n", []Group{{1, "/b"}, {2, "/"}}, ""},
		{"colons in the path", "4:memory:/a:b\n", []Group{{1, "/a:b"}}, ""},
		{"a named one", "9:name=memory:/x\n", nil, ""},
		{"empty", "", nil, ""},
		{"cut off", "0::/\n4:mem", nil, `line 2: "4:mem" is not ID:CONTROLLERS:/PATH`},
		{"no path", "0::\n", nil, `line 1: "0::" is not ID:CONTROLLERS:/PATH`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseCgroup(c.text)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestSystem(t *testing.T) {
	const meminfo = "MemAvailable: 1000000 kB\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  uint64
		from  string
		err   string
	}{
		{
			name:  "no control groups",
			files: map[string]string{"proc/meminfo": meminfo},
			want:  1000000 << 10, from: "MemAvailable of /proc/meminfo",
		},
		{
			name: "version 2, no limit",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n",
			},
			want: 1000000 << 10, from: "MemAvailable of /proc/meminfo",
		},
		{
			name: "version 2, a group above has the lowest",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b/c\n",
				"sys/fs/cgroup/a/memory.max": "5000\n", "sys/fs/cgroup/a/memory.current": "2000\n",
				"sys/fs/cgroup/a/b/memory.max": "9000\n", "sys/fs/cgroup/a/b/memory.current": "1000\n",
			},
			want: 3000, from: "/sys/fs/cgroup/a/memory.max",
		},
		{
			name: "version 2, files in memory are not in the way",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
				"sys/fs/cgroup/memory.max": "5000\n", "sys/fs/cgroup/memory.current": "4000\n",
				"sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 1500\n",
			},
			want: 2500, from: "/sys/fs/cgroup/memory.max",
		},
		{
			name: "more in use than allowed",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
				"sys/fs/cgroup/memory.max": "5000\n", "sys/fs/cgroup/memory.current": "6000\n",
			},
			want: 0, from: "/sys/fs/cgroup/memory.max",
		},
		{
			name: "version 1, a container that sees the path outside",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/docker/0af3\n",
				"sys/fs/cgroup/memory/memory.limit_in_bytes": "5000\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "4000\n",
				"sys/fs/cgroup/memory/memory.stat": "total_inactive_file 1000\ninactive_file 3\n",
			},
			want: 2000, from: "/sys/fs/cgroup/memory/memory.limit_in_bytes",
		},
		{
			name: "version 1, no limit",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n",
				"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			},
			want: 1000000 << 10, from: "MemAvailable of /proc/meminfo",
		},
		{
			name: "the kernel has less than the group may take",
			files: map[string]string{
				"proc/meminfo": "MemAvailable: 1 kB\n", "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "5000\n",
			},
			want: 1 << 10, from: "MemAvailable of /proc/meminfo",
		},
		{name: "nothing there", err: "open proc/meminfo: file does not exist"},
		{
			name:  "no sense in meminfo",
			files: map[string]string{"proc/meminfo": "hello"},
			err:   "/proc/meminfo: there is no line MemAvailable",
		},
		{
			name:  "no sense in cgroup",
			files: map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "hello\n"},
			err:   `/proc/self/cgroup: line 1: "hello" is not ID:CONTROLLERS:/PATH`,
		},
		{
			name: "no sense in a limit",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "much\n",
			},
			err: `/sys/fs/cgroup/memory.max: "much" is neither a number of bytes nor max`,
		},
		{
			name: "no sense in what is in use",
			files: map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
				"sys/fs/cgroup/memory.max": "5000\n", "sys/fs/cgroup/memory.current": "",
			},
			err: `/sys/fs/cgroup/memory.current: "" is neither a number of bytes nor max`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := system(rootOf(c.files))
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, Memory{Available: c.want, Source: c.from}, got)
		})
	}
}

func rootOf(files map[string]string) fs.FS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

func TestAdmit(t *testing.T) {
	known := Memory{Available: 3 << 30, Source: "somebody"}
	unknown := Memory{Unknown: "on plan9 it is not read"}
	require.NoError(t, known.Admit(3<<30))
	require.EqualError(t, known.Admit(3<<30+1), "needs some 3.0 GiB of memory, 3.0 GiB are available (somebody)")
	require.EqualError(t, Memory{Available: 5 << 20, Source: "somebody"}.Admit(100<<20),
		"needs some 100 MiB of memory, 5 MiB are available (somebody)")
	require.NoError(t, unknown.Admit(1<<30))
	require.EqualError(t, unknown.Admit(2<<30),
		"needs some 2.0 GiB of memory, and what is available is unknown (on plan9 it is not read): set GOMEMLIMIT to what it may take")
}

// A million waiting goroutines were seen to take 2.8 GB of resident memory: the estimate
// must be above that, and not so far above that a machine which could do it is refused.
func TestNeed(t *testing.T) {
	require.Greater(t, Need(1_000_000, 1_000_000), uint64(3_200_000_000))
	require.Less(t, Need(1_000_000, 1_000_000), uint64(4_200_000_000))
	require.Less(t, Need(1_000_000, 100), uint64(256<<20))
	require.Less(t, Need(1, 1), uint64(65<<20))
	require.Equal(t, uint64(1<<62), need(math.Inf(1)))
}

// GOMEMLIMIT is what SetMemoryLimit sets.
func TestAvailableHeedsTheMemoryLimit(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	m := Available()
	require.Equal(t, "GOMEMLIMIT", m.Source)
	require.Less(t, m.Available, uint64(1<<30))
	require.Error(t, m.Admit(1<<30))

	debug.SetMemoryLimit(1) // the runtime has more than that already
	require.Zero(t, Available().Available)
}

func TestAvailableHere(t *testing.T) {
	if runtime.GOOS != "linux" {
		require.Error(t, Available().Admit(2<<30), "nobody knows it here")
		t.Skip("memory is read on Linux only")
	}
	m := Available()
	require.NotEmpty(t, m.Source, m.Unknown)
	require.NoError(t, m.Admit(1<<20))
	require.Error(t, m.Admit(1<<60))
	require.Greater(t, resident(), int64(os.Getpagesize()))
}

func FuzzMeminfo(f *testing.F) {
	f.Add("MemTotal: 9 kB\nMemAvailable: 5 kB\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := ParseMeminfo(text)
		if err == nil {
			require.Contains(t, text, "MemAvailable:")
		}
		_ = ParseStat(text, "inactive_file")
		_, _, _ = ParseBytes(text)
	})
}

// Whatever stands in /proc/self/cgroup, only paths below the mount are asked.
func FuzzCgroup(f *testing.F) {
	f.Add("4:memory:/docker/0af3\n0::/\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, wrong := ParseCgroup(text)
		m, err := system(rootOf(map[string]string{"proc/meminfo": "MemAvailable: 8 kB\n", "proc/self/cgroup": text}))
		require.Equal(t, wrong == nil, err == nil, "%v", err)
		if err == nil {
			require.Equal(t, uint64(8<<10), m.Available)
		}
	})
}
