package rounds

import (
	"cmp"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/overlap/bench/results"
)

// A Cell is one benchmark of one model at one GOMAXPROCS: what is run in a
// process of its own, once a round.
type Cell struct {
	Name string // as the test binary prints it, without the -N of GOMAXPROCS
	CPU  int    // -test.cpu; 0 leaves it to the binary
	Twin bool   // the A/A control: the same benchmark once more, under another name
}

// Model is the value of the name's /model= part, or "" if it has none; a twin's
// ends in -again.
func (c Cell) Model() string {
	if model := c.model(); c.Twin {
		return model + results.Again
	}
	return c.model()
}

func (c Cell) model() string {
	_, rest, _ := strings.Cut(c.Name, "/model=")
	model, _, _ := strings.Cut(rest, "/")
	return model
}

// rename gives a twin's result line its model's other name.
func (c Cell) rename(line string) string {
	if !c.Twin {
		return line
	}
	part := "/model=" + c.model()
	return strings.Replace(line, part, part+results.Again, 1)
}

// Group is the name without its model: cells of one group are compared.
func (c Cell) Group() string {
	group := c.Name
	if m := c.model(); m != "" {
		group = strings.Replace(group, "/model="+m, "", 1)
	}
	if c.CPU > 0 {
		group += "-" + strconv.Itoa(c.CPU)
	}
	return group
}

// pattern is the -test.bench that matches this cell alone.
func (c Cell) pattern() string {
	parts := strings.Split(c.Name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// Order returns the cells in the order of the given round, from 0. Cells of one
// group stay together, so that drift of the machine meets all of them alike;
// groups, and models within a group, are in random order. Each odd round is the
// one before it backwards: over an even number of rounds every model precedes
// every other one equally often.
//
// The order depends on cells, seed and round only.
func Order(cells []Cell, seed uint64, round int) []Cell {
	rng := rand.New(rand.NewPCG(seed, uint64(round/2)))
	byGroup := map[string][]Cell{}
	var groups []string
	for _, c := range cells {
		g := c.Group()
		if byGroup[g] == nil {
			groups = append(groups, g)
		}
		byGroup[g] = append(byGroup[g], c)
	}
	slices.SortFunc(groups, cmp.Compare)
	rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	order := make([]Cell, 0, len(cells))
	for _, g := range groups {
		models := byGroup[g]
		slices.SortFunc(models, func(a, b Cell) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Model(), b.Model()))
		})
		rng.Shuffle(len(models), func(i, j int) { models[i], models[j] = models[j], models[i] })
		order = append(order, models...)
	}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}
