# Three pages are saved, and somebody is told.
import asyncio
import sys

saved, told = [], []


# region save
async def save(page):
    await asyncio.sleep(0.01)
    saved.append(page)


async def tell(who):
    await asyncio.sleep(0.01)
    told.append(who)


async def main():
    asyncio.create_task(tell("the boss"))
    for page in range(3):
        save(page)
# endregion


asyncio.run(main())
print(f"saved {len(saved)} of 3 pages, told {len(told)} of 1")
sys.exit(len(saved) < 3)
