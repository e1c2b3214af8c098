package files_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/overlap"
	"example.com/overlap/pool"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/files"
)

// A part is what this program does as a child of its tests.
type part struct {
	Do       string // the name of one of the functions below
	Settings files.Settings
	Keys     []string
	Number   int
}

const partEnv = "OVERLAP_FILES_TEST_PART"

// childMain plays a part and exits, if there is one to play. It exits too when its stdin ends:
// then its parent has died.
func childMain() {
	text, ok := os.LookupEnv(partEnv)
	if !ok {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	var p part
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(err)
	}
	map[string]func(){"stream": p.stream, "dieWriting": p.dieWriting, "fewFiles": p.fewFiles, "unbounded": p.unbounded}[p.Do]()
	os.Exit(0)
}

// play is this program once more; it ends with the test, and with this process.
func play(t *testing.T, p part) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(p)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), partEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	_, err = cmd.StdinPipe() // closes when we have died
	require.NoError(t, err)
	return cmd
}

func (p part) open() *files.Batch {
	batch, err := files.Open(p.Settings)
	if err != nil {
		panic(err)
	}
	files.NoSync(batch)
	return batch
}

// stream says each file that is done, and of so many asks for no more: those in flight go on.
func (p part) stream() {
	for key, r := range pool.Stream(context.Background(), p.open().Job(), slices.Values(p.Keys), 8) {
		fmt.Println(key, r.Err)
		if p.Number--; p.Number == 0 {
			select {} // it is killed
		}
	}
}

// dieWriting ends in the middle of writing a result.
func (p part) dieWriting() {
	batch := p.open()
	var mu sync.Mutex
	files.OnCreate(batch, func(create func(string) (*os.File, error), name string) (*os.File, error) {
		mu.Lock()
		defer mu.Unlock()
		file, err := create(name)
		if p.Number--; p.Number == 0 {
			_, _ = file.WriteString("half of it")
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
		return file, err
	})
	pool.Run(context.Background(), batch.Job(), p.Keys, 8)
}

// fewFiles may open few files, and tells the accounts of all models. Each file that is open is
// held for a moment, as by a slow disk: so all would be open that may.
func (p part) fewFiles() {
	if err := setFileLimit(p.Number); err != nil {
		panic(err)
	}
	out := p.Settings.Out
	told := map[string]string{}
	for _, m := range models(100) {
		p.Settings.Out = filepath.Join(out, m.Name)
		batch := p.open()
		hold := func(open func(string) (*os.File, error), name string) (*os.File, error) {
			file, err := open(name)
			time.Sleep(2 * time.Millisecond)
			return file, err
		}
		files.OnOpen(batch, hold)
		files.OnCreate(batch, hold)
		told[m.Name] = account(m.Run(context.Background(), batch.Job(), p.Keys)).String()
		if err := batch.Close(); err != nil {
			panic(err)
		}
	}
	tell(told)
}

// unbounded is fewFiles without the job's own bound, under the models that have none either.
// Each file stays open until all have been tried.
func (p part) unbounded() {
	if err := setFileLimit(p.Number); err != nil {
		panic(err)
	}
	out := p.Settings.Out
	told := map[string]string{}
	for _, m := range models(100) {
		if m.Name != "goroutines" && m.Name != "eventloop" && m.Name != "eventloop-to-thread" {
			continue
		}
		p.Settings.Out, p.Settings.MaxOpen = filepath.Join(out, m.Name), math.MaxInt
		batch := p.open()
		var tried sync.WaitGroup
		tried.Add(len(p.Keys))
		files.OnOpen(batch, func(open func(string) (*os.File, error), name string) (*os.File, error) {
			file, err := open(name)
			tried.Done()
			tried.Wait()
			return file, err
		})
		results := m.Run(context.Background(), batch.Job(), p.Keys)
		for _, r := range results {
			if r.Err != nil && !errors.Is(r.Err, syscall.EMFILE) {
				panic(r.Err)
			}
		}
		first := account(results)
		if err := batch.Close(); err != nil {
			panic(err)
		}
		p.Settings.MaxOpen = 0
		batch = p.open()
		second := account(m.Run(context.Background(), batch.Job(), p.Keys))
		if err := batch.Close(); err != nil {
			panic(err)
		}
		told[m.Name] = fmt.Sprintf("all:%v failed:%v then skipped the done:%v and did the failed:%v",
			first.Done+first.Failed == len(p.Keys), first.Failed > len(p.Keys)/2, second.Skipped == first.Done, second.Done == first.Failed)
	}
	tell(told)
}

func tell(told map[string]string) {
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		panic(err)
	}
}

func TestAProcessThatMayOpenFewFiles(t *testing.T) {
	if _, known := files.FileLimit(); !known {
		t.Skip("no RLIMIT_NOFILE here")
	}
	settings, keys := dirs(t, files.Set{Files: 300, Size: 4 << 10})
	output, err := play(t, part{Do: "fewFiles", Settings: settings, Keys: keys, Number: 64}).Output()
	require.NoError(t, err)
	var told map[string]string
	require.NoError(t, json.Unmarshal(output, &told))
	require.Len(t, told, len(models(1)))
	for model, account := range told {
		require.Contains(t, account, "300 files: 300 done, 0 skipped, 0 failed; 1228800 bytes read", model)
	}
}

// With neither bound, EMFILE is the result of those files, and the others' is as it should be.
func TestAProcessThatOpensTooManyFiles(t *testing.T) {
	if _, known := files.FileLimit(); !known {
		t.Skip("no RLIMIT_NOFILE here")
	}
	settings, keys := dirs(t, files.Set{Files: 300, Size: 4 << 10})
	output, err := play(t, part{Do: "unbounded", Settings: settings, Keys: keys, Number: 64}).Output()
	require.NoError(t, err)
	var told map[string]string
	require.NoError(t, json.Unmarshal(output, &told))
	const all = "all:true failed:true then skipped the done:true and did the failed:true"
	require.Equal(t, map[string]string{"goroutines": all, "eventloop": all, "eventloop-to-thread": all}, told)
}

// Killed at any time, a run leaves whole results only, and the next one does the rest.
func TestARunThatIsKilled(t *testing.T) {
	for _, work := range []files.Work{files.Gzip, files.SHA256} {
		settings, keys := dirs(t, files.Set{Files: 100, Size: 20 << 10, Seed: 2})
		settings.Work = work
		plain := settings
		plain.Out = filepath.Join(t.TempDir(), "plain")
		batch := open(t, plain)
		require.NoError(t, overlap.Errors(sequential.Run(t.Context(), batch.Job(), keys)))
		want := all(t, plain.Out)
		for name, run := range map[string]func(t *testing.T, settings files.Settings) (done int){
			"after the first":    func(t *testing.T, settings files.Settings) int { return killAfter(t, settings, keys, 1) },
			"after the 20th":     func(t *testing.T, settings files.Settings) int { return killAfter(t, settings, keys, 20) },
			"after the 80th":     func(t *testing.T, settings files.Settings) int { return killAfter(t, settings, keys, 80) },
			"while it writes":    func(t *testing.T, settings files.Settings) int { return killWriting(t, settings, keys, 1) },
			"while it writes on": func(t *testing.T, settings files.Settings) int { return killWriting(t, settings, keys, 60) },
		} {
			t.Run(string(work)+" "+name, func(t *testing.T) {
				settings.Out = filepath.Join(t.TempDir(), "out")
				done := run(t, settings)
				whole, half := 0, 0
				for name, content := range all(t, settings.Out) {
					if files.IsLeftover(name) {
						half++
						continue
					}
					whole++
					require.True(t, want[name] == content, "%s is not whole", name)
				}
				require.GreaterOrEqual(t, whole, done)
				require.Less(t, whole, len(keys), "it was not killed in the middle")
				if strings.HasPrefix(name, "while") {
					require.Positive(t, half)
				}

				batch := open(t, settings)
				require.Len(t, all(t, settings.Out), whole, "what was half is gone")
				a := account(pool.Run(t.Context(), batch.Job(), keys, 8))
				require.Equal(t, whole, a.Skipped)
				require.Equal(t, len(keys)-whole, a.Done)
				require.True(t, equal(want, all(t, settings.Out)), "not what a sequential run gives")
			})
		}
	}
}

func equal(a, b map[string]string) bool {
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return len(a) == len(b)
}

// killAfter kills a run when it has said so many files.
func killAfter(t *testing.T, settings files.Settings, keys []string, n int) int {
	cmd := play(t, part{Do: "stream", Settings: settings, Keys: keys, Number: n})
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for line := range lines(stdout, n) {
		require.True(t, strings.HasSuffix(line, " <nil>"), line)
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	return n
}

func lines(r interface{ Read([]byte) (int, error) }, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for scanner := bufio.NewScanner(r); n > 0 && scanner.Scan() && yield(scanner.Text()); n-- {
		}
	}
}

// killWriting has a run kill itself while it writes its nth result.
func killWriting(t *testing.T, settings files.Settings, keys []string, n int) int {
	require.Error(t, play(t, part{Do: "dieWriting", Settings: settings, Keys: keys, Number: n}).Run())
	return max(0, n-8)
}
