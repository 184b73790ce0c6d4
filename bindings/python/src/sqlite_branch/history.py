"""`History`: every function and table of the extension as a typed method.

Each method is one SQL statement. What the functions do in detail, and their errors, is in docs/sql-reference.md.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, Union

from sqlite_branch import library, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

Record = TypeVar("Record")

MessageId = Union[int, str]
"""A message's id, or its uid."""

Item = Union[str, "Mapping[str, Any]", "Sequence[Any]", None]
"""JSON: as text, or as what `json.dumps` takes."""

Time = Union[int, float, datetime, None]
"""Unix seconds, or a datetime; None is now."""


class History:
    """Branching message history in one SQLite database.

    Args:
        source: a path, which is opened with `sqlite_branch.connect`, or a connection of your own, into which the
            extension is loaded if it is not there yet.
        migrate: bring the tables up to date (`branch_migrate`). A database that nothing is to be written to needs
            False only if its tables are older.
        driver, timeout: as `sqlite_branch.connect` takes them; for a path only.

    Errors are the driver's own (`sqlite3.Error`, `apsw.Error`): `history.Error` is their base class. Their text starts
    with the function's name: `branch_fork: no message 42`.

    A `History` is used by one thread at a time, as its connection is. `AsyncHistory` sees to that.

    """

    def __init__(
        self,
        source: Any,
        *,
        migrate: bool = True,
        driver: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        """Open it."""
        self._owns = isinstance(source, (str, os.PathLike))
        self.connection = library.connect(source, driver=driver, timeout=timeout) if self._owns else source
        try:
            if not self._owns and not self._loaded():
                library.load(self.connection)
            if migrate:
                self.migrate()
        except BaseException:
            self.close()
            raise

    @property
    def Error(self) -> type[Exception]:  # noqa: N802 - the name that drivers have it under
        """The base class of the driver's errors, for `except`."""
        module = type(self.connection).__module__.split(".")[0]
        found: type[Exception] = sys.modules[module].Error
        return found

    def close(self) -> None:
        """Close the connection, if it was opened here."""
        if self._owns:
            self.connection.close()

    def __enter__(self) -> History:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is called inside as a whole, or nothing of it if an error is raised.

        Takes the write lock at once. Inside another transaction it is a savepoint, which is part of that.
        """
        inside = self.connection.in_transaction
        self._execute("SAVEPOINT sqlite_branch" if inside else "BEGIN IMMEDIATE")
        try:
            yield
            self._execute("RELEASE sqlite_branch" if inside else "COMMIT")
        except BaseException:
            # SQLite itself has rolled back after some errors, such as a full disk.
            if self.connection.in_transaction:
                if inside:
                    self._execute("ROLLBACK TO sqlite_branch")
                self._execute("RELEASE sqlite_branch" if inside else "ROLLBACK")
            raise

    # Functions that write

    def migrate(self) -> int:
        """Make the tables, or bring them up to date. Returns how many migrations changed something."""
        return self._integer("branch_migrate")

    def thread(self, thread_id: str | None = None, title: str | None = None, created_at: Time = None) -> str:
        """Make the thread if it is not there; set its title if one is given. Returns its id; without one, a new one."""
        return str(self._value("branch_thread", thread_id, title, _seconds(created_at)))

    def append(
        self,
        thread_id: str,
        role: str,
        content: str,
        item_json: Item = None,
        created_at: Time = None,
        uid: str | None = None,
    ) -> int:
        """Add a message below the thread's current leaf and make it the leaf. Returns its id.

        With a `uid`, a call that is repeated adds nothing and returns the same id.
        """
        return self._add("branch_append", thread_id, role, content, item_json, created_at, uid)

    def fork(
        self,
        message_id: MessageId,
        role: str,
        content: str,
        item_json: Item = None,
        created_at: Time = None,
        uid: str | None = None,
    ) -> int:
        """Add a child of that message and make it its thread's leaf. Returns its id."""
        return self._add("branch_fork", message_id, role, content, item_json, created_at, uid)

    def alternative(
        self,
        message_id: MessageId,
        role: str,
        content: str,
        item_json: Item = None,
        created_at: Time = None,
        uid: str | None = None,
    ) -> int:
        """Add a sibling of that message (an edited prompt, a regenerated answer) and make it the leaf."""
        return self._add("branch_alternative", message_id, role, content, item_json, created_at, uid)

    def switch(self, thread_id: str, message_id: MessageId | None) -> int | None:
        """Move the leaf to a message of the thread, or before its first with None. Returns the leaf."""
        return self._optional("branch_switch", thread_id, message_id)

    def select(self, message_id: MessageId, position: int | None = None) -> int:
        """Show that message, or its alternative of that position: the leaf goes to its tip. Returns the leaf."""
        return self._integer("branch_select", message_id, position)

    def delete(self, thread_id: str) -> int:
        """Delete the thread and all that belongs to it. Returns how many messages it had."""
        return self._integer("branch_delete", thread_id)

    def clear(self, thread_id: str) -> int:
        """Delete all messages of the thread. Returns how many."""
        return self._integer("branch_clear", thread_id)

    def prune(self, message_id: MessageId) -> int:
        """Delete the message and everything below it. Returns how many."""
        return self._integer("branch_prune", message_id)

    def copy(self, message_id: MessageId, new_thread_id: str, created_at: Time = None) -> int:
        """Make a new thread with copies of the messages on the path to that one. Returns its leaf."""
        return self._integer("branch_copy", message_id, new_thread_id, _seconds(created_at))

    def compact(
        self,
        thread_id: str,
        summary: str,
        first_kept_id: MessageId | None = None,
        item_json: Item = None,
        created_at: Time = None,
        uid: str | None = None,
    ) -> int:
        """Append a summary of what is before `first_kept_id`; `context` sends it in their place. Returns its id."""
        return self._integer(
            "branch_compact", thread_id, summary, first_kept_id, _json(item_json), _seconds(created_at), uid
        )

    def label(self, message_id: MessageId, label: str | None, created_at: Time = None) -> int:
        """Name the message within its thread; None removes all its labels. Returns how many labels changed."""
        return self._integer("branch_label", message_id, label, _seconds(created_at))

    def unlabel(self, thread_id: str, label: str) -> int:
        """Remove a label. Returns how many were removed."""
        return self._integer("branch_unlabel", thread_id, label)

    def index(self, command: str | None = None) -> int:
        """Bring the search index up to date, or make it anew with `'rebuild'`. Returns how many messages it added."""
        return self._integer("branch_index", *([] if command is None else [command]))

    def import_(
        self,
        format: str,  # noqa: A002 - the name in SQL
        text: str | bytes,
        options: Mapping[str, Any] | None = None,
    ) -> int:
        """Add what an export of another program holds. Returns the number of messages added.

        `format`: `chatgpt`, `claude-ai`, `claude-code`, `codex`, `pi`, `open-webui`, `librechat`, `sillytavern`,
        `oasst`, `openai`, `jsonl` or `auto`. `options`: `skip_bad`, `thread_prefix`, `thread`, `created_at`.
        """
        return self._integer("branch_import", format, text, *([] if options is None else [_json(options)]))

    def put(self, thread_id: str, messages: Iterable[Mapping[str, Any]] | str, created_at: Time = None) -> int | None:
        """Store the whole history that a stateless client sends; what differs becomes a fork. Returns the leaf."""
        given = messages if isinstance(messages, str) else json.dumps(list(messages), ensure_ascii=False)
        return self._optional("branch_put", thread_id, given, _seconds(created_at))

    # Functions that read

    def version(self) -> str:
        """Return the extension's version."""
        return str(self._value("branch_version"))

    def debug(self) -> str:
        """Return the build, the commit and the version of SQLite."""
        return str(self._value("branch_debug"))

    def depth(self, message_id: MessageId) -> int | None:
        """Return the number of the message's ancestors; None for an unknown one, here and below."""
        return self._optional("branch_depth", message_id)

    def root(self, message_id: MessageId) -> int | None:
        """Return the first message of the message's path."""
        return self._optional("branch_root", message_id)

    def tip(self, message_id: MessageId) -> int | None:
        """Return the newest message at or below it."""
        return self._optional("branch_tip", message_id)

    def common_ancestor(self, a: MessageId, b: MessageId) -> int | None:
        """Return the nearest message that is on both paths."""
        return self._optional("branch_common_ancestor", a, b)

    def is_ancestor(self, a: MessageId, b: MessageId) -> bool | None:
        """Tell whether a is b or above b."""
        found = self._optional("branch_is_ancestor", a, b)
        return None if found is None else bool(found)

    def id(self, uid: str) -> int | None:
        """Return the id of the message with that uid."""
        return self._optional("branch_id", uid)

    def uid(self, message_id: MessageId) -> str | None:
        """Return the message's uid."""
        found = self._value("branch_uid", message_id)
        return None if found is None else str(found)

    def tokens(self, content: str, item_json: Item = None) -> int:
        """Return about how many tokens a message has, as `context` counts them."""
        return self._integer("branch_tokens", content, _json(item_json))

    def export(self, thread_id: str, format: str) -> str | None:  # noqa: A002 - the name in SQL
        """Return the thread as `jsonl`, `markdown`, `openai` or `html`."""
        found = self._value("branch_export", thread_id, format)
        return None if found is None else str(found)

    # Tables

    def path(self, message_id: MessageId, limit: int | None = None) -> list[records.PathEntry]:
        """List the last `limit` messages of the path to that message, first to last."""
        return self._rows(records.PathEntry, "branch_path", message_id, limit)

    def messages(
        self,
        thread_id: str,
        limit: int | None = None,
        before: MessageId | None = None,
        *,
        details: bool = False,
    ) -> list[records.ListedMessage]:
        """List the last `limit` messages of the current branch, first to last; with `before`, those above it.

        `details`: look up `uid`, `position` and `versions` ("2 of 3") too.
        """
        without = () if details else ("uid", "position", "versions")
        return self._rows(records.ListedMessage, "branch_messages", thread_id, limit, before, without=without)

    def leaves(self, thread_id: str) -> list[records.Leaf]:
        """List the ends of the thread's branches."""
        return self._rows(records.Leaf, "branch_leaves", thread_id)

    def children(self, message_id: MessageId) -> list[records.Child]:
        """List a message's children."""
        return self._rows(records.Child, "branch_children", message_id)

    def siblings(self, message_id: MessageId) -> list[records.Sibling]:
        """List a message and its alternatives."""
        return self._rows(records.Sibling, "branch_siblings", message_id)

    def tree(self, thread_id: str) -> list[records.TreeRow]:
        """List the whole tree of the thread, parents before children; `graph` draws it."""
        return self._rows(records.TreeRow, "branch_tree", thread_id)

    def diff(self, a: MessageId, b: MessageId) -> list[records.Difference]:
        """List what the two paths do not share: all of a's side, then b's."""
        return self._rows(records.Difference, "branch_diff", a, b)

    def check(self, thread_id: str | None = None) -> list[records.Problem]:
        """List problems in the stored trees, of one thread or all; none when all is well."""
        return self._rows(records.Problem, "branch_check", *_given(thread_id))

    def threads(self, *, counts: bool = False) -> list[records.Thread]:
        """List all threads. `counts`: count their `messages` and `leaves` too."""
        return self._rows(records.Thread, "branch_threads", without=() if counts else ("messages", "leaves"))

    def context(
        self, thread_id: str, budget: int | None = None, leaf: MessageId | None = None
    ) -> list[records.ContextMessage]:
        """List what to send to a model for the current branch, or for the path to `leaf`, within `budget` tokens."""
        return self._rows(records.ContextMessage, "branch_context", thread_id, budget, leaf)

    def usage(self, thread_id: str | None = None, leaf: MessageId | None = None) -> list[records.Usage]:
        """Sum up the tokens that the messages report, by thread and model."""
        given = _given(thread_id) if leaf is None else (thread_id, leaf)
        return self._rows(records.Usage, "branch_usage", *given)

    def labels(self, thread_id: str | None = None) -> list[records.Label]:
        """List the labels of one thread or all."""
        return self._rows(records.Label, "branch_labels", *_given(thread_id))

    def search(self, query: str, thread_id: str | None = None, limit: int | None = None) -> list[records.Found]:
        """Find messages on any branch, best first. `query` is in FTS5's query syntax."""
        return self._rows(records.Found, "branch_search", query, *_given(thread_id), limit=limit)

    # One statement each

    def _loaded(self) -> bool:
        try:
            self._execute("SELECT branch_version()")
        except self.Error as error:
            if "no such function" not in str(error):
                raise
            return False
        return True

    def _add(
        self,
        function: str,
        where: MessageId,
        role: str,
        content: str,
        item_json: Item,
        created_at: Time,
        uid: str | None,
    ) -> int:
        return self._integer(function, where, role, content, _json(item_json), _seconds(created_at), uid)

    def _integer(self, function: str, *arguments: object) -> int:
        return int(self._value(function, *arguments))

    def _optional(self, function: str, *arguments: object) -> int | None:
        found = self._value(function, *arguments)
        return None if found is None else int(found)

    def _value(self, function: str, *arguments: object) -> Any:
        places = ", ".join("?" * len(arguments))
        return self._execute(f"SELECT {function}({places})", arguments)[0][0]

    def _rows(
        self,
        record: type[Record],
        table: str,
        *arguments: object,
        without: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Record]:
        read = [name for name, _ in _columns(record) if name not in without]
        flags = [name for name, is_flag in _columns(record) if is_flag]
        places = ", ".join("?" * len(arguments))
        sql = f"SELECT {', '.join(read)} FROM {table}({places})"  # noqa: S608 - names of ours only
        if limit is not None:
            sql += " LIMIT ?"
            arguments = (*arguments, limit)
        found = []
        for row in self._execute(sql, arguments):
            values = dict(zip(read, row))
            for name in flags:
                values[name] = bool(values[name])
            found.append(record(**values))
        return found

    def _execute(self, sql: str, arguments: Sequence[object] = ()) -> list[Sequence[Any]]:
        # A cursor of our own, and read to its end: then the statement is over, and committed.
        cursor = self.connection.cursor()
        try:
            # Whatever the caller has the rows of the connection made into.
            if hasattr(cursor, "row_factory"):
                cursor.row_factory = None
            elif getattr(self.connection, "row_trace", None) is not None:
                cursor.row_trace = lambda _cursor, row: row
            return list(cursor.execute(sql, tuple(arguments)).fetchall())
        finally:
            cursor.close()


def _columns(record: type) -> list[tuple[str, bool]]:
    """The columns of a record, and whether they are truth values."""
    return [(field.name, field.type in ("bool", bool)) for field in dataclasses.fields(record)]


def _given(*arguments: object) -> tuple[object, ...]:
    """Those that are not None, for tables that take no argument for `all`."""
    return tuple(argument for argument in arguments if argument is not None)


def _json(item: Item) -> str | None:
    if item is None or isinstance(item, str):
        return item
    return json.dumps(item, ensure_ascii=False)


def _seconds(time: Time) -> int | float | None:
    if isinstance(time, datetime):
        # A time before 1970 is rounded down, as others are.
        return int(time.timestamp() // 1)
    return time
