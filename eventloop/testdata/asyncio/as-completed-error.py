# In as_completed an error is raised at its own turn and the others go on
import asyncio


async def work(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    if name == "b":
        raise ValueError("b is bad")
    return name


async def main():
    tasks = [asyncio.create_task(work(n, t)) for n, t in [("a", 5), ("b", 3), ("c", 1), ("d", 9)]]
    tasks[3].add_done_callback(lambda t: print("callback: d cancelled:", t.cancelled()))
    for next_result in asyncio.as_completed(tasks):
        try:
            name = await next_result
            print("got", name)
            if name == "a":
                tasks[3].cancel()
        except ValueError as e:
            print("error:", e)
        except asyncio.CancelledError:
            print("cancelled")
    print("main ends")


asyncio.run(main())
