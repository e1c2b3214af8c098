package weave

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A lesson is a page that says how long it takes and what it needs.
type lesson struct {
	page    string // from the root
	title   string // Markdown
	minutes int
	needs   string // Markdown; its links are from the root
}

var (
	lessonLine  = regexp.MustCompile(`^\*(\d{1,3}) minutes?\. You need: (.+?)\.?\*$`)
	chapterName = regexp.MustCompile(`^(\d\d)-[a-z0-9-]+\.md$`)
	mdLink      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// lesson reads the top of a page: its title and, below it, what it takes.
func (c *Course) lesson(name string) (lesson, *Problem) {
	p, err := c.page(name)
	if errors.Is(err, fs.ErrNotExist) {
		return lesson{}, &Problem{name, 0, "there is no such page"}
	}
	if err != nil {
		return lesson{}, &Problem{name, 0, err.Error()}
	}
	lines := strings.Split(string(p.text), "\n")
	title, ok := strings.CutPrefix(lines[0], "# ")
	if !ok || strings.TrimSpace(title) == "" {
		return lesson{}, &Problem{name, 1, "want the title: # Title"}
	}
	at := 1
	for at < len(lines)-1 && strings.TrimSpace(lines[at]) == "" {
		at++
	}
	var m []string
	if at < len(lines) {
		m = lessonLine.FindStringSubmatch(strings.TrimSpace(lines[at]))
	}
	if m == nil {
		return lesson{}, &Problem{name, at + 1, "want below the title: *N minutes. You need: TEXT.*"}
	}
	minutes, _ := strconv.Atoi(m[1]) // three digits at most
	return lesson{page: name, title: strings.TrimSpace(title), minutes: minutes, needs: p.fromRoot(m[2])}, nil
}

// fromRoot makes the links of a text that stands in this page begin at the root.
func (p *page) fromRoot(text string) string {
	return mdLink.ReplaceAllStringFunc(text, func(link string) string {
		target := link[2 : len(link)-1]
		if strings.Contains(target, "://") || strings.HasPrefix(target, "/") {
			return link
		}
		if strings.HasPrefix(target, "#") {
			return "](" + p.name + target + ")"
		}
		return "](" + path.Join(path.Dir(p.name), target) + ")"
	})
}

// toPage makes links that begin at the root begin at this page.
func (p *page) toPage(text string) string {
	return mdLink.ReplaceAllStringFunc(text, func(link string) string {
		target := link[2 : len(link)-1]
		if strings.Contains(target, "://") || strings.HasPrefix(target, "/") {
			return link
		}
		file, anchor, _ := strings.Cut(target, "#")
		if anchor != "" {
			anchor = "#" + anchor
		}
		if file == p.name && anchor != "" {
			return "](" + anchor + ")"
		}
		return "](" + p.link(file) + anchor + ")"
	})
}

// chapters are the pages docs/NN-name.md in the order of their numbers.
func (c *Course) chapters() ([]string, []Problem) {
	entries, err := os.ReadDir(c.file(docsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, []Problem{{docsDir, 0, err.Error()}}
	}
	var names []string
	var problems []Problem
	seen := map[string]string{}
	for _, e := range entries {
		m := chapterName.FindStringSubmatch(e.Name())
		if m == nil || e.IsDir() {
			continue
		}
		name := docsDir + "/" + e.Name()
		if other := seen[m[1]]; other != "" {
			problems = append(problems, Problem{name, 0, fmt.Sprintf("%s has the same number", other)})
		}
		seen[m[1]] = name
		names = append(names, name)
	}
	return names, problems // ReadDir sorts
}

func (c *Course) fillSyllabus(p *page, _ []string) (string, error) {
	names, problems := c.chapters()
	if len(problems) > 0 {
		return "", errors.New(problems[0].String())
	}
	if len(names) == 0 {
		return "", errors.New("there is no chapter, docs/NN-name.md")
	}
	var b strings.Builder
	b.WriteString("| | chapter | minutes | you need |\n| ---: | --- | ---: | --- |\n")
	total := 0
	for _, name := range names {
		l, problem := c.lesson(name)
		if problem != nil {
			return "", errors.New(problem.String())
		}
		fmt.Fprintf(&b, "| %s | [%s](%s) | %d | %s |\n", path.Base(name)[:2], l.title, p.link(name), l.minutes, cellText(p.toPage(l.needs)))
		total += l.minutes
	}
	fmt.Fprintf(&b, "\n%d chapters, %s of reading and running.\n", len(names), inHours(total))
	if len(names) == 1 {
		return strings.Replace(b.String(), "1 chapters", "1 chapter", 1), nil
	}
	return b.String(), nil
}

func cellText(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func inHours(minutes int) string {
	if minutes < 60 {
		return fmt.Sprintf("%d minutes", minutes)
	}
	hours := "hours"
	if minutes < 120 {
		hours = "hour"
	}
	if minutes%60 == 0 {
		return fmt.Sprintf("%d %s", minutes/60, hours)
	}
	return fmt.Sprintf("%d %s and %d minutes", minutes/60, hours, minutes%60)
}

// A trap is a pitfall of the course, as its manifest tells of it.
type trap struct {
	name     string
	title    string
	detector string
	mendedBy string // "Go 1.22", or ""
	exact    bool
}

// trap reads the manifest of a pitfall. Lines that are not about the page are left to
// those who run it.
func (c *Course) trap(name string) (trap, error) {
	if !runName.MatchString(name) {
		return trap{}, fmt.Errorf("%q is no name of a pitfall", name)
	}
	file := pitfallsDir + "/" + name + "/" + manifestName
	text, err := readFile(c.file(file))
	if errors.Is(err, fs.ErrNotExist) {
		return trap{}, fmt.Errorf("there is no pitfall %s: %s is missing", name, file)
	}
	if err != nil {
		return trap{}, err
	}
	t, err := parseManifest(string(text))
	if err != nil {
		return trap{}, fmt.Errorf("%s%w", file, err)
	}
	t.name = name
	return t, nil
}

// parseManifest reads of a manifest what pages show. Its errors begin with the line:
// ":2: ...", or with ": ".
func parseManifest(text string) (trap, error) {
	var t trap
	label := ""
	fields := map[string]*string{"title": &t.title, "detector": &t.detector, "mended by": &t.mendedBy, "label": &label}
	for i, line := range strings.Split(text, "\n") {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		field := fields[key]
		if field == nil {
			continue
		}
		if *field != "" {
			return t, fmt.Errorf(":%d: %s is there twice", i+1, key)
		}
		if *field = strings.TrimSpace(value); *field == "" {
			return t, fmt.Errorf(":%d: %s is empty", i+1, key)
		}
		if key == "label" && label != "exact" && label != "varies" {
			return t, fmt.Errorf(":%d: label is %q, want exact or varies", i+1, label)
		}
	}
	for _, key := range []string{"title", "detector", "label"} {
		if *fields[key] == "" {
			return t, fmt.Errorf(": %s is missing", key)
		}
	}
	t.exact = label == "exact"
	return t, nil
}

// traps are the names of all pitfalls.
func (c *Course) traps() ([]string, error) {
	manifests, err := filepath.Glob(filepath.Join(c.file(pitfallsDir), "*", manifestName))
	var names []string
	for _, m := range manifests {
		names = append(names, filepath.Base(filepath.Dir(m)))
	}
	return names, err
}

func (c *Course) fillOutput(_ *page, args []string) (string, error) {
	if args[1] != "broken" && args[1] != "mended" && args[1] != "plain" {
		return "", fmt.Errorf("%q is neither broken, mended nor plain", args[1])
	}
	t, err := c.trap(args[0])
	if err != nil {
		return "", err
	}
	name := pitfallsDir + "/" + t.name + "/" + args[1] + ".out"
	found, err := readRecording(c.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s is missing: go test ./%s -update", name, pitfallsDir)
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if len(args) == 3 {
		if found, err = found.of(args[2]); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return found.markdown(t.exact), nil
}

// of is the part of a pitfall's recording that shows the commands of one program, go or
// python3.
func (r recording) of(program string) (recording, error) {
	part := recording{machine: r.machine}
	shown := false
	for line := range strings.Lines("$ " + r.command + "\n" + r.output) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			words := strings.Fields(command)
			words = slices.DeleteFunc(words, func(word string) bool { return strings.Contains(word, "=") })
			shown = len(words) > 0 && words[0] == program
			if shown && part.command == "" {
				part.command = strings.TrimSuffix(command, "\n")
				continue
			}
		}
		if shown {
			part.output += line
		}
	}
	if part.command == "" {
		return part, fmt.Errorf("it records no command of %s", program)
	}
	return part, nil
}

func (c *Course) fillPitfalls(p *page, _ []string) (string, error) {
	names, err := c.traps()
	if err != nil {
		return "", err
	}
	type row struct {
		trap   trap
		lesson lesson
	}
	var rows []row
	for _, name := range names {
		t, err := c.trap(name)
		if err != nil {
			return "", err
		}
		l, problem := c.lesson(pitfallsDir + "/" + name + "/README.md")
		if problem != nil {
			return "", errors.New(problem.String())
		}
		rows = append(rows, row{t, l})
	}
	if len(rows) == 0 {
		return "", errors.New("there is no pitfall, " + pitfallsDir + "/NAME/" + manifestName)
	}
	// In the order in which the course comes to what they need.
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(firstChapter(a.lesson.needs), firstChapter(b.lesson.needs)) })
	var b strings.Builder
	b.WriteString("| the mistake | found by | you need |\n| --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s |\n", cellText(r.trap.title), p.link(r.lesson.page), cellText(foundBy(r.trap)), cellText(p.toPage(r.lesson.needs)))
	}
	return b.String(), nil
}

func foundBy(t trap) string {
	if t.mendedBy != "" {
		return t.detector + "; mended by " + t.mendedBy
	}
	return t.detector
}

var chapterLink = regexp.MustCompile(`docs/(\d\d)-`)

func firstChapter(needs string) string {
	if m := chapterLink.FindStringSubmatch(needs); m != nil {
		return m[1]
	}
	return ""
}

func (c *Course) fillPitfall(p *page, args []string) (string, error) {
	t, err := c.trap(args[0])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("- Pitfall: [%s](%s), found by: %s\n", t.title, p.link(pitfallsDir+"/"+t.name+"/README.md"), foundBy(t)), nil
}

// checkLessons says what is wrong at the top of chapters and pitfalls.
func (c *Course) checkLessons() []Problem {
	names, problems := c.chapters()
	traps, err := c.traps()
	if err != nil {
		problems = append(problems, Problem{pitfallsDir, 0, err.Error()})
	}
	for _, t := range traps {
		names = append(names, pitfallsDir+"/"+t+"/README.md")
	}
	for _, name := range names {
		if _, problem := c.lesson(name); problem != nil {
			problems = append(problems, *problem)
		}
	}
	return problems
}
