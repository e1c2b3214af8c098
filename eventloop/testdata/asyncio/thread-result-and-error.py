# to_thread runs a blocking function off the loop: its result and its error come out of the await, the loop goes on
import asyncio
import threading


def divide(a, b, gate):
    gate.wait()
    if b == 0:
        raise ValueError("division by zero")
    return a // b


async def ticker(gate):
    for n in range(3):
        print("tick", n)
        await asyncio.sleep(0)
    gate.set()


async def main():
    for b in (2, 0):
        gate = threading.Event()
        task = asyncio.create_task(ticker(gate))
        try:
            print("main: result:", await asyncio.to_thread(divide, 6, b, gate))
        except ValueError as e:
            print("main: error:", e)
        await task


asyncio.run(main())
