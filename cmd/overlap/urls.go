package main

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// readURLs reads a file of URLs, one a line; - is standard input. Blank lines
// and those that begin with # are left out. An error names file and line.
func (c console) readURLs(path string) ([]string, error) {
	if path == "-" {
		return parseURLs(c.stdin, "standard input")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseURLs(file, path)
}

func parseURLs(r io.Reader, name string) ([]string, error) {
	var urls []string
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		u, err := url.Parse(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		case u.Scheme != "http" && u.Scheme != "https":
			return nil, fmt.Errorf("%s:%d: %q does not begin with http:// or https://", name, n, line)
		case u.Host == "":
			return nil, fmt.Errorf("%s:%d: %q names no host", name, n, line)
		}
		urls = append(urls, line)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	if len(urls) == 0 {
		return nil, fmt.Errorf("%s: no URL in it", name)
	}
	return urls, nil
}
