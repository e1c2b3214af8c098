package weave

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const guardsText = "// Package guard has guards.\n//\n//\tjob = guard.Timeout(job)\n//\n// # The order\n//\n" +
	"//\tOuter      all  below counts\n//\tInnermost  no wait of ours\n//\tthe job\n//\n" +
	"//\tguard     | clauses altered | library beneath\n//\tInnermost | 6, 8            | context\n//\tOuter     | 2               | none: see a|b\npackage guard\n"

func TestGuards(t *testing.T) {
	page := "<!-- gen: guards -->\n<!-- end -->\n"
	t.Run("from the outermost to the innermost", func(t *testing.T) {
		text, problems := filled(t, course(t, files{"docs/a.md": page, "guard/doc.go": guardsText}), "docs/a.md")
		require.Empty(t, problems)
		require.Equal(t, "<!-- gen: guards -->\n"+
			"| guard | why there | clauses altered | beneath |\n| --- | --- | --- | --- |\n"+
			"| [Outer](../guard/outer.go) | all  below counts | 2 | none: see a\\|b |\n"+
			"| [Innermost](../guard/innermost.go) | no wait of ours | 6, 8 | context |\n\n"+
			"*From [guard/doc.go](../guard/doc.go).*\n<!-- end -->\n", text)
	})
	for _, c := range []struct{ name, text, want string }{
		{"nothing is said", "package guard\n", "guard/doc.go has no order of guards: NAME, two spaces, why"},
		{"a guard without a row", "//\tOuter  why\npackage guard\n", "guard/doc.go: no row for Outer: NAME | clauses | beneath"},
		{"a row for none", "//\tOuter  why\n//\tOuter | 2 | context\n//\tOther | 2 | context\npackage guard\n", "guard/doc.go: Other is not in the order of guards"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := filled(t, course(t, files{"a.md": page, "guard/doc.go": c.text}), "a.md")
			require.Equal(t, []string{"a.md:1: gen: guards: " + c.want}, problems)
		})
	}
	t.Run("there are none", func(t *testing.T) {
		_, problems := filled(t, course(t, files{"a.md": page}), "a.md")
		require.Len(t, problems, 1)
		require.Contains(t, problems[0], "a.md:1: gen: guards: guard/doc.go: ")
	})
}
