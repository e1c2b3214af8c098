// Package faults is what goes wrong: its tests try every fault on every model, and [Soak]
// holds many jobs in flight for as long as it is told, with faults on, and says whether
// memory, goroutines and descriptors stay flat.
//
// # The tests
//
// A fault is an entry of a table (faults_test.go): what the server does, how the client is
// set, and what each key must come to. It runs against each form of each model, and where
// the fault is one of the wire with each client of the pages workload. After each:
//
//   - each key has one result: the value that a sequential run without faults gives, or an
//     error of the type that the fault makes ([KindOf]);
//   - nothing is left: goroutines, connections and descriptors are as many as before, or,
//     in virtual time, the bubble is empty;
//   - no more jobs were in flight than the limit (clause 6 of the contract), counted at the
//     job; and no more requests by the server's own record, but for the entries whose client
//     gives requests up: a server sees that later than the client.
//
// Faults that are not the wire's have a test of their own: a server that is killed and
// starts again, descriptors that run out, a cancel at a random moment, jobs that panic. The
// first two count at the job alone. The last two look at the server's record too, also where
// requests are given up: they have the site without a network, which sees that at once.
//
// # The soak
//
//	go run ./bench/faults/soak -minutes 10
//
// is the command; `-h` is its manual.
package faults
