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

func TestFlags(t *testing.T) {
	err := run(t.Context(), []string{"--model=eventloop"}, strings.NewReader(""), t.Output())
	require.EqualError(t, err, `--model is "eventloop", want sequential, goroutines-limit or pool`)
}
