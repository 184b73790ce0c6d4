"""What the methods of `History` return: one dataclass for each table of the extension, with its columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """A message of a thread."""

    id: int
    thread_id: str
    role: str
    content: str
    item_json: str | None
    """The message as the program that wrote it had it, as JSON text."""
    created_at: int
    """In Unix seconds."""
    parent_entry_id: int | None
    """The message before it; None for a first message."""

    @property
    def item(self) -> Any:
        """`item_json`, read; None where there is none."""
        return None if self.item_json is None else json.loads(self.item_json)


@dataclass(frozen=True)
class ListedMessage(Message):
    """A message of the current branch."""

    distance: int
    """How many messages lie below it on the branch; 0 for the last."""
    uid: str | None = None
    """Its own name; read with `details=True` only."""
    position: int | None = None
    """Which of its alternatives it is, from 1; read with `details=True` only."""
    versions: int | None = None
    """How many alternatives there are, itself included; read with `details=True` only."""


@dataclass(frozen=True)
class PathEntry:
    """A message on the path to another."""

    id: int
    distance: int
    """How many messages lie below it on the path."""


@dataclass(frozen=True)
class Leaf(Message):
    """A message without children: the end of a branch."""

    depth: int
    """How many ancestors it has."""
    fork_id: int | None
    """The nearest ancestor with more than one child."""
    is_current: bool
    """It is its thread's current leaf."""


@dataclass(frozen=True)
class Child(Message):
    """A message's child."""

    is_current: bool
    """It lies on its thread's current branch."""


@dataclass(frozen=True)
class Sibling(Message):
    """A message or one of its alternatives."""

    position: int
    """From 1, the oldest."""
    is_current: bool
    """It lies on its thread's current branch."""


@dataclass(frozen=True)
class TreeRow:
    """A line of a drawn tree."""

    id: int
    parent_entry_id: int | None
    role: str
    created_at: int
    depth: int
    children: int
    is_leaf: bool
    is_current: bool
    preview: str
    graph: str
    """The line, for people."""


@dataclass(frozen=True)
class Difference(Message):
    """A message that one of two paths has and the other has not."""

    side: str
    """`'a'` or `'b'`."""


@dataclass(frozen=True)
class Problem:
    """Something that is broken in the stored trees."""

    thread_id: str | None
    message_id: int | None
    problem: str
    detail: str | None


@dataclass(frozen=True)
class Thread:
    """A conversation."""

    id: str
    title: str | None
    preview: str
    archived: bool
    created_at: int
    updated_at: int
    current_leaf_id: int | None
    last_id: int | None
    last_role: str | None
    last_content: str | None
    last_at: int | None
    messages: int | None = None
    """How many messages it has; read with `counts=True` only."""
    leaves: int | None = None
    """How many branches; read with `counts=True` only."""


@dataclass(frozen=True)
class ContextMessage(Message):
    """A message to send to a model."""

    kind: str
    """`'system'`, `'summary'` or `'message'`."""
    tokens: int
    total: int
    """The tokens of all that is to be sent."""
    dropped: int
    """How many messages the budget left out."""


@dataclass(frozen=True)
class Usage:
    """Tokens that messages report to have cost."""

    thread_id: str
    model: str | None
    messages: int
    input_tokens: int
    """With the cached ones."""
    cached_tokens: int
    output_tokens: int
    cost: float | None


@dataclass(frozen=True)
class Label:
    """A name for a place in a thread."""

    thread_id: str
    label: str
    message_id: int
    created_at: int
    is_current: bool
    """The message lies on its thread's current branch."""


@dataclass(frozen=True)
class Found(Message):
    """A message that a search found."""

    rank: float
    """Smaller is better."""
    snippet: str
    """The place, with what matched in `«` and `»`."""
    is_current: bool
    """It lies on its thread's current branch."""
