package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// few is under the 8,128 goroutines that the race detector allows.
const few = 2_000

// TestMain lets the test binary be the program, which starts itself for each row.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && len(os.Args[1]) == 1 {
		if err := run(os.Stdout, os.Args[1:], few); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil { // a second for each row, else
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A goroutine has a stack of 2 KB, and of 8 KB if 3 KB are in use: a stack doubles.
func TestStackDoubles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("resident memory is not measured there")
	}
	var out bytes.Buffer
	require.NoError(t, run(&out, nil, few))
	var n, plain, holding int64
	_, err := fmt.Sscanf(out.String(), "waiting bytes each, %d of them\ngoroutine %d\ngoroutine that holds 3 KB %d\nasyncio task", &n, &plain, &holding)
	require.NoError(t, err, out.String())
	require.EqualValues(t, few, n)
	require.Greater(t, plain, int64(2_048))
	require.Greater(t, holding-plain, int64(4_096))
}

func TestAsyncioTaskTakesLess(t *testing.T) {
	if err := exec.Command("python3", "-c", "import asyncio, resource").Run(); err != nil {
		t.Skip("no python3 that has asyncio: ", err)
	}
	text, err := python(few)
	require.NoError(t, err)
	var task int64
	_, err = fmt.Sscanf(text, "%d (Python", &task)
	require.NoError(t, err)
	require.Greater(t, task, int64(500))
	require.Less(t, task, int64(2_048)) // a goroutine's stack alone
}

func TestUnknownRow(t *testing.T) {
	require.EqualError(t, run(&bytes.Buffer{}, []string{"7"}, few), `memory: "7" is no row`)
}
