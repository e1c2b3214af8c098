package verdict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/overlap/bench/results"
)

// Check returns an error if a set holds the same samples several times, as a file does that
// is appended to itself: twice the samples prove twice as much, of nothing.
func Check(set *results.Set) error {
	for times := 2; times <= 10; times++ {
		if repeated(set, times) {
			return fmt.Errorf("%s: every cell's samples are the same %d times over, as if a file was taken %d times", name(set), times, times)
		}
	}
	return nil
}

func repeated(set *results.Set, times int) bool {
	samples, different := 0, false
	for _, g := range set.Groups {
		for _, c := range g.Cells {
			for _, values := range c.Samples {
				part := len(values) / times
				if len(values)%times != 0 || !slices.Equal(values[:len(values)-part], values[part:]) {
					return false
				}
				samples += part
				different = different || values[0] != values[part-1]
			}
		}
	}
	return samples >= 4 && different
}

// sameSamples returns an error if all samples of one set are in the other too: a file is
// compared with itself, or with what it was appended to.
func sameSamples(old, new *results.Set, unit string) error {
	samples, different := 0, false
	for i := range new.Groups {
		g := &new.Groups[i]
		for j := range g.Cells {
			before := find(old, g, g.Cells[j].Model)
			if before == nil {
				continue
			}
			few, many := sorted(before.Samples[unit]), sorted(g.Cells[j].Samples[unit])
			if len(few) > len(many) {
				few, many = many, few
			}
			if !contains(many, few) {
				return nil
			}
			samples += len(few)
			different = different || len(few) > 0 && few[0] != few[len(few)-1]
		}
	}
	if samples < 4 || !different {
		return nil
	}
	return fmt.Errorf("%s and %s hold the same samples: that is one run, not two", name(old), name(new))
}

// contains says whether all of few are among many, both sorted.
func contains(many, few []float64) bool {
	i := 0
	for _, v := range few {
		for i < len(many) && many[i] < v {
			i++
		}
		if i == len(many) || many[i] != v {
			return false
		}
		i++
	}
	return true
}

// machine are the configuration keys that must agree for two results to be compared.
func machine() []string {
	return []string{"cpu", "cores", "gomaxprocs", "goos", "goarch", "toolchain", "processors", "buffer", "client"}
}

// Differences says in what two sets were measured differently, a line each: the machine,
// the compiler, the limits of the models, and what the calibration found out.
func Differences(a, b *results.Set) []string {
	var lines []string
	for _, key := range machine() {
		if x, y := a.Values(key), b.Values(key); !slices.Equal(x, y) {
			lines = append(lines, fmt.Sprintf("%s is %s in %s, %s in %s", key, shown(x), name(a), shown(y), name(b)))
		}
	}
	if work := differentWork(a, b); work > 0 {
		lines = append(lines, fmt.Sprintf("spin is %s in %s, %s in %s, so what works does %s more work in one of them, and nothing below that is claimed; -- -spin %s makes a run of the same work as the first",
			a.Value("spin"), name(a), b.Value("spin"), name(b), percent(work), a.Value("spin")))
	}
	x, y := calibration(a.Value("calibration")), calibration(b.Value("calibration"))
	for _, m := range x {
		i := slices.IndexFunc(y, func(n measured) bool { return n.key == m.key })
		if i >= 0 && far(m.value, y[i].value) {
			lines = append(lines, fmt.Sprintf("calibration: %s is %s in %s, %s in %s", m.key, m.text, name(a), y[i].text, name(b)))
		}
	}
	return lines
}

// differentWork is by how much the CPU work of jobs differs between two runs: a microsecond of
// it is so many steps, which each run measures anew unless it is told.
func differentWork(a, b *results.Set) float64 {
	x, errX := strconv.ParseFloat(a.Value("spin"), 64)
	y, errY := strconv.ParseFloat(b.Value("spin"), 64)
	if errX != nil || errY != nil || x < 1 || y < 1 {
		return 0
	}
	return max(x/y, y/x) - 1
}

// Mixed says in what the results of one set were measured differently.
func Mixed(set *results.Set) []string {
	var lines []string
	for _, key := range machine() {
		if values := set.Values(key); len(values) > 1 {
			lines = append(lines, fmt.Sprintf("%s is %s within %s", key, strings.Join(values, " and "), name(set)))
		}
	}
	return lines
}

func shown(values []string) string {
	if len(values) == 0 {
		return "not told"
	}
	return strings.Join(values, " and ")
}

type measured struct {
	key, text string
	value     float64
}

// calibration reads key=value pairs, whose values are times, rates or numbers.
func calibration(line string) []measured {
	var all []measured
	for field := range strings.FieldsSeq(line) {
		key, text, _ := strings.Cut(field, "=")
		if d, err := time.ParseDuration(text); err == nil {
			all = append(all, measured{key, text, float64(d)})
		} else if n, err := strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64); err == nil {
			all = append(all, measured{key, text, n})
		}
	}
	return all
}

// far says whether two of the calibration's values differ by more than they do between
// two calibrations of one machine.
func far(a, b float64) bool { return a > 2*b || b > 2*a }
