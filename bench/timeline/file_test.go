package timeline

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// file is the example of the format's comment.
const file = `{
"format": "overlap timeline",
"version": 1,
"title": "pool: 3 jobs",
"model": "pool",
"caption": "linux/amd64, 2 cores, go1.26.0",
"missed": 0,
"jobs": [
{"label":"/page/0","outcome":"done","fetch":[0,20000000],"process":[20000000,20100000]},
{"label":"/page/1","outcome":"error","fetch":[1000,20000000]},
{"label":"/page/2","outcome":"cancelled","fetch":[20000000,20200000]}
]
}
`

func filed() Timeline {
	return Timeline{
		Title:   "pool: 3 jobs",
		Model:   "pool",
		Caption: "linux/amd64, 2 cores, go1.26.0",
		Jobs: []Job{
			{Label: "/page/0", Outcome: Done, Fetch: Span{0, 20_000_000}, Process: Span{20_000_000, 20_100_000}, Processed: true},
			{Label: "/page/1", Outcome: Failed, Fetch: Span{1000, 20_000_000}},
			{Label: "/page/2", Outcome: Cancelled, Fetch: Span{20_000_000, 20_200_000}},
		},
	}
}

func TestFileFormat(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Write(&out, filed()))
	require.Equal(t, file, out.String())

	read, err := Read("run.json", strings.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, filed(), read)
}

func TestFilesComeBackAsTheyWere(t *testing.T) {
	for name, want := range map[string]Timeline{
		"no jobs": {Title: "nothing"},
		"each outcome, odd text": {Title: "a\n\"b\" <c> \u2028", Caption: "\x00", Jobs: []Job{
			{Label: "", Outcome: Running},
			{Label: "\\\"\n]}", Outcome: Panicked},
			{Label: "ü 😀", Outcome: Failed, Processed: true},
			{Label: "last", Outcome: Done, Processed: true, Fetch: Span{0, MaxTime}, Process: Span{MaxTime, MaxTime}},
		}},
		"many jobs":                random(1_000, 9),
		"a recorder that was full": {Jobs: []Job{{}}, Missed: 7},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, Write(&out, want))
			read, err := Read("x", &out)
			require.NoError(t, err)
			require.True(t, equal(want, read))
		})
	}
}

func equal(a, b Timeline) bool {
	if len(a.Jobs) != len(b.Jobs) || a.Title != b.Title || a.Model != b.Model || a.Caption != b.Caption || a.Missed != b.Missed {
		return false
	}
	for i := range a.Jobs {
		if a.Jobs[i] != b.Jobs[i] {
			return false
		}
	}
	return true
}

func TestDamagedAndForeignFilesAreRefusedByLine(t *testing.T) {
	swap := func(old, new string) string {
		require.Contains(t, file, old)
		return strings.Replace(file, old, new, 1)
	}
	foreign := `x.json:1: this is no recording: it has no "format": "overlap timeline"`
	for _, c := range []struct{ name, text, want string }{
		{"empty", " \n\n", "x.json:1: the file is empty"},
		{"text", "BenchmarkPages 1 2 ns/op\n", "x.json:1: no JSON, or cut short: invalid character 'B'"},
		{"a binary", "\x7fELF\x00\x01", "x.json:1: no JSON, or cut short"},
		{"cut short", file[:len(file)/2], "x.json:9: no JSON, or cut short: unexpected end of JSON input"},
		{"something behind it", file + "{}", "x.json:14: no JSON, or cut short: invalid character '{' after top-level value"},
		{"a comma too many", swap("\n]\n", ",\n]\n"), "x.json:12: no JSON, or cut short: invalid character ']'"},
		{"not a number", swap("[1000,", "[NaN,"), "x.json:10: no JSON, or cut short: invalid character 'N'"},

		{"a line that breaks in a label", swap("/page/1", "/pa\nge/1"), `x.json:10: no JSON, or cut short: invalid character '\n' in string literal`},

		{"another object", `{"jobs": []}`, foreign},
		{"a list", `[1, 2]`, foreign},
		{"null", `null`, foreign},
		{"another format", swap("overlap timeline", "overlap report"), foreign},
		{"a format that is no string", swap(`"overlap timeline"`, "5"), foreign},
		{"a later version", swap(`"version": 1`, `"version": 2`), "x.json:1: the version of the recording is 2, want 1"},
		{"no version", swap(`"version": 1,`, ""), "the version of the recording is 0, want 1"},
		{"a title that is no string", swap(`"pool: 3 jobs"`, "5"), "x.json:4: title is a number, want string"},
		{"missed is negative", swap(`"missed": 0`, `"missed": -1`), "missed is -1, want 0 or more"},
		{"a field too many", swap(`"missed"`, `"mist": 0, "missed"`), `x.json:7: "mist" is no field of a recording`},
		{"a field twice", swap(`"missed"`, `"title": "", "missed"`), "x.json:7: title is there twice"},
		{"jobs twice", swap(`"missed"`, `"jobs": [], "missed"`), "x.json:8: jobs is there twice"},
		{"a field in capitals", swap(`"missed"`, `"Missed"`), `x.json:7: "Missed" is no field of a recording`},
		{"no jobs", `{"format": "overlap timeline", "version": 1, "title": "", "model": "", "caption": "", "missed": 0}`, "x.json:1: jobs is missing"},
		{"jobs are no list", `{"format": "overlap timeline", "version": 1, "jobs": {}}`, "x.json:1: jobs is no list"},

		{"a job that is no object", swap(`"jobs": [`, "\"jobs\": [\n7,"), "x.json:9: job 0: it is a number, want an object with label, outcome, fetch and process"},
		{"a field too many in a job", swap(`"outcome":"error"`, `"color":"red","outcome":"error"`), `x.json:10: job 1: json: unknown field "color"`},
		{"no label", swap(`"label":"/page/1",`, ""), "x.json:10: job 1: label is missing"},
		{"a label that is no string", swap(`"/page/1"`, "1"), "x.json:10: job 1: label is a number, want a string"},
		{"no outcome", swap(`"outcome":"error",`, ""), "x.json:10: job 1: outcome is missing"},
		{"another outcome", swap(`"error"`, `"lost"`), `x.json:10: job 1: "lost" is no outcome; want done, error, cancelled, panic or running`},
		{"no fetch", swap(`,"fetch":[1000,20000000]`, ""), "x.json:10: job 1: fetch is not two moments: [begin, end]"},
		{"three moments", swap("[1000,", "[1000,1000,"), "x.json:10: job 1: fetch is not two moments"},
		{"one moment of process", swap(`"process":[20000000,`, `"process":[`), "x.json:9: job 0: process is not two moments"},
		{"part of a nanosecond", swap("[1000,", "[1000.5,"), "x.json:10: job 1: fetch is a number 1000.5, want [begin, end] in whole nanoseconds"},
		{"a moment beyond all", swap("[1000,", "[1e99,"), "x.json:10: job 1: fetch is a number 1e99, want [begin, end] in whole nanoseconds"},
		{"a moment in words", swap("[1000,", `["1ms",`), "x.json:10: job 1: fetch is a string, want [begin, end]"},

		{"before the recorder's start", swap("[1000,", "[-1,"), "x.json:10: job 1: fetch begins at -1 ns, want 0 or more"},
		{"fetch ends before it begins", swap("[1000,20000000]", "[1000,999]"), "x.json:10: job 1: fetch ends at 999 ns, before it begins at 1000 ns"},
		{"processed before it is fetched", swap(`"process":[20000000,`, `"process":[19999999,`), "x.json:9: job 0: process begins at 19999999 ns, before fetch ends at 20000000 ns"},
		{"process ends before it begins", swap("20100000]", "20000000]"), ""},
		{"process ends long before it begins", swap("20100000]", "1]"), "x.json:9: job 0: process ends at 1 ns, before it begins at 20000000 ns"},
		{"later than any run", swap("20100000]", "576460752303423489]"), "x.json:9: job 0: it ends at 576460752303423489 ns, want at most 576460752303423488"},
		{"not in order", swap(`"error","fetch":[1000`, `"error","fetch":[20000000`), ""},
		{"out of order", swap(`"cancelled","fetch":[20000000`, `"cancelled","fetch":[999`), "x.json:11: job 2: it begins at 999 ns, before the job before it, at 1000 ns"},
		{"done, but not processed", swap(`"error"`, `"done"`), "x.json:10: job 1: it is done, but its process never began"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read("x.json", strings.NewReader(c.text))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.Contains(t, err.Error(), c.want)
			require.NotContains(t, err.Error(), "\n", "one line")
		})
	}

	_, at, err := decode([]byte(file), 2)
	require.EqualError(t, err, "there are more than 2 jobs")
	require.Equal(t, 10, 1+strings.Count(file[:at], "\n"), "behind the second one")
	_, _, err = decode([]byte(file), 3)
	require.NoError(t, err)
}

func TestReadAndWriteSayWhatIsWrong(t *testing.T) {
	broken := errors.New("broken disk")
	_, err := Read("x.json", iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "x.json: ")

	require.ErrorIs(t, Write(failing{broken}, filed()), broken)
	for _, c := range []struct {
		want string
		job  Job
	}{
		{"Outcome(9) is no outcome", Job{Outcome: 9}},
		{"the label is not UTF-8", Job{Label: "\xff"}},
		{"process has times, but never began", Job{Outcome: Failed, Process: Span{0, 1}}},
		{"fetch begins at -1 ns", Job{Outcome: Failed, Fetch: Span{-1, 1}}},
	} {
		err := Write(&bytes.Buffer{}, Timeline{Jobs: []Job{c.job}})
		require.ErrorContains(t, err, "timeline: job 0: ")
		require.ErrorContains(t, err, c.want)
	}
	require.ErrorContains(t, Timeline{Jobs: make([]Job, MaxJobs+1)}.Check(), "there are 1048577 jobs, want at most 1048576")
	require.Equal(t, "Outcome(7)", Outcome(7).String())
	_, err = Outcome(7).MarshalText()
	require.EqualError(t, err, "Outcome(7) is no outcome")
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Whatever is read: an error of one line, or a timeline that is written, read and
// drawn without a complaint.
func FuzzRead(f *testing.F) {
	f.Add([]byte(file))
	f.Add([]byte(file[:len(file)/2]))
	f.Add([]byte(`{"format":"overlap timeline","version":1,"title":"","model":"","caption":"","missed":0,"jobs":[{"label":"","outcome":"running","fetch":[0,576460752303423488]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := Read("x", bytes.NewReader(data))
		if err != nil {
			require.Regexp(t, `^x:\d+: [^\n]+$`, err.Error())
			return
		}
		var out bytes.Buffer
		require.NoError(t, Write(&out, read))
		again, err := Read("x", &out)
		require.NoError(t, err)
		require.True(t, equal(read, again))
		var svg bytes.Buffer
		require.NoError(t, Draw(&svg, read, Drawing{}))
		wellFormed(t, svg.Bytes())
		require.LessOrEqual(t, time.Duration(0), read.Makespan())
	})
}
