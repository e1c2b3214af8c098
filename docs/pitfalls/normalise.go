package pitfalls

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A place is a directory of this machine, and what stands for it in a page. A name
// that is empty is left out together with the slash after it.
type place struct{ dir, name string }

// replace puts the name where the directory stands, alone or at the beginning of a
// path.
func (p place) replace(text string) string {
	within, goesOn := regexp.MustCompile(`[\pL\pN_./\\-]$`), regexp.MustCompile(`^[\pL\pN_-]`)
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, p.dir)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		rest, slash := strings.CutPrefix(after, string(filepath.Separator))
		switch {
		case goesOn.MatchString(after) || within.MatchString(before):
			b.WriteString(p.dir) // a part of another name
			rest = after
		case !slash:
			b.WriteString(cmp.Or(p.name, "."))
		case p.name != "":
			b.WriteString(p.name + "/")
		}
		text = rest
	}
}

// A normaliser takes out of one output what changes from run to run and from machine
// to machine. Machine.Run says how.
type normaliser struct {
	paths      []place
	goroutines map[string]string // number -> number in the page
	addresses  map[string]string
}

func newNormaliser(paths []place) *normaliser {
	n := &normaliser{goroutines: map[string]string{"1": "1"}, addresses: map[string]string{}}
	for _, p := range paths {
		if p.dir == "" || p.dir == string(filepath.Separator) {
			continue // it would be found in every path
		}
		n.paths = append(n.paths, p)
		// A compiler tells a path as it is without symbolic links.
		if real, err := filepath.EvalSymlinks(p.dir); err == nil && real != p.dir {
			n.paths = append(n.paths, place{real, p.name})
		}
	}
	// The longest first: a directory before the one that holds it.
	slices.SortStableFunc(n.paths, func(a, b place) int { return cmp.Compare(len(b.dir), len(a.dir)) })
	return n
}

func (n *normaliser) normalise(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, p := range n.paths {
		text = p.replace(text)
	}
	for _, rule := range []struct{ from, to string }{
		{`( m=[+-]\d+\.\d+)+`, ``},
		{`(?m)( \+0x[0-9a-f]+)+$`, ``},
		{`\b0x[0-9a-f]+\?`, `?`},
		{`(?m)^(\s*--- (?:FAIL|PASS|SKIP): .*) \(\d+\.\d+s\)$`, `$1 (0.00s)`},
		{`(?m)^((?:ok|FAIL)\s+\S+\s+)\d+\.\d+s`, `${1}0.00s`},
		{`\b(pid|PID)[ =:]+\d+`, `$1 N`},
		{`(127\.0\.0\.1|\[::1\]|localhost):\d+`, `$1:PORT`},
	} {
		text = regexp.MustCompile(rule.from).ReplaceAllString(text, rule.to)
	}
	text = regexp.MustCompile(`\b(\d{4})([/-])\d\d[/-]\d\d([ T])\d\d:\d\d:\d\d(?:\.\d+)*`).ReplaceAllStringFunc(text, date)
	text = number(text, `\b[Gg]oroutine (\d+)\b`, n.goroutines, func(i int) string { return fmt.Sprint(i) })
	return number(text, `\b(0x[0-9a-f]{6,16})\b`, n.addresses, func(i int) string { return fmt.Sprintf("0xaddr%d", i) })
}

// date gives back the moment at which time stands still in Go's playground. The
// clock of a synctest bubble begins in 2000 and is the same each time.
func date(found string) string {
	if strings.HasPrefix(found, "2000") {
		return found
	}
	return "2009" + found[4:5] + "11" + found[4:5] + "10" + found[10:11] + "23:00:00"
}

// number gives each different thing that the pattern's group finds a name of its own,
// in the order in which they come. known holds those that have one.
func number(text, pattern string, known map[string]string, name func(i int) string) string {
	var b strings.Builder
	end := 0
	for _, at := range regexp.MustCompile(pattern).FindAllStringSubmatchIndex(text, -1) {
		found := text[at[2]:at[3]]
		if _, ok := known[found]; !ok {
			known[found] = name(len(known) + 1)
		}
		b.WriteString(text[end:at[2]] + known[found])
		end = at[3]
	}
	return b.String() + text[end:]
}
