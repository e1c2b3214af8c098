package mockserver

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func serverRule() rule {
	s := Settings{
		Latency:   Latency{Profile: Uniform, Mean: 10 * time.Millisecond, Spread: 10 * time.Millisecond},
		Faults:    Faults{Hang: 0.5},
		RateLimit: RateLimit{PerSecond: 1000, Burst: 1000},
	}.withDefaults()
	return rule{s.Latency, s.Faults, s.RateLimit}
}

func TestQueryChangesTheRule(t *testing.T) {
	only := func(f Faults) func(*rule) {
		return func(r *rule) {
			f.SlowPause = 20 * time.Millisecond
			if f.StatusCode == 0 {
				f.StatusCode = 503
			}
			r.faults = f
		}
	}
	for query, change := range map[string]func(*rule){
		"":                                  func(*rule) {},
		"latency=50ms":                      func(r *rule) { r.latency.Mean = 50 * time.Millisecond },
		"latency=5ms":                       func(r *rule) { r.latency.Mean, r.latency.Spread = 5*time.Millisecond, 5*time.Millisecond },
		"latency=0":                         func(r *rule) { r.latency.Mean, r.latency.Spread = 0, 0 },
		"spread=1ms":                        func(r *rule) { r.latency.Spread = time.Millisecond },
		"profile=lognormal&sigma=1.5":       func(r *rule) { r.latency.Profile, r.latency.Sigma = LogNormal, 1.5 },
		"profile=heavy-tail&alpha=2":        func(r *rule) { r.latency.Profile, r.latency.Alpha = HeavyTail, 2 },
		"profile=constant":                  func(r *rule) { r.latency.Profile = Constant },
		"perrequest=true":                   func(r *rule) { r.latency.PerRequest = true },
		"perrequest=false":                  func(*rule) {},
		"profile=constant&perrequest=false": func(r *rule) { r.latency.Profile = Constant },
		"fault=none":                        only(Faults{}),
		"fault=reset":                       only(Faults{Reset: 1}),
		"fault=status":                      only(Faults{Status: 1}),
		"fault=slow":                        only(Faults{Slow: 1}),
		"fault=hang":                        only(Faults{Hang: 1}),
		"fault=truncate":                    only(Faults{Truncate: 1}),
		"fault=malformed&chance=0.25":       only(Faults{Malformed: 0.25}),
		"chance=0.1&fault=status":           only(Faults{Status: 0.1}),
		"status=404":                        only(Faults{Status: 1, StatusCode: 404}),
		"status=503":                        only(Faults{Status: 1}),
		"status=500&chance=0.5":             only(Faults{Status: 0.5, StatusCode: 500}),
		"status=404&fault=none":             only(Faults{StatusCode: 404}),
		"pause=1s":                          func(r *rule) { r.faults.SlowPause = time.Second },
		"pause=0":                           func(r *rule) { r.faults.SlowPause = 0 },
		"rate=2.5&burst=3":                  func(r *rule) { r.limit = RateLimit{2.5, 3} },
		"rate=0":                            func(r *rule) { r.limit.PerSecond = 0 },
		"latency=1s&rate=7&fault=reset&_":   nil,
	} {
		t.Run(query, func(t *testing.T) {
			got, err := serverRule().with(query)
			if change == nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			want := serverRule()
			change(&want)
			require.Equal(t, want, got)
		})
	}
}

func TestBadQueryIsRefusedByParameter(t *testing.T) {
	const all = "is unknown, want one of latency, profile, spread, sigma, alpha, perrequest, fault, chance, status, pause, rate, burst"
	for query, message := range map[string]string{
		"latency=fast":                     `query parameter latency is "fast", want a duration such as 20ms`,
		"latency=":                         `query parameter latency is "", want a duration such as 20ms`,
		"latency=-1ms":                     "query parameter latency is -1ms, want 0 to 1h0m0s",
		"latency=1s&latency=":              "query parameter latency is given twice",
		"profile=bell":                     `query parameter profile is "bell", want constant, uniform, lognormal or heavy-tail`,
		"spread=x":                         `query parameter spread is "x", want a duration such as 5ms`,
		"profile=":                         `query parameter profile is "", want constant, uniform, lognormal or heavy-tail`,
		"spread=0":                         `query parameter spread is "0", want a duration such as 5ms`,
		"profile=lognormal&sigma=0":        `query parameter sigma is "0", want a number such as 0.5`,
		"profile=heavy-tail&alpha=-0":      `query parameter alpha is "-0", want a number such as 1.5`,
		"profile=constant&spread=1ms":      "query parameter spread is 1ms, want Latency.Profile uniform beside it",
		"sigma=1":                          "query parameter sigma is 1, want Latency.Profile lognormal beside it",
		"profile=lognormal&alpha=2":        "query parameter alpha is 2, want Latency.Profile heavy-tail beside it",
		"perrequest=often":                 `query parameter perrequest is "often", want true or false`,
		"profile=constant&perrequest=true": "query parameter perrequest is true, want Latency.Profile uniform, lognormal or heavy-tail beside it",
		"rate=0&burst=5":                   "query parameter burst is 5, want a RateLimit.PerSecond beside it",
		"spread=1h":                        "query parameter spread is 1h0m0s, want 0 to Latency.Mean (10ms)",
		"sigma=x":                          `query parameter sigma is "x", want a number such as 0.5`,
		"profile=lognormal&sigma=NaN":      "query parameter sigma is NaN, want 0 to 2",
		"alpha=x":                          `query parameter alpha is "x", want a number such as 1.5`,
		"alpha=0.5":                        "query parameter alpha is 0.5, want more than 1 and at most 100, or 0",
		"fault=fire":                       `query parameter fault is "fire", want none, status, reset, slow, hang, truncate or malformed`,
		"fault=":                           `query parameter fault is "", want none, status, reset, slow, hang, truncate or malformed`,
		"chance=0.5":                       "query parameter chance stands alone, want a fault beside it",
		"fault=hang&chance=2":              `query parameter chance is "2", want a probability from 0 to 1, beside a fault`,
		"chance=NaN":                       `query parameter chance is "NaN", want a probability from 0 to 1, beside a fault`,
		"status=x":                         `query parameter status is "x", want a status code such as 503`,
		"status=0":                         `query parameter status is "0", want a status code such as 503`,
		"status=200":                       "query parameter status is 200, want 400 to 599",
		"pause=x":                          `query parameter pause is "x", want a duration such as 100ms`,
		"pause=2m":                         "query parameter pause is 2m0s, want 0 to 1m0s",
		"rate=x":                           `query parameter rate is "x", want a number such as 50`,
		"rate=-1":                          "query parameter rate is -1, want 0 or more",
		"burst=x":                          `query parameter burst is "x", want a number of requests, at least 1`,
		"burst=0":                          `query parameter burst is "0", want a number of requests, at least 1`,
		"burst=-1":                         "query parameter burst is -1, want 0 or more",
		"z=1&delay=1&x=2":                  `query parameter "delay" ` + all,
		"a%zz":                             `query: invalid URL escape "%zz"`,
	} {
		t.Run(query, func(t *testing.T) {
			got, err := serverRule().with(query)
			require.EqualError(t, err, message)
			require.Equal(t, serverRule(), got)
		})
	}
}

// FuzzQuery: whatever a client sends, the answer is a rule within the settings'
// bounds or an error that names what is wrong, and the same each time.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "latency=20ms&profile=uniform&spread=5ms", "fault=reset&chance=0.1", "status=429", "rate=5&burst=2", "latency=-1ms", "%zz", "sigma=NaN", "profile=uniform&perrequest=true", "a;b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := serverRule().with(query)
		again, errAgain := serverRule().with(query)
		require.Equal(t, got, again)
		require.Equal(t, err == nil, errAgain == nil)
		if err != nil {
			require.EqualError(t, errAgain, err.Error())
			var bad *queryError
			require.True(t, errors.As(err, &bad))
			require.True(t, strings.HasPrefix(err.Error(), "query"), err.Error())
			require.Equal(t, serverRule(), got)
			return
		}
		require.NoError(t, got.validate(func(field, format string, args ...any) error {
			return &FieldError{field, fmt.Sprintf(format, args...)}
		}))
		require.GreaterOrEqual(t, got.latency.For(1, "/page/0"), time.Duration(0))
	})
}
