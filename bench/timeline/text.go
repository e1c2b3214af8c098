package timeline

import (
	"fmt"
	"strings"
	"time"

	"example.com/overlap/internal/spell"
)

// Text says what the picture shows, for those who do not see it: how many jobs there
// were, in what time, how many in flight at the peak, and what became of those that
// were not done. It is the same for the same timeline.
func (t Timeline) Text() string {
	text := strings.Join(facts(t), " ")
	for _, o := range marked {
		if n := t.Count(o); n > 0 {
			text += fmt.Sprintf(" %s: %d.", o, n)
		}
	}
	return text
}

// facts are what the picture shows, in words: sentences that fit a line each.
func facts(t Timeline) []string {
	if len(t.Jobs) == 0 {
		return []string{"No job was recorded."}
	}
	makespan := t.Makespan()
	done := fmt.Sprintf("%s in %s, ", spell.Count(len(t.Jobs), "job"), spell.Duration(makespan))
	if n := t.Count(Done); n < len(t.Jobs) {
		done += fmt.Sprintf("%d of them done.", n)
	} else {
		done += "all done."
	}

	var wait, work, all float64 // as the sum of many long ones is beyond a Duration
	for _, j := range t.Jobs {
		wait += float64(j.Fetch.Length())
		work += float64(j.Process.Length())
		all += float64(j.End() - j.Begin())
	}
	flight := fmt.Sprintf("%d in flight at the peak", t.Peak())
	if makespan > 0 {
		flight += fmt.Sprintf(", %.1f on average", all/float64(makespan))
	}
	facts := []string{done, flight + "."}
	if all > 0 {
		time := fmt.Sprintf("A job's time: %s waiting, %s working", percent(wait, all), percent(work, all))
		if between := all - wait - work; between >= all/100 {
			time += ", " + percent(between, all) + " between"
		}
		facts = append(facts, time+".")
	}
	return facts
}

// percent is a share that is not rounded to none or all.
func percent(part, whole float64) string {
	switch share := 100 * part / whole; {
	case share > 0 && share < 1:
		return "under 1 %"
	case share > 99 && share < 100:
		return "over 99 %"
	default:
		return fmt.Sprintf("%.0f %%", share)
	}
}

// ticks are the marks of an axis of so much time: four to nine, at round moments.
func ticks(length time.Duration) []time.Duration {
	step := tickStep(length)
	var list []time.Duration
	for at := time.Duration(0); at <= length; at += step {
		list = append(list, at)
	}
	return list
}

func tickStep(length time.Duration) time.Duration {
	const most = 6 // steps
	for unit := time.Duration(1); unit < time.Minute; unit *= 10 {
		for _, step := range []time.Duration{1, 2, 5} {
			if step *= unit; step <= 20*time.Second && length/step < most {
				return step
			}
		}
	}
	for _, step := range []time.Duration{
		30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if length/step < most {
			return step
		}
	}
	step := 24 * time.Hour
	for length/step >= most {
		step *= 2
	}
	return step
}

// tickLabel is a round moment: 1m, where Duration has 1m0s.
func tickLabel(at time.Duration) string {
	if at == 0 {
		return "0"
	}
	text := at.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// wrap breaks text into lines of so many letters, at spaces where there are any;
// what is beyond the most lines is cut off.
func wrap(text string, letters, most int) []string {
	var lines []string
	line, room := "", letters
	end := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line, room = "", letters
	}
	for word := range strings.FieldsSeq(text) {
		for word != "" && len(lines) <= most {
			space := 0
			if line != "" {
				space = 1
			}
			if w := wide(word); w+space <= room {
				line += " "[:space] + word
				room -= w + space
				word = ""
			} else if line != "" {
				end()
			} else {
				head := fitting(word, letters)
				lines = append(lines, head)
				word = word[len(head):]
			}
		}
	}
	end()
	if len(lines) > most {
		lines = lines[:most]
		last := lines[most-1]
		lines[most-1] = fitting(last, letters-1) + "…"
	}
	return lines
}

// wide is how many letters' room text takes.
func wide(text string) (n int) {
	for _, r := range text {
		n += wideRune(r)
	}
	return n
}

// wideRune counts Chinese, Japanese and Korean letters and pictures as two.
func wideRune(r rune) int {
	if r >= 0x1100 {
		return 2
	}
	return 1
}

// fitting is the beginning of text that has room in so many letters, at least one.
func fitting(text string, letters int) string {
	for i, r := range text {
		if letters -= wideRune(r); letters < 0 && i > 0 {
			return text[:i]
		}
	}
	return text
}
