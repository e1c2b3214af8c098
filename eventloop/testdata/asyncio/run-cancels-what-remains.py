# run cancels the tasks that remain when main returns, and waits until their cleanup is over
import asyncio


async def service(name, closing):
    try:
        print(name, "runs")
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("a service is cancelled")
        raise
    finally:
        await asyncio.sleep(closing)
        print(name, "closed")


async def main():
    tasks = [
        asyncio.create_task(service("database", 0.04)),
        asyncio.create_task(service("cache", 0.01)),
    ]
    await asyncio.sleep(0)
    print("main returns with", len(tasks), "tasks running")
    return "result"


print("run:", asyncio.run(main()))
