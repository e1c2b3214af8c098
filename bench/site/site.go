// Package site runs the mock server in a process of its own, so that a benchmark's
// figures of CPU time, goroutines and memory are those of the client alone.
//
// The process is the running program once more: its main, or TestMain, begins with [Main].
//
//	func TestMain(m *testing.M) {
//		site.Main()
//		os.Exit(m.Run())
//	}
package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"example.com/overlap/internal/twin"
	"example.com/overlap/mockserver"
)

// name is what the process is called among others of its kind.
const name = "the mock server"

// A Site is a mock server in a process of its own. It ends with this one, however that
// ends. Its methods are safe for concurrent use, but for Close.
type Site struct {
	URL      string
	Settings mockserver.Settings

	twin *twin.Twin
}

// Main serves and exits if this process is to be the mock server; else it returns at once.
func Main() {
	twin.Main(name, func(settings mockserver.Settings) (string, func() error, error) {
		server, err := mockserver.Start("", settings)
		if err != nil {
			return "", nil, err
		}
		return server.URL(), server.Close, nil
	})
}

// Start starts the site. The error is that of the settings, or says that the process does
// not start: that of a program whose main does not begin with Main says so.
func Start(settings mockserver.Settings) (*Site, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	process, err := twin.Start(name, settings)
	if err != nil {
		return nil, err
	}
	return &Site{URL: process.URL, Settings: settings, twin: process}, nil
}

// Close ends the site and waits for its process.
func (s *Site) Close() error { return s.twin.Close() }

// PageURL is the URL of a page.
func (s *Site) PageURL(i int) string { return s.URL + mockserver.PagePath(i) }

// Record returns what the site has seen since the last call, and clears it.
func (s *Site) Record() (r mockserver.Record, err error) {
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		request, err := http.NewRequest(method, s.URL+mockserver.RecordPath, nil)
		if err != nil {
			return r, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return r, err
		}
		if method == http.MethodGet {
			err = json.NewDecoder(response.Body).Decode(&r)
		}
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return r, fmt.Errorf("record of the mock server: %w", err)
		}
	}
	return r, nil
}
