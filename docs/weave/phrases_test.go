package weave

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const phraseList = `# a comment
group many Waiting for many

phrase wait_all ` + "`wait`" + `, for all
asyncio wait ALL_COMPLETED
also Task.wait, asyncio.wait, a b
plain ` + "`a|b`" + `
loop ` + "`Wait`" + `
since 3.12
prints a b
prints c

phrase sleep Sleep
only plain
clock real
needs unix
prints 1s

group few Waiting for few

left-out get_policy set_policy: deprecated: see there.
left-out other: for authors.
`

func TestParsePhrases(t *testing.T) {
	all, err := ParsePhrases(phraseList)
	require.NoError(t, err)
	wait := Phrase{Group: "many", Key: "wait_all", Title: "`wait`, for all", Names: []string{"wait", "ALL_COMPLETED"}, Also: []string{"Task.wait", "asyncio.wait", "a b"},
		Plain: "`a|b`", Loop: "`Wait`", Since: "3.12", Prints: []string{"a b", "c"}}
	require.Equal(t, Phrases{
		Groups:  []PhraseGroup{{"many", "Waiting for many"}, {"few", "Waiting for few"}},
		Phrases: []Phrase{wait, {Group: "many", Key: "sleep", Title: "Sleep", Only: true, Real: true, Unix: true, Prints: []string{"1s"}}},
		LeftOut: []Omission{{[]string{"get_policy", "set_policy"}, "deprecated: see there."}, {[]string{"other"}, "for authors."}},
	}, all)
	found, ok := all.Find("wait_all")
	require.True(t, ok)
	require.Equal(t, wait, found)
	require.Equal(t, "WaitAll", found.GoName())
	_, ok = all.Find("wait")
	require.False(t, ok)
}

func TestParsePhrasesErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing behind a word", "group", ":1: group what?"},
		{"a group without a title", "group many", ":1: want group NAME TITLE"},
		{"a group that is no file's name", "group ../x Title", ":1: want group NAME TITLE"},
		{"a phrase outside of groups", "phrase a A", ":1: a phrase stands in a group"},
		{"a phrase without a title", "group g G\nphrase a", ":2: want phrase KEY TITLE"},
		{"a key that no function can have", "group g G\nphrase a-b A", ":2: want phrase KEY TITLE"},
		{"a phrase twice", "group g G\nphrase a A\nphrase a B", ":3: the phrase a is there twice"},
		{"a line outside of phrases", "group g G\nprints x", ":2: prints belongs to a phrase"},
		{"a line behind what is left out", "group g G\nphrase a A\nleft-out x: y\nprints x", ":4: prints belongs to a phrase"},
		{"no reason", "left-out a b", ":1: want left-out NAME...: REASON"},
		{"another word", "group g G\nphrase a A\n\nshows x", `:4: no line begins with "shows x"`},
		{"only something else", "group g G\nphrase a A\nonly loop", `:3: no line begins with "only loop"`},
	} {
		_, err := ParsePhrases(c.text)
		require.EqualError(t, err, c.want, c.name)
	}
}

func phraseFiles(page string) files {
	return files{
		"docs/phrasebook.md":                  page,
		"docs/code/phrasebook/phrases.txt":    phraseList,
		"docs/code/phrasebook/python/many.py": "import x\n\n\ndef wait_all():\n    # region wait_all\n    async def main():\n        await all_of_them()\n\n    # endregion\n    return main()\n\n\n# region sleep\nsleep(1)\n# endregion\n",
		"docs/code/phrasebook/plain/many.go":  "package plain\n\n// WaitAll waits.\nfunc WaitAll() {\n\twait()\n}\n\n//region Sleep\n\nfunc sleep() {}\n\nfunc Sleep() {}\n\n//endregion\n\nfunc wait() {}\n",
		"docs/code/phrasebook/loop/many.go":   "package loop\n\nfunc WaitAll() {}\n",
	}
}

func TestPhrases(t *testing.T) {
	c := course(t, phraseFiles("# Book\n\n<!-- gen: phrases -->\n<!-- end -->\n\n## Waiting for many\n\n### `wait`, for all\n\n<!-- gen: phrase wait_all -->\n<!-- end -->\n\n"+
		"### Sleep\n\n<!-- gen: phrase sleep -->\n<!-- end -->\n\n<!-- gen: left-out -->\n<!-- end -->\n\n## Waiting for few\n"))
	text, problems := filled(t, c, "docs/phrasebook.md")
	require.Empty(t, problems)
	require.Equal(t, "# Book\n\n<!-- gen: phrases -->\n"+
		"| asyncio | plain Go | package eventloop |\n| --- | --- | --- |\n"+
		"| **[Waiting for many](#waiting-for-many)** | | |\n"+
		"| [`wait`, for all](#wait-for-all): `ALL_COMPLETED`, `a b` | `a\\|b` | `Wait` |\n"+
		"| [Sleep](#sleep) |  |  |\n"+
		"| **[Waiting for few](#waiting-for-few)** | | |\n"+
		"<!-- end -->\n\n## Waiting for many\n\n### `wait`, for all\n\n<!-- gen: phrase wait_all -->\n"+
		"```python\nasync def main():\n    await all_of_them()\n```\n\n"+
		"In plain Go:\n\n```go\nfunc WaitAll() {\n\twait()\n}\n```\n\n"+
		"In package eventloop:\n\n```go\nfunc WaitAll() {}\n```\n\n"+
		"All three print `a b`, `c`. *From [python/many.py](code/phrasebook/python/many.py), [plain/many.go](code/phrasebook/plain/many.go), [loop/many.go](code/phrasebook/loop/many.go); Python 3.12 or later.*\n"+
		"<!-- end -->\n\n### Sleep\n\n<!-- gen: phrase sleep -->\n"+
		"```python\nsleep(1)\n```\n\nIn plain Go:\n\n```go\nfunc sleep() {}\n\nfunc Sleep() {}\n```\n\n"+
		"Both print `1s`. *From [python/many.py](code/phrasebook/python/many.py), [plain/many.go](code/phrasebook/plain/many.go).*\n"+
		"<!-- end -->\n\n<!-- gen: left-out -->\n"+
		"- `get_policy`, `set_policy`: deprecated: see there.\n- `other`: for authors.\n"+
		"<!-- end -->\n\n## Waiting for few\n", text)
	require.Empty(t, checked(t, c))
}

// A heading that is not that of the list is seen by the link of the table to it.
func TestPhrasesWithoutTheirHeading(t *testing.T) {
	c := course(t, phraseFiles("# Book\n\n<!-- gen: phrases -->\n<!-- end -->\n\n## Waiting for many\n\n### `wait` for all\n\n## Waiting for few\n"))
	_, problems := filled(t, c, "docs/phrasebook.md")
	require.Empty(t, problems)
	require.Equal(t, []string{`docs/phrasebook.md:8: the link to "#sleep" is dead: docs/phrasebook.md has no #sleep`}, checked(t, c))
}

func TestPhraseErrors(t *testing.T) {
	for _, c := range []struct {
		name, marker, file, text, want string
	}{
		{"no list", "phrases", "docs/code/phrasebook/phrases.txt", "", "there is no docs/code/phrasebook/phrases.txt"},
		{"a list that cannot be read", "left-out", "docs/code/phrasebook/phrases.txt", "\nx y\n", "docs/code/phrasebook/phrases.txt:2: x belongs to a phrase"},
		{"no such phrase", "phrase wait", "", "", "docs/code/phrasebook/phrases.txt has no phrase wait"},
		{"no Python", "phrase wait_all", "docs/code/phrasebook/python/many.py", "pass\n", "docs/code/phrasebook/python/many.py: there is no region called wait_all"},
		{"no Go", "phrase wait_all", "docs/code/phrasebook/plain/many.go", "package plain\n", "docs/code/phrasebook/plain/many.go: there is no declaration and no region called WaitAll"},
		{"no Go of package eventloop", "phrase wait_all", "docs/code/phrasebook/loop/many.go", "package loop\n", "docs/code/phrasebook/loop/many.go: there is no declaration and no region called WaitAll"},
	} {
		all := phraseFiles("<!-- gen: " + c.marker + " -->\n<!-- end -->\n")
		if all[c.file] = c.text; c.text == "" {
			delete(all, c.file)
		}
		_, problems := filled(t, course(t, all), "docs/phrasebook.md")
		require.Equal(t, []string{"docs/phrasebook.md:1: gen: " + c.marker + ": " + c.want}, problems, c.name)
	}
}
