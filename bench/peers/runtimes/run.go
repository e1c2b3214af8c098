package runtimes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"example.com/overlap/bench/peers/runtimes/client"
	"example.com/overlap/bench/site"
)

// Run has a client do its work at the site, which nobody else may use meanwhile, and
// returns what came out. It takes as long as the client does: bound it by ctx, whose end
// ends the client. Nothing of the client stays behind.
//
// The error is a *[MissingError] if the machine lacks what the client needs. Else it names
// the client, and has what it said on standard error, or what it did wrong: other pages
// than it was asked for, or fewer, or more of them at once, by its own word and by what
// the server saw.
func Run(ctx context.Context, m *Machine, c Client, s *site.Site, w Work) (Figures, error) {
	if c.Alone {
		w.InFlight = 1
	}
	if err := w.validate(); err != nil {
		return Figures{}, err
	}
	dir, err := os.MkdirTemp("", "overlap-runtimes-")
	if err != nil {
		return Figures{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, scripts); err != nil {
		return Figures{}, err
	}
	cmd, err := c.Command(ctx, Task{m, dir, s, w})
	if err != nil {
		return Figures{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	if err := idle(ctx, s); err != nil {
		return Figures{}, err
	}
	measure := counted
	if c.Timed {
		measure = timed
	}
	f, err := measure(ctx, cmd, s, w)
	if err != nil {
		return Figures{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	return f, nil
}

// idle waits until the site has forgotten the client before: one that leaves in the midst
// of its requests, as wrk does, is noticed a little later.
func idle(ctx context.Context, s *site.Site) error {
	for {
		record, err := s.Record()
		if err != nil || record.InFlight == 0 {
			return err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// counted runs a client that keeps the protocol.
func counted(ctx context.Context, cmd *exec.Cmd, s *site.Site, w Work) (Figures, error) {
	var digest string
	if w.Parse {
		var err error
		if digest, err = expected(ctx, s, w.Pages); err != nil {
			return Figures{}, err
		}
	}
	f, err := converse(ctx, cmd)
	if err != nil {
		return Figures{}, err
	}
	if err := f.check(w, s.Settings, digest); err != nil {
		return Figures{}, err
	}
	record, err := s.Record()
	if err != nil {
		return Figures{}, err
	}
	f.Peak = record.PeakInFlight
	return f, checkRecord(record, w, int64(w.Warm+w.Pages), false)
}

// wrote is what wrk.lua prints.
type wrote struct {
	Requests int64 // whole answers
	Errors   int64 // answers with another status than 200, and what failed
	Bytes    int64 // heads of the answers included
	US       int64 // how long it took, in microseconds
}

// timed runs wrk. It fetches as many pages as it can, so that its figures are those that
// the pages of the work would take at its rate. Of the answers that it waits for in the end,
// one on each connection, half are counted: they have begun at any time. Its CPU time is
// that of its whole life.
func timed(ctx context.Context, cmd *exec.Cmd, s *site.Site, w Work) (Figures, error) {
	if w.Parse {
		return Figures{}, errors.New("it cannot parse pages")
	}
	text, peak, err := watched(ctx, cmd)
	if err != nil {
		return Figures{}, err
	}
	last := bytes.TrimSpace(text)
	last = last[bytes.LastIndexByte(last, '\n')+1:]
	var found wrote
	if err := json.Unmarshal(last, &found); err != nil {
		return Figures{}, fmt.Errorf("it printed %q: %w", shorten(last), err)
	}
	record, err := s.Record()
	if err != nil {
		return Figures{}, err
	}
	switch body := int64(s.Settings.PageSize); {
	case found.Errors > 0:
		return Figures{}, fmt.Errorf("%d of its requests failed", found.Errors)
	case found.Requests < 1 || found.US < 1:
		return Figures{}, fmt.Errorf("it measured nothing: %s", last)
	case found.Bytes < found.Requests*body:
		return Figures{}, fmt.Errorf("it read %d bytes, want at least %d of %d pages", found.Bytes, found.Requests*body, found.Requests)
	}
	if err := checkRecord(record, w, found.Requests, true); err != nil {
		return Figures{}, err
	}
	share := float64(w.Pages) / (float64(found.Requests) + float64(w.InFlight)/2)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return Figures{
		Report: client.Report{
			Runtime: "wrk",
			Pages:   int64(w.Pages),
			Bytes:   int64(w.Pages) * int64(s.Settings.PageSize),
			NS:      int64(share * float64(found.US) * 1e3),
			CPUNS:   int64(share * float64(cpu)),
		},
		RSS:  peak,
		Peak: record.PeakInFlight,
	}, nil
}
