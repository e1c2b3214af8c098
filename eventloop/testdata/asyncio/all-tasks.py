# all_tasks are those that are not done, main among them: created ones that have not begun count, ended ones do not
import asyncio


async def child():
    await asyncio.sleep(0)


async def parent():
    await asyncio.create_task(child(), name="child")


def show(when):
    print(when, *sorted(task.get_name() for task in asyncio.all_tasks()))


async def main():
    asyncio.current_task().set_name("main")
    show("at the start:")
    quick = asyncio.create_task(child(), name="quick")
    task = asyncio.create_task(parent(), name="parent")
    show("two created:")
    await asyncio.sleep(0)
    show("two begun:")
    await quick
    show("quick has ended:")
    await task
    show("all ended:")


asyncio.run(main())
