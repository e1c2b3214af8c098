package weave

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A kind is a sort of marked place.
type kind struct {
	name  string
	usage string
	least int // arguments behind the name
	most  int // -1: any number
	fill  func(c *Course, p *page, args []string) (string, error)
}

func blocks() []kind {
	return []kind{
		{"code", "code PATH NAME...", 2, -1, (*Course).fillCode},
		{"diff", "diff PATH NAME PATH NAME", 4, 4, (*Course).fillDiff},
		{"run", "run NAME", 1, 1, (*Course).fillRun},
		{"output", "output PITFALL broken|mended|plain [PROGRAM]", 2, 3, (*Course).fillOutput},
		{"timeline", "timeline NAME [SPAN]", 1, 2, (*Course).fillTimeline},
		{"chart", "chart ID [FILE]", 1, 2, (*Course).fillChart},
		{"table", "table BENCHMARK [UNIT]", 1, 2, (*Course).fillTable},
		{"rows", "rows FILE TITLE: GROUP [UNIT]; ...", 3, -1, (*Course).fillRows},
		{"versions", "versions FILE", 1, 1, (*Course).fillVersions},
		{"clauses", "clauses", 0, 0, (*Course).fillClauses},
		{"guards", "guards", 0, 0, (*Course).fillGuards},
		{"cost", "cost MODEL...", 1, -1, (*Course).fillCost},
		{"verdict", "verdict GROUP [UNIT]", 1, 2, (*Course).fillVerdict},
		{"machine", "machine [FILE]", 0, 1, (*Course).fillMachine},
		{"syllabus", "syllabus", 0, 0, (*Course).fillSyllabus},
		{"pitfalls", "pitfalls", 0, 0, (*Course).fillPitfalls},
		{"pitfall", "pitfall NAME", 1, 1, (*Course).fillPitfall},
		{"phrases", "phrases", 0, 0, (*Course).fillPhrases},
		{"phrase", "phrase KEY", 1, 1, (*Course).fillPhrase},
		{"left-out", "left-out", 0, 0, (*Course).fillLeftOut},
	}
}

func values() []kind {
	return []kind{
		{"time", "time GROUP MODEL", 2, 2, (*Course).fillTime},
		{"times", "times GROUP A B", 3, 3, (*Course).fillTimes},
		{"ideal", "ideal GROUP", 1, 1, (*Course).fillIdeal},
		{"value", "value UNIT GROUP MODEL", 3, 3, (*Course).fillValue},
	}
}

// fill makes what belongs into a place.
func (c *Course) fill(p *page, place place) (string, error) {
	kinds := blocks()
	if place.inline {
		kinds = values()
	}
	name, args := "", []string(nil)
	if len(place.args) > 0 {
		name, args = place.args[0], place.args[1:]
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		var usages []string
		for _, k := range kinds {
			usages = append(usages, k.usage)
		}
		return "", fmt.Errorf("want one of: %s", strings.Join(usages, "; "))
	}
	k := kinds[i]
	if len(args) < k.least || k.most >= 0 && len(args) > k.most {
		return "", errors.New("want " + k.usage)
	}
	c.line = place.line
	text, err := k.fill(c, p, args)
	if err != nil || place.indent == "" {
		return text, err
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(place.indent)
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

const exactLabel = "exact: yours is the same"

// stamp says what a result was made on, and whether the reader's will be the same.
func stamp(machine string, exact bool) string {
	if exact {
		return "\n*" + plain(machine) + "; " + exactLabel + ".*\n"
	}
	return "\n*" + plain(machine) + "; varies from run to run.*\n"
}
