package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap/docs/code/phrasebook/loop"
	"example.com/overlap/docs/code/phrasebook/plain"
	"example.com/overlap/docs/weave"
	"example.com/overlap/internal/process"
	"example.com/overlap/internal/python"
)

func phrases(t *testing.T) weave.Phrases {
	t.Helper()
	text, err := os.ReadFile("phrases.txt")
	require.NoError(t, err)
	all, err := weave.ParsePhrases(string(text))
	require.NoError(t, err)
	return all
}

// want is what all programs of a phrase print.
func want(p weave.Phrase) string { return strings.Join(p.Prints, "\n") + "\n" }

func skipWithoutUnix(t *testing.T, p weave.Phrase) {
	t.Helper()
	if p.Unix && runtime.GOOS == "windows" {
		t.Skip("it is not run on Windows")
	}
}

// The programs in Go, of both kinds, print what the phrasebook says. Where they wait for
// time alone, they do so in a bubble.
func TestGo(t *testing.T) {
	all := phrases(t)
	for _, p := range all.Phrases {
		for kind, programs := range map[string]map[string]any{"plain": plain.Programs, "loop": loop.Programs} {
			if kind == "loop" && p.Only {
				continue
			}
			t.Run(p.Key+"/"+kind, func(t *testing.T) {
				skipWithoutUnix(t, p)
				require.NotNil(t, programs[p.Key], "it is not among the programs")
				if p.Real {
					require.Equal(t, want(p), printed(t, programs[p.Key], 0))
					return
				}
				synctest.Test(t, func(t *testing.T) {
					require.Equal(t, want(p), printed(t, programs[p.Key], time.Hour))
				})
			})
		}
	}
}

// Each program belongs to a phrase.
func TestProgramsOfNoPhrase(t *testing.T) {
	all := phrases(t)
	for key := range plain.Programs {
		_, ok := all.Find(key)
		require.True(t, ok, "plain %s", key)
	}
	for key := range loop.Programs {
		p, ok := all.Find(key)
		require.True(t, ok && !p.Only, "loop %s", key)
	}
}

// printed is what a program writes to the standard output. What it leaves running may go
// on for a while.
func printed(t *testing.T, program any, while time.Duration) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	require.NoError(t, err)
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	err = run(t.Context(), program)
	require.NoError(t, err)
	time.Sleep(while)
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return string(text)
}

// pythons are the Pythons from 3.11 on that are installed. The test is skipped if there is
// none.
func pythons(t *testing.T) []python.Python {
	t.Helper()
	found := findPythons()
	if len(found) == 0 {
		t.Skip("skipped: Python 3.11 or later is not installed")
	}
	return found
}

var findPythons = sync.OnceValue(func() (all []python.Python) {
	for _, name := range []string{"python3", "python3.11", "python3.12", "python3.13"} {
		found, err := python.Find(context.Background(), name)
		known := slices.ContainsFunc(all, func(p python.Python) bool { return p.Minor == found.Minor })
		if err == nil && !known {
			all = append(all, found)
		}
	}
	return all
})

// version is that by which names and phrases are listed: 3.13.
func version(p python.Python) string { return fmt.Sprintf("3.%d", p.Minor) }

func pythonOutput(p python.Python, in []byte, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errs
	err := process.Run(cmd)
	if err == nil && errs.Len() > 0 {
		err = fmt.Errorf("it says: %s", &errs)
	} else if err != nil {
		err = fmt.Errorf("%w: %s", err, &errs)
	}
	return out.String(), err
}

// older says whether a Python comes before a version, such as 3.13.
func older(p python.Python, than string) bool {
	_, minor, _ := strings.Cut(than, ".")
	n, _ := strconv.Atoi(minor)
	return p.Minor < n
}

// The programs in Python print what those in Go do.
func TestPython(t *testing.T) {
	all := phrases(t)
	for _, python := range pythons(t) {
		t.Run(version(python), func(t *testing.T) {
			var in bytes.Buffer
			skipped := func(p weave.Phrase) bool {
				return p.Unix && runtime.GOOS == "windows" || p.Since != "" && older(python, p.Since)
			}
			for _, p := range all.Phrases {
				if !skipped(p) {
					fmt.Fprintln(&in, map[bool]string{false: "virtual", true: "real"}[p.Real], p.Key)
				}
			}
			out, err := pythonOutput(python, in.Bytes(), "python", "-json")
			require.NoError(t, err)
			outputs := map[string]string{}
			require.NoError(t, json.Unmarshal([]byte(out), &outputs))
			for _, p := range all.Phrases {
				t.Run(p.Key, func(t *testing.T) {
					skipWithoutUnix(t, p)
					if skipped(p) {
						t.Skip("skipped: it needs Python " + p.Since)
					}
					require.Equal(t, want(p), outputs[p.Key])
				})
			}
		})
	}
}

// names are asyncio's public names that are recorded, with the versions that have them, and
// "windows" for those of Windows alone.
func names(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("names.txt")
	require.NoError(t, err)
	all := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[0] != "#" {
			all[words[0]] = words[1:]
		}
	}
	return all
}

// Each of asyncio's public names is explained by a phrase, or left out for a reason, once.
func TestNames(t *testing.T) {
	all := phrases(t)
	recorded := names(t)
	where := map[string]string{}
	put := func(name, here string) {
		require.NotNil(t, recorded[name], "%s: asyncio has no %s", here, name)
		require.Empty(t, where[name], "%s: %s is there twice", here, name)
		where[name] = here
	}
	for _, p := range all.Phrases {
		for _, name := range p.Names {
			put(name, p.Key)
		}
	}
	for _, omission := range all.LeftOut {
		for _, name := range omission.Names {
			put(name, "left out")
		}
	}
	for name := range recorded {
		require.NotEmpty(t, where[name], "phrases.txt neither explains %s nor leaves it out", name)
	}
}

// The record of names is that of the Python that is installed.
func TestRecordedNames(t *testing.T) {
	recorded := names(t)
	for _, python := range pythons(t) {
		t.Run(version(python), func(t *testing.T) {
			out, err := pythonOutput(python, nil, "-B", "python/names.py")
			require.NoError(t, err)
			var want []string
			known := false
			for name, versions := range recorded {
				if slices.Contains(versions, version(python)) {
					known = true
					if !slices.Contains(versions, "windows") {
						want = append(want, name)
					}
				}
			}
			if !known {
				t.Skip("skipped: the names of Python " + version(python) + " are not recorded")
			}
			if runtime.GOOS != "linux" { // where all are that are nowhere alone
				require.Subset(t, slices.Concat(want, []string{"ProactorEventLoop"}), strings.Fields(out))
				return
			}
			require.ElementsMatch(t, want, strings.Fields(out))
		})
	}
}

// The page shows all phrases, each under its heading, in the order of the list.
func TestPage(t *testing.T) {
	all := phrases(t)
	var want []string
	for _, group := range all.Groups {
		want = append(want, "## "+group.Title)
		for _, p := range all.Phrases {
			if p.Group == group.Name {
				want = append(want, "### "+p.Title, "<!-- gen: phrase "+p.Key+" -->")
			}
		}
	}
	page, err := os.ReadFile("../../phrasebook.md")
	require.NoError(t, err)
	var got []string
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "### ") || strings.HasPrefix(line, "<!-- gen: phrase ") {
			got = append(got, line)
		}
	}
	for len(got) > 0 && got[0] != want[0] { // what stands before the phrases
		require.NotContains(t, want, got[0])
		got = got[1:]
	}
	require.GreaterOrEqual(t, len(got), len(want))
	require.Equal(t, want, got[:len(want)])
	for _, line := range got[len(want):] { // and behind
		require.NotContains(t, line, "phrase ")
	}
}
