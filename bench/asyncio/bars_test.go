package asyncio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/asyncio"
	"example.com/overlap/bench/bars"
)

// A bar of a row that no benchmark has could never be measured.
func TestBarsAreOfRowsThatThereAre(t *testing.T) {
	type group struct {
		rows    []asyncio.Row
		scripts []asyncio.Script
	}
	models := map[string][]string{
		"Pages/latency=10ms": {"eventloop"}, // of package bench, which has it from bench.Models
	}
	for name, g := range map[string]group{
		"Switch/tasks=1":     {asyncio.Switches(1), asyncio.SwitchScripts(1)},
		"Switch/tasks=100":   {asyncio.Switches(100), asyncio.SwitchScripts(100)},
		"Switch/tasks=10000": {asyncio.Switches(10_000), asyncio.SwitchScripts(10_000)},
		"Job/tasks=100":      {asyncio.Jobs(100), nil},
		"Create":             {asyncio.Creates(), asyncio.CreateScripts()},
		"Tree/kind=none":     {asyncio.Tree{}.Rows(), asyncio.Tree{}.Scripts()},
		"Tree/kind=io":       {asyncio.Tree{}.Rows(), asyncio.Tree{}.Scripts()},
	} {
		for _, row := range g.rows {
			models[name] = append(models[name], row.Model)
		}
		for _, script := range g.scripts {
			models[name] = append(models[name], strings.TrimSuffix("asyncio-"+script.Form, "-"))
		}
	}
	for _, tasks := range []int{100_000, 1_000_000} {
		name, s := fmt.Sprintf("Waiting/tasks=%d", tasks), asyncio.Sleepers{Tasks: tasks}
		for _, row := range s.Rows() {
			models[name] = append(models[name], row.Model)
		}
		for _, script := range s.Scripts() {
			models[name] = append(models[name], strings.TrimSuffix("asyncio-"+script.Form, "-"))
		}
	}
	for _, bar := range asyncio.Bars() {
		for _, f := range []bars.Figure{bar.Of, bar.Over} {
			if f != (bars.Figure{}) {
				require.Contains(t, models[f.Group], f.Model, bar.What)
			}
		}
	}
}
