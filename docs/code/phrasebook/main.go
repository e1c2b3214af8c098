// Command phrasebook runs the Go programs of the asyncio phrasebook, docs/phrasebook.md, by
// their names; without names it lists them. Each is run in plain Go and, where there is one,
// with package eventloop.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"example.com/overlap/docs/code/phrasebook/loop"
	"example.com/overlap/docs/code/phrasebook/plain"
	"example.com/overlap/eventloop"
)

func main() {
	if len(os.Args) == 1 {
		for _, key := range slices.Sorted(maps.Keys(plain.Programs)) {
			fmt.Println(key)
		}
		return
	}
	for _, key := range os.Args[1:] {
		if err := both(key); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", key, err)
			os.Exit(1)
		}
	}
}

// both runs the programs of a phrase.
func both(key string) error {
	program, ok := plain.Programs[key]
	if !ok {
		return fmt.Errorf("there is no such phrase")
	}
	fmt.Println("in plain Go:")
	if err := run(context.Background(), program); err != nil {
		return err
	}
	if program, ok = loop.Programs[key]; !ok {
		return nil
	}
	fmt.Println("in package eventloop:")
	return run(context.Background(), program)
}

// run runs a program, whatever kind of function it is.
func run(ctx context.Context, program any) error {
	switch program := program.(type) {
	case func():
		program()
	case func() error:
		return program()
	case func(context.Context):
		program(ctx)
	case func(context.Context) error:
		return program(ctx)
	case func(*eventloop.Co) error:
		_, err := eventloop.Main(ctx, func(co *eventloop.Co) (struct{}, error) {
			return struct{}{}, program(co)
		})
		return err
	default:
		return fmt.Errorf("a %T is no program", program)
	}
	return nil
}
