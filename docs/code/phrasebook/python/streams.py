"""Streams."""

import asyncio
import os
import socket
import tempfile

from helpers import program


@program
def start_server():
    # region start_server
    async def serve(reader, writer):
        line = await reader.readline()
        writer.write(line.upper())
        await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            print(await ask(*server.sockets[0].getsockname()))

    # endregion
    return main()


# region open_connection
async def ask(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"hello\n")
    await writer.drain()
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


# endregion


@program
def open_connection():
    async def serve(reader, writer):
        writer.write(b"you said " + await reader.readline())
        writer.close()

    async def main():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            print(await ask(*server.sockets[0].getsockname()))

    return main()


@program
def unix_socket():
    folder = tempfile.TemporaryDirectory()
    path = os.path.join(folder.name, "socket")

    # region unix_socket
    async def serve(reader, writer):
        writer.write(await reader.read())
        writer.close()

    async def main():
        async with await asyncio.start_unix_server(serve, path):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"hello")
            writer.write_eof()
            print((await reader.read()).decode())
            writer.close()

    # endregion
    with folder:
        asyncio.run(main())


@program
def readexactly():
    # region readexactly
    async def main():
        reader = asyncio.StreamReader()
        reader.feed_data(b"abcde")
        reader.feed_eof()
        print((await reader.readexactly(3)).decode())
        try:
            await reader.readexactly(3)
        except asyncio.IncompleteReadError as error:
            print("only", len(error.partial))

    # endregion
    return main()


@program
def lines():
    # region lines
    async def main():
        reader = asyncio.StreamReader()
        reader.feed_data(b"first\nsecond\n")
        reader.feed_eof()
        async for line in reader:
            print(line.decode().strip())

    # endregion
    return main()


@program
def readuntil():
    # region readuntil
    async def main():
        reader = asyncio.StreamReader(limit=16)
        reader.feed_data(b"short;much too long, for sure;")
        print((await reader.readuntil(b";")).decode())
        try:
            await reader.readuntil(b";")
        except asyncio.LimitOverrunError:
            print("too long")

    # endregion
    return main()


@program
def datagram():
    # region datagram
    async def main():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()

        class Listener(asyncio.DatagramProtocol):
            def datagram_received(self, data, sender):
                answer.set_result(data.decode())

        listener, _ = await loop.create_datagram_endpoint(
            Listener, local_addr=("127.0.0.1", 0)
        )
        sender, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=listener.get_extra_info("sockname")
        )
        sender.sendto(b"hello")
        print(await answer)
        sender.close()
        listener.close()

    # endregion
    return main()


@program
def getaddrinfo():
    # region getaddrinfo
    async def main():
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        for family, kind, protocol, name, address in found:
            print(*address)

    # endregion
    return main()
