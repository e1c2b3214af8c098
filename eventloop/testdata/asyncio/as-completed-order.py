# as_completed gives results in the order of completion, also when several complete in one round
import asyncio


async def work(name, event):
    await event.wait()
    print(name, "ends")
    return name


async def main():
    events = {name: asyncio.Event() for name in "abcd"}
    tasks = [asyncio.create_task(work(n, e)) for n, e in events.items()]
    events["c"].set()
    await asyncio.sleep(0)
    opens = {"c": ["d", "a"], "d": [], "a": ["b"], "b": []}
    for next_result in asyncio.as_completed(tasks):
        name = await next_result
        print("main: got", name, "and opens", len(opens[name]))
        for other in opens[name]:
            events[other].set()
        await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
