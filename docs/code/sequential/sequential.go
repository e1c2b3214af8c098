// Package sequential holds the proofs of the course's chapter on the sequential
// model. They are tests in virtual time: `go test -v -count 1 ./docs/code/sequential`.
package sequential
