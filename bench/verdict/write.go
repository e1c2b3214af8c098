package verdict

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"example.com/overlap/bench/results"
	"example.com/overlap/internal/spell"
)

// Write prints the ranking in words: a paragraph a group, a sentence a line, and then
// where models overtake each other and what the claims rest on. leftOut are the
// benchmarks that were not run, by name, and why; it may be nil.
func (r *Ranking) Write(w io.Writer, leftOut map[string]string) error {
	var text strings.Builder
	for _, p := range r.paragraphs(leftOut) {
		text.WriteString(p)
	}
	for _, c := range r.Crossovers {
		fmt.Fprintln(&text, c)
	}
	for _, note := range r.Notes() {
		fmt.Fprintln(&text, note)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (r *Ranking) paragraphs(leftOut map[string]string) []string {
	var texts []string
	left := maps.Clone(leftOut)
	for i := range r.Groups {
		g := &r.Groups[i]
		lines := r.Sentences(g)
		for _, name := range slices.Sorted(maps.Keys(leftOut)) {
			if !g.named(name) {
				continue
			}
			_, model := results.Split(name)
			why := leftOut[name]
			if !strings.HasPrefix(why, model+" ") {
				why = model + ", " + why
			}
			lines = append(lines, "not run: "+why)
			delete(left, name)
		}
		if len(lines) > 0 {
			texts = append(texts, paragraph(title(r.set, g), lines))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		texts = append(texts, paragraph(strings.TrimPrefix(name, "Benchmark"), []string{"not run: " + left[name]}))
	}
	return texts
}

// HasGroup says whether a benchmark of this name, without GOMAXPROCS, is of one of the groups.
func (r *Ranking) HasGroup(name string) bool {
	return slices.ContainsFunc(r.Groups, func(g Group) bool { return g.named(name) })
}

// named says whether a benchmark of this name is of the group.
func (g *Group) named(name string) bool {
	group, _ := results.Split(name)
	return group == g.Plain()
}

func paragraph(title string, lines []string) string {
	return title + "\n  " + strings.Join(lines, "\n  ") + "\n"
}

// title is the group's name, and what tells it from others: GOMAXPROCS and the package, if
// there are several.
func title(set *results.Set, g *Group) string {
	text := g.Plain()
	procs, packages := false, false
	for i := range set.Groups {
		procs = procs || set.Groups[i].Procs != g.Procs
		packages = packages || set.Groups[i].Package != g.Package
	}
	if procs {
		text += fmt.Sprintf(", GOMAXPROCS %d", g.Procs)
	}
	if packages && g.Package != "" {
		text += ", " + g.Package
	}
	return text
}

// Notes are the lines below all groups: what the claims rest on.
func (r *Ranking) Notes() []string {
	switch {
	case r.Family == 0:
		return []string{r.nothing()}
	case r.Need > 0:
		return []string{tooFew(r.Need, r.Family), r.Floor.String()}
	}
	notes := []string{
		fmt.Sprintf("What is claimed is proven at %v over all comparisons together (%d: every pair of every group, as the best is known only after looking; Mann-Whitney, Holm's correction). Intervals are for one comparison, at 95 %%.",
			Alpha, r.Family),
		r.Floor.String(),
	}
	if r.CPU != nil && r.CPU.Need == 0 && r.CPU.Family > 0 && r.CPU.Floor.Known {
		notes = append(notes, fmt.Sprintf("CPU time is judged in the same way, for itself: %s, a floor of %s.", spell.Count(r.CPU.Family, "comparison"), percent(r.CPU.Floor.Difference)))
	}
	return notes
}

// nothing says why there is nothing to compare.
func (r *Ranking) nothing() string {
	if len(r.set.Models()) == 0 {
		return "No result has a /model= in its name, so there is nothing to rank."
	}
	return "No group has two models that can be ranked, so there is nothing to compare."
}

func tooFew(need, family int) string {
	return fmt.Sprintf("With so few samples nothing can be proven: it takes %d of each cell for %s.", need, spell.Count(family, "comparison"))
}

// Sentences are what there is to say of a group.
func (r *Ranking) Sentences(g *Group) []string {
	var lines []string
	if len(g.Places) > 0 {
		lines = append(lines, r.first(g))
	}
	if len(g.Places) > 1 {
		lines = append(lines, r.against(g)...)
		lines = append(lines, r.why(g)...)
	}
	if g.Need > 0 && r.Need == 0 {
		lines = append(lines, fmt.Sprintf("There are too few samples here to prove anything: it takes %d of each cell.", g.Need))
	}
	lines = append(lines, saturated(g)...)
	if len(g.Lacking) > 0 && len(g.Places)+len(g.Saturated) == 0 {
		return append(lines, fmt.Sprintf("not ranked: no model has %s", r.Unit))
	}
	for _, c := range g.Lacking {
		lines = append(lines, fmt.Sprintf("not ranked: %s has no %s", c.Model, r.Unit))
	}
	return lines
}

// saturated tells of the models that the machine could not measure, those with the same
// reason together.
func saturated(g *Group) (lines []string) {
	var reasons []string
	models := map[string][]string{}
	for _, c := range g.Saturated {
		if models[c.Saturated] == nil {
			reasons = append(reasons, c.Saturated)
		}
		models[c.Saturated] = append(models[c.Saturated], c.Model)
	}
	for _, why := range reasons {
		is := "is"
		if len(models[why]) > 1 {
			is = "are"
		}
		lines = append(lines, fmt.Sprintf("not ranked: %s %s saturated, %s", spell.List(models[why]), is, why))
	}
	return lines
}

// first tells of the best model: that it is the best only if that is proven.
func (r *Ranking) first(g *Group) string {
	first := g.Places[0]
	value := fmt.Sprintf("%s (median of %d)", Format(first.Median, r.Unit), first.Samples)
	proven := !slices.ContainsFunc(g.Places[1:], func(p Place) bool { return !p.Worse })
	switch {
	case len(g.Places) == 1:
		return fmt.Sprintf("%s alone can be ranked: %s.", first.Model, value)
	case !proven:
		return fmt.Sprintf("%s has the best median: %s.", first.Model, value)
	case speed(r.Unit):
		return fmt.Sprintf("%s is the fastest: %s.", first.Model, value)
	case r.Better == Higher:
		return fmt.Sprintf("%s has the most: %s.", first.Model, value)
	}
	return fmt.Sprintf("%s has the least: %s.", first.Model, value)
}

// against compares the first with the others.
func (r *Ranking) against(g *Group) []string {
	first := g.Places[0]
	var worse, some, level []string
	for _, p := range g.Places[1:] {
		factor, interval := Times(p.Factor.Estimate), p.Factor.interval()
		switch {
		case p.Worse && math.IsInf(p.Factor.Estimate, 1):
			some = append(some, fmt.Sprintf("%s %s", p.Model, digits(p.Median)))
		case p.Worse && r.Better == Lower && !speed(r.Unit):
			worse = append(worse, fmt.Sprintf("%s has %s times as much %s", p.Model, factor, interval))
		case p.Worse && !speed(r.Unit):
			worse = append(worse, fmt.Sprintf("%s times as much as %s %s", factor, p.Model, interval))
		case p.Worse:
			worse = append(worse, fmt.Sprintf("%s times as fast as %s %s", factor, p.Model, interval))
		case p.Holm < Alpha && p.Factor.Estimate > 1:
			level = append(level, fmt.Sprintf("%s (%s times, below the noise floor)", p.Model, factor))
		case !p.Factor.HasInterval():
			level = append(level, p.Model)
		default:
			level = append(level, fmt.Sprintf("%s %s", p.Model, interval))
		}
	}
	var lines []string
	if len(worse) > 0 {
		verb := ""
		switch {
		case speed(r.Unit):
			verb = first.Model + " is "
		case r.Better == Higher:
			verb = first.Model + " has "
		}
		lines = append(lines, fmt.Sprintf("%s%s.", verb, strings.Join(worse, ", ")))
	}
	if len(some) > 0 {
		lines = append(lines, fmt.Sprintf("%s has 0 %s; %s.", first.Model, r.Unit, strings.Join(some, ", ")))
	}
	if len(level) > 0 {
		shown := NoDifference
		if g.Need > 0 {
			shown = "too few samples to prove a difference"
		}
		lines = append(lines, fmt.Sprintf("%s against %s: %s.", first.Model, spell.List(level), shown))
	}
	return lines
}

// Only returns the ranking with those groups alone whose name matches. The judgement
// stays that of all groups: a group is not proven better because the others are
// not looked at.
func (r *Ranking) Only(match func(group string) bool) *Ranking {
	some := *r
	some.Groups = slices.DeleteFunc(slices.Clone(r.Groups), func(g Group) bool { return !match(g.Name) })
	some.Crossovers = slices.DeleteFunc(slices.Clone(r.Crossovers), func(c Crossover) bool { return !slices.ContainsFunc(c.groups, match) })
	return &some
}
