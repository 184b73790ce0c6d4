"""LangChain's chat message history, with branches.

    from sqlite_branch.langchain import BranchChatMessageHistory

    history = BranchChatMessageHistory("garden", "chat.db")
    history.add_user_message("What can I plant in March?")
    history.add_ai_message("Peas.")
    history.edit(0)  # what is added next is an alternative of the first message
    history.add_user_message("What can I plant in April?")
    history.branches()  # the ends of both branches, as `History.leaves` lists them

The history is a thread, which all of the extension's functions and tables see; `history.history` has them as methods.

Needs LangChain's core: `pip install 'sqlite-branch[langchain]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    message_to_dict,
    messages_from_dict,
)

from sqlite_branch import items
from sqlite_branch.aio import Turns
from sqlite_branch.history import History

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from sqlite_branch.records import Leaf, Message

ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}

CLASSES: dict[str, type[BaseMessage]] = {
    "user": HumanMessage,
    "assistant": AIMessage,
    "system": SystemMessage,
    "developer": SystemMessage,
    "summary": SystemMessage,
}


class BranchChatMessageHistory(BaseChatMessageHistory):
    """The current branch of a thread as LangChain's messages.

    Args:
        session_id: the thread's id. It is made with the first message, unless it is there.
        db_path: the database file; in memory by default.
        history: a `History` to use in place of `db_path`.

    """

    def __init__(
        self, session_id: str, db_path: str | os.PathLike[str] = ":memory:", *, history: History | None = None
    ) -> None:
        self.session_id = session_id
        self.history = History(db_path) if history is None else history
        self._turns = Turns()

    def close(self) -> None:
        """Close the database, if it was opened here."""
        self.history.close()

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """The messages of the current branch, first to last."""
        return [_read(message) for message in self.history.messages(self.session_id)]

    async def aget_messages(self) -> list[BaseMessage]:
        """Return the messages of the current branch, first to last."""
        return await self._turns.run(lambda: self.messages)

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Add messages to the end of the current branch: all of them, or none."""
        with self.history.transaction():
            self.history.thread(self.session_id)
            for message in messages:
                role = message.role if isinstance(message, ChatMessage) else ROLES.get(message.type, message.type)
                content = "\n".join(items.texts(message.content))
                self.history.append(self.session_id, role, content, message_to_dict(message))

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Add messages to the end of the current branch: all of them, or none."""
        await self._turns.run(lambda: self.add_messages(messages))

    def clear(self) -> None:
        """Delete all messages of all branches."""
        with self.history.transaction():
            self.history.thread(self.session_id)
            self.history.clear(self.session_id)

    async def aclear(self) -> None:
        """Delete all messages of all branches."""
        await self._turns.run(self.clear)

    def edit(self, index: int) -> None:
        """Go back before a message of the current branch (0 is the first, -1 the last).

        What is added next is its alternative. Nothing is deleted.
        """
        listed = self.history.messages(self.session_id)
        try:
            message = listed[index]
        except IndexError:
            text = f"no message {index} among the {len(listed)} of the current branch"
            raise IndexError(text) from None
        self.history.switch(self.session_id, message.parent_entry_id)

    def branches(self) -> list[Leaf]:
        """List the ends of all branches."""
        return self.history.leaves(self.session_id)

    def switch(self, message_id: int | str) -> None:
        """Go to the branch that ends with that message, or show that message: `History.select`."""
        self.history.select(message_id)


def _read(message: Message) -> BaseMessage:
    item: Any = message.item
    if isinstance(item, dict) and isinstance(item.get("data"), dict) and isinstance(item.get("type"), str):
        return messages_from_dict([item])[0]
    # Of another program.
    class_ = CLASSES.get(message.role)
    if class_ is None:
        return ChatMessage(role=message.role, content=message.content)
    return class_(content=message.content)
