# Three pages are fetched at once, and a heart beats beside them.
import asyncio
import sys
import time

beats = 0


# region fetch
def download(page):
    time.sleep(0.15)  # a client that blocks: most of those that are older than asyncio
    return f"page {page}"


async def fetch(page):
    return await asyncio.to_thread(download, page)


async def main():
    beating = asyncio.create_task(heart())
    pages = await asyncio.gather(*(fetch(n) for n in range(3)))
    print(f"{len(pages)} pages came, and the heart beat {beats} times meanwhile")
    beating.cancel()
# endregion


async def heart():
    global beats
    while True:
        await asyncio.sleep(0.01)
        beats += 1


asyncio.run(main())
sys.exit(beats == 0)
