// Record asks the mock server for pages in good and bad ways, and prints what the
// server saw of it.
//
//	go run ./docs/code/workload/record
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

func run(w io.Writer) error {
	//region record
	server, err := mockserver.Start("", mockserver.Settings{Pages: 100})
	if err != nil {
		return err
	}
	defer server.Close()
	client := pages.NewClient(1, 0)
	defer client.CloseIdleConnections()

	urls := []string{
		server.PageURL(7),
		server.PageURL(7), // the same again
		server.PageURL(8) + "?status=429",
		server.PageURL(500), // there are only 100
	}
	for i, r := range sequential.Run(context.Background(), pages.Job(client, 0), urls) {
		fmt.Fprintf(w, "%-19s %q, error: %v\n", path(server, urls[i]), r.Value.Title, hide(server, r.Err))
	}

	seen := server.Record()
	fmt.Fprintln(w, "requests      ", seen.Requests)
	fmt.Fprintln(w, "peak in flight", seen.PeakInFlight)
	fmt.Fprintln(w, "duplicates    ", seen.Duplicates)
	fmt.Fprintln(w, "no such page  ", seen.Other)
	fmt.Fprintln(w, "status        ", seen.Status)
	_, err = fmt.Fprintln(w, "order         ", seen.Order)
	//endregion
	return err
}

// path is url without the server, whose port is another one each time.
func path(server *mockserver.Server, url string) string {
	return strings.TrimPrefix(url, server.URL())
}

// hide is an error's text without the server.
func hide(server *mockserver.Server, err error) string {
	return strings.ReplaceAll(fmt.Sprint(err), server.URL(), "")
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
