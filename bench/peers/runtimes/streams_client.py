"""The client on asyncio's streams, without an HTTP library: what asyncio itself can do, in the
form in which its documentation offers it to users. See protocol_client.py for the form below.

A task and a connection for each page in flight. asyncio turns TCP_NODELAY on by itself.
"""

import asyncio
import functools

import by_hand
import client


async def fetch(args, site):
    requests = by_hand.requests(site)

    async def worker(reader, writer, pages):
        size = 0
        for i in pages.numbers:
            try:
                writer.write(requests[i % len(requests)])  # too short for a drain to have a use
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(by_hand.length(head))
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as e:
                raise client.PageError(pages.url(i), e) from None
            size += pages.take(i, body)
        return size

    workers = []
    for _ in range(args.in_flight):
        try:
            reader, writer = await asyncio.open_connection(site.host, site.port)
        except OSError as e:
            raise client.PageError(site.urls[0], e) from None
        workers.append(functools.partial(worker, reader, writer))
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
