# A main that is cancelled makes run raise CancelledError, after main's own cleanup and that of others
import asyncio


async def killer(victim):
    print("killer: cancel main")
    victim.cancel()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("killer: cancelled by run")
        raise


async def main():
    task = asyncio.create_task(killer(asyncio.current_task()))
    try:
        print("main: waits; killer is done:", task.done())
        await asyncio.Event().wait()
    finally:
        print("main: cleanup")
        await asyncio.sleep(0)
        print("main: ends")


try:
    asyncio.run(main())
except asyncio.CancelledError:
    print("run: cancelled")
