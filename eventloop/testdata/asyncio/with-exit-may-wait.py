# async with leaves its resource in every case, after an error and after a cancel too, and leaving it may wait
import asyncio


class Connection:
    def __init__(self, name):
        self.name = name

    async def __aenter__(self):
        await asyncio.sleep(0)
        print(self.name, "opened")

    async def __aexit__(self, kind, error, traceback):
        print(self.name, "closes")
        await asyncio.sleep(0.01)
        print(self.name, "closed")


async def work(name, event, error=None):
    async with Connection(name):
        await event.wait()
        if error:
            raise ValueError(error)
    return name + "'s result"


async def main():
    for name, error in [("a", None), ("b", "b is bad"), ("c", None)]:
        event = asyncio.Event()
        task = asyncio.create_task(work(name, event, error))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel() if name == "c" else event.set()
        try:
            print("main:", await task)
        except ValueError as e:
            print("main: error:", e)
        except asyncio.CancelledError:
            print("main: cancelled")


asyncio.run(main())
