package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// check returns an error for a file of a report that is not what its name says: SVG and
// HTML that a strict reader of XML would not take, with an id twice, a link to
// nowhere or anything from elsewhere; a table with rows of different lengths.
func check(f File) error {
	var err error
	switch {
	case strings.HasSuffix(f.Name, ".svg"):
		err = errors.Join(checkXML(f.Data, false), contains(f.Data, `role="img"`, "<title ", "<desc ", "viewBox=", "prefers-color-scheme"))
	case strings.HasSuffix(f.Name, ".html"):
		err = errors.Join(checkXML(f.Data, true), contains(f.Data, "<!DOCTYPE html>", `<html lang="en">`, `name="viewport"`, "<h1>", `<main id="main">`))
	case strings.HasSuffix(f.Name, ".csv"):
		err = checkCSV(f.Data)
	case strings.HasSuffix(f.Name, ".md"):
		err = checkMarkdown(f.Data)
	default:
		err = errors.New("what is it?")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

func contains(data []byte, texts ...string) error {
	for _, text := range texts {
		if !bytes.Contains(data, []byte(text)) {
			return fmt.Errorf("it has no %s", text)
		}
	}
	return nil
}

func checkXML(data []byte, page bool) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	if page {
		d.Entity = xml.HTMLEntity
	}
	ids, refs := map[string]bool{}, []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		name := start.Name.Local
		if name == "script" || name == "link" || name == "image" || name == "img" || name == "iframe" || name == "object" {
			return fmt.Errorf("a <%s>", name)
		}
		for _, a := range start.Attr {
			switch key := a.Name.Local; {
			case key == "id":
				if ids[a.Value] || a.Value == "" || strings.ContainsAny(a.Value, " \t\n") {
					return fmt.Errorf("the id %q twice, or none", a.Value)
				}
				ids[a.Value] = true
			case key == "href" || key == "src":
				target, local := strings.CutPrefix(a.Value, "#")
				if a.Value == "samples.csv" { // which stands beside the page
					break
				}
				if !local {
					return fmt.Errorf("a link to %q", a.Value)
				}
				refs = append(refs, target)
			case key == "aria-labelledby":
				refs = append(refs, strings.Fields(a.Value)...)
			case strings.HasPrefix(key, "on"):
				return fmt.Errorf("a script in %s", key)
			case key == "d" || key == "x" || key == "y" || key == "viewBox":
				if badNumber.MatchString(a.Value) {
					return fmt.Errorf("%s is %q", key, a.Value)
				}
			}
		}
	}
	for _, ref := range refs {
		if !ids[ref] {
			return fmt.Errorf("a link to #%s, which is nowhere", ref)
		}
	}
	return nil
}

var badNumber = regexp.MustCompile(`NaN|Inf|e[+-]?\d{2}|\d{6}`)

func checkCSV(data []byte) error {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll() // all of one length
	if err != nil {
		return err
	}
	if len(rows) < 2 {
		return errors.New("it is empty")
	}
	seen := map[string]bool{}
	for _, head := range rows[0] {
		if seen[head] || head == "" {
			return fmt.Errorf("the column %q is there twice, or has no name", head)
		}
		seen[head] = true
	}
	return nil
}

// checkMarkdown compares the columns of tables, and looks for raw HTML.
func checkMarkdown(data []byte) error {
	columns := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		bare := regexp.MustCompile(`\\.`).ReplaceAllString(line, "")
		if strings.Contains(strings.NewReplacer(mark, "", "<details><summary>The numbers</summary>", "", "</details>", "").Replace(bare), "<") {
			return fmt.Errorf("raw HTML in %q", line)
		}
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(bare, "|")
		if columns != 0 && n != columns {
			return fmt.Errorf("%d columns, not %d, in %q", n, columns, line)
		}
		columns = n
	}
	return nil
}
