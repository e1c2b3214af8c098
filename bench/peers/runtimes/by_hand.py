"""HTTP/1.1 by hand, as far as the clients need it that use no HTTP library: they send a GET, and
read an answer that has a Content-Length. They are no clients for any other server."""


def requests(site):
    """The bytes of the request for each page, made once."""
    return [f"GET {path} HTTP/1.1\r\nHost: {site.netloc}\r\n\r\n".encode() for path in site.paths]


def length(head):
    """The length of the body that follows the head of an answer, which must be a 200."""
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(f"status line {head.split(bytes([13]))[0].decode(errors='replace')!r}")
    _, found, value = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError("the answer has no Content-Length")
    return int(value[: value.index(b"\r\n")])
