# Three pages are saved on a disk that is full.
import asyncio
import logging
import sys

lost, reports = [], []
logging.getLogger("asyncio").addFilter(lambda record: not reports.append(record))


# region main
async def save(page):
    lost.append(page)
    raise OSError(f"page {page}: the disk is full")


async def main():
    saving = asyncio.create_task(save(1))
    await asyncio.gather(save(2), save(3), return_exceptions=True)
    for request in "a", "b":
        await asyncio.sleep(0)
        print("served request", request)
    print("all pages are saved; reports until now:", len(reports))
# endregion


asyncio.run(main())
print(len(lost), "pages were lost; reports:", len(reports))
sys.exit(len(lost) > 0)
