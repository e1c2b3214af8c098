// Package queue does a job in other processes, on this machine or on others, over NATS JetStream:
// the sixth model, for when one machine is not enough, or when the work must outlive the program
// that asked for it. In Python it is what Celery, arq or a list in Redis is beside asyncio.
//
// A worker is a program that calls [Work] with a [Job]; any number of them may, anywhere. [Run]
// puts keys into the queue and waits for their results; [Add] only puts them there, and [Collect]
// gets the results, later, from whatever process. The functions of a job cannot travel, so both
// sides have them in their code, under the same name, and keys and results are encoded. So Run is
// no overlap.Runner: it cannot be given just any Job.
//
// # The promise
//
// A job may run more than once; its outcome is recorded once. A worker that dies has perhaps
// done the job and not said so, and nobody can know: so the job is handed out again. What is
// recorded first counts, and what comes later is dropped: the server takes one message for a
// job's outcome, and refuses a second. A job's effects outside, though, may happen twice: they
// must be idempotent, as workload/rows' bookings are, whose number the caller gives.
//
// A job is not lost while the server's files are there: it leaves the queue only after its outcome
// is stored. That holds when any process is killed, the server's too, and when they are stopped
// and started in any order. When the machine itself dies, what the server had not yet synced is
// lost: Settings.Sync is the remedy, and has its cost. In a cluster, Replicas of three guard
// against the loss of one machine, and not against a power cut of all: Jepsen lost messages there
// that had been confirmed (https://jepsen.io/analyses/nats-2.12.1).
//
// Each job has an outcome in the end: its result, or, after Job.Tries, its error. Then it is a
// dead letter too ([Queue.Dead], [Queue.Revive]). That one is for a job that fails, and for one
// that kills whoever takes it.
//
// # How
//
// Each job has three streams at the server. OVERLAP_name_jobs is a work queue: what is acked is
// gone. Its consumer is durable, and one for all workers; they pull as many jobs as they have
// hands free (and of short ones a few ahead), and ack each one by itself when its outcome is stored. A job that fails is handed
// back with a delay that doubles; one whose worker says nothing for Job.AckWait is handed out
// again by the server. OVERLAP_name_results holds the outcomes, and OVERLAP_name_dead the dead
// letters, both for Settings.Keep.
//
// Order: jobs begin in about the order in which they were added, and end in any. Cost: see
// BenchmarkQueue in bench/queues; some tens of microseconds of two cores for each job, and a
// network's round trips in latency, against well under one for a goroutine.
package queue
