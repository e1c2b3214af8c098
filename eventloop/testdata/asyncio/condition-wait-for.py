# wait_for waits until its predicate holds: each notify makes it look again, and one that holds already does not wait
import asyncio


async def consumer(name, condition, items, need):
    def enough():
        print(name, "looks:", len(items), "of", need)
        return len(items) >= need

    async with condition:
        await condition.wait_for(enough)
        for _ in range(need):
            items.pop()
        print(name, "took", need)


async def main():
    condition = asyncio.Condition()
    items = ["one"]
    async with asyncio.TaskGroup() as group:
        group.create_task(consumer("a", condition, items, 2))
        group.create_task(consumer("b", condition, items, 1))
        group.create_task(consumer("c", condition, items, 1))
        for n in range(3):
            for _ in range(5):
                await asyncio.sleep(0)
            async with condition:
                items.append(n)
                print("main: added", n)
                condition.notify_all()
    print("left:", len(items))


asyncio.run(main())
