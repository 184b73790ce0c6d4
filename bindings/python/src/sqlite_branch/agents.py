"""A session for OpenAI's Agents SDK, with branches that share their messages.

    from agents import Agent, Runner
    from sqlite_branch.agents import BranchSession

    session = BranchSession(session_id="garden", db_path="chat.db")
    result = await Runner.run(Agent(name="Gardener"), "What can I plant in March?", session=session)
    await session.store_run_usage(result)
    branch = await session.create_branch_from_turn(1)

It has the methods of the SDK's own `AdvancedSQLiteSession`, so that a program changes its import. The history is that
of a thread, which all of the extension's functions and tables see, and every other program that uses it.

Needs the SDK: `pip install 'sqlite-branch[agents]'`.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from agents.memory import SessionSettings
from agents.memory.session import SessionABC

from sqlite_branch import items
from sqlite_branch.aio import Turns
from sqlite_branch.branches import MAIN, Branches, NewMessage
from sqlite_branch.history import History

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from agents.items import TResponseInputItem
    from agents.result import RunResult

    from sqlite_branch.branches import Row, TurnUsage

Result = TypeVar("Result")

PREVIEW = 100


class BranchSession(SessionABC):
    """A conversation of the Agents SDK, kept as a thread, with named branches.

    Args:
        session_id: the thread's id. A thread that is there already, an imported one for example, is gone on with: its
            current branch is `main`.
        db_path: the database file; in memory by default.
        create_tables: accepted for `AdvancedSQLiteSession`'s sake. The tables are made where they are missing.
        logger: for what goes wrong in storing usage. The module's by default.
        session_settings: the SDK's, such as the default limit of `get_items`.
        history: a `History` to use in place of `db_path`. Its connection must be usable from other threads, as those
            of `sqlite_branch.connect` are, and nobody else may use it at the same time.
        budget: if given, `get_items` without a limit returns what `branch_context` chooses for that many tokens: the
            leading system messages, the newest summary, and what follows it.

    A new object is on the branch `main`, whichever was current before. Methods may be called from several tasks at
    once: each is one transaction, and they follow one another in the order of the calls. One that is cancelled has
    happened as a whole or not at all.

    """

    session_settings: SessionSettings | None = None

    def __init__(
        self,
        session_id: str,
        db_path: str | os.PathLike[str] = ":memory:",
        *,
        create_tables: bool = True,
        logger: logging.Logger | None = None,
        session_settings: SessionSettings | dict[str, Any] | None = None,
        history: History | None = None,
        budget: int | None = None,
    ) -> None:
        self.session_id = session_id
        self.db_path = db_path
        self.session_settings = _settings(session_settings)
        self.budget = budget
        self._logger = logger or logging.getLogger(__name__)
        self._turns = Turns()
        self._closed = False
        self._owns = history is None
        self._history = History(db_path) if history is None else history
        try:
            if self._owns:
                # Readers go on while another process writes.
                self._history._execute("PRAGMA journal_mode = WAL")
            self._branches = Branches(self._history, session_id)
            # The branch that this object is on, and how often the thread had been cleared when it was chosen.
            self._state = (MAIN, self._branches.clears())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the database, if it was opened here. What is called afterwards is an error."""
        if not self._closed:
            self._closed = True
            if self._owns:
                self._history.close()

    # The SDK's Session protocol

    async def get_items(self, limit: int | None = None, branch_id: str | None = None) -> list[TResponseInputItem]:
        """Return the last `limit` items of the branch, first to last; by default what the session's settings say."""
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        if limit is not None and limit < 0:
            limit = None

        def read() -> list[TResponseInputItem]:
            name = self._branch(branch_id)
            if limit is None and self.budget is not None:
                leaf = self._branches.leaf(name)
                context = self._history.context(self.session_id, self.budget, leaf) if leaf is not None else []
                found = [items.read(row.role, row.content, row.item_json) for row in context]
            else:
                stored = items.read_all(self._branches.items(name, limit))
                if stored is not None:
                    return cast("list[TResponseInputItem]", stored)
                found = [_item(row) for row in self._branches.rows(name, limit)]
            return cast("list[TResponseInputItem]", [item for item in found if item is not None])

        return await self._read(read)

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Add items to the end of the branch: all of them, or none if that fails."""
        self._verify_open()
        if not items:
            return
        new = [_new(item) for item in items]
        chosen = self._state
        await self._write(lambda: self._branches.add(self._still(chosen), new))

    async def pop_item(self) -> TResponseInputItem | None:
        """Take the last item off the branch and return it; None if there is none. Other branches keep theirs."""
        chosen = self._state

        def pop() -> TResponseInputItem | None:
            name = self._still(chosen)
            while True:
                row = self._branches.pop(name)
                item = None if row is None else _item(row)
                if row is None or item is not None:
                    return cast("TResponseInputItem | None", item)

        return await self._write(pop)

    async def clear_session(self) -> None:
        """Delete all items of all branches. Other objects that have the session open are then on `main` too."""

        def clear() -> None:
            self._state = (MAIN, self._branches.clear())

        await self._write(clear)

    # Branches

    @property
    def current_branch_id(self) -> str:
        """The branch that this object is on."""
        return self._state[0]

    async def create_branch_from_turn(self, turn_number: int, branch_name: str | None = None) -> str:
        """Make a branch with what is before that user message of the current branch, and switch to it.

        Returns its name. ValueError: there is no such turn, or the name is blank or was used before.
        """
        if branch_name is not None and not branch_name.strip():
            message = "Branch name cannot be empty"
            raise ValueError(message)

        def create() -> str:
            name = self._branches.create(self._branch(), turn_number, branch_name)
            self._state = (name, self._state[1])
            return name

        name = await self._write(create)
        self._logger.debug("Created branch '%s' from turn %s", name, turn_number)
        return name

    async def create_branch_from_content(self, search_term: str, branch_name: str | None = None) -> str:
        """Make a branch from the first turn whose user message contains the text. ValueError: there is none."""
        found = await self.find_turns_by_content(search_term)
        if not found:
            message = f"No user turns found containing '{search_term}'"
            raise ValueError(message)
        return await self.create_branch_from_turn(found[0]["turn"], branch_name)

    async def switch_to_branch(self, branch_id: str) -> None:
        """Go on with another branch. ValueError: there is none of that name."""

        def switch() -> None:
            self._branch()
            self._branches.switch(branch_id)
            self._state = (branch_id, self._state[1])

        await self._write(switch)

    async def delete_branch(self, branch_id: str, force: bool = False) -> None:
        """Delete a branch, and the items that are on no other; its name is not given again.

        ValueError: there is none of that name, it is `main`, or it is the current one and `force` is not given.
        """
        if not branch_id or not branch_id.strip():
            message = "Branch ID cannot be empty"
            raise ValueError(message)
        if branch_id == MAIN:
            message = "Cannot delete the 'main' branch"
            raise ValueError(message)

        def delete() -> int:
            current = branch_id == self._branch()
            if current and not force:
                message = f"Cannot delete current branch '{branch_id}'. Use force=True or switch branches first"
                raise ValueError(message)
            deleted = self._branches.delete(branch_id)
            if current:
                self._state = (MAIN, self._state[1])
            return deleted

        deleted = await self._write(delete)
        self._logger.info("Deleted branch '%s' and %s items that were on no other", branch_id, deleted)

    async def list_branches(self) -> list[dict[str, Any]]:
        """List all branches: `branch_id`, `message_count`, `user_turns`, `is_current`, `created_at`."""

        def read() -> list[dict[str, Any]]:
            current = self._branch()
            return [
                {
                    "branch_id": branch.name,
                    "message_count": branch.messages,
                    "user_turns": branch.user_messages,
                    "is_current": branch.name == current,
                    "created_at": branch.created_at,
                }
                for branch in self._branches.listed()
            ]

        return await self._read(read)

    # Turns: a user message and what follows it

    async def get_conversation_turns(self, branch_id: str | None = None) -> list[dict[str, Any]]:
        """List the branch's user messages: `turn`, `content` (the beginning), `full_content`, `timestamp`."""
        return [_turn(number, row, PREVIEW) for number, row in await self._user_messages(branch_id)]

    async def find_turns_by_content(self, search_term: str, branch_id: str | None = None) -> list[dict[str, Any]]:
        """List the branch's user messages that contain the text; ASCII letters in either case."""
        wanted = re.compile(re.escape(search_term), re.IGNORECASE | re.ASCII)
        return [
            _turn(number, row, None)
            for number, row in await self._user_messages(branch_id)
            if any(wanted.search(text) for text in items.texts(_content(row)))
        ]

    async def get_conversation_by_turns(self, branch_id: str | None = None) -> dict[int, list[dict[str, str | None]]]:
        """Return each turn's items: their `type`, and the `tool_name` of calls."""
        found: dict[int, list[dict[str, str | None]]] = {}
        for turn, item in await self._by_turn(branch_id):
            found.setdefault(turn, []).append({"type": items.kind(item), "tool_name": items.tool_name(item)})
        return found

    async def get_tool_usage(self, branch_id: str | None = None) -> list[tuple[str | None, int, int]]:
        """Return how often each tool was called: its name, the number of calls, and the turn."""
        calls: Counter[tuple[int, str | None]] = Counter()
        results: Counter[tuple[int, str | None]] = Counter()
        for turn, item in await self._by_turn(branch_id):
            kind = items.kind(item)
            if kind in items.CALLS:
                calls[turn, items.tool_name(item)] += 1
            elif kind == "tool_search_output":
                # Of a search that the provider ran, there may be only this.
                results[turn, items.tool_name(item)] += 1
        called = {(turn, name) for turn, name in calls if name == "tool_search"}
        calls.update({key: count for key, count in results.items() if key not in called})
        return [(name, calls[turn, name], turn) for turn, name in sorted(calls, key=lambda key: (key[0], key[1] or ""))]

    # Usage

    async def store_run_usage(self, result: RunResult) -> None:
        """Store what a run cost, for the last turn of the branch. What goes wrong is logged, and not raised."""
        chosen = self._state
        try:
            usage = result.context_wrapper.usage
            if usage is None:
                return

            def store() -> None:
                name, clears = chosen
                if self._branches.clears() != clears:
                    return
                turn = self._branches.current_turn(name)
                if turn is None:
                    return
                self._branches.store_usage(
                    name,
                    turn,
                    (
                        usage.requests or 0,
                        usage.input_tokens or 0,
                        usage.output_tokens or 0,
                        usage.total_tokens or 0,
                        _details(usage.input_tokens_details),
                        _details(usage.output_tokens_details),
                    ),
                )

            await self._write(store)
        except Exception:
            self._logger.exception("Failed to store the usage of session %s", self.session_id)

    async def get_session_usage(self, branch_id: str | None = None) -> dict[str, int] | None:
        """Sum up what the turns cost, of one branch or all; None if nothing was stored."""
        found = await self._read(lambda: self._branches.total_usage(branch_id))
        if found is None:
            return None
        names = ("requests", "input_tokens", "output_tokens", "total_tokens", "total_turns")
        return dict(zip(names, found))

    async def get_turn_usage(
        self, user_turn_number: int | None = None, branch_id: str | None = None
    ) -> list[dict[str, Any]] | dict[str, Any]:
        """Return what one turn cost (`{}` if that is not known), or a list of all turns."""
        found = await self._read(lambda: self._branches.usage(self._branch(branch_id), user_turn_number))
        if user_turn_number is None:
            return [{"user_turn_number": usage.turn, **_usage(usage)} for usage in found]
        return _usage(found[0]) if found else {}

    # Parts

    async def _user_messages(self, branch_id: str | None) -> list[tuple[int, Row]]:
        rows = await self._read(lambda: self._branches.rows(self._branch(branch_id)))
        return list(enumerate((row for row in rows if row.role == "user"), 1))

    async def _by_turn(self, branch_id: str | None) -> list[tuple[int, dict[str, Any]]]:
        """Each item of the branch with the number of its turn; 0 before the first user message."""
        found = []
        turn = 0
        for row in await self._read(lambda: self._branches.rows(self._branch(branch_id))):
            turn += row.role == "user"
            item = _item(row)
            if item is not None:
                found.append((turn, item))
        return found

    def _branch(self, asked: str | None = None) -> str:
        """The branch that is asked for, or else the current one: `main` if the thread was cleared since."""
        if asked is not None:
            return asked
        clears = self._branches.clears()
        if clears != self._state[1]:
            self._state = (MAIN, clears)
        return self._state[0]

    def _still(self, chosen: tuple[str, int]) -> str:
        """The branch that was current when a method was called, unless the thread was cleared since."""
        current = self._branch()
        return chosen[0] if chosen[1] == self._state[1] else current

    async def _read(self, work: Callable[[], Result]) -> Result:
        self._verify_open()
        return await self._turns.run(work, self._history.connection.interrupt)

    async def _write(self, work: Callable[[], Result]) -> Result:
        self._verify_open()
        return await self._turns.run(work)

    def _verify_open(self) -> None:
        if self._closed:
            message = "this BranchSession is closed"
            raise RuntimeError(message)


def _settings(given: SessionSettings | dict[str, Any] | None) -> SessionSettings:
    if isinstance(given, dict):
        unknown = given.keys() - {field.name for field in fields(SessionSettings)}
        if unknown:
            message = f"Unknown session settings: {', '.join(sorted(unknown))}"
            raise TypeError(message)
        return SessionSettings(**given)
    return SessionSettings() if given is None else given


def _new(item: TResponseInputItem) -> NewMessage:
    given = cast("dict[str, Any]", item)
    return NewMessage(items.role(given), items.text(given), json.dumps(given))


def _item(row: Row) -> dict[str, Any] | None:
    return items.read(row.role, row.content, row.item_json)


def _content(row: Row) -> Any:
    item = _item(row)
    return row.content if item is None else item.get("content", "")


def _turn(number: int, row: Row, length: int | None) -> dict[str, Any]:
    content = _content(row)
    shown = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if length is not None and len(shown) > length:
        shown = shown[:length] + "..."
    return {
        "turn": number,
        "content": shown,
        "full_content": content,
        "timestamp": row.created_at,
        "can_branch": True,
    }


def _usage(usage: TurnUsage) -> dict[str, Any]:
    found = usage._asdict()
    del found["turn"]
    for name in ("input_tokens_details", "output_tokens_details"):
        found[name] = None if found[name] is None else json.loads(found[name])
    return found


def _details(details: Any) -> str | None:
    """Token details, a pydantic model or None, as JSON."""
    if not details:
        return None
    if hasattr(details, "model_dump_json"):
        return str(details.model_dump_json(exclude_unset=True))
    return json.dumps(asdict(details) if is_dataclass(details) and not isinstance(details, type) else vars(details))
