"""The client as an asyncio protocol, without an HTTP library: asyncio's best. The loop calls a
connection when something came, and the connection writes its next request at once: no task
switches, no futures.

The protocol is a BufferedProtocol, which receives into memory of its own. For all others, those of
streams and of aiohttp included, asyncio's loop receives into a new object of 256 KiB each time; with
Linux's malloc that may cost three more system calls an answer, mmap, mremap and munmap
(python/cpython#85451). Where it did, a page took streams 2.6 times the CPU time on asyncio's loop.
uvloop receives into one buffer, and there streams took a fifth more.
"""

import asyncio

import by_hand
import client


class Connection(asyncio.BufferedProtocol):
    """One kept-alive connection, with one page in flight at a time."""

    def __init__(self, requests):
        self.requests = requests
        self.buffer = bytearray(1 << 14)
        self.result = None

    def connection_made(self, transport):
        self.transport = transport

    def fetch(self, pages):
        """Fetches pages as long as there are any. The future has how many bytes they had."""
        self.pages, self.size, self.result = pages, 0, asyncio.get_running_loop().create_future()
        self.next()
        return self.result

    def next(self):
        self.page = next(self.pages.numbers, None)
        if self.page is None:
            self.result.set_result(self.size)
            return
        self.received = self.head = self.end = 0  # of the answer: what came; its head's length and its own, once known
        self.transport.write(self.requests[self.page % len(self.requests)])

    def get_buffer(self, sizehint):
        return memoryview(self.buffer)[self.received :]

    def buffer_updated(self, n):
        self.received += n
        try:
            if not self.end:
                self.find_end()
        except ValueError as e:
            self.fail(e)
            return
        if self.end and self.received >= self.end:
            self.size += self.pages.take(self.page, self.buffer[self.head : self.end])
            self.next()

    def find_end(self):
        self.head = self.buffer.find(b"\r\n\r\n", 0, self.received) + 4
        if self.head > 3:
            self.end = self.head + by_hand.length(self.buffer[: self.head])
        want = max(self.end, self.received + 1)
        if want > len(self.buffer):
            self.buffer = self.buffer + bytes(want)

    def connection_lost(self, why):
        self.fail(why or "the server has closed the connection")

    def fail(self, why):
        if self.result and not self.result.done():
            self.result.set_exception(client.PageError(self.pages.url(self.page), why))
        self.transport.abort()


async def fetch(args, site):
    requests, workers = by_hand.requests(site), []
    loop = asyncio.get_running_loop()
    for _ in range(args.in_flight):
        try:
            _, connection = await loop.create_connection(lambda: Connection(requests), site.host, site.port)
        except OSError as e:
            raise client.PageError(site.urls[0], e) from None
        workers.append(connection.fetch)
    return await client.measure_tasks(args, site, workers)


def program():
    flags = client.flags(__doc__)
    flags.add_argument("--uvloop", action="store_true", help="run on uvloop's loop in place of asyncio's own")
    args = client.arguments(flags)
    modules = [client.need("uvloop")] if args.uvloop else []
    with client.runner(args.uvloop) as loop:
        found = loop.run(fetch(args, client.Site(args)))
    client.finish(args, found, *modules)


client.run(program)
