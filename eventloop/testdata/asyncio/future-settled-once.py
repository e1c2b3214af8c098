# A future is settled once: a second result or error is an InvalidStateError, a late cancel returns False
import asyncio


def settle(what, action, *args):
    try:
        print(what, action(*args))
    except asyncio.InvalidStateError:
        print(what, "invalid state")


async def main():
    future = asyncio.get_running_loop().create_future()
    settle("result of a pending future:", future.result)
    settle("exception of a pending future:", future.exception)
    future.set_result("first")
    settle("second result:", future.set_result, "second")
    settle("error after a result:", future.set_exception, ValueError("bad"))
    settle("cancel after a result:", future.cancel)
    settle("result:", future.result)
    print("failed:", future.exception() is not None)
    future = asyncio.get_running_loop().create_future()
    settle("cancel of a pending future:", future.cancel)
    settle("second cancel:", future.cancel)
    settle("result after cancel:", future.set_result, "late")
    print("cancelled:", future.cancelled(), "done:", future.done())


asyncio.run(main())
