// Package workloads puts the workloads side by side, under the models: web pages
// and a crawl of them, rows of a database, files on disk, live messages. The parts are
// real: HTTP and WebSocket over loopback, SQLite and PostgreSQL, a file system.
//
// `make bench-workloads` runs its benchmarks in rounds:
//
//   - BenchmarkPages: pages from the mock server; many small waits, a little work.
//   - BenchmarkCrawl: the same, where links are found while working.
//   - BenchmarkRows, BenchmarkRowsWrite, BenchmarkRowsLimits: a database, which has limits
//     of its own.
//   - BenchmarkFiles: small and large files, hashed or compressed; hardly a wait.
//   - BenchmarkLive, BenchmarkFanout: long waits for messages that come on time, and how
//     late these come.
//
// They are apart from package bench, so that whoever compares a job of their own with bench, or
// builds its benchmarks, builds no database driver with it.
package workloads
