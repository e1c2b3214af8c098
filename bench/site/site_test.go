package site_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/site"
	"example.com/overlap/mockserver"
	"example.com/overlap/sequential"
	"example.com/overlap/workload/pages"
)

func TestMain(m *testing.M) {
	site.Main()
	os.Exit(m.Run())
}

func TestSite(t *testing.T) {
	s, err := site.Start(mockserver.Settings{Pages: 3})
	require.NoError(t, err)
	for range 2 {
		response, err := http.Get(s.PageURL(2))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	record, err := s.Record()
	require.NoError(t, err)
	require.EqualValues(t, 2, record.Requests)
	require.EqualValues(t, 1, record.Duplicates)
	record, err = s.Record()
	require.NoError(t, err)
	require.Zero(t, record.Requests, "it was cleared")

	require.NoError(t, s.Close())
	_, err = s.Record()
	require.Error(t, err, "nobody is there any more")
}

func TestSettingsAreChecked(t *testing.T) {
	_, err := site.Start(mockserver.Settings{Pages: -1})
	require.ErrorContains(t, err, "Pages")
}

// What is expected is what the site gives.
func TestExpected(t *testing.T) {
	s, err := site.Start(mockserver.Settings{Pages: 3, PageSize: 1024})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	urls := []string{s.PageURL(2) + "?latency=1ms", s.PageURL(0)}
	client := pages.NewClient(1, 0)
	defer client.CloseIdleConnections()
	want, err := s.Expected(t.Context(), urls)
	require.NoError(t, err)
	require.Equal(t, sequential.Run(t.Context(), pages.Job(client, 0), urls), want)

	_, err = s.Expected(t.Context(), []string{s.PageURL(3)})
	require.ErrorContains(t, err, "status 404")
}
