package pages_test

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
	"example.com/overlap/workload/pages"
)

func body(text string) pages.Body {
	return pages.Body{
		URL:         &url.URL{Scheme: "http", Host: "site.example", Path: "/dir/a"},
		ContentType: "text/html; charset=utf-8",
		Bytes:       []byte(text),
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text, title string
		words             int
		links             []string
	}{
		{"empty", "", "", 0, nil},
		{"no markup", "three plain words", "", 3, nil},
		{"title", "<title>\n A  title </title><p>two words", "A title", 2, nil},
		{"an empty title", "<title></title>x", "", 1, nil},
		{"the first title", "<title>a</title><title>b</title>", "a", 0, nil},
		{"a title within SVG is none", "<svg><title>picture</title></svg><p>x", "", 2, nil},
		{"script, style and template are not read", "<script>var x</script><style>p {}</style><template>no <p>no <a href=x>no</a></p></template>yes", "", 1, nil},
		{"noscript is read", "<body><noscript>two words</noscript>", "", 2, nil},
		{"a word that tags divide", "<b>wo</b>rd", "", 2, nil},
		{"entities and wide spaces", "a&nbsp;b\u2003c&amp;d", "", 3, nil},
		{"links", `<a href="/b">b</a><a href="c">c</a><a href="../d?q=1#e">d</a><a href="//other.example">o</a><area href="https://x.example/y">`, "", 4,
			[]string{"http://site.example/b", "http://site.example/dir/c", "http://site.example/d?q=1#e", "http://other.example", "https://x.example/y"}},
		{"space around a link", "<a href=' b\n'>b</a>", "", 1, []string{"http://site.example/dir/b"}},
		{"no link", `<a>a</a><a name=x>b</a><a href="mailto:me@site.example">c</a><a href="javascript:f()">d</a><a href="http://[bad">e</a>`, "", 5, nil},
		{"a link twice", `<a href=b>b</a><a href=b>b</a>`, "", 2, []string{"http://site.example/dir/b", "http://site.example/dir/b"}},
		{"base", `<base target=x><base href="/other/"><base href="/third/"><a href=b>b</a>`, "", 1, []string{"http://site.example/other/b"}},
		{"malformed", `<p><!DOCTYPE html><a href="b>c <b><i>d</b>e</i>`, "", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, err := pages.Parse(body(c.text))
			require.NoError(t, err)
			require.Equal(t, pages.Page{
				URL: "http://site.example/dir/a", Title: c.title, Words: c.words, Links: c.links,
				Hash: sha256.Sum256([]byte(c.text)),
			}, page)
		})
	}
}

func TestParseOtherCharacterSets(t *testing.T) {
	latin := pages.Body{ContentType: "text/html; charset=iso-8859-1", Bytes: []byte("<title>caf\xe9</title>")}
	page, err := pages.Parse(latin)
	require.NoError(t, err)
	require.Equal(t, "café", page.Title)

	byMeta := pages.Body{ContentType: "text/html", Bytes: []byte("<meta charset=shift_jis><title>\x93\xfa\x96{</title>")}
	page, err = pages.Parse(byMeta)
	require.NoError(t, err)
	require.Equal(t, "日本", page.Title)

	invalid, err := pages.Parse(body("<title>a\xffb</title>"))
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb", invalid.Title)

	unknown := pages.Body{ContentType: "text/html; charset=klingon", Bytes: []byte("<title>plain</title>")}
	page, err = pages.Parse(unknown)
	require.NoError(t, err)
	require.Equal(t, "plain", page.Title)
}

func TestParseRefusesWhatIsNotHTML(t *testing.T) {
	for contentType, html := range map[string]bool{
		"":                         true,
		"text/html":                true,
		"TEXT/HTML ; charset=x":    true,
		"application/xhtml+xml":    true,
		"application/json":         false,
		"image/png":                false,
		"text/plain; charset=utf8": false,
		"html":                     false,
		"text/html;;charset=utf-8": true,
	} {
		b := body("<p>x")
		b.ContentType = contentType
		_, err := pages.Parse(b)
		if html {
			require.NoError(t, err, contentType)
			continue
		}
		require.EqualError(t, err, fmt.Sprintf("parse http://site.example/dir/a: content type %q is not HTML", contentType))
		require.ErrorAs(t, err, new(*pages.TypeError))
	}
}

func TestParseRefusesElementsNestedTooDeep(t *testing.T) {
	_, err := pages.Parse(body(strings.Repeat("<div>", 1000)))
	require.ErrorContains(t, err, "parse http://site.example/dir/a: html: ")
}

// What is parsed of a page of the mock server's is what was put into it.
func TestParseAPageOfTheMockServer(t *testing.T) {
	settings := mockserver.Settings{Seed: 3, Pages: 20, PageSize: 4096, Links: 9}
	for i := range settings.Pages {
		page, err := pages.Parse(pages.Body{
			URL:         &url.URL{Scheme: "http", Host: "site.example", Path: mockserver.PagePath(i)},
			ContentType: "text/html; charset=utf-8",
			Bytes:       settings.Page(i),
		})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("Page %d", i), page.Title)
		require.Len(t, page.Links, 9)
		for _, link := range page.Links {
			require.Regexp(t, `^http://site\.example/page/1?\d(#top)?$`, link)
		}
		require.Greater(t, page.Words, 400)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("<title>x</title><a href=y>", "text/html")
	f.Add("<svg><title><a href='http://[", "text/html; charset=utf-16")
	f.Add("<template><table><base href=//><tr><a href=?>", "")
	f.Fuzz(func(t *testing.T, text, contentType string) {
		b := body(text)
		b.ContentType = contentType
		page, err := pages.Parse(b)
		if err != nil {
			require.Zero(t, page)
			return
		}
		for _, link := range page.Links {
			u, err := url.Parse(link)
			require.NoError(t, err)
			require.Contains(t, []string{"http", "https"}, u.Scheme)
		}
		require.LessOrEqual(t, page.Words, 3*len(text)+1)
	})
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{2048, 4096, 65536} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			settings := mockserver.Settings{PageSize: size, Pages: 10, Links: 10}
			page := body(string(settings.Page(1)))
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := pages.Parse(page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
