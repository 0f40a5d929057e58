import asyncio

import pytest

from local.functions_host.request_queue import RefusedError, RequestQueue


def test_requests_wait_in_line_and_further_ones_are_refused() -> None:
    async def scenario() -> list[str]:
        queue, events = RequestQueue(max_concurrent=1, max_outstanding=3), list[str]()
        leave = asyncio.Event()

        async def request(name: str) -> None:
            await queue.acquire()
            events.append(name)
            await leave.wait()
            queue.release()

        tasks = [asyncio.create_task(request(name)) for name in ("first", "second", "third")]
        await asyncio.sleep(0)
        assert events == ["first"]
        assert queue.outstanding == 3
        with pytest.raises(RefusedError, match="3 requests run or wait") as refused:
            await queue.acquire()
        assert refused.value.status == 429
        leave.set()
        await asyncio.gather(*tasks)
        assert queue.outstanding == 0
        return events

    assert asyncio.run(scenario()) == ["first", "second", "third"]


def test_a_request_that_gives_up_leaves_the_line() -> None:
    async def scenario() -> None:
        queue = RequestQueue(max_concurrent=1, max_outstanding=2)
        await queue.acquire()
        waiting = asyncio.create_task(queue.acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert queue.outstanding == 1
        queue.release()
        await queue.acquire()

    asyncio.run(scenario())


def test_without_limits_nothing_waits() -> None:
    async def scenario() -> int:
        queue = RequestQueue(None, None)
        for _ in range(1000):
            await queue.acquire()
        return queue.outstanding

    assert asyncio.run(scenario()) == 1000
