package mockserver

import (
	"fmt"
	"strconv"
	"strings"
)

// vocabulary is what pages say, and never changes.
var vocabulary = strings.Fields("wait work fetch page goroutine channel select close range worker queue stage buffer limit " +
	"server client request answer latency deadline cancel cause error retry order result key body value stack " +
	"loop timer task future lock event semaphore pipeline pool model schedule makespan backpressure")

// PagePath is the path of page i.
func PagePath(i int) string { return "/page/" + strconv.Itoa(i) }

// pageIndex is the number of the page at path, if there is one.
func pageIndex(path string, pages int) (int, bool) {
	digits, ok := strings.CutPrefix(path, "/page/")
	if !ok || len(digits) > 8 || digits != "0" && strings.HasPrefix(digits, "0") {
		return 0, false
	}
	i, err := strconv.Atoi(digits)
	return i, err == nil && i >= 0 && i < pages && digits[0] != '+' && digits[0] != '-'
}

// Page returns the bytes of page i: valid HTML of just PageSize bytes, with a
// title, paragraphs of words and Links links to other pages, written in turn as
// absolute paths, as relative paths and with a fragment; a page too small for so
// many has fewer. The same settings give the same bytes, which are those that a
// server sends. Settings must be valid; i is not checked against Pages.
func (s Settings) Page(i int) []byte {
	s = s.withDefaults()
	draw := newDraws(s.Seed, "page", 0, PagePath(i))
	b := make([]byte, 0, max(0, s.PageSize))
	b = fmt.Appendf(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Page %d</title></head>\n<body>\n<h1>Page %d</h1>\n", i, i)
	const end = "</p>\n</body>\n</html>\n"
	room := func() int { return s.PageSize - len(b) - len(end) }
	b = append(b, "<p>"...)
	for link := range s.Links {
		to := draw.intn(s.Pages)
		before := len(b)
		switch link % 3 {
		case 0:
			b = fmt.Appendf(b, "<a href=\"/page/%d\">page %d</a> ", to, to)
		case 1:
			b = fmt.Appendf(b, "<a href=\"%d\">page %d</a> ", to, to)
		case 2:
			b = fmt.Appendf(b, "<a href=\"../page/%d#top\">page %d</a> ", to, to)
		}
		if room() < 0 {
			b = b[:before] // a small page holds fewer links
			break
		}
	}
	for n := 0; ; n++ {
		word := vocabulary[draw.intn(len(vocabulary))]
		if n%40 == 39 {
			word = "</p>\n<p>" + word
		}
		if len(word)+1 > room() {
			break
		}
		b = append(append(b, word...), ' ')
	}
	for range room() {
		b = append(b, ' ')
	}
	return append(b, end...)
}

// malformed is page with its first third in the middle's place: a second doctype
// and body within a paragraph, tags that do not match, a quote without an end.
func malformed(page []byte) []byte {
	third := len(page) / 3
	out := append([]byte{}, page[:third]...)
	out = append(out, "<a href=\"/page/1 <b><p"...)
	out = append(out, page[:third]...)
	return append(out, page[2*third:]...)
}
