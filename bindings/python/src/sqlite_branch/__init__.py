"""Branching message history inside SQLite.

    >>> import sqlite_branch
    >>> history = sqlite_branch.History(":memory:")
    >>> garden = history.thread("garden", "What to plant")
    >>> question = history.append(garden, "user", "What can I plant in March?")
    >>> answer = history.append(garden, "assistant", "Peas.")
    >>> another = history.alternative(answer, "assistant", "Radishes.")
    >>> [message.content for message in history.messages(garden)]
    ['What can I plant in March?', 'Radishes.']

`load`, `loadable_path` and `connect` bring the extension into a connection, for plain SQL. `History` has its functions
and tables as typed methods, `AsyncHistory` the same for asyncio. `sqlite_branch.agents` and `sqlite_branch.langchain`
are sessions for OpenAI's Agents SDK and LangChain.
"""

from sqlite_branch.aio import AsyncHistory
from sqlite_branch.history import History, MessageId
from sqlite_branch.library import DriverError, connect, load, loadable_path
from sqlite_branch.records import (
    Child,
    ContextMessage,
    Difference,
    Found,
    Label,
    Leaf,
    ListedMessage,
    Message,
    PathEntry,
    Problem,
    Sibling,
    Thread,
    TreeRow,
    Usage,
)

__all__ = [
    "AsyncHistory",
    "Child",
    "ContextMessage",
    "Difference",
    "DriverError",
    "Found",
    "History",
    "Label",
    "Leaf",
    "ListedMessage",
    "Message",
    "MessageId",
    "PathEntry",
    "Problem",
    "Sibling",
    "Thread",
    "TreeRow",
    "Usage",
    "connect",
    "load",
    "loadable_path",
]
