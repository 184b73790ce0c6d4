"""Branches with names, as OpenAI's Agents SDK has them, on the branching history of a thread.

The extension knows leaves, not names. Two tables of this package add them; `tables` makes them:

    message_branches    a name for the end of a branch. `leaf_id` NULL: before the first message. `deleted` ones keep
                        their names, so that a program that still has one open cannot write into another branch.
    message_turn_usage  what a turn of a branch cost. `message_id` is the turn's first message: without it, it is gone.

Branches share their messages: making one is one row. A branch that other programs continue, by `branch_append` say,
goes on with what they add.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_branch.history import History

MAIN = "main"

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS message_branches (
        thread_id  TEXT NOT NULL,
        name       TEXT NOT NULL,
        leaf_id    INTEGER,
        created_at INTEGER NOT NULL,
        deleted    INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (thread_id, name),
        FOREIGN KEY (thread_id) REFERENCES threads(id) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS message_turn_usage (
        thread_id             TEXT NOT NULL,
        branch                TEXT NOT NULL,
        turn                  INTEGER NOT NULL,
        message_id            INTEGER NOT NULL,
        requests              INTEGER NOT NULL,
        input_tokens          INTEGER NOT NULL,
        output_tokens         INTEGER NOT NULL,
        total_tokens          INTEGER NOT NULL,
        input_tokens_details  TEXT,
        output_tokens_details TEXT,
        PRIMARY KEY (thread_id, branch, turn),
        FOREIGN KEY (thread_id) REFERENCES threads(id) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS message_clears (
        thread_id TEXT PRIMARY KEY NOT NULL,
        count     INTEGER NOT NULL,
        FOREIGN KEY (thread_id) REFERENCES threads(id) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
)


class BranchInfo(NamedTuple):
    """A branch of a thread."""

    name: str
    messages: int
    user_messages: int
    created_at: str


class Row(NamedTuple):
    """A message of a branch, first to last."""

    id: int
    role: str
    content: str
    item_json: str | None
    created_at: str


class TurnUsage(NamedTuple):
    """What a turn cost."""

    turn: int
    requests: int
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: str | None
    output_tokens_details: str | None


@dataclass
class NewMessage:
    """A message to add."""

    role: str
    content: str
    item_json: str


class Branches:
    """The named branches of one thread. Each method is one transaction, and called by one thread at a time."""

    def __init__(self, history: History, thread_id: str) -> None:
        """Make the tables if they are not there."""
        self.history = history
        self.thread_id = thread_id
        have = (
            "SELECT count(*) FROM sqlite_schema"
            " WHERE name IN ('message_branches', 'message_turn_usage', 'message_clears')"
        )
        if self._value(have) != len(TABLES):
            with history.transaction():
                for table in TABLES:
                    history._execute(table)

    # Reading

    def clears(self) -> int:
        """How many times the thread was cleared: a branch that was chosen before the last time is no more."""
        found = self._rows("SELECT count FROM message_clears WHERE thread_id = ?", self.thread_id)
        return int(found[0][0]) if found else 0

    def exists(self, name: str) -> bool:
        """Whether there is a branch of that name."""
        return bool(self._live(name)) or (name == MAIN and self._current_leaf() is not None)

    def rows(self, name: str, limit: int | None = None) -> list[Row]:
        """The last `limit` messages of the branch, first to last."""
        leaf = self.leaf(name)
        if leaf is None:
            return []
        return [
            Row(*row)
            for row in self._rows(
                "SELECT m.id, m.role, m.content, m.item_json, datetime(m.created_at, 'unixepoch')"
                " FROM branch_path(?, ?) AS p JOIN messages AS m ON m.id = p.id ORDER BY p.distance DESC",
                leaf,
                limit,
            )
        ]

    def items(self, name: str, limit: int | None = None) -> list[tuple[str, str | None]]:
        """Role and item_json of the same."""
        leaf = self.leaf(name)
        if leaf is None:
            return []
        return self._rows(
            "SELECT m.role, m.item_json FROM branch_path(?, ?) AS p JOIN messages AS m ON m.id = p.id"
            " ORDER BY p.distance DESC",
            leaf,
            limit,
        )

    def listed(self) -> list[BranchInfo]:
        """All branches, oldest first."""
        named = self._rows(
            "SELECT name, datetime(created_at, 'unixepoch') FROM message_branches"
            " WHERE thread_id = ? AND NOT deleted ORDER BY created_at, name <> ?, name",
            self.thread_id,
            MAIN,
        )
        if all(name != MAIN for name, _ in named) and self._current_leaf() is not None:
            made = self._value("SELECT datetime(created_at, 'unixepoch') FROM threads WHERE id = ?", self.thread_id)
            named.insert(0, (MAIN, made))
        found = []
        for name, made in named:
            leaf = self.leaf(name)
            messages, user_messages = self._rows(
                "SELECT count(*), count(*) FILTER (WHERE m.role = 'user')"
                " FROM branch_path(?) AS p JOIN messages AS m ON m.id = p.id",
                leaf,
            )[0]
            found.append(BranchInfo(name, messages, user_messages, made))
        return found

    def leaf(self, name: str) -> int | None:
        """The end of the branch; None before its first message, and for an unknown branch."""
        found = self._live(name)
        current = self._current_leaf()
        if not found:
            return current if name == MAIN else None
        leaf: int | None = found[0][0]
        if leaf == current:
            return leaf
        if leaf is not None and not self._rows("SELECT 1 FROM messages WHERE id = ?", leaf):
            # Somebody has pruned it, or cleared the thread.
            return current if name == MAIN else None
        if current is not None and self._owner(current) == name:
            return current
        return leaf

    def _owner(self, current: int) -> str | None:
        """The branch that somebody else has continued up to the thread's current leaf."""
        owners = self._rows(
            "SELECT name FROM message_branches"
            " WHERE thread_id = ? AND NOT deleted AND leaf_id IS NOT NULL AND branch_is_ancestor(leaf_id, ?)"
            " ORDER BY branch_depth(leaf_id) DESC, created_at DESC, name LIMIT 1",
            self.thread_id,
            current,
        )
        return owners[0][0] if owners else None

    # Writing

    def add(self, name: str, messages: Iterable[NewMessage]) -> None:
        """Add messages to the end of the branch; the end becomes the thread's current leaf."""
        with self.history.transaction():
            self.history.thread(self.thread_id)
            leaf = self.leaf(name)
            if leaf != self._current_leaf():
                self.history.switch(self.thread_id, leaf)
            for message in messages:
                leaf = self.history.append(self.thread_id, message.role, message.content, message.item_json)
            self._point(name, leaf)
            self.history._execute(
                "UPDATE threads SET updated_at = max(updated_at, ?) WHERE id = ?", (_now(), self.thread_id)
            )

    def pop(self, name: str) -> Row | None:
        """Take the last message off the branch; it is deleted unless another branch has it too."""
        with self.history.transaction():
            rows = self.rows(name, 1)
            if not rows:
                return None
            last = rows[0]
            self._drop_usage(name, last.id)
            self._retreat(name, last.id, self._parent(last.id))
            return last

    def clear(self) -> int:
        """Delete all messages and branches of the thread. Returns how often it was cleared."""
        with self.history.transaction():
            self.history.thread(self.thread_id)
            self.history.clear(self.thread_id)
            self._pin_main()
            self.history._execute("UPDATE message_branches SET deleted = 1 WHERE thread_id = ?", (self.thread_id,))
            self.history._execute("DELETE FROM message_turn_usage WHERE thread_id = ?", (self.thread_id,))
            self.history._execute(
                "INSERT INTO message_clears VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                (self.thread_id,),
            )
            return self.clears()

    def create(self, source: str, turn: int, name: str | None) -> str:
        """Make a branch that has what is before that user message of another, and make it current. Returns its name."""
        with self.history.transaction():
            asked = [row for row in self.rows(source) if row.role == "user"]
            if not 1 <= turn <= len(asked):
                message = f"Turn {turn} does not contain a user message in branch '{source}'"
                raise ValueError(message)
            self._pin_main()
            name = self._reserve(name, turn)
            leaf = self._parent(asked[turn - 1].id)
            self._point(name, leaf)
            self.history.switch(self.thread_id, leaf)
            return name

    def switch(self, name: str) -> None:
        """Make the branch the thread's current one."""
        with self.history.transaction():
            self._verify(name)
            self.history.switch(self.thread_id, self.leaf(name))

    def delete(self, name: str) -> int:
        """Delete the branch, and the messages that are on no other. Returns how many."""
        with self.history.transaction():
            self._verify(name)
            self._pin_main()
            leaf = self.leaf(name)
            self.history._execute(
                "DELETE FROM message_turn_usage WHERE thread_id = ? AND branch = ?", (self.thread_id, name)
            )
            self.history._execute(
                "UPDATE message_branches SET deleted = 1, leaf_id = NULL WHERE thread_id = ? AND name = ?",
                (self.thread_id, name),
            )
            if leaf is None:
                return 0
            top = self._own_top(leaf)
            if top is None:
                return 0
            current = self._current_leaf()
            if current is not None and self.history.is_ancestor(top, current):
                self.history.switch(self.thread_id, self.leaf(MAIN))
            return self.history.prune(top)

    # Usage

    def current_turn(self, name: str) -> tuple[int, int] | None:
        """The number of the branch's last turn, and its first message."""
        rows = self.rows(name)
        turns = [row.id for row in rows if row.role == "user"]
        if turns:
            return len(turns), turns[-1]
        return (0, rows[0].id) if rows else None

    def store_usage(self, name: str, turn: tuple[int, int], usage: tuple[int, int, int, int, Any, Any]) -> None:
        """Store what the turn cost, unless it is gone."""
        number, first = turn
        with self.history.transaction():
            leaf = self.leaf(name)
            if leaf is None or not self.history.is_ancestor(first, leaf):
                return
            self.history._execute(
                "INSERT OR REPLACE INTO message_turn_usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self.thread_id, name, number, first, *usage),
            )

    def usage(self, name: str, turn: int | None = None) -> list[TurnUsage]:
        """What the turns of the branch cost."""
        return [
            TurnUsage(*row)
            for row in self._rows(
                "SELECT turn, requests, input_tokens, output_tokens, total_tokens, input_tokens_details,"
                " output_tokens_details FROM message_turn_usage"
                " WHERE thread_id = ?1 AND branch = ?2 AND (?3 IS NULL OR turn = ?3)"
                " AND message_id IN (SELECT id FROM messages) ORDER BY turn",
                self.thread_id,
                name,
                turn,
            )
        ]

    def total_usage(self, name: str | None) -> tuple[int, int, int, int, int] | None:
        """Requests, input, output and all tokens and turns, of one branch or all."""
        row = self._rows(
            "SELECT sum(requests), sum(input_tokens), sum(output_tokens), sum(total_tokens), count(*)"
            " FROM message_turn_usage WHERE thread_id = ?1 AND (?2 IS NULL OR branch = ?2)"
            " AND message_id IN (SELECT id FROM messages)",
            self.thread_id,
            name,
        )[0]
        return None if row[0] is None else (row[0], row[1], row[2], row[3], row[4])

    # Parts

    def _retreat(self, name: str, last: int, leaf: int | None) -> None:
        """Put the end of the branch above its last message, and delete that if no other branch has it."""
        self._point(name, leaf)
        shared = self._rows(
            "SELECT 1 FROM branch_children(?1) UNION ALL"
            " SELECT 1 FROM message_branches WHERE thread_id = ?2 AND leaf_id = ?1 AND NOT deleted LIMIT 1",
            last,
            self.thread_id,
        )
        if shared:
            if self._current_leaf() == last:
                self.history.switch(self.thread_id, leaf)
        else:
            self.history.prune(last)

    def _drop_usage(self, name: str, message_id: int) -> None:
        self.history._execute(
            "DELETE FROM message_turn_usage WHERE thread_id = ? AND branch = ? AND message_id = ?",
            (self.thread_id, name, message_id),
        )

    def _own_top(self, leaf: int) -> int | None:
        """The highest message from which on the path to the leaf is on no other branch; None if the leaf is on one."""
        if self.history.children(leaf):
            return None
        shared = self._rows(
            "SELECT branch_common_ancestor(leaf_id, ?2) FROM message_branches"
            " WHERE thread_id = ?1 AND NOT deleted AND leaf_id IS NOT NULL UNION ALL"
            " SELECT fork_id FROM branch_leaves(?1) WHERE id = ?2",
            self.thread_id,
            leaf,
        )
        depth = self.history.depth(leaf) or 0
        deepest = max((self.history.depth(at) or 0 for (at,) in shared if at is not None), default=-1)
        if deepest >= depth:
            return None
        return self.history.path(leaf, depth - deepest)[0].id

    def _pin_main(self) -> None:
        """Write down where `main` is, in a thread that had no named branches."""
        if not self._rows("SELECT 1 FROM message_branches WHERE thread_id = ? AND name = ?", self.thread_id, MAIN):
            self._point(MAIN, self._current_leaf())

    def _reserve(self, name: str | None, turn: int) -> str:
        """A name that was never used in this thread."""
        used = {row[0] for row in self._rows("SELECT name FROM message_branches WHERE thread_id = ?", self.thread_id)}
        if name is None:
            base = name = f"branch_from_turn_{turn}_{_now()}"
            number = 1
            while name in used:
                number += 1
                name = f"{base}_{number}"
        elif name in used:
            message = f"Branch ID '{name}' has already been used. Choose a new branch ID."
            raise ValueError(message)
        return name

    def _point(self, name: str, leaf: int | None) -> None:
        self.history._execute(
            "INSERT INTO message_branches(thread_id, name, leaf_id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET leaf_id = excluded.leaf_id, deleted = 0",
            (self.thread_id, name, leaf, _now()),
        )

    def _verify(self, name: str) -> None:
        if not self.exists(name):
            message = f"Branch '{name}' does not exist"
            raise ValueError(message)

    def _parent(self, message_id: int) -> int | None:
        found: int | None = self._value("SELECT parent_entry_id FROM messages WHERE id = ?", message_id)
        return found

    def _current_leaf(self) -> int | None:
        found = self._rows("SELECT current_leaf_id FROM threads WHERE id = ?", self.thread_id)
        return found[0][0] if found else None

    def _live(self, name: str) -> list[Any]:
        """The branch's row, if there is one."""
        return self._rows(
            "SELECT leaf_id FROM message_branches WHERE thread_id = ? AND name = ? AND NOT deleted",
            self.thread_id,
            name,
        )

    def _value(self, sql: str, *arguments: object) -> Any:
        return self.history._execute(sql, arguments)[0][0]

    def _rows(self, sql: str, *arguments: object) -> list[Any]:
        return self.history._execute(sql, arguments)


def _now() -> int:
    return int(time.time())
