# Two pages are downloaded in threads, and each download tells how far it is.
import asyncio


# region download
def download(page, loop):
    for percent in (50, 100):
        loop.call_soon(tell, page, percent)
    return "page " + page


async def fetch(page):
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(download, page, loop)


async def main():
    pages = await asyncio.gather(fetch("a"), fetch("b"))
    print("downloaded", pages)


def tell(page, percent):
    print(page, percent, "percent")
# endregion


asyncio.run(main())
