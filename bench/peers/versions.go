package peers

import (
	_ "embed"
	"strings"
)

// A test binary knows nothing of the modules that it is built of, so the versions come from
// go.mod: it names the very ones that are used.
//
//go:embed go.mod
var goMod string

// Versions are the modules of the libraries, each with its version, in the order of [All]:
// golang.org/x/sync v0.24.0.
func Versions() (versions []string) {
	seen := map[string]bool{}
	for _, p := range All[int, int, int]() {
		if m := moduleOf(p.Package); !seen[m] {
			seen[m] = true
			versions = append(versions, m)
		}
	}
	return versions
}

// Libraries are the versions in one line, without the hosts: x/sync v0.24.0, sourcegraph/conc v0.3.0.
func Libraries() string {
	versions := Versions()
	for i, v := range versions {
		_, versions[i], _ = strings.Cut(v, "/")
	}
	return strings.Join(versions, ", ")
}

// moduleOf is the module of a package, with its version.
func moduleOf(pkg string) string {
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") && strings.HasPrefix(pkg+"/", fields[0]+"/") {
			return fields[0] + " " + fields[1]
		}
	}
	return pkg + " (unknown)"
}
