"""The client on aiohttp: one ClientSession, as its documentation asks for, whose connector allows
a connection for each page in flight.

As many tasks as pages may be in flight take the pages' numbers in turn. A task for each page and a
semaphore, the other idiom, took as much CPU time, and has as many tasks as there are pages.

With --lean the session leaves out what it does by default at each request and what can be done
without: cookies, a timer for the request as a whole, and the parsing of its URL, which is done
beforehand. It is no other library, but takes about two fifths less CPU time for a page of 2 KiB.
"""

import asyncio

import client


async def fetch(args, site, aiohttp):
    urls, options = site.urls, {}
    if args.lean:
        urls = [client.need("yarl").URL(url) for url in urls]
        options = {"cookie_jar": aiohttp.DummyCookieJar(), "timeout": aiohttp.ClientTimeout(total=None)}
    connector = aiohttp.TCPConnector(limit=args.in_flight)
    async with aiohttp.ClientSession(connector=connector, **options) as session:

        async def worker(pages):
            size = 0
            for i in pages.numbers:
                try:
                    async with session.get(urls[i % len(urls)], allow_redirects=False) as response:
                        body = await response.read()
                except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as e:
                    raise client.PageError(pages.url(i), e) from None
                if response.status != 200:
                    raise client.PageError(pages.url(i), f"status {response.status}")
                size += pages.take(i, body)
            return size

        return await client.measure_tasks(args, site, [worker] * args.in_flight)


def program():
    flags = client.flags(__doc__)
    flags.add_argument("--uvloop", action="store_true", help="run on uvloop's loop in place of asyncio's own")
    flags.add_argument("--lean", action="store_true", help="without cookies, timeout and the parsing of URLs")
    args = client.arguments(flags)
    aiohttp = client.need("aiohttp")
    modules = [aiohttp, client.need("uvloop")] if args.uvloop else [aiohttp]
    with client.runner(args.uvloop) as loop:
        found = loop.run(fetch(args, client.Site(args), aiohttp))
    client.finish(args, found, *modules)


client.run(program)
