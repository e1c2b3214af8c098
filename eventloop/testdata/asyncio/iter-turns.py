# async for gives others a turn only where the generator really waits, not at each item
import asyncio


async def items(name, wait):
    for n in range(3):
        if wait:
            await asyncio.sleep(0)
        yield f"{name}{n}"


async def consumer(name, wait):
    async for item in items(name, wait):
        print("got", item)
    print(name, "ends")


async def main():
    print("generators that do not wait:")
    await asyncio.gather(consumer("a", False), consumer("b", False))
    print("generators that wait:")
    await asyncio.gather(consumer("c", True), consumer("d", True), consumer("e", False))


asyncio.run(main())
