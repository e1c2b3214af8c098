package weave

import (
	"fmt"
	"regexp"
	"strings"
)

// guardsDir has a file for each guard; guardsDoc says of all how they are put around one
// another, and which clauses of the contract they alter.
const (
	guardsDir = "guard"
	guardsDoc = guardsDir + "/doc.go"
)

// A guard is what guardsDoc says of it.
type guard struct{ name, why, clauses, beneath string }

var (
	guardOrder = regexp.MustCompile(`^//\t([A-Z]\w*) {2,}(\S.*)$`)
	guardRow   = regexp.MustCompile(`^//\t([A-Z]\w*) *\| *(\S[^|]*?) *\| *(\S.*)$`)
)

// readGuards reads guardsDoc: in its comment stand, as text that is indented, a line for each guard from
// the outermost to the innermost (its name, two spaces or more, why it stands there), and a
// table, with the name, the clauses and what is beneath between bars.
func (c *Course) readGuards() ([]guard, error) {
	text, err := readFile(c.file(guardsDoc))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", guardsDoc, reason(err))
	}
	var guards []guard
	rows := map[string]guard{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if found := guardRow.FindStringSubmatch(line); found != nil {
			rows[found[1]] = guard{clauses: found[2], beneath: found[3]}
		} else if found := guardOrder.FindStringSubmatch(line); found != nil {
			guards = append(guards, guard{name: found[1], why: found[2]})
		}
	}
	if len(guards) == 0 {
		return nil, fmt.Errorf("%s has no order of guards: NAME, two spaces, why", guardsDoc)
	}
	for i, g := range guards {
		row, ok := rows[g.name]
		if !ok {
			return nil, fmt.Errorf("%s: no row for %s: NAME | clauses | beneath", guardsDoc, g.name)
		}
		delete(rows, g.name)
		guards[i].clauses, guards[i].beneath = row.clauses, row.beneath
	}
	for name := range rows {
		return nil, fmt.Errorf("%s: %s is not in the order of guards", guardsDoc, name)
	}
	return guards, nil
}

// fillGuards has a row a guard, from the outermost to the innermost.
func (c *Course) fillGuards(p *page, _ []string) (string, error) {
	guards, err := c.readGuards()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| guard | why there | clauses altered | beneath |\n| --- | --- | --- | --- |\n")
	for _, g := range guards {
		file := guardsDir + "/" + strings.ToLower(g.name) + ".go"
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s |\n", plain(g.name), p.link(file), plain(g.why), plain(g.clauses), plain(g.beneath))
	}
	return b.String() + fmt.Sprintf("\n*From [%s](%s).*\n", guardsDoc, p.link(guardsDoc)), nil
}
