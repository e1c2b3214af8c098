package mockserver

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPagesKeptAreBounded(t *testing.T) {
	s, err := newSite(Settings{})
	require.NoError(t, err)
	s.room.Store(3*2048 + 100)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				assert.Equal(t, s.settings.Page(i), s.page(i))
			}
		})
	}
	wg.Wait()
	for i := range 50 { // those that met while there seemed to be no room
		s.page(i)
	}
	kept := 0
	for i := range s.pages {
		if s.pages[i].Load() != nil {
			kept++
		}
	}
	require.Equal(t, 3, kept)
	require.EqualValues(t, 100, s.room.Load())
}
