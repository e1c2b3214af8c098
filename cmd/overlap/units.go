package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/overlap/bench/results"
	"example.com/overlap/bench/verdict"
)

// unitList is what -unit holds; empty stands for chosen units.
type unitList struct{ units []string }

const unitUsage = "`unit` to judge by, or several with commas between them (sec/op, which ns/op is called too; intended-p99-ms for an open loop)"

// flag defines -unit.
func (l *unitList) flag(flags *flag.FlagSet) {
	flags.Func("unit", unitUsage, func(list string) error {
		for field := range strings.SplitSeq(list, ",") {
			if field = strings.TrimSpace(field); field == "" {
				return errors.New("a unit has no name")
			}
			l.units = append(l.units, field)
		}
		return nil
	})
}

// tidy gives the units the names that they have in results, and says which those are.
func (l *unitList) tidy(say func(string)) {
	var tidied []string
	for _, unit := range l.units {
		name := verdict.Tidy(unit)
		if name != unit {
			say(fmt.Sprintf("%s is called %s here, as benchstat has it", unit, name))
		}
		if !slices.Contains(tidied, name) {
			tidied = append(tidied, name)
		}
	}
	l.units = tidied
}

// A judgement is by one unit, of the groups whose name it shows.
type judgement struct {
	unit  string
	shows func(group string) bool
}

// judgements are of all groups by each unit that was asked for. If none was, each group is
// judged by its own, if all sets know that.
func (l *unitList) judgements(sets ...*results.Set) []judgement {
	if len(l.units) > 0 {
		var all []judgement
		for _, unit := range l.units {
			all = append(all, judgement{unit, func(string) bool { return true }})
		}
		return all
	}
	own := map[string]string{} // by name of the group
	var all []judgement
	for _, set := range sets {
		for i := range set.Groups {
			g := &set.Groups[i]
			unit := verdict.OwnUnit(g)
			if slices.ContainsFunc(sets, func(set *results.Set) bool { return set.MustHave(unit) != nil }) {
				unit = "sec/op"
			}
			own[g.Name] = unit
			if slices.Contains(unitsOf(all), unit) {
				continue
			}
			at := len(all)
			if unit == "sec/op" { // what most are judged by comes first
				at = 0
			}
			all = slices.Insert(all, at, judgement{unit, func(group string) bool { return own[group] == unit }})
		}
	}
	return all
}

// heading stands above the sentences by one of several units.
func heading(w io.Writer, all []judgement, i int) {
	fmt.Fprintln(w)
	if len(all) > 1 {
		fmt.Fprintf(w, "By %s\n\n", all[i].unit)
	}
}

func unitsOf(all []judgement) []string {
	var units []string
	for _, j := range all {
		units = append(units, j.unit)
	}
	return units
}
