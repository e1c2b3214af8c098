package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzParseURLs(f *testing.F) {
	f.Add("# comment\n\nhttp://site.example/a\r\n")
	f.Add("\ufeffhttps://[::1]:80/?q#f")
	f.Add("http://a b\nftp://x\nhttp://\n")
	f.Fuzz(func(t *testing.T, text string) {
		urls, err := parseURLs(strings.NewReader(text), "urls.txt")
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "urls.txt:"), err)
			require.Empty(t, urls)
			return
		}
		for _, line := range urls {
			u, err := url.Parse(line)
			require.NoError(t, err)
			require.NotEmpty(t, u.Host)
		}
	})
}
