// Package queues measures what it costs to have a job done in another process: package queue
// beside the models in this process, and beside NATS's own client.
//
// `make bench-queue` runs its benchmarks in rounds, and says whether the bar holds that was set:
// the queue does 80 % of the jobs a second that the client alone does, with the same acks, in the
// same run.
//
//   - BenchmarkQueue: tiny jobs, which do nothing or wait for 1 ms or 10 ms. What a job costs, and
//     from how long a job on that does not matter any more.
//   - BenchmarkQueueLatency: one job, there and back.
//   - BenchmarkQueueSync: what it costs that everything is on the disk before it is confirmed.
//
// # What is run
//
// One machine, and nothing simulated: real processes, TCP over loopback, files on a file system.
// Of the rows,
//
//   - queue is three processes: this one calls queue.Run, another one queue.Work, and a third is
//     NATS's server.
//   - queue-embedded is two: the server is in this process, as with queue.Settings.Dir.
//   - nats and nats-fetch are the three of queue, with plain.go in place of package queue. Their
//     jobs and results are the same bytes, their streams have the same settings, and so has their
//     server, and they wait for the same acks: a job is stored before it counts as sent (with a
//     message ID, and only if nothing is stored under its subject), its result is stored (likewise)
//     before it is acked. nats takes jobs as NATS's client does by default: as many as the limit are
//     in hand, and up to 500 more lie ready in the process, however long jobs take, and so are taken
//     from all other workers. Package queue has jobs ready only where they are short.
//     nats-fetch asks for as many as it has hands free, and has none ready: what a worker must do
//     by hand who wants to share long jobs evenly.
//   - The others do all in this process (package bench).
//
// The limit is of jobs in hand, in the one worker that there is. The streams are new for each row:
// files, one replica, server-side syncs every two minutes but in BenchmarkQueueSync. A key is a
// number as text, and so is a result: the codec costs next to nothing. Each operation is a
// batch of its own. What package queue does beside, plain.go does not: it has no tries, dead letters,
// errors that come back, withdrawal, or server that is waited for, and it leaves its results at the
// server, where queue.Run clears up.
//
// Not measured: a network between machines, which adds its round trips; several servers, which
// confirm only what most of them have; many workers, as two cores have no room for them.
//
// cpu-ns/job is the CPU time of all processes of a row, each one's own being client-cpu-ns/job,
// server-cpu-ns/job and worker-cpu-ns/job.
package queues
