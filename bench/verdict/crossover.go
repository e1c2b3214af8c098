package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/results"
)

// A Crossover is where one model overtakes another along a numeric parameter, with
// all else equal. That each is the better one on its side is proven.
type Crossover struct {
	Group  string // the name without the parameter
	Key    string // of the parameter
	Before string // the model that is better at From
	After  string // the model that is better at To

	// The values nearest to each other at which a difference is proven, as they stand
	// in the names, and the value between them at which the two would be level.
	From, To, About string

	groups []string // the names of those at From and To
}

func (c Crossover) String() string {
	return fmt.Sprintf("%s: %s overtakes %s between %s=%s and %s, about %s.", c.Group, c.After, c.Before, c.Key, c.From, c.To, c.About)
}

// A point is a group as one value of a parameter.
type point struct {
	group *Group
	value float64
	text  string
}

// crossovers follows every pair of models along every parameter.
func (r *Ranking) crossovers() []Crossover {
	type series struct {
		pkg, name, key string
		kind           results.Kind // 10 and 10ms are not on one axis
	}
	points := map[series][]point{}
	var order []series
	for i := range r.Groups {
		g := &r.Groups[i]
		for _, p := range g.Params {
			n, ok := p.Number()
			if p.Key == "" || !ok || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
				continue
			}
			s := series{g.Package, g.Group.Without(p.Key), p.Key, p.Kind()}
			if points[s] == nil {
				order = append(order, s)
			}
			points[s] = append(points[s], point{g, n, p.Value})
		}
	}
	var found []Crossover
	for _, s := range order {
		along := points[s]
		if len(along) < 2 {
			continue
		}
		slices.SortStableFunc(along, func(a, b point) int { return cmp.Compare(a.value, b.value) })
		models := modelsOf(along)
		for i := range models {
			for j := range i {
				for _, c := range crossing(along, models[j], models[i]) {
					c.Group, c.Key = withoutProcs(s.name, r.set), s.key
					found = append(found, c)
				}
			}
		}
	}
	return found
}

func modelsOf(along []point) []string {
	var models []string
	for _, p := range along {
		for _, place := range p.group.Places {
			if !slices.Contains(models, place.Model) {
				models = append(models, place.Model)
			}
		}
	}
	return models
}

// crossing finds where the better one of two models changes: from one point where that
// is proven to the next one where the contrary is. Points between where nothing is
// proven belong to the crossing.
func crossing(along []point, a, b string) (found []Crossover) {
	var from *point   // the last one where something is proven
	var way []crossed // from there on
	for i := range along {
		pair, ok := along[i].group.Pair(a, b)
		if !ok {
			continue
		}
		here := crossed{along[i].value, math.Log(pair.Factor.Estimate)}
		way = append(way, here)
		if !pair.Proven {
			continue
		}
		if from != nil && way[0].y*here.y < 0 {
			c := Crossover{Before: a, After: b, From: from.text, To: along[i].text, About: like(level(way), along[i].text)}
			c.groups = []string{from.group.Name, along[i].group.Name}
			if here.y > 0 {
				c.Before, c.After = b, a
			}
			found = append(found, c)
		}
		from, way = &along[i], []crossed{here}
	}
	return found
}

// A crossed is a value of the parameter and the logarithm of a factor there.
type crossed struct{ x, y float64 }

// level is the value at which the factor is 1: where straight lines between the points
// pass it first, in logarithms; in the value itself from 0 on.
func level(way []crossed) float64 {
	for i := range way[1:] {
		from, to := way[i], way[i+1]
		if from.y*to.y > 0 {
			continue
		}
		share := from.y / (from.y - to.y)
		if math.IsNaN(share) { // one of the models has 0, or both are level: halfway says as much
			share = 0.5
		}
		if from.x > 0 {
			return math.Exp(math.Log(from.x) + share*(math.Log(to.x)-math.Log(from.x)))
		}
		return from.x + share*(to.x-from.x)
	}
	return way[len(way)-1].x
}

// like writes a number in the way that another one is written: 25%, 10ms, 1000.
func like(value float64, text string) string {
	if strings.HasSuffix(text, "%") {
		return two(100*value) + "%"
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return two(value)
	}
	d := time.Duration(value)
	unit := time.Duration(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// two writes a number with two digits: 2.7, 310.
func two(value float64) string {
	if value == 0 {
		return "0"
	}
	unit := math.Pow(10, math.Floor(math.Log10(value))-1)
	return strconv.FormatFloat(math.Round(value/unit)*unit, 'f', max(0, 1-int(math.Floor(math.Log10(value)))), 64)
}

// withoutProcs takes -N off a group's name, if all of the set's groups have one N.
func withoutProcs(name string, set *results.Set) string {
	for i := range set.Groups {
		if set.Groups[i].Procs != set.Groups[0].Procs {
			return name
		}
	}
	return strings.TrimSuffix(name, fmt.Sprintf("-%d", set.Groups[0].Procs))
}
