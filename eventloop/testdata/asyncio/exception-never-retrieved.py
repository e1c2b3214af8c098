# The error of a task that nobody asked for is reported when the task is gone; one that was retrieved is not
import asyncio


async def fails(what):
    print(what)
    raise ValueError(what)


async def main():
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: print("never retrieved:", context["exception"])
    )
    asked = asyncio.create_task(fails("asked"))
    gathered = asyncio.create_task(fails("gathered"))
    forgotten = asyncio.create_task(fails("forgotten"))
    print("main:", *await asyncio.gather(gathered, return_exceptions=True))
    print("main:", asked.exception())
    print("main: forgotten is done:", forgotten.done())
    print("main ends")


asyncio.run(main())
print("run returns")
