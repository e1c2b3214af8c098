// Package eventloop is asyncio's model in Go: a loop that runs one thing at a time, and
// tasks that give way to each other only where they say so.
//
// The idea: waiting needs no thread of its own. A task that waits leaves word of what
// for, and the loop runs another; when what was waited for is there, the task is put at
// the end of the queue of those that are ready. Between two waits a task has everything
// to itself: no other task can come between, so what tasks share needs no lock. And no
// other task can run, so whoever works for long holds up all.
//
// In asyncio it is asyncio itself: [Main] is asyncio.run, [CreateTask] is create_task,
// [Gather] is gather, and a [Coroutine] is an async def. What takes a [*Co] may suspend:
// it stands where Python writes async and await. The names of the rest are asyncio's in
// Go's spelling, each doc comment has the Python name in brackets, and what order,
// cancelling and errors do is what CPython's do: a table of programs in both languages
// holds them to the same output.
//
// Calls that block must not be made on the loop. What asyncio leaves to its selector,
// sockets that become ready, is [Offload] here: a goroutine that waits, and posts to
// the loop. What asyncio gives to threads is [ToThread]: work and calls that block,
// a bounded number at once.
//
// What it costs: a switch of tasks is two switches of coroutines (iter.Pull) and one
// entry of a queue, about 90 ns; a task has a stack of its own and takes about 3 KB
// while it waits, as a goroutine does; [After] and [Then] wait without one, in less
// than a tenth. In [Run], N jobs that wait L and work D take L + N*D: the waits
// overlap, the work does not, however many cores there are. [RunToThread] is the cure.
//
// Take it to learn what asyncio does, to port a program that relies on it, and where
// many small parts share state that must change in one piece: an actor, a simulation, a
// protocol. For all else goroutines do the same, on all cores, and any of them may
// block.
package eventloop
