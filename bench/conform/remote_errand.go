package conform

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"runtime"
	"strings"

	"example.com/overlap/mockserver"
)

// An errand is a key of a distributed engine: it travels as JSON, and tells the job, in whatever
// process, which pages of which site to ask for, and how its halves are to end.
type errand struct {
	Site    string `json:"site"`
	Key     int    `json:"key"`
	Fetch   string `json:"fetch,omitempty"`   // one of the endings below
	Process string `json:"process,omitempty"` // one of the endings below, or toBeQuiet
}

// The endings of a half. The empty one is to return what was asked for.
const (
	toFail    = "fails"            // with an error that has a code
	toGoexit  = "goexits"          // as a test that calls t.FailNow
	toPanic   = "panics with "     // and one of remotePanics
	toHeed    = "heeds its ctx"    // waits until ctx ends, and returns its cause
	toOutlast = "outlasts its ctx" // waits until ctx ends, and then returns what was asked for
	toBeQuiet = "asks for no page" // of a Process: where a job more is more work for the judge
	toReturn  = ""
)

func (e *errand) set(half, ending string) {
	if half == "Fetch" {
		e.Fetch = ending
	} else {
		e.Process = ending
	}
}

// The pages of an errand: each tells the site of something.
const (
	fetchBegan   = iota // Fetch has begun
	processBegan        // Process has begun
	sawEnd              // a function has seen its ctx end
	pagesEach
)

func stepName(step int) string {
	return [...]string{"Fetch began", "Process began", "a function saw its ctx end"}[step]
}

func pageOf(key, step int) int { return key*pagesEach + step }

func (e errand) String() string {
	text, _ := json.Marshal(e) // numbers and texts
	return string(text)
}

// remotePanics are what jobs panic with; as texts they come back.
func remotePanics() map[string]any {
	return map[string]any{
		"an error":                errors.New("this panic is the suite's own: the worker has to recover it"),
		"a text":                  "this text is the suite's own: the worker has to recover it",
		"nil":                     nil,
		"what cannot be compared": []int{7, 7},
		"an index out of range":   outOfRange(7),
	}
}

// remoteJob is the job that all processes have in common. A request is never given up: a function
// that has returned has nothing on its way to the site, whatever became of ctx.
func remoteJob(client *http.Client) RemoteJob {
	return RemoteJob{
		Fetch: func(ctx context.Context, key string) ([]byte, error) {
			var e errand
			if err := json.Unmarshal([]byte(key), &e); err != nil {
				return nil, fmt.Errorf("the key %.100q, which Fetch was given, is none of the suite's: %w", key, err)
			}
			page, err := e.ask(ctx, client, fetchBegan)
			if err != nil {
				return nil, err
			}
			return fmt.Appendf(nil, "%s\n%s", key, page), e.end(ctx, client, e.Fetch, ErrRemoteFetch)
		},
		Process: func(ctx context.Context, body []byte) (string, error) {
			key, page, _ := strings.Cut(string(body), "\n")
			var e errand
			if err := json.Unmarshal([]byte(key), &e); err != nil {
				return "", fmt.Errorf("the body %.100q, which Process was given, is none that Fetch returned: %w", body, err)
			}
			if e.Process != toBeQuiet {
				if _, err := e.ask(ctx, client, processBegan); err != nil {
					return "", err
				}
			}
			return e.value([]byte(page)), e.end(ctx, client, e.Process, ErrRemoteProcess)
		},
	}
}

func (e errand) value(page []byte) string {
	return fmt.Sprintf("key %d: %d bytes, %08x", e.Key, len(page), crc32.ChecksumIEEE(page))
}

func (e errand) ask(ctx context.Context, client *http.Client, step int) ([]byte, error) {
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, e.Site+mockserver.PagePath(pageOf(e.Key, step)), nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	page, err := io.ReadAll(response.Body)
	if err := cmp.Or(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", request.URL, response.Status, page)
	}
	return page, nil
}

// end is how a half ends.
func (e errand) end(ctx context.Context, client *http.Client, ending string, failure error) error {
	switch {
	case ending == toFail:
		return fmt.Errorf("%s: %w", e.text(), failure)
	case ending == toGoexit:
		runtime.Goexit()
	case strings.HasPrefix(ending, toPanic):
		blowUp(remotePanics()[strings.TrimPrefix(ending, toPanic)])
	case ending == toHeed, ending == toOutlast:
		<-ctx.Done()
		if _, err := e.ask(ctx, client, sawEnd); err != nil {
			return err
		}
		if ending == toHeed {
			return context.Cause(ctx)
		}
	}
	return nil
}

// text is in the error of an errand that fails, unlike that of any other.
func (e errand) text() string { return fmt.Sprintf("the error of key %d", e.Key) }

// fetched says whether Fetch returns a body, and so whether Process follows if ctx has not ended.
func (e errand) fetched() bool { return e.Fetch == toReturn || e.Fetch == toOutlast }

// wrong says what is wrong with the result of an errand whose ctx has not ended; empty: nothing.
func (e errand) wrong(r Result) string {
	ending, failure := e.Process, ErrRemoteProcess
	if !e.fetched() {
		ending, failure = e.Fetch, ErrRemoteFetch
	}
	kind, panics := strings.CutPrefix(ending, toPanic)
	switch {
	case ending == toFail && r.Err == nil:
		return fmt.Sprintf("the job failed with %q, and its result has no error", failure)
	case ending == toFail && !errors.Is(r.Err, failure):
		return fmt.Sprintf("the job failed with %q, and errors.Is does not find that in its error: %v", failure, r.Err)
	case ending == toFail && !strings.Contains(r.Err.Error(), e.text()):
		return fmt.Sprintf("the job's error said %q, and the result's says %q", e.text(), r.Err)
	case ending == toGoexit:
		return exited(r)
	case panics:
		return e.wrongPanic(r, remotePanics()[kind])
	case ending == toFail:
		return ""
	case r.Err != nil:
		return fmt.Sprintf("the job succeeded, and its error is: %v", r.Err)
	}
	if want := e.value(sitePage(e.Key)); r.Value != want {
		return fmt.Sprintf("its value is %q, want %q", r.Value, want)
	}
	return ""
}

func (e errand) wrongPanic(r Result, value any) string {
	if value == nil {
		value = new(runtime.PanicNilError)
	}
	return panicked(r, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(value) })
}

// errands are n of them, the key of the first being from.
func errands(site *site, from, n int, set func(i int, e *errand)) []errand {
	all := make([]errand, n)
	for i := range all {
		all[i] = errand{Site: site.url, Key: from + i}
		if set != nil {
			set(i, &all[i])
		}
	}
	return all
}
