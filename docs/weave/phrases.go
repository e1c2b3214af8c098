package weave

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Where the phrasebook's programs stand, and the list of its phrases.
const (
	phrasesDir  = "docs/code/phrasebook"
	phrasesFile = phrasesDir + "/phrases.txt"
)

// A Phrase is something that one says with asyncio, and how one says it in Go: in plain Go
// and, one to one, with package eventloop. Each of them is a program; all print the same.
type Phrase struct {
	Group  string   // of phrases of a kind: the name of the files with its programs
	Key    string   // as in create_task: the name of its programs
	Title  string   // the heading under which it stands
	Names  []string // asyncio's own that it explains
	Also   []string // other words that are looked up
	Plain  string   // the answer in a few words, in Markdown
	Loop   string   // that of package eventloop
	Only   bool     // there is no program of package eventloop
	Since  string   // the first Python that has it; empty for 3.11
	Real   bool     // it needs real time: a virtual clock would not wait for others
	Unix   bool     // it does not run on Windows
	Prints []string // lines
}

// GoName is what the phrase's functions are called in Go: create_task is CreateTask.
func (p Phrase) GoName() string {
	var b strings.Builder
	for word := range strings.SplitSeq(p.Key, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// Python, PlainGo and LoopGo are the files of its programs, from the root.
func (p Phrase) Python() string  { return phrasesDir + "/python/" + p.Group + ".py" }
func (p Phrase) PlainGo() string { return phrasesDir + "/plain/" + p.Group + ".go" }
func (p Phrase) LoopGo() string  { return phrasesDir + "/loop/" + p.Group + ".go" }

// A PhraseGroup is phrases of a kind.
type PhraseGroup struct{ Name, Title string }

// An Omission is what the phrasebook leaves out of asyncio, and why.
type Omission struct {
	Names  []string
	Reason string // Markdown
}

// Phrases are what phrases.txt lists.
type Phrases struct {
	Groups  []PhraseGroup
	Phrases []Phrase
	LeftOut []Omission
}

// Find returns the phrase of that key.
func (ps Phrases) Find(key string) (Phrase, bool) {
	i := slices.IndexFunc(ps.Phrases, func(p Phrase) bool { return p.Key == key })
	if i < 0 {
		return Phrase{}, false
	}
	return ps.Phrases[i], true
}

var phraseKey = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// ParsePhrases reads a list of phrases. A line is empty, a comment that begins with #, or
// one of these; those of a phrase follow it:
//
//	group NAME TITLE
//	phrase KEY TITLE
//	asyncio NAME...    none, or names of asyncio that it explains; the line may be repeated
//	also WORD, WORD    what is not asyncio's own and looked up as well
//	plain WORDS        the answer in plain Go
//	loop WORDS         the answer in package eventloop
//	only plain         there is no program of package eventloop
//	since 3.12         the first version of Python that has it
//	clock real         it is run in real time
//	needs unix         it is not run on Windows
//	prints LINE        a line that all its programs print
//	left-out NAME...: REASON
//
// The errors begin with the line: ":2: ...".
func ParsePhrases(text string) (Phrases, error) {
	var all Phrases
	var phrase *Phrase
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		wrong := func(format string, args ...any) (Phrases, error) {
			return Phrases{}, fmt.Errorf(":%d: %s", i+1, fmt.Sprintf(format, args...))
		}
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return wrong("%s what?", word)
		}
		switch word {
		case "group":
			name, title, _ := strings.Cut(rest, " ")
			if !phraseKey.MatchString(name) || title == "" {
				return wrong("want group NAME TITLE")
			}
			all.Groups = append(all.Groups, PhraseGroup{name, title})
			phrase = nil
			continue
		case "phrase":
			key, title, _ := strings.Cut(rest, " ")
			_, twice := all.Find(key)
			switch {
			case len(all.Groups) == 0:
				return wrong("a phrase stands in a group")
			case !phraseKey.MatchString(key) || title == "":
				return wrong("want phrase KEY TITLE")
			case twice:
				return wrong("the phrase %s is there twice", key)
			}
			all.Phrases = append(all.Phrases, Phrase{Group: all.Groups[len(all.Groups)-1].Name, Key: key, Title: title})
			phrase = &all.Phrases[len(all.Phrases)-1]
			continue
		case "left-out":
			names, reason, _ := strings.Cut(rest, ":")
			if reason = strings.TrimSpace(reason); reason == "" {
				return wrong("want left-out NAME...: REASON")
			}
			all.LeftOut = append(all.LeftOut, Omission{strings.Fields(names), reason})
			phrase = nil
			continue
		}
		if phrase == nil {
			return wrong("%s belongs to a phrase", word)
		}
		switch line {
		case "only plain":
			phrase.Only = true
			continue
		case "clock real":
			phrase.Real = true
			continue
		case "needs unix":
			phrase.Unix = true
			continue
		}
		switch word {
		case "asyncio":
			phrase.Names = append(phrase.Names, strings.Fields(rest)...)
		case "also":
			phrase.Also = append(phrase.Also, strings.Split(rest, ", ")...)
		case "plain":
			phrase.Plain = rest
		case "loop":
			phrase.Loop = rest
		case "since":
			phrase.Since = rest
		case "prints":
			phrase.Prints = append(phrase.Prints, rest)
		default:
			return wrong("no line begins with %q", line)
		}
	}
	return all, nil
}

func (c *Course) phrases() (Phrases, error) {
	text, err := readFile(c.file(phrasesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Phrases{}, fmt.Errorf("there is no %s", phrasesFile)
	}
	if err != nil {
		return Phrases{}, err
	}
	all, err := ParsePhrases(strings.ReplaceAll(string(text), "\r\n", "\n"))
	if err != nil {
		return Phrases{}, fmt.Errorf("%s%w", phrasesFile, err)
	}
	return all, nil
}

// fillPhrases makes the table of all phrases.
func (c *Course) fillPhrases(_ *page, _ []string) (string, error) {
	all, err := c.phrases()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| asyncio | plain Go | package eventloop |\n| --- | --- | --- |\n")
	for _, group := range all.Groups {
		fmt.Fprintf(&b, "| **[%s](#%s)** | | |\n", cellText(group.Title), slugOf(headingText(group.Title)))
		for _, p := range all.Phrases {
			if p.Group == group.Name {
				fmt.Fprintf(&b, "| [%s](#%s)%s | %s | %s |\n", cellText(p.Title), slugOf(headingText(p.Title)), namesBehind(p), cellText(p.Plain), cellText(p.Loop))
			}
		}
	}
	return b.String(), nil
}

// headingText is what a reader sees of a title, as far as titles of phrases go.
func headingText(title string) string { return strings.ReplaceAll(title, "`", "") }

// namesBehind are the names of a phrase that its title does not say.
func namesBehind(p Phrase) string {
	var names []string
	for _, name := range slices.Concat(p.Names, p.Also) {
		last := name[strings.LastIndexByte(name, '.')+1:] // of loop.call_soon
		if !strings.Contains(p.Title, "`"+name+"`") && !strings.Contains(p.Title, "`"+last+"`") {
			names = append(names, "`"+name+"`")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// fillPhrase shows the programs of a phrase.
func (c *Course) fillPhrase(p *page, args []string) (string, error) {
	all, err := c.phrases()
	if err != nil {
		return "", err
	}
	phrase, ok := all.Find(args[0])
	if !ok {
		return "", fmt.Errorf("%s has no phrase %s", phrasesFile, args[0])
	}
	var b strings.Builder
	var files []string
	show := func(language, title, file, name string) error {
		text, err := c.snippet(file, name)
		if err != nil {
			return err
		}
		if title != "" {
			b.WriteString(title + "\n\n")
		}
		b.WriteString(fence(language, text) + "\n")
		files = append(files, fmt.Sprintf("[%s](%s)", plain(strings.TrimPrefix(file, phrasesDir+"/")), p.link(file)))
		return nil
	}
	err = show("python", "", phrase.Python(), phrase.Key)
	if err == nil {
		err = show("go", "In plain Go:", phrase.PlainGo(), phrase.GoName())
	}
	if err == nil && !phrase.Only {
		err = show("go", "In package eventloop:", phrase.LoopGo(), phrase.GoName())
	}
	if err != nil {
		return "", err
	}
	each := map[bool]string{false: "All three print", true: "Both print"}[phrase.Only]
	var lines []string
	for _, line := range phrase.Prints {
		lines = append(lines, "`"+line+"`")
	}
	fmt.Fprintf(&b, "%s %s. *From %s", each, strings.Join(lines, ", "), strings.Join(files, ", "))
	if phrase.Since != "" {
		fmt.Fprintf(&b, "; Python %s or later", phrase.Since)
	}
	b.WriteString(".*\n")
	return b.String(), nil
}

// fillLeftOut lists what the phrasebook leaves out.
func (c *Course) fillLeftOut(_ *page, _ []string) (string, error) {
	all, err := c.phrases()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, omission := range all.LeftOut {
		var names []string
		for _, name := range omission.Names {
			names = append(names, "`"+name+"`")
		}
		fmt.Fprintf(&b, "- %s: %s\n", strings.Join(names, ", "), omission.Reason)
	}
	return b.String(), nil
}
