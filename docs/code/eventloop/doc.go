// Package loops has the programs of docs/07-event-loop.md: what tasks of an event loop
// do, step by step, in virtual time.
package loops
