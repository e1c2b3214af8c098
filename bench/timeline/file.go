package timeline

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The file format is one JSON object. A job takes a line, so that an error can
// name it and diff can compare two recordings:
//
//	{
//	"format": "overlap timeline",
//	"version": 1,
//	"title": "pool: 3 jobs",
//	"model": "pool",
//	"caption": "linux/amd64, 2 cores, go1.26.0",
//	"missed": 0,
//	"jobs": [
//	{"label":"/page/0","outcome":"done","fetch":[0,20000000],"process":[20000000,20100000]},
//	{"label":"/page/1","outcome":"error","fetch":[1000,20000000]},
//	{"label":"/page/2","outcome":"cancelled","fetch":[20000000,20200000]}
//	]
//	}
//
// Moments are whole nanoseconds from the recorder's start, begin and end; process
// is left out where it never began. outcome is done, error, cancelled, panic or
// running. Jobs stand in the order in which they began. version grows when a
// reader of the older one could be misled.
const (
	format  = "overlap timeline"
	version = 1
)

// header is the file without its jobs.
type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Title   string `json:"title"`
	Model   string `json:"model"`
	Caption string `json:"caption"`
	Missed  int    `json:"missed"`
}

// jobLine is a job as it stands in the file.
type jobLine struct {
	Label   *string  `json:"label"`
	Outcome *Outcome `json:"outcome"`
	Fetch   moments  `json:"fetch"`
	Process moments  `json:"process,omitempty"`
}

// moments are begin and end in nanoseconds; nil if the half never began.
type moments []int64

func (m moments) span() Span { return Span{time.Duration(m[0]), time.Duration(m[1])} }

// Write saves the timeline for [Read]. It fails if the timeline could not have
// happened, as [Timeline.Check] has it, or if w does.
func Write(w io.Writer, t Timeline) error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	buffered := bufio.NewWriter(w)
	quote := func(s string) []byte {
		text, _ := json.Marshal(s) // of a string never fails
		return text
	}
	fmt.Fprintf(buffered, "{\n\"format\": %q,\n\"version\": %d,\n\"title\": %s,\n\"model\": %s,\n\"caption\": %s,\n\"missed\": %d,\n\"jobs\": [",
		format, version, quote(t.Title), quote(t.Model), quote(t.Caption), t.Missed)
	for i, j := range t.Jobs {
		if i > 0 {
			buffered.WriteByte(',')
		}
		fmt.Fprintf(buffered, "\n{\"label\":%s,\"outcome\":%q,\"fetch\":[%d,%d]", quote(j.Label), j.Outcome, j.Fetch.Begin, j.Fetch.End)
		if j.Processed {
			fmt.Fprintf(buffered, ",\"process\":[%d,%d]", j.Process.Begin, j.Process.End)
		}
		buffered.WriteByte('}')
	}
	buffered.WriteString("\n]\n}\n")
	return buffered.Flush() // has any error that was before it
}

// maxFile is far more than MaxJobs take, and little enough to be read.
const maxFile = 256 << 20

// Read loads a timeline that [Write] saved. name is the file's, for the error,
// which gives the line as well: run.json:7: ... It reads the whole of r into
// memory.
func Read(name string, r io.Reader) (Timeline, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return Timeline{}, fmt.Errorf("%s: %w", name, err)
	case len(data) > maxFile:
		return Timeline{}, fmt.Errorf("%s: more than %d MiB, which no recording of %d jobs takes", name, maxFile>>20, MaxJobs)
	}
	t, at, err := decode(data, MaxJobs)
	if err != nil {
		line := 1 + bytes.Count(data[:min(at, int64(len(data)))], []byte("\n"))
		return Timeline{}, fmt.Errorf("%s:%d: %w", name, line, err)
	}
	return t, nil
}

// decode returns with an error how many bytes it read before it. It takes so many
// jobs at most.
func decode(data []byte, most int) (t Timeline, at int64, err error) {
	// What is it? A file of another kind is told so, not that a field is unknown.
	var head header
	if err := json.Unmarshal(data, &head); err != nil {
		syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
		wrong, isWrong := errors.AsType[*json.UnmarshalTypeError](err)
		switch {
		case len(bytes.TrimSpace(data)) == 0:
			return t, 0, errors.New("the file is empty")
		case isSyntax:
			// The offset is behind the letter that it complains of.
			return t, max(0, syntax.Offset-1), fmt.Errorf("no JSON, or cut short: %w", err)
		case isWrong && (wrong.Field == "" || wrong.Field == "format"):
			return t, 0, errForeign
		case isWrong:
			return t, wrong.Offset, fmt.Errorf("%s is a %s, want %s", wrong.Field, wrong.Value, wrong.Type)
		}
		return t, 0, err
	}
	if head.Format != format {
		return t, 0, errForeign
	}
	if head.Version != version {
		return t, 0, fmt.Errorf("the version of the recording is %d, want %d", head.Version, version)
	}
	t = Timeline{Title: head.Title, Model: head.Model, Caption: head.Caption, Missed: head.Missed}

	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	seen := map[string]bool{}
	if _, err := d.Token(); err != nil { // the opening brace
		return t, d.InputOffset(), err
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return t, d.InputOffset(), err
		}
		field := token.(string) // as the syntax has been checked
		if seen[field] {
			return t, d.InputOffset(), fmt.Errorf("%s is there twice", field)
		}
		seen[field] = true
		switch field {
		case "format", "version", "title", "model", "caption", "missed":
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				return t, d.InputOffset(), err
			}
		case "jobs":
			if err := decodeJobs(d, &t, most); err != nil {
				return t, d.InputOffset(), err
			}
		default:
			return t, d.InputOffset(), fmt.Errorf("%q is no field of a recording", field)
		}
	}
	for _, field := range []string{"title", "model", "caption", "missed", "jobs"} {
		if !seen[field] {
			return t, int64(len(data)), fmt.Errorf("%s is missing", field)
		}
	}
	if err := t.Check(); err != nil { // jobs have been checked: it is missed
		return t, 0, err
	}
	return t, 0, nil
}

var errForeign = fmt.Errorf(`this is no recording: it has no "format": %q`, format)

// decodeJobs reads the list of jobs. Each error is that of the job just read.
func decodeJobs(d *json.Decoder, t *Timeline, most int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return errors.New("jobs is no list")
	}
	begin := time.Duration(0)
	for d.More() {
		if len(t.Jobs) == most {
			return fmt.Errorf("there are more than %d jobs", most)
		}
		j, err := decodeJob(d)
		if err == nil {
			err = j.check(begin)
		}
		if err != nil {
			return fmt.Errorf("job %d: %w", len(t.Jobs), err)
		}
		begin = j.Begin()
		t.Jobs = append(t.Jobs, j)
	}
	_, err = d.Token() // the closing bracket
	return err
}

func decodeJob(d *json.Decoder) (Job, error) {
	var line jobLine
	if err := d.Decode(&line); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return Job{}, fmt.Errorf("%s is a %s, want %s", cmp.Or(wrong.Field, "it"), wrong.Value, wanted(wrong.Field))
		}
		return Job{}, err
	}
	switch {
	case line.Label == nil:
		return Job{}, errors.New("label is missing")
	case line.Outcome == nil:
		return Job{}, errors.New("outcome is missing")
	case len(line.Fetch) != 2:
		return Job{}, errors.New("fetch is not two moments: [begin, end]")
	case line.Process != nil && len(line.Process) != 2:
		return Job{}, errors.New("process is not two moments: [begin, end]")
	}
	j := Job{Label: *line.Label, Outcome: *line.Outcome, Fetch: line.Fetch.span(), Processed: line.Process != nil}
	if j.Processed {
		j.Process = line.Process.span()
	}
	return j, nil
}

// wanted is what a field of a job should be, in words.
func wanted(field string) string {
	field, _, _ = strings.Cut(field, ".")
	switch field {
	case "fetch", "process":
		return "[begin, end] in whole nanoseconds"
	case "label", "outcome":
		return "a string"
	}
	return "an object with label, outcome, fetch and process"
}
