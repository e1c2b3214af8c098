"""What the clients in Python share: their flags, the pages they fetch, how a page is read, what is
measured, and how they end.

A client fetches pages twice by the same code: first the warm-up, then those that are measured. The
start of the interpreter, the imports and the opening of connections are in no figure.
"""

import argparse
import asyncio
import gc
import hashlib
import importlib
import json
import os
import platform
import signal
import sys
import time
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


class PageError(Exception):
    """A page that was not fetched, or not whole. It ends the client."""

    def __init__(self, url, why):
        super().__init__(f"get {url}: {str(why) or type(why).__name__}")


def flags(description):
    """The flags that all clients have."""
    f = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    f.add_argument("--url", required=True, type=_base, metavar="BASE", help="where the pages are: http://host:port, for BASE/page/0 and up")
    f.add_argument("--pages", type=_positive, default=10_000, metavar="N", help="how many pages to fetch (default: %(default)s)")
    f.add_argument("--in-flight", type=_positive, default=100, metavar="K", help="how many at once (default: %(default)s)")
    f.add_argument("--warm", type=_positive, metavar="W", help="how many to fetch before, unmeasured, at least K (default: 2K)")
    f.add_argument("--site", type=_positive, default=1000, metavar="P", help="how many pages there are; they are fetched in turn (default: %(default)s)")
    f.add_argument("--query", default="", help="the query of each page's URL, such as latency=10ms")
    f.add_argument("--parse", action="store_true", help="read title, links and words of each page, in place of counting its bytes")
    return f


def arguments(f):
    """The arguments, checked. From here on an interrupt ends the process at once and quietly."""
    args = f.parse_args()
    if args.warm is None:
        args.warm = 2 * args.in_flight
    if args.warm < args.in_flight:
        f.error(f"argument --warm: {args.warm} is less than --in-flight {args.in_flight}, so that not every connection would be warm")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return args


def _positive(text):
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r}, want a whole number above 0")
    return int(text)


def _base(text):
    try:
        url = urlsplit(text)
        good = url.scheme == "http" and url.hostname and url.port and text == f"http://{url.netloc}" and "@" not in text
    except ValueError:  # of the port
        good = False
    if not good:
        raise argparse.ArgumentTypeError(f"{text!r}, want http://host:port")
    return text


def need(module):
    """Imports what may not be installed. Without it the client ends."""
    try:
        return importlib.import_module(module)
    except ImportError as e:
        raise SystemExit(f"{sys.executable} cannot import {module}: {e}") from None


class Site:
    """Where the pages are. URLs are made once, as keys of a job are, and not for each fetch."""

    def __init__(self, args):
        url = urlsplit(args.url)
        self.host, self.port, self.netloc = url.hostname, url.port, url.netloc
        query = f"?{args.query}" if args.query else ""
        self.paths = [f"/page/{i}{query}" for i in range(args.site)]
        self.urls = [args.url + path for path in self.paths]


class Pages:
    """The pages 0 to n-1 of one phase. All workers take the next from one iterator of their
    numbers, so that none idles while there are any; threads may as well, as next() of it runs
    under the interpreter's lock."""

    def __init__(self, site, n, parse):
        self.site = site
        self.numbers = iter(range(n))
        self.read = [None] * n if parse else None  # in the order of the numbers

    def url(self, i):
        return self.site.urls[i % len(self.site.urls)]

    def path(self, i):
        return self.site.paths[i % len(self.site.paths)]

    def take(self, i, body):
        """Takes page i's body, which is read here if it is to be, and returns its length."""
        if self.read is not None:
            reader = Reader(self.url(i))
            reader.feed(body.decode(errors="replace"))
            reader.close()
            self.read[i] = " ".join(reader.title), reader.words, reader.links, hashlib.sha256(body).hexdigest()
        return len(body)

    def digest(self):
        """One hash of all that was read."""
        all_pages = hashlib.sha256()
        for title, words, links, body in self.read:
            all_pages.update(f"{title}\t{words}\t{' '.join(links)}\t{body}\n".encode())
        return all_pages.hexdigest()


class Reader(HTMLParser):
    """Reads what workload/pages reads, of well-formed pages: html.parser follows the text, and
    does not mend it as a browser does."""

    UNREAD = "script", "style", "template", "title"

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.title, self.links, self.words = [], [], 0
        self.within = []  # those elements around which are not read

    def handle_starttag(self, tag, attrs):
        if tag in self.UNREAD:
            self.within.append(tag)
        elif tag == "a" and not self.within:
            href = next((value for name, value in attrs if name == "href"), None)
            if href is not None:
                self.link(href.strip())

    def link(self, href):
        try:
            to = urljoin(self.url, href)
        except ValueError:  # it is no URL
            return
        if to.startswith(("http:", "https:")):
            self.links.append(to)

    def handle_endtag(self, tag):
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, data):
        if not self.within:
            self.words += len(data.split())
        elif self.within == ["title"] and not self.title:
            self.title = data.split()


class Clock:
    """Measures what a with statement does: wall time, and CPU time, user and system, of all
    threads of the process; in nanoseconds."""

    def __enter__(self):
        gc.collect()  # garbage of the warm-up is not to be collected on the clock
        self.cpu_ns, self.ns = time.process_time_ns(), time.perf_counter_ns()
        return self

    def __exit__(self, *_):
        self.ns = time.perf_counter_ns() - self.ns
        self.cpu_ns = time.process_time_ns() - self.cpu_ns


def measure(args, site, fetch):
    """Has fetch(pages), which returns their bytes, do first the warm-up and then what is measured.
    Returns what finish wants."""
    fetch(Pages(site, args.warm, args.parse))
    pages = Pages(site, args.pages, args.parse)
    with Clock() as clock:
        size = fetch(pages)
    return pages, size, clock


async def measure_tasks(args, site, workers):
    """The same, by tasks: each worker(pages) is a coroutine that fetches pages as long as there
    are any, and returns the bytes of those that it fetched."""

    async def fetch(pages):
        return sum(await asyncio.gather(*(worker(pages) for worker in workers)))

    await fetch(Pages(site, args.warm, args.parse))
    pages = Pages(site, args.pages, args.parse)
    with Clock() as clock:
        size = await fetch(pages)
    return pages, size, clock


def runner(uvloop):
    """Runs coroutines on asyncio's own loop, or on uvloop's."""
    return asyncio.Runner(loop_factory=need("uvloop").new_event_loop if uvloop else None)


def finish(args, found, *modules):
    """Prints what was found, and waits for the end of standard input: until then the memory of
    this process can be looked at from outside. The modules are named beside the interpreter."""
    pages, size, clock = found
    runtime = [f"{platform.python_implementation()} {platform.python_version()}"]
    runtime += [f"{module.__name__} {module.__version__}" for module in modules]
    report = {"runtime": ", ".join(runtime), "pages": args.pages, "bytes": size, "ns": clock.ns, "cpu_ns": clock.cpu_ns}
    if args.parse:
        report["digest"] = pages.digest()
    print(json.dumps(report), flush=True)
    while sys.stdin and sys.stdin.buffer.read(4096):
        pass


def run(program):
    """Runs a client. A page that fails ends it with status 1, whatever else still waits."""
    try:
        program()
    except PageError as e:
        print(e, file=sys.stderr, flush=True)
        os._exit(1)  # an orderly exit would wait for threads that wait for the server
