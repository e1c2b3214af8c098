package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/mockserver"
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

func FuzzParseFaults(f *testing.F) {
	f.Add("status=0.1,reset=0.01")
	f.Add("hang=1e-3, slow = 2")
	f.Add("truncate=NaN,malformed=0x1p-2,")
	f.Fuzz(func(t *testing.T, list string) {
		s := mockserver.Settings{PageSize: 2048}
		if err := parseFaults(list, &s.Faults); err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		if err := checkSite(s); err != nil {
			require.Contains(t, err.Error(), "-faults: ")
		}
	})
}
