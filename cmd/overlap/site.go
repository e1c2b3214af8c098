package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"example.com/overlap/mockserver"
)

// siteFlags are the flags of the mock server's settings.
func siteFlags(flags *flag.FlagSet, s *mockserver.Settings) {
	flags.Uint64Var(&s.Seed, "seed", 1, "`seed` of the pages, waits and faults: same seed, same behaviour")
	flags.IntVar(&s.PageSize, "page-size", 2048, "`bytes` of a page")
	s.Links = 8
	flags.Var((*links)(&s.Links), "links", "`links` on a page")
	flags.DurationVar(&s.Latency.Mean, "latency", 0, "mean `wait` before an answer, such as 20ms")
	flags.StringVar((*string)(&s.Latency.Profile), "profile", string(mockserver.Constant), "how the waits are spread: constant, uniform, lognormal, heavy-tail")
	flags.DurationVar(&s.Latency.Spread, "spread", 0, "half `width` of the uniform profile, mean-spread to mean+spread; 0 is half of the mean")
	flags.Float64Var(&s.Latency.Sigma, "sigma", 0, "`width` of the lognormal profile, the standard deviation of the logarithm; 0 is 0.5")
	flags.Float64Var(&s.Latency.Alpha, "alpha", 0, "`weight` of the heavy-tail profile's tail, above 1, smaller is heavier; 0 is 1.5")
	flags.BoolVar(&s.Latency.PerRequest, "per-request", false, "each request draws its wait anew; else a page waits as long each time. Not for -profile constant")
	flags.Var(&s.Faults, "faults", "comma-separated `faults` and how probable they are: status=0.1,reset=0.01; of status, reset, slow, hang, truncate, malformed; or none")
	flags.IntVar(&s.Faults.StatusCode, "status", 0, "the status `code` of a status fault; 0 is 503")
	flags.Float64Var(&s.RateLimit.PerSecond, "rate", 0, "`requests` a second that are let through, the others get a 429; 0 is no limit")
	flags.IntVar(&s.RateLimit.Burst, "burst", 0, "`requests` that may come at once under -rate; 0 is 1")
}

// links are the setting as a flag: its 0 is none, where the setting's is the default.
type links int

func (l *links) String() string { return strconv.Itoa(max(0, int(*l))) }

func (l *links) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a whole number from 0", text)
	}
	if *l = links(n); n == 0 {
		*l = -1
	}
	return nil
}

// checkSite names the flag of a setting that makes no sense. In the settings a size of 0
// stands for another; who gives it as a flag means something else.
func checkSite(s mockserver.Settings) error {
	if s.PageSize == 0 {
		return errors.New("-page-size is 0, want 512 to 16777216 bytes")
	}
	err := s.Validate()
	field, ok := errors.AsType[*mockserver.FieldError](err)
	if !ok {
		return err
	}
	name := map[string]string{
		"Pages": "n", "PageSize": "page-size", "Links": "links", "Order": "order", "MaxConnections": "connections",
		"Latency.Profile": "profile", "Latency.Mean": "latency", "Latency.Spread": "spread", "Latency.Sigma": "sigma", "Latency.Alpha": "alpha", "Latency.PerRequest": "per-request",
		"Faults.StatusCode": "status", "RateLimit.PerSecond": "rate", "RateLimit.Burst": "burst",
	}[field.Field]
	if name == "" && strings.HasPrefix(field.Field, "Faults") {
		name = "faults"
	}
	if name == "" {
		return err
	}
	return fmt.Errorf("-%s: %s is %s", name, field.Field, field.Problem)
}
