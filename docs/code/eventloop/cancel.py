# The program "cancel" of steps_test.go, for asyncio. Its seconds are milliseconds.
import asyncio


async def download():
    print("the download begins")
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        print("the download is told")
        await asyncio.sleep(0.002)
        print("the download has cleaned up")
        raise
    return "the page"


async def main():
    task = asyncio.create_task(download())
    await asyncio.sleep(0.06)
    task.cancel()
    print("main has asked")
    try:
        await task
    except asyncio.CancelledError:
        print("main knows")


asyncio.run(main())
