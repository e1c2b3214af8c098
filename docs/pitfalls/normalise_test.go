package pitfalls

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNormalise(t *testing.T) {
	paths := []place{
		{filepath.FromSlash("/home/me/overlap"), "overlap"},
		{filepath.FromSlash("/home/me/overlap/docs/pitfalls/x"), ""},
		{filepath.FromSlash("/go"), "$GOROOT"},
		{filepath.FromSlash("/"), "root"},
		{"", "nothing"},
	}
	for name, tt := range map[string]struct{ text, want string }{
		"plain text":        {"counted 1000\n", "counted 1000\n"},
		"goroutines":        {"goroutine 18 [running]: created by f in goroutine 1\nGoroutine 7 Goroutine 18", "goroutine 2 [running]: created by f in goroutine 1\nGoroutine 3 Goroutine 2"},
		"addresses":         {"Write at 0x00c00001c0a8, read at 0x00c00001c0b0, write at 0x00c00001c0a8", "Write at 0xaddr1, read at 0xaddr2, write at 0xaddr1"},
		"small numbers":     {"f(0x3, 0x12345, 0x0)", "f(0x3, 0x12345, 0x0)"},
		"values left over":  {"panic({0x4b07e0?, 0xa0?}) f(0xa0)", "panic({?, ?}) f(0xa0)"},
		"offsets":           {"\tmain.go:12 +0x1c4\n\tmain.go:13 +0x1\n", "\tmain.go:12\n\tmain.go:13\n"},
		"the pitfall":       {"/home/me/overlap/docs/pitfalls/x/broken/main.go:3 in /home/me/overlap/docs/pitfalls/x", "broken/main.go:3 in ."},
		"the module":        {"/home/me/overlap/pool/pool.go:3 /home/me/overlap", "overlap/pool/pool.go:3 overlap"},
		"Go's own":          {"\t/go/src/runtime/panic.go:860", "\t$GOROOT/src/runtime/panic.go:860"},
		"other directories": {"/home/me/overlapping/x /gopher /home/go/x /go-1.26", "/home/me/overlapping/x /gopher /home/go/x /go-1.26"},
		"a directory alone": {"in /go, /go: (/go). /go", "in $GOROOT, $GOROOT: ($GOROOT). $GOROOT"},
		"one after another": {"/go/a:/go/b /go/c", "$GOROOT/a:$GOROOT/b $GOROOT/c"},
		"times of tests":    {"    --- FAIL: TestX/a_(b) (12.34s)\n--- PASS: TestY (0.01s)\nFAIL\texample.com/x\t0.123s\nok  \texample.com/x\t1.5s\n", "    --- FAIL: TestX/a_(b) (0.00s)\n--- PASS: TestY (0.00s)\nFAIL\texample.com/x\t0.00s\nok  \texample.com/x\t0.00s\n"},
		"other times":       {"after 50ms (1.50s) of 3s", "after 50ms (1.50s) of 3s"},
		"dates":             {"2026/11/23 14:05:06 x 2026-11-23T14:05:06.789Z", "2009/11/10 23:00:00 x 2009-11-10T23:00:00Z"},
		"a bubble's date":   {"2000-01-01 00:00:01", "2000-01-01 00:00:01"},
		"a monotonic clock": {"00:00:01 +0000 UTC m=+0.000123", "00:00:01 +0000 UTC"},
		"processes":         {"pid 4321, pid=17, PID: 3; rapid 3", "pid N, pid N, PID N; rapid 3"},
		"ports":             {"127.0.0.1:43211 [::1]:80 localhost:8080 example.com:443", "127.0.0.1:PORT [::1]:PORT localhost:PORT example.com:443"},
		"another newline":   {"a\r\nb\r\n", "a\nb\n"},
		"not UTF-8":         {"a\xffb", "a\uFFFDb"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, newNormaliser(paths).normalise(tt.text))
		})
	}
}

func TestPathsWithoutSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o755))
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	real, err := filepath.EvalSymlinks(link)
	require.NoError(t, err)
	require.Equal(t, "a.go b.go", newNormaliser([]place{{link, ""}}).normalise(
		filepath.Join(link, "a.go")+" "+filepath.Join(real, "b.go")))
}

// FuzzNormalise: what is normalised stays as it is.
func FuzzNormalise(f *testing.F) {
	f.Add("goroutine 18 goroutine 2 goroutine 1 0x00c0001 0xaddr1 0x123456 +0x12\n")
	f.Add("--- FAIL: X (1.5s)\nok  \tx\t0.1s\n2026/11/23 14:05:06 pid: 7 127.0.0.1:99 m=+0.1")
	f.Fuzz(func(t *testing.T, text string) {
		once := newNormaliser(nil).normalise(text)
		require.Equal(t, once, newNormaliser(nil).normalise(once))
	})
}
