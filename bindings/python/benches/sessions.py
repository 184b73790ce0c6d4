"""`BranchSession` beside the Agents SDK's `AdvancedSQLiteSession`, in one run, on files: `python benches/sessions.py`.

Adding an item, reading the newest 20 of 4,000, and making a branch at the last of 4,000. Medians, in milliseconds.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.extensions.memory import AdvancedSQLiteSession

from sqlite_branch.agents import BranchSession

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MESSAGES = 4000


def item(number: int) -> Any:
    return {"role": "user" if number % 2 == 0 else "assistant", "content": f"message {number} " + "x" * 200}


async def median(times: int, work: Callable[[int], Awaitable[Any]]) -> float:
    taken = []
    for number in range(times):
        start = time.perf_counter()
        await work(number)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


async def measure(session: Any, path: Path) -> dict[str, float]:
    for start in range(0, MESSAGES, 100):
        await session.add_items([item(number) for number in range(start, start + 100)])
    result = {
        "add an item": await median(100, lambda number: session.add_items([item(number)])),
        "newest 20": await median(100, lambda _: session.get_items(20)),
        "all": await median(10, lambda _: session.get_items()),
    }
    before = size(path)

    async def branch(_: int) -> None:
        await session.create_branch_from_turn(MESSAGES // 2)
        await session.switch_to_branch("main")

    result["make a branch, and back"] = await median(10, branch)
    result["bytes for a branch"] = (size(path) - before) / 10
    session.close()
    return result


def size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        theirs_path, ours_path = Path(directory) / "theirs.db", Path(directory) / "ours.db"
        theirs = asyncio.run(
            measure(AdvancedSQLiteSession(session_id="s", db_path=theirs_path, create_tables=True), theirs_path)
        )
        ours = asyncio.run(measure(BranchSession("s", ours_path), ours_path))
    print(f"{'':26}{'SDK':>12}{'BranchSession':>16}{'ratio':>8}")
    for name, value in theirs.items():
        print(f"{name:26}{value:12.2f}{ours[name]:16.2f}{value / ours[name] if ours[name] else float('inf'):8.1f}")


if __name__ == "__main__":
    main()
