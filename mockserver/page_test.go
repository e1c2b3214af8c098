package mockserver_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"example.com/overlap/mockserver"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// checkHTML is stricter than a browser: every tag that is opened must be closed,
// in order, and there is one document.
func checkHTML(page []byte) (title string, links []string, words int, err error) {
	z := html.NewTokenizer(bytes.NewReader(page))
	var open []string
	doctypes := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return title, links, words, z.Err()
			}
			if len(open) > 0 || doctypes != 1 {
				return title, links, words, fmt.Errorf("%d doctypes, left open: %v", doctypes, open)
			}
			return title, links, words, nil
		case html.DoctypeToken:
			doctypes++
		case html.StartTagToken:
			token := z.Token()
			if token.Data == "meta" {
				continue
			}
			open = append(open, token.Data)
			for _, a := range token.Attr {
				if a.Key == "href" {
					links = append(links, a.Val)
				}
			}
		case html.EndTagToken:
			name := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				return title, links, words, fmt.Errorf("</%s> closes nothing: %v", name, open)
			}
			open = open[:len(open)-1]
		case html.TextToken:
			text := string(z.Text())
			words += len(strings.Fields(text))
			if slices.Contains(open, "title") {
				title += text
			}
		}
	}
}

func TestPagesAreValidLinkedHTMLOfTheirSize(t *testing.T) {
	for _, c := range []struct {
		name      string
		settings  mockserver.Settings
		size      int
		links     int // at least
		wantWords int
	}{
		{"zero settings", mockserver.Settings{}, 2048, 8, 200},
		{"smallest", mockserver.Settings{PageSize: 512}, 512, 6, 15},
		{"smallest with too many links", mockserver.Settings{PageSize: 512, Links: 1000}, 512, 5, 10},
		{"no links", mockserver.Settings{Links: -1}, 2048, 0, 250},
		{"large", mockserver.Settings{PageSize: 100_003, Links: 50}, 100_003, 50, 10_000},
		{"one page links to itself", mockserver.Settings{Pages: 1}, 2048, 8, 200},
		{"many pages", mockserver.Settings{Pages: 10_000_000}, 2048, 8, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := max(c.settings.Pages, 1)
			if c.settings.Pages == 0 {
				pages = 1000
			}
			for i := range 25 {
				i := i % pages
				page := c.settings.Page(i)
				require.Len(t, page, c.size)
				require.Equal(t, page, c.settings.Page(i), "same settings, same bytes")
				title, links, words, err := checkHTML(page)
				require.NoError(t, err, "page %d:\n%s", i, page)
				require.Equal(t, fmt.Sprintf("Page %d", i), title)
				require.GreaterOrEqual(t, words, c.wantWords)
				require.GreaterOrEqual(t, len(links), c.links)
				if c.links == 0 {
					require.Empty(t, links)
				}
				base, _ := url.Parse("http://site.example" + mockserver.PagePath(i))
				for _, link := range links {
					to, err := base.Parse(link)
					require.NoError(t, err)
					var n int
					_, err = fmt.Sscanf(to.Path, "/page/%d", &n)
					require.NoError(t, err, link)
					require.Equal(t, mockserver.PagePath(n), to.Path)
					require.Less(t, n, pages)
				}
			}
		})
	}
}

func TestPagesDifferBySeedAndNumber(t *testing.T) {
	seen := map[string]bool{}
	for seed := range 3 {
		for i := range 100 {
			seen[string(mockserver.Settings{Seed: uint64(seed)}.Page(i))] = true
		}
	}
	require.Len(t, seen, 300)
}

func TestLinksAreOfThreeKinds(t *testing.T) {
	_, links, _, err := checkHTML(mockserver.Settings{}.Page(0))
	require.NoError(t, err)
	kinds := map[string]bool{}
	for _, link := range links {
		switch {
		case strings.HasPrefix(link, "/page/"):
			kinds["absolute path"] = true
		case strings.Contains(link, "#"):
			kinds["fragment"] = true
		case !strings.Contains(link, "/"):
			kinds["relative"] = true
		}
	}
	require.Len(t, kinds, 3, "%v", links)
}
