# A second cancel interrupts a cleanup that waits: what stands behind that wait does not run
import asyncio


async def work():
    try:
        await asyncio.Event().wait()
    finally:
        print("work: cleanup begins")
        try:
            await asyncio.Event().wait()
            print("work: cleanup ends")
        except asyncio.CancelledError:
            print("work: cleanup is cancelled too")
            raise


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print("first cancel:", task.cancel())
    await asyncio.sleep(0)
    print("done:", task.done())
    print("second cancel:", task.cancel())
    await asyncio.sleep(0)
    print("done:", task.done(), "cancelled:", task.cancelled())
    print("third cancel:", task.cancel())


asyncio.run(main())
