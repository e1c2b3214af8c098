package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/overlap/bench/peers/runtimes/client/clienttest"
)

func TestModels(t *testing.T) {
	for model, inFlight := range map[string]int{"sequential": 1, "goroutines-limit": 5, "pool": 5} {
		t.Run(model, func(t *testing.T) {
			clienttest.Test(t, run, inFlight, "--model", model)
			clienttest.TestParse(t, run, "--model", model)
		})
	}
}

func TestTransports(t *testing.T) {
	for _, transport := range []string{"pages", "default", "direct"} {
		t.Run(transport, func(t *testing.T) {
			clienttest.Test(t, run, 5, "--transport", transport)
			clienttest.TestParse(t, run, "--transport", transport)
		})
	}
}

func TestFlags(t *testing.T) {
	for flag, want := range map[string]string{
		"--model=eventloop": `--model is "eventloop", want sequential, goroutines-limit or pool`,
		"--transport=fast":  `--transport is "fast", want pages, default or direct`,
	} {
		require.EqualError(t, run(t.Context(), []string{flag}, strings.NewReader(""), t.Output()), want)
	}
}
