package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"example.com/overlap/internal/spell"
)

// Markdown writes the report as Markdown, as GitHub and others show it: the charts are
// the SVG files beside it, each with its numbers folded below it.
func (r *Report) Markdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n# %s\n\n", mark, markdown(r.Title))
	if len(r.set.Groups) > 0 {
		fmt.Fprintf(&b, "%s\n\n", markdown(r.machine))
		fmt.Fprintf(&b, "Raw results: %s.\n\n", markdown(spell.List(r.files)))
	}
	for _, warning := range r.warnings {
		fmt.Fprintf(&b, "> **Take care.** %s\n\n", markdown(warning))
	}
	for _, s := range r.sections {
		fmt.Fprintf(&b, "## %s\n\n", markdown(s.Title))
		for _, sentence := range s.Sentences {
			fmt.Fprintf(&b, "- %s\n", markdown(sentence))
		}
		b.WriteString("\n")
	}
	if note := r.leftNote(); note != "" {
		fmt.Fprintf(&b, "%s\n\n", markdown(note))
	}
	section := ""
	for _, c := range r.Charts {
		if c.benchmark != section {
			section = c.benchmark
			fmt.Fprintf(&b, "## %s\n\n", markdown(clean(section, 100)))
		}
		fmt.Fprintf(&b, "### %s\n\n![%s](%s.svg)\n\n", markdown(c.Title), markdown(c.Alt), c.ID)
		for i, sentence := range c.proven {
			fmt.Fprintf(&b, "- %s\n", markdown(sentence))
			if i == len(c.proven)-1 {
				b.WriteString("\n")
			}
		}
		if len(c.notes) > 0 {
			fmt.Fprintf(&b, "%s\n\n", markdown(strings.Join(c.notes, " ")))
		}
		b.WriteString("<details><summary>The numbers</summary>\n\n")
		writeTable(&b, c.Table)
		if c.machine != "" {
			fmt.Fprintf(&b, "\n%s\n", markdown(c.machine))
		}
		if len(r.set.Groups) > 0 {
			b.WriteString("\n[Every sample](samples.csv)\n")
		}
		b.WriteString("\n</details>\n\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeTable(b *bytes.Buffer, t Table) {
	line := func(cells []string, show func(string) string) {
		for _, cell := range cells {
			b.WriteString("| " + show(cell) + " ")
		}
		b.WriteString("|\n")
	}
	line(t.Columns, markdown)
	kinds := make([]string, len(t.Columns))
	for i := range kinds {
		if kinds[i] = "---:"; i < t.Left {
			kinds[i] = "---"
		}
	}
	line(kinds, func(s string) string { return s })
	for _, row := range t.Rows {
		line(row, markdown)
	}
}

var markdownEscaper = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "!", `\!`, "#", `\#`, "$", `\$`,
)

// markdown escapes a line of text, so that it reads as it is.
func markdown(text string) string {
	text = markdownEscaper.Replace(strings.TrimSpace(text))
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	switch {
	case text == "":
	case strings.ContainsRune("-+=", rune(text[0])):
		text = `\` + text
	case digits > 0 && digits < len(text) && (text[digits] == '.' || text[digits] == ')') && (digits+1 == len(text) || text[digits+1] == ' '):
		text = text[:digits] + `\` + text[digits:] // 1. would begin a list
	}
	return text
}
