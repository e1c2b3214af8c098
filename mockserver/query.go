package mockserver

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A queryError says which query parameter is wrong. Its text is the body of a 400.
type queryError struct {
	parameter string // empty if the query could not be taken apart
	problem   string
}

func (e *queryError) Error() string {
	if e.parameter == "" {
		return "query: " + e.problem
	}
	return "query parameter " + e.parameter + " " + e.problem
}

// A parameter is one line of the table in the package comment.
type parameter struct {
	name  string
	field string // of Settings, whose bounds hold for it too
	want  string
	set   func(*change, string) error
}

// A change is a rule on the way to becoming another one.
type change struct {
	rule
	given  []string // fields of the parameters
	fault  *Fault
	chance *float64
}

func parameters() [12]parameter {
	return [...]parameter{
		{"latency", "Latency.Mean", "a duration such as 20ms", func(c *change, v string) (err error) {
			c.latency.Mean, err = time.ParseDuration(v)
			return err
		}},
		{"profile", "Latency.Profile", "constant, uniform, lognormal or heavy-tail", func(c *change, v string) error {
			c.latency.Profile = Profile(v)
			return notZero(v, nil) // in Settings "" stands for constant
		}},
		{"spread", "Latency.Spread", "a duration such as 5ms", func(c *change, v string) (err error) {
			c.latency.Spread, err = time.ParseDuration(v)
			return notZero(c.latency.Spread, err)
		}},
		{"sigma", "Latency.Sigma", "a number such as 0.5", func(c *change, v string) (err error) {
			c.latency.Sigma, err = strconv.ParseFloat(v, 64)
			return notZero(c.latency.Sigma, err)
		}},
		{"alpha", "Latency.Alpha", "a number such as 1.5", func(c *change, v string) (err error) {
			c.latency.Alpha, err = strconv.ParseFloat(v, 64)
			return notZero(c.latency.Alpha, err)
		}},
		{"perrequest", "Latency.PerRequest", "true or false", func(c *change, v string) (err error) {
			c.latency.PerRequest, err = strconv.ParseBool(v)
			return err
		}},
		{"fault", "", "none, status, reset, slow, hang, truncate or malformed", func(c *change, v string) error {
			fault := Fault(v)
			switch fault {
			case Status, Reset, Slow, Hang, Truncate, Malformed:
			case "none":
				fault = NoFault
			default:
				return strconv.ErrSyntax
			}
			c.fault = &fault
			return nil
		}},
		{"chance", "", "a probability from 0 to 1, beside a fault", func(c *change, v string) error {
			chance, err := strconv.ParseFloat(v, 64)
			if err == nil && !(chance >= 0 && chance <= 1) {
				err = strconv.ErrRange
			}
			c.chance = &chance
			return err
		}},
		{"status", "Faults.StatusCode", "a status code such as 503", func(c *change, v string) (err error) {
			c.faults.StatusCode, err = strconv.Atoi(v)
			return notZero(c.faults.StatusCode, err)
		}},
		{"pause", "Faults.SlowPause", "a duration such as 100ms", func(c *change, v string) (err error) {
			c.faults.SlowPause, err = time.ParseDuration(v)
			return err
		}},
		{"rate", "RateLimit.PerSecond", "a number such as 50", func(c *change, v string) (err error) {
			c.limit.PerSecond, err = strconv.ParseFloat(v, 64)
			return err
		}},
		{"burst", "RateLimit.Burst", "a number of requests, at least 1", func(c *change, v string) (err error) {
			c.limit.Burst, err = strconv.Atoi(v)
			return notZero(c.limit.Burst, err)
		}},
	}
}

// notZero refuses what stands for another value in Settings: who gives sigma=0
// does not mean 0.5.
func notZero[T comparable](value T, err error) error {
	var zero T
	if err == nil && value == zero {
		return strconv.ErrRange
	}
	return err
}

// with is r as a request's query changes it, or r itself and a *queryError.
func (r rule) with(query string) (rule, error) {
	if len(query) > maxQuery {
		return r, &queryError{"", fmt.Sprintf("is of %d bytes, want at most %d", len(query), maxQuery)}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return r, &queryError{"", err.Error()}
	}
	c := change{rule: r}
	known := parameters()
	for _, p := range known {
		given, ok := values[p.name]
		if !ok {
			continue
		}
		if len(given) > 1 {
			return r, &queryError{p.name, "is given twice"}
		}
		if err := p.set(&c, given[0]); err != nil {
			return r, &queryError{p.name, fmt.Sprintf("is %q, want %s", given[0], p.want)}
		}
		delete(values, p.name)
		c.given = append(c.given, p.field)
	}
	if len(values) > 0 {
		return r, unknown(slices.Min(slices.Collect(maps.Keys(values))), known)
	}
	return c.finish(r)
}

func unknown(name string, known [12]parameter) error {
	names := make([]string, len(known))
	for i, p := range known {
		names[i] = p.name
	}
	return &queryError{strconv.Quote(name), "is unknown, want one of " + strings.Join(names, ", ")}
}

// finish settles what depends on more than one parameter, and checks the whole
// against the bounds of the settings.
func (c change) finish(r rule) (rule, error) {
	if c.fault == nil && slices.Contains(c.given, "Faults.StatusCode") {
		status := Status
		c.fault = &status
	}
	switch {
	case c.fault != nil && c.chance != nil:
		c.faults = c.faults.only(*c.fault, *c.chance)
	case c.fault != nil:
		c.faults = c.faults.only(*c.fault, 1)
	case c.chance != nil:
		return r, &queryError{"chance", "stands alone, want a fault beside it"}
	}
	if !slices.Contains(c.given, "Latency.Spread") {
		c.latency.Spread = min(c.latency.Spread, max(0, c.latency.Mean)) // the server's, around a smaller mean
	}
	if err := c.validate(badParameter); err != nil {
		return r, err
	}
	for _, n := range c.needs() {
		// What only the server has set may be idle, and a status has its fault.
		if n.set && !n.met && n.field != "Faults.StatusCode" && slices.Contains(c.given, n.field) {
			return r, badParameter(n.field, "%v, want %s beside it", n.value, n.want)
		}
	}
	return c.rule, nil
}

// badParameter names the parameter that sets field.
func badParameter(field, format string, args ...any) error {
	for _, p := range parameters() {
		if p.field == field {
			return &queryError{p.name, "is " + fmt.Sprintf(format, args...)}
		}
	}
	return &queryError{"", field + " is " + fmt.Sprintf(format, args...)}
}
