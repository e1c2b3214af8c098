package pages

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// Parse reads a page as a browser would, by the HTML standard's algorithm, which
// gives every text some document: malformed HTML is no error.
//
// Words are runs of text without white space, outside of script, style,
// template and title; one that tags divide counts as two. Links are those with
// the scheme http or https, resolved against the page, or against its <base>
// from there on; an href that is no URL is left out. Hash is the SHA-256 of the bytes as fetched.
//
// The error is a *[TypeError], or the parser's for elements nested more than 512
// deep.
func Parse(body Body) (Page, error) {
	base := body.URL
	if base == nil {
		base = &url.URL{}
	}
	page := Page{URL: base.String(), Hash: sha256.Sum256(body.Bytes)}
	if !isHTML(body.ContentType) {
		return Page{}, &TypeError{page.URL, body.ContentType}
	}
	var text io.Reader = bytes.NewReader(body.Bytes)
	if encoding, name, _ := charset.DetermineEncoding(body.Bytes, body.ContentType); name != "utf-8" {
		text = encoding.NewDecoder().Reader(text)
	}
	// Without scripts, what <noscript> holds is part of the page.
	document, err := html.ParseWithOptions(text, html.ParseOptionEnableScripting(false))
	if err != nil {
		return Page{}, fmt.Errorf("parse %s: %w", page.URL, err)
	}
	r := reader{page: &page, base: base}
	r.read(document)
	return page, nil
}

// A reader goes through a document, in order, and notes what it says.
type reader struct {
	page  *Page
	base  *url.URL // what links are relative to
	based bool     // by a <base>; only the first with an href counts
}

func (r *reader) read(parent *html.Node) {
	for node := range parent.ChildNodes() {
		switch node.Type {
		case html.TextNode:
			for range strings.FieldsSeq(node.Data) {
				r.page.Words++
			}
		case html.ElementNode:
			if r.element(node) {
				r.read(node)
			}
		}
	}
}

// element notes what one element says, and whether what it holds is read too.
func (r *reader) element(node *html.Node) (open bool) {
	if node.Namespace != "" {
		return true // SVG has elements called title and a, too
	}
	switch node.DataAtom {
	case atom.Script, atom.Style, atom.Template:
		return false
	case atom.Title:
		if r.page.Title == "" && node.FirstChild != nil {
			r.page.Title = strings.ToValidUTF8(strings.Join(strings.Fields(node.FirstChild.Data), " "), "\uFFFD")
		}
		return false
	case atom.Base:
		if to, ok := r.resolve(node); ok && !r.based {
			r.base, r.based = to, true
		}
	case atom.A, atom.Area:
		if to, ok := r.resolve(node); ok && (to.Scheme == "http" || to.Scheme == "https") {
			r.page.Links = append(r.page.Links, to.String())
		}
	}
	return true
}

// resolve is the URL that node's href leads to.
func (r *reader) resolve(node *html.Node) (*url.URL, bool) {
	for _, attribute := range node.Attr {
		if attribute.Namespace == "" && attribute.Key == "href" {
			to, err := r.base.Parse(strings.TrimSpace(attribute.Val))
			return to, err == nil
		}
	}
	return nil, false
}
