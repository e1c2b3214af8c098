package weave

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// peers is a made-up run of clients: three times ten samples.
func peers() string {
	var b strings.Builder
	b.WriteString("goos: linux\ngoarch: amd64\npkg: example.com/overlap/bench/peers/runtimes\ncpu: Some_CPU\ncores: 2\ntoolchain: go1.26.0\ncommit: abc\ndate: 2026-11-23T13:50:52Z\nlibraries: conc v0.3.0\npython: CPython 3.11.2 aiohttp 3.8.4\nwrk: 4.1.0\n")
	for i := range 10 {
		line := func(wait, model string, ms, cpu int) {
			fmt.Fprintf(&b, "BenchmarkClients/wait=%s/model=%s-2 1 %d ns/op %d jobs/s %d cpu-ns/job\n", wait, model, ms*1_000_000+i*1000, 1_000_000/ms, cpu+i)
		}
		line("0s", "go-pool", 400, 40_000)
		line("0s", "asyncio", 2000, 190_000)
		line("0s", "wrk", 200, 14_000)
		line("10ms", "go-pool", 620, 50_000)
		line("10ms", "late", 900, 60_000)
	}
	return b.String()
}

func TestRows(t *testing.T) {
	for _, c := range []struct{ name, marker, want string }{
		{"the shortest first", "rows peers makespan: Clients/wait=0s; CPU a page: Clients/wait=0s cpu-ns/job; with a wait: Clients/wait=10ms",
			"| | makespan | CPU a page | with a wait |\n| --- | ---: | ---: | ---: |\n" +
				"| wrk | **200ms** | **14µs** | – |\n| go-pool | 400ms | 40µs | **620ms** |\n| asyncio | 2s | 190µs | – |\n| late | – | – | 900ms |\n" + machineStamp},
		{"the most first, of what is better so", "rows peers pages a second: Clients/wait=0s-2 jobs/s",
			"| | pages a second |\n| --- | ---: |\n| wrk | **5,000** |\n| go-pool | 2,500 |\n| asyncio | 500 |\n" + machineStamp},
		{"versions", "versions peers", "conc v0.3.0; CPython 3.11.2 aiohttp 3.8.4; wrk 4.1.0.\n\nSome_CPU, 2 cores, linux/amd64, go1.26.0; 10 rounds of commit abc on 2026-11-23.\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			course := course(t, files{"a.md": "<!-- gen: " + c.marker + " -->\n<!-- end -->\n", "bench/results/reference.txt": raw(), "bench/results/reference-peers.txt": peers()})
			text, problems := filled(t, course, "a.md")
			require.Empty(t, problems)
			require.Equal(t, "<!-- gen: "+c.marker+" -->\n"+c.want+"<!-- end -->\n", text)
		})
	}
}

func TestRowsErrors(t *testing.T) {
	for marker, want := range map[string]string{
		"rows":                                          "want rows FILE TITLE: GROUP [UNIT]; ...",
		"rows none time: Clients/wait=0s":               "there is no bench/results/reference-none.txt",
		"rows peers time Clients/wait=0s":               `"time Clients/wait=0s" is no column, want TITLE: GROUP [UNIT]`,
		"rows peers time: a b c":                        `"time: a b c" is no column, want TITLE: GROUP [UNIT]`,
		"rows peers time: Clients/wait=0s;":             `"" is no column, want TITLE: GROUP [UNIT]`,
		"rows peers time: Clients/wait=1s":              "bench/results/reference-peers.txt has no group Clients/wait=1s",
		"rows peers memory: Clients/wait=0s peak-rss-B": "bench/results/reference-peers.txt has no peak-rss-B of Clients/wait=0s",
		"versions sweep":                                "bench/results/reference-sweep.txt says of no version",
	} {
		course := course(t, files{"a.md": "<!-- gen: " + marker + " -->\n<!-- end -->\n", "bench/results/reference.txt": raw(), "bench/results/reference-peers.txt": peers(), "bench/results/reference-sweep.txt": sweep})
		_, problems := filled(t, course, "a.md")
		require.Equal(t, []string{"a.md:1: gen: " + marker + ": " + want}, problems)
	}
}

// A module below the root is compiled too.
func TestCodeOfThePeers(t *testing.T) {
	c := course(t, files{"a.md": "<!-- gen: code bench/peers/job.go Job -->\n<!-- end -->\n",
		"bench/peers/go.mod": "module example.com/peers\n", "bench/peers/job.go": "package peers\n\ntype Job int\n"})
	text, problems := filled(t, c, "a.md")
	require.Empty(t, problems)
	require.Contains(t, text, "type Job int\n")
}

const clauses = `# Which clause each library keeps.
# go1.26.8, linux/amd64, 2026-11-23
#
library	clause	form	kept	checks	message
one	1	plain	kept
one	1	careful	kept
one	3	plain	broken	a; b	it ends the program
one	3	careful	kept
two	1	plain	kept
two	1	careful	but-3	c	key 1 has no result
two	3	plain	broken	a	it ends the program
two	3	careful	broken	a	key 2 | is lost
`

func TestClauses(t *testing.T) {
	text := strings.ReplaceAll(clauses, "kept\n", "kept\t\t\n")
	c := course(t, files{"a.md": "<!-- gen: clauses -->\n<!-- end -->\n", "bench/results/peers-clauses.txt": text})
	got, problems := filled(t, c, "a.md")
	require.Empty(t, problems)
	require.Equal(t, "<!-- gen: clauses -->\n| | 1 | 3 |\n| --- | :---: | :---: |\n| one | kept | *yours* |\n| two | kept¹ | **no** |\n\n"+
		"- Clause 1, kept¹: key 1 has no result (two)\n"+
		"- Clause 3, *yours*: it ends the program (one)\n"+
		"- Clause 3, **no**: key 2 \\| is lost (two)\n"+
		"\n*Found by bench/conform; go1.26.8, linux/amd64, 2026-11-23.*\n<!-- end -->\n", got)

	for name, c := range map[string]struct{ text, want string }{
		"no file":           {"", "bench/results/peers-clauses.txt: no such file or directory"},
		"nothing in it":     {"# only this\n", "bench/results/peers-clauses.txt has no line"},
		"too few fields":    {text + "three\t1\n", "bench/results/peers-clauses.txt:13: 2 fields between tabs, want 6"},
		"an unknown form":   {text + "three\t1\tbold\tkept\t\t\n", `bench/results/peers-clauses.txt:13: "bold" is no form, want plain or careful`},
		"an unknown state":  {text + "one\t1\tcareful\tperhaps\t\t\n", `bench/results/peers-clauses.txt: one, clause 1: "kept" in the plain form and "perhaps" in the careful one: want kept, but-3, broken or none`},
		"a form is missing": {text + "three\t1\tplain\tkept\t\t\n", `bench/results/peers-clauses.txt: three, clause 1: "kept" in the plain form and "" in the careful one: want kept, but-3, broken or none`},
	} {
		all := files{"a.md": "<!-- gen: clauses -->\n<!-- end -->\n"}
		if c.text != "" {
			all["bench/results/peers-clauses.txt"] = c.text
		}
		_, problems := filled(t, course(t, all), "a.md")
		require.Equal(t, []string{"a.md:1: gen: clauses: " + c.want}, problems, name)
	}
}
