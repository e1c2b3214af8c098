package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	figures "example.com/overlap/bench/report"
	"example.com/overlap/bench/results"
	"example.com/overlap/bench/timeline"
	"example.com/overlap/bench/verdict"
)

const reportManual = `
Usage: overlap report [flags] FILE...

Report draws what overlap bench, or go test -bench, wrote. From the raw files it makes

  report.html   one page with all charts and numbers; it needs no other file and no
                network, follows the reader's light or dark setting and fits a phone
  report.md     the same as Markdown, with the charts beside it
  report.csv    a row for each unit of each cell: median, 95 % interval, extremes
  samples.csv   a row for each sample
  *.svg         the charts

in a directory: -o, or else one beside the first file, named like it: run.txt has its
report in run-report. Several files are put together, a cell that is in more than one
with the samples of all.

Where three benchmarks or more differ in one number alone (tasks=10, tasks=100,
tasks=1000), that number is the x axis of a chart; the others have a row for each
model. Saturated cells are drawn hollow and not ranked. The same input gives the same
files, byte by byte.

A report in the directory is replaced. A file that is not of an earlier report never
is: if one is in the way, nothing is written.

Exit status: 1 if a file cannot be read or written, 2 for bad usage, 130 after
Ctrl-C or SIGTERM; then nothing is written.

Examples:
  overlap report bench/results/reference.txt
  overlap report -o docs/report -title 'Nightly run' monday.txt tuesday.txt
  overlap report -timeline pool.json -timeline pipeline.json run.txt
`

func (c console) report(ctx context.Context, flags *flag.FlagSet, args []string) int {
	var options figures.Options
	var recordings []string
	dir := flags.String("o", "", "`directory` for the report (beside the first file: run.txt has run-report)")
	flags.StringVar(&options.Title, "title", "", "the report's `title`")
	flags.Func("timeline", "recording that overlap run -timeline wrote, a `file` ending in .json; may be given several times", func(path string) error {
		recordings = append(recordings, path)
		return nil
	})
	if status, ok := c.parse(flags, args); !ok {
		return status
	}
	paths := flags.Args()
	switch {
	case len(paths) == 0 && len(recordings) == 0:
		return c.misused(flags, errors.New("which raw file? overlap bench writes them to bench/results"))
	case len(paths) > 0 && *dir == "":
		*dir = reportDir(paths[0])
	case *dir == "":
		*dir = reportDir(recordings[0])
	}
	for _, path := range paths {
		if strings.HasPrefix(path, "-") {
			return c.misused(flags, fmt.Errorf("%s stands after a file; flags come first", path))
		}
	}
	if c.dry {
		return 0
	}
	var set *results.Set
	if len(paths) > 0 {
		var err error
		if set, err = results.ReadFiles(paths...); err != nil {
			return c.broken(flags, err)
		}
		if err := verdict.Check(set); err != nil {
			return c.broken(flags, err)
		}
	}
	for _, path := range recordings {
		t, err := readTimeline(path)
		if err != nil {
			return c.broken(flags, err)
		}
		options.Timelines = append(options.Timelines, figures.Recording{Name: path, Timeline: t})
	}
	if ctx.Err() != nil {
		return interrupted
	}
	r, err := figures.New(set, options)
	if err != nil {
		return c.broken(flags, err)
	}
	if ctx.Err() != nil { // nothing is written yet
		return interrupted
	}
	files, err := r.Write(*dir)
	if err != nil {
		return c.broken(flags, err)
	}
	charts := fmt.Sprintf("%d charts", len(r.Charts))
	switch {
	case len(r.Charts) == 1:
		charts = "1 chart"
	case len(r.Charts) == 0:
		charts = "nothing in these results can be drawn; the numbers are in the report"
	case r.Left > 0:
		charts += fmt.Sprintf(", and %d more that are left out", r.Left)
	}
	if _, err := fmt.Fprintf(c.stdout, "%s\n%s and %d other files\n", charts, filepath.Join(*dir, files[0]), len(files)-1); err != nil {
		return c.broken(flags, err)
	}
	return 0
}

// reportDir is where the report of a file goes.
func reportDir(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + "-report"
}

func readTimeline(path string) (timeline.Timeline, error) {
	file, err := os.Open(path)
	if err != nil {
		return timeline.Timeline{}, err
	}
	defer file.Close()
	return timeline.Read(path, file)
}
