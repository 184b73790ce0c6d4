"""`AsyncHistory`: `History` for asyncio.

Each call runs in a thread (`asyncio.to_thread`), one at a time. A call that is cancelled while it waits for its turn
does nothing. One that runs already is waited for, so that nobody uses the connection meanwhile, and then the
cancellation goes on: a write has happened then, as a whole; a read is interrupted, so that this takes no time.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from sqlite_branch.history import History

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

Result = TypeVar("Result")


async def settle(work: Awaitable[Result], on_cancel: Callable[[], None] | None = None) -> Result:
    """Wait until the work is over, whatever cancels the waiting, and only then pass a cancellation on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            if cancelled is None and on_cancel is not None:
                on_cancel()
            cancelled = error
    if cancelled is not None:
        # Read, so that asyncio does not report it as never retrieved.
        task.cancelled() or task.exception()
        raise cancelled
    return task.result()


class Turns:
    """Lets one task at a time have the connection. Works in each event loop that is run, one after the other."""

    def __init__(self) -> None:
        """Have no loop yet: a lock belongs to the one that runs when it is needed."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock: asyncio.Lock | None = None
        # Two loops in two threads at once share this one.
        self._threads = threading.Lock()

    async def run(self, work: Callable[[], Result], on_cancel: Callable[[], None] | None = None) -> Result:
        """Run the work in a thread when it is its turn."""
        async with self._turn():
            return await settle(asyncio.to_thread(self._exclusively, work), on_cancel)

    def _turn(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._lock is None or self._loop is not loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock

    def _exclusively(self, work: Callable[[], Result]) -> Result:
        with self._threads:
            return work()


def _write(
    method: Callable[Concatenate[History, P], Result],
) -> Callable[Concatenate[AsyncHistory, P], Awaitable[Result]]:
    async def call(self: AsyncHistory, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        return await self._turns.run(functools.partial(method, self.history, *args, **kwargs))

    functools.update_wrapper(call, method)
    return call


def _read(
    method: Callable[Concatenate[History, P], Result],
) -> Callable[Concatenate[AsyncHistory, P], Awaitable[Result]]:
    async def call(self: AsyncHistory, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        work = functools.partial(method, self.history, *args, **kwargs)
        return await self._turns.run(work, self.history.connection.interrupt)

    functools.update_wrapper(call, method)
    return call


class AsyncHistory:
    """Branching message history in one SQLite database, for asyncio. The methods are those of `History`.

    `await AsyncHistory.open(path)` opens one; `AsyncHistory(history)` takes one whose connection may be used from
    other threads (of `sqlite3`: made with `check_same_thread=False`, as `sqlite_branch.connect` does).
    """

    def __init__(self, history: History) -> None:
        """Take a `History`, which nobody else uses from now on."""
        self.history = history
        self._turns = Turns()

    @classmethod
    async def open(cls, source: Any, **options: Any) -> AsyncHistory:
        """Open a path; the options are those of `History`."""
        return cls(await asyncio.to_thread(History, source, **options))

    async def close(self) -> None:
        """Close the connection, if it was opened here."""
        await self._turns.run(self.history.close)

    async def __aenter__(self) -> AsyncHistory:
        """Give itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    migrate = _write(History.migrate)
    thread = _write(History.thread)
    append = _write(History.append)
    fork = _write(History.fork)
    alternative = _write(History.alternative)
    switch = _write(History.switch)
    select = _write(History.select)
    delete = _write(History.delete)
    clear = _write(History.clear)
    prune = _write(History.prune)
    copy = _write(History.copy)
    compact = _write(History.compact)
    label = _write(History.label)
    unlabel = _write(History.unlabel)
    index = _write(History.index)
    import_ = _write(History.import_)
    put = _write(History.put)

    version = _read(History.version)
    debug = _read(History.debug)
    depth = _read(History.depth)
    root = _read(History.root)
    tip = _read(History.tip)
    common_ancestor = _read(History.common_ancestor)
    is_ancestor = _read(History.is_ancestor)
    id = _read(History.id)
    uid = _read(History.uid)
    tokens = _read(History.tokens)
    export = _read(History.export)

    path = _read(History.path)
    messages = _read(History.messages)
    leaves = _read(History.leaves)
    children = _read(History.children)
    siblings = _read(History.siblings)
    tree = _read(History.tree)
    diff = _read(History.diff)
    check = _read(History.check)
    threads = _read(History.threads)
    context = _read(History.context)
    usage = _read(History.usage)
    labels = _read(History.labels)
    search = _read(History.search)

    async def together(self, work: Callable[[History], Result]) -> Result:
        """Call `work` with the `History`, in a thread and in one transaction.

        Several calls happen as a whole this way: `await history.together(lambda h: (h.clear("t"), h.put("t", all)))`.
        """

        def run() -> Result:
            with self.history.transaction():
                return work(self.history)

        return await self._turns.run(run)
