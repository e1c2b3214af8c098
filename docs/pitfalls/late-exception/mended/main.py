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
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(save(1))
            group.create_task(save(2))
            group.create_task(save(3))
    except* OSError as errors:
        for error in errors.exceptions:
            print("not saved:", error)
# endregion


asyncio.run(main())
print(len(lost), "pages were lost; reports:", len(reports))
