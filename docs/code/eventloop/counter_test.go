package loops_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/overlap/eventloop"
)

// count lets eight tasks add one to a sum, a thousand times each, in its way.
func count(t *testing.T, add func(co *eventloop.Co, sum *int)) (sum int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		run(t, func(co *eventloop.Co) error {
			return eventloop.WithTaskGroup(co, func(g *eventloop.TaskGroup) error {
				for range 8 {
					eventloop.CreateTask(g, func(co *eventloop.Co) (nothing, error) {
						for range 1000 {
							add(co, &sum)
							if err := co.Yield(); err != nil {
								return nothing{}, err
							}
						}
						return nothing{}, nil
					})
				}
				return nil
			})
		})
	})
	return sum
}

//region adds

func noWait(co *eventloop.Co, sum *int) {
	*sum++
}

func waitInside(co *eventloop.Co, sum *int) {
	before := *sum
	_ = co.Yield() // the others have a turn here
	*sum = before + 1
}

var lock eventloop.Lock

func locked(co *eventloop.Co, sum *int) {
	_ = lock.Acquire(co)
	waitInside(co, sum)
	_ = lock.Release()
}

//endregion

// Eight tasks take their turns always alike, so what gets lost is always the same. The
// race detector has nothing to say.
func TestCount(t *testing.T) {
	var got []string
	for _, c := range []struct {
		name string
		add  func(*eventloop.Co, *int)
	}{
		{"no wait inside", noWait},
		{"a wait inside", waitInside},
		{"a wait inside, and a lock", locked},
	} {
		line := fmt.Sprintf("%-26s %d", c.name, count(t, c.add))
		fmt.Fprintln(t.Output(), line)
		got = append(got, line)
	}
	require.Equal(t, countSays, got)
}

var countSays = []string{
	"no wait inside             8000",
	"a wait inside              1000",
	"a wait inside, and a lock  8000",
}
