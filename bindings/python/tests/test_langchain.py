"""LangChain's interface, with LangChain's own runnable around it."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables.history import RunnableWithMessageHistory

from sqlite_branch import History
from sqlite_branch.langchain import BranchChatMessageHistory


def test_messages_come_back_as_they_went() -> None:
    history = BranchChatMessageHistory("t")
    given = [
        SystemMessage("Be brief."),
        HumanMessage([{"type": "text", "text": "How is the weather?"}], id="h1"),
        AIMessage("", tool_calls=[{"name": "weather", "args": {"city": "Kiel"}, "id": "c1"}]),
        ToolMessage("rain", tool_call_id="c1"),
    ]
    history.add_messages(given)
    assert history.messages == given
    assert [row.role for row in history.history.messages("t")] == ["system", "user", "assistant", "tool"]
    assert history.history.messages("t")[1].content == "How is the weather?"
    history.close()


def test_an_edited_message_makes_a_branch() -> None:
    history = BranchChatMessageHistory("t")
    history.add_user_message("March?")
    history.add_ai_message("Peas.")
    history.edit(0)
    assert history.messages == []
    history.add_user_message("April?")
    assert [message.content for message in history.messages] == ["April?"]
    leaves = history.branches()
    assert [leaf.content for leaf in leaves] == ["Peas.", "April?"]
    history.switch(leaves[0].id)
    assert [message.content for message in history.messages] == ["March?", "Peas."]
    with pytest.raises(IndexError, match="no message 2 among the 2"):
        history.edit(2)
    history.clear()
    assert history.messages == []
    history.close()


def test_a_runnable_remembers() -> None:
    stored = History(":memory:")
    model = GenericFakeChatModel(messages=iter([AIMessage("Peas."), AIMessage("Still peas.")]))
    chain = RunnableWithMessageHistory(model, lambda name: BranchChatMessageHistory(name, history=stored))
    config = {"configurable": {"session_id": "t"}}
    chain.invoke([HumanMessage("March?")], config)  # type: ignore[arg-type]
    chain.invoke([HumanMessage("Sure?")], config)  # type: ignore[arg-type]
    assert [row.content for row in stored.messages("t")] == ["March?", "Peas.", "Sure?", "Still peas."]
    stored.close()


def test_asynchronously() -> None:
    async def run() -> None:
        history = BranchChatMessageHistory("t")
        await history.aadd_messages([HumanMessage("a"), AIMessage("b")])
        assert [message.content for message in await history.aget_messages()] == ["a", "b"]
        await history.aclear()
        assert await history.aget_messages() == []
        history.close()

    asyncio.run(run())


def test_messages_of_other_programs() -> None:
    stored = History(":memory:")
    stored.thread("t")
    for role in ("system", "user", "assistant", "critic"):
        stored.append("t", role, f"by {role}", {"uuid": role})
    read = BranchChatMessageHistory("t", history=stored).messages
    assert [(message.type, message.content) for message in read] == [
        ("system", "by system"),
        ("human", "by user"),
        ("ai", "by assistant"),
        ("chat", "by critic"),
    ]
    stored.close()
