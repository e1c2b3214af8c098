"""The client on http.client, of the standard library, which blocks: threads, a connection each,
take the pages' numbers in turn.

--executor calls it from asyncio, by run_in_executor for each page, with as many threads.
--sequential fetches one page after another, on one connection, whatever --in-flight says.

http.client turns TCP_NODELAY on by itself.
"""

import asyncio
import concurrent.futures
import functools
import http.client

import client


def get(connection, pages, i):
    """Fetches page i, and returns how many bytes it has."""
    try:
        connection.request("GET", pages.path(i))
        response = connection.getresponse()
        body = response.read()
    except (http.client.HTTPException, OSError) as e:
        raise client.PageError(pages.url(i), e) from None
    if response.status != 200:
        raise client.PageError(pages.url(i), f"status {response.status}")
    return pages.take(i, body)


def work(connection, pages):
    return sum(get(connection, pages, i) for i in pages.numbers)


def on_threads(executor, connections):
    def fetch(pages):
        futures = [executor.submit(work, connection, pages) for connection in connections]
        return sum(future.result() for future in concurrent.futures.as_completed(futures))

    return fetch


async def from_asyncio(args, site, executor, connections):
    loop = asyncio.get_running_loop()

    async def worker(connection, pages):
        size = 0
        for i in pages.numbers:
            size += await loop.run_in_executor(executor, get, connection, pages, i)
        return size

    return await client.measure_tasks(args, site, [functools.partial(worker, connection) for connection in connections])


def program():
    flags = client.flags(__doc__)
    form = flags.add_mutually_exclusive_group()
    form.add_argument("--executor", action="store_true", help="call it from asyncio, by run_in_executor")
    form.add_argument("--sequential", action="store_true", help="one page after another")
    args = client.arguments(flags)
    site = client.Site(args)
    connections = [http.client.HTTPConnection(site.host, site.port) for _ in range(1 if args.sequential else args.in_flight)]
    for connection in connections:
        try:
            connection.connect()
        except OSError as e:
            raise client.PageError(site.urls[0], e) from None
    if args.sequential:
        found = client.measure(args, site, functools.partial(work, connections[0]))
    else:
        # Its threads are there after the warm-up. It is not shut down, as after a page that
        # fails that would wait for all others.
        executor = concurrent.futures.ThreadPoolExecutor(args.in_flight)
        if args.executor:
            with client.runner(uvloop=False) as loop:
                found = loop.run(from_asyncio(args, site, executor, connections))
        else:
            found = client.measure(args, site, on_threads(executor, connections))
    client.finish(args, found)


client.run(program)
