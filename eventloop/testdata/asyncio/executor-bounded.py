# An executor of one worker runs functions one after another in the order they were given, whoever waits for them
import asyncio
from concurrent.futures import ThreadPoolExecutor


def job(name, error=None):
    print("job", name, "runs")
    if error:
        raise ValueError(error)
    return name + "'s result"


async def main():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as executor:
        futures = [
            loop.run_in_executor(executor, job, "a"),
            loop.run_in_executor(executor, job, "b", "b is bad"),
            loop.run_in_executor(executor, job, "c"),
        ]
        print("main:", await futures[2])
        print("done:", *[future.done() for future in futures])
        for future in futures[:2]:
            try:
                print("main:", await future)
            except ValueError as e:
                print("main: error:", e)


asyncio.run(main())
