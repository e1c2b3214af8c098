# An error in the cleanup of a task that run cancels goes to the exception handler, and run still returns main's result
import asyncio


async def sloppy():
    try:
        await asyncio.sleep(60)
    finally:
        print("sloppy: cleanup")
        raise ValueError("cannot close")


async def main():
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: print("handler:", context["exception"])
    )
    task = asyncio.create_task(sloppy())
    await asyncio.sleep(0)
    print("main: sloppy is done:", task.done())
    return 42


print("run:", asyncio.run(main()))
