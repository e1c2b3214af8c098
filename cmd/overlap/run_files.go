package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/overlap"
	"example.com/overlap/internal/spell"
	"example.com/overlap/workload/files"
)

func filesWorkload() workload {
	return workload{
		name:  "files",
		heeds: append(namesOf((*task).filesFlags), "seed"),
		check: (*task).checkFilesFlags,
		run:   console.runFiles,
	}
}

func (t *task) filesFlags(flags *flag.FlagSet) {
	flags.StringVar(&t.in, "in", "", "`directory` whose files are read; without it n files are generated, for this run")
	flags.StringVar(&t.out, "out", "", "`directory` for the results, which stay: what is there and not older than its file is not done again. Without it they are removed in the end")
	flags.IntVar(&t.size, "size", 4096, "`bytes` of each generated file")
	flags.StringVar((*string)(&t.work), "work", string(files.Gzip), "what is made of a file: gzip, hash")
	flags.IntVar(&t.maxOpen, "max-open", 0, "`files` open at once at most; 0 is 256, or less if this process may open few")
}

func (t *task) checkFilesFlags(flags *flag.FlagSet) (err error) {
	if t.work != files.Gzip && t.work != files.SHA256 {
		return fmt.Errorf("-work is %q, want %s or %s", t.work, files.Gzip, files.SHA256)
	}
	if err := errors.Join(atLeast("size", t.size, 0), atLeast("max-open", t.maxOpen, 0)); err != nil {
		return err
	}
	if t.size > files.MaxBytes {
		return fmt.Errorf("-size is %d, want at most %d", t.size, files.MaxBytes)
	}
	flags.Visit(func(f *flag.Flag) {
		if t.in != "" && (f.Name == "n" || f.Name == "size" || f.Name == "seed") {
			err = fmt.Errorf("-%s is for generated files, and -in names others", f.Name)
		}
	})
	return err
}

func (c console) runFiles(ctx context.Context, t task) (_ *report, err error) {
	if err := t.checkFiles(); err != nil {
		return nil, misuse{err}
	}
	temporary, err := os.MkdirTemp("", "overlap-files-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	settings := files.Settings{In: t.in, Out: t.out, Work: t.work, MaxOpen: t.maxOpen}
	if settings.In == "" {
		settings.In = filepath.Join(temporary, "in")
		if err := c.generate(ctx, t, settings.In); err != nil {
			return nil, err
		}
	}
	if settings.Out == "" {
		settings.Out = filepath.Join(temporary, "out")
	}
	batch, err := files.Open(settings)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	keys, err := batch.Keys()
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, misuse{fmt.Errorf("-in: there are no files in %s", t.in)}
	}
	t.n = len(keys)
	about := fmt.Sprintf("%s of %s", t.work, spell.Count(len(keys), "file"))
	return do(ctx, c, t, material[string, files.Body, files.Done]{
		job:   batch.Job(),
		keys:  keys,
		label: func(k numbered[string]) string { return k.key },
		about: about,
		sum: func(results []overlap.Result[files.Done]) (totals, string) {
			var account files.Account
			for _, r := range results {
				account.Add(r)
			}
			return totals{
				"done": int64(account.Done), "skipped": int64(account.Skipped),
				"bytes_read": account.Read, "bytes_written": account.Written,
			}, account.String()
		},
	})
}

func (c console) generate(ctx context.Context, t task, dir string) error {
	meter := newMeter(c.stderr, t.n)
	defer meter.end()
	began := time.Now()
	_, err := files.Generate(ctx, dir, files.Set{Files: t.n, Size: t.size, Seed: t.site.Seed}, func(done int) {
		left := time.Since(began).Seconds() / float64(done) * float64(t.n-done)
		meter.show(done, "files are generated", time.Duration(left*float64(time.Second)))
	})
	return err
}
