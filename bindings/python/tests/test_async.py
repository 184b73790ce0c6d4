"""`AsyncHistory`: one call at a time, and nothing half done when a task is cancelled."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from sqlite_branch import AsyncHistory, History

if TYPE_CHECKING:
    from pathlib import Path


def test_calls_in_order(driver: str) -> None:
    async def run() -> list[str]:
        async with await AsyncHistory.open(":memory:", driver=driver) as history:
            await history.thread("t")
            await asyncio.gather(*(history.append("t", "user", str(number)) for number in range(50)))
            return [row.content for row in await history.messages("t")]

    assert asyncio.run(run()) == [str(number) for number in range(50)]


def test_several_calls_happen_together(driver: str) -> None:
    async def run() -> None:
        async with await AsyncHistory.open(":memory:", driver=driver) as history:
            await history.thread("t")

            def work(inner: History) -> None:
                inner.append("t", "user", "gone again")
                inner.fork(99, "user", "x")

            with pytest.raises(history.history.Error, match="no message 99"):
                await history.together(work)
            assert await history.messages("t") == []
            added = await history.together(lambda inner: inner.append("t", "user", "stays"))
            assert [row.id for row in await history.messages("t")] == [added]

    asyncio.run(run())


def test_a_cancelled_write_has_happened_as_a_whole(driver: str) -> None:
    """A task that is cancelled while its write runs ends only when the write is over."""

    async def run() -> None:
        async with await AsyncHistory.open(":memory:", driver=driver) as history:
            await history.thread("t")
            started, release = threading.Event(), threading.Event()

            def work(inner: History) -> None:
                inner.append("t", "user", "one")
                started.set()
                release.wait(30)
                inner.append("t", "user", "two")

            task = asyncio.ensure_future(history.together(work))
            await asyncio.to_thread(started.wait, 30)
            waiting = asyncio.ensure_future(history.append("t", "user", "never"))
            await asyncio.sleep(0)
            waiting.cancel()
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
            release.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert [row.content for row in await history.messages("t")] == ["one", "two"]

    asyncio.run(run())


def test_a_cancelled_read_is_interrupted(driver: str) -> None:
    """A search through everything does not go on for a task that is gone."""

    async def run() -> None:
        async with await AsyncHistory.open(":memory:", driver=driver) as history:
            started = threading.Event()

            def endless() -> None:
                started.set()
                history.history._execute(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
                )

            task = asyncio.ensure_future(history._turns.run(endless, history.history.connection.interrupt))
            await asyncio.to_thread(started.wait, 30)
            # An interrupt before the statement runs is lost: repeated until it has met it.
            while not task.done():
                task.cancel()
                history.history.connection.interrupt()
                await asyncio.wait({task}, timeout=0.01)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await history.version()

    asyncio.run(run())


def test_each_event_loop_may_use_it(tmp_path: Path) -> None:
    history = AsyncHistory(History(tmp_path / "chat.db"))
    asyncio.run(_append(history, "first"))
    asyncio.run(_append(history, "second"))
    assert [row.content for row in history.history.messages("t")] == ["first", "second"]


async def _append(history: AsyncHistory, content: str) -> None:
    await history.thread("t")
    await history.append("t", "user", content)
