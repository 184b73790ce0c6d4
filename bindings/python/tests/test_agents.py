"""`BranchSession` under the Agents SDK's own Runner; the model is a script that speaks the SDK's model interface.

`make sdk-sessions` runs the SDK's session tests on it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

if sys.version_info < (3, 10):
    pytest.skip("the Agents SDK needs Python 3.10", allow_module_level=True)

from agents import Agent, Runner, function_tool, set_tracing_disabled
from agents.memory import Session, SessionSettings
from agents.testing import ScriptedModel, assistant_message, function_call
from agents.usage import Usage

from sqlite_branch import History
from sqlite_branch.agents import BranchSession

set_tracing_disabled(True)


def user(text: str) -> Any:
    return {"role": "user", "content": text}


def assistant(text: str) -> Any:
    return {"role": "assistant", "content": text}


async def contents(session: BranchSession) -> list[Any]:
    items: list[Any] = list(await session.get_items())
    return [item["content"] for item in items]


TWO_TURNS = [user("one"), assistant("first"), user("two"), assistant("second")]


@function_tool
def weather(city: str) -> str:
    """Say how the weather is."""
    return f"rain in {city}"


def test_it_is_a_session_of_the_sdk() -> None:
    session = BranchSession("s")
    assert isinstance(session, Session)
    session.close()


def test_a_run_with_a_tool_is_kept_and_sent_again(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "chat.db"
        session = BranchSession(session_id="s", db_path=path)
        model = ScriptedModel(
            [
                [function_call("weather", {"city": "Kiel"}, call_id="c1")],
                [assistant_message("It rains.")],
                [assistant_message("Peas.")],
            ]
        )
        model.set_default_usage(Usage(requests=1, input_tokens=5, output_tokens=2, total_tokens=7))
        agent = Agent(name="Gardener", model=model, tools=[weather])
        result = await Runner.run(agent, "How is the weather?", session=session)
        await session.store_run_usage(result)
        assert result.final_output == "It rains."
        assert [item.get("type", item.get("role")) for item in await session.get_items()] == [
            "user",
            "function_call",
            "function_call_output",
            "message",
        ]
        assert await session.get_tool_usage() == [("weather", 1, 1)]
        assert (await session.get_session_usage() or {})["total_tokens"] == 14
        session.close()

        # Another process would open it so.
        again = BranchSession(session_id="s", db_path=path)
        await Runner.run(agent, "What can I plant?", session=again)
        sent: Any = model.calls[-1].input
        assert [item.get("content") for item in sent if item.get("role") == "user"] == [
            "How is the weather?",
            "What can I plant?",
        ]
        assert [item["output"] for item in sent if item.get("type") == "function_call_output"] == ["rain in Kiel"]
        again.close()

        # And the extension sees a thread.
        with History(path) as history:
            roles = [row.role for row in history.messages("s")]
            assert roles == ["user", "assistant", "tool", "assistant", "user", "assistant"]
            assert history.messages("s")[2].content == "rain in Kiel"
            assert history.check() == []

    asyncio.run(run())


def test_branches_share_their_messages(tmp_path: Path) -> None:
    async def run() -> None:
        session = BranchSession("s", tmp_path / "chat.db")
        await session.add_items(TWO_TURNS)
        branch = await session.create_branch_from_turn(2, "other")
        assert (branch, session.current_branch_id) == ("other", "other")
        await session.add_items([user("2b"), assistant("second b")])
        assert await session.get_items() == [*TWO_TURNS[:2], user("2b"), assistant("second b")]
        assert await session.get_items(branch_id="main") == TWO_TURNS
        assert await session.get_items(2) == [user("2b"), assistant("second b")]
        listed = {info["branch_id"]: info for info in await session.list_branches()}
        assert {
            name: (info["message_count"], info["user_turns"], info["is_current"]) for name, info in listed.items()
        } == {
            "main": (4, 2, False),
            "other": (4, 2, True),
        }
        with History(tmp_path / "chat.db") as history:
            # Six messages for two branches of four, and the tree is what the extension says it is.
            assert len(history.tree("s")) == 6
            assert [leaf.is_current for leaf in history.leaves("s")] == [False, True]
        await session.switch_to_branch("main")
        await session.delete_branch("other")
        with History(tmp_path / "chat.db") as history:
            assert len(history.tree("s")) == 4
            assert history.check() == []
        with pytest.raises(ValueError, match="'other' has already been used"):
            await session.create_branch_from_turn(1, "other")
        session.close()

    asyncio.run(run())


def test_a_branch_before_the_first_message() -> None:
    async def run() -> None:
        session = BranchSession("s")
        await session.add_items(TWO_TURNS)
        await session.create_branch_from_turn(1, "anew")
        assert await session.get_items() == []
        await session.add_items([user("1b")])
        assert await session.get_items() == [user("1b")]
        assert await session.get_items(branch_id="main") == TWO_TURNS
        assert await session.pop_item() == user("1b")
        assert await session.pop_item() is None
        assert await session.get_items(branch_id="main") == TWO_TURNS
        await session.delete_branch("anew", force=True)
        assert session.current_branch_id == "main"
        assert await session.get_items() == TWO_TURNS
        session.close()

    asyncio.run(run())


def test_popping_keeps_what_another_branch_has() -> None:
    async def run() -> None:
        session = BranchSession("s")
        await session.add_items(TWO_TURNS)
        await session.create_branch_from_turn(2, "other")
        assert await session.pop_item() == assistant("first")
        assert await session.pop_item() == user("one")
        assert await session.get_items() == []
        assert await session.get_items(branch_id="main") == TWO_TURNS
        session.close()

    asyncio.run(run())


def test_what_other_programs_add_belongs_to_the_branch_that_they_continued(tmp_path: Path) -> None:
    async def run() -> None:
        session = BranchSession("s", tmp_path / "chat.db")
        await session.add_items(TWO_TURNS)
        await session.create_branch_from_turn(2, "other")
        await session.add_items([user("2b")])
        with History(tmp_path / "chat.db") as history:
            history.append("s", "assistant", "from SQL")
        assert await contents(session) == ["one", "first", "2b", "from SQL"]
        assert await session.get_items(branch_id="main") == TWO_TURNS
        await session.add_items([user("go on")])
        assert (await contents(session))[-2:] == ["from SQL", "go on"]
        # Somebody deletes the end of the branch that is not current.
        with History(tmp_path / "chat.db") as history:
            history.prune(history.messages("s")[2].id)
        assert await session.get_items(branch_id="main") == TWO_TURNS
        session.close()

    asyncio.run(run())


def test_a_thread_of_another_program_is_gone_on_with(tmp_path: Path) -> None:
    async def run() -> None:
        with History(tmp_path / "chat.db") as history:
            history.thread("s")
            history.append("s", "user", "from elsewhere", {"uuid": "u1", "message": {"role": "user"}})
            history.append("s", "tool", "a result in another form", {"tool_call_id": "x"})
            history.append("s", "assistant", "an answer")
        session = BranchSession("s", tmp_path / "chat.db")
        assert await session.get_items() == [user("from elsewhere"), assistant("an answer")]
        assert [info["branch_id"] for info in await session.list_branches()] == ["main"]
        assert await session.create_branch_from_turn(1) == session.current_branch_id
        assert await session.get_items() == []
        assert await session.get_items(branch_id="main") == [user("from elsewhere"), assistant("an answer")]
        session.close()

    asyncio.run(run())


def test_items_beside_messages_of_other_kinds() -> None:
    """What others have stored between the items is read as before: the items as they are, the rest as it can be."""
    history = History(":memory:")
    session = BranchSession("s", history=history)
    mine: list[Any] = [{"role": "user", "content": f"{number}", "own": [number]} for number in range(3)]
    asyncio.run(session.add_items(mine))
    assert asyncio.run(session.get_items()) == mine
    assert asyncio.run(session.get_items(2)) == mine[1:]
    strange: list[tuple[str, str, str | None, list[Any]]] = [
        ("user", "no item", None, [{"role": "user", "content": "no item"}]),
        ("assistant", "", "{}", []),
        ("tool", "a result", '{"tool_call_id":"c"}', []),
        ("summary", "so far", '{"role":"x"}', [{"role": "developer", "content": "so far"}]),
        ("user", "two", "[1]", [{"role": "user", "content": "two"}]),
        ("user", "Claude", '{"type":"user","uuid":"u"}', [{"role": "user", "content": "Claude"}]),
        ("assistant", "", '{"type":"response_item","payload":{"type":"reasoning"}}', [{"type": "reasoning"}]),
    ]
    for role, content, item_json, expected in strange:
        message = history.append("s", role, content, item_json=item_json)
        assert asyncio.run(session.get_items()) == [*mine, *expected]
        history.prune(message)
    # What is no JSON at all, or seems to be when it stands between others.
    for broken in ["{", '{"role":"user"},{"role":"user"}', "", "1],[2", "{} {}"]:
        message = history.append("s", "user", "broken")
        history.connection.execute("UPDATE messages SET item_json = ? WHERE id = ?", (broken, message))
        history.connection.commit()
        assert asyncio.run(session.get_items()) == [*mine, {"role": "user", "content": "broken"}]
        history.prune(message)


def test_a_session_that_is_cleared_elsewhere(tmp_path: Path) -> None:
    async def run() -> None:
        one, other = (BranchSession("s", tmp_path / "chat.db") for _ in range(2))
        await one.add_items(TWO_TURNS)
        await one.create_branch_from_turn(2, "branch")
        await other.clear_session()
        assert await one.get_items() == []
        await one.add_items([user("anew")])
        assert one.current_branch_id == "main"
        assert await other.get_items() == [user("anew")]
        one.close()
        other.close()

    asyncio.run(run())


def test_one_connection_serves_several_sessions() -> None:
    async def run() -> None:
        with History(":memory:") as history:
            one, other = BranchSession("one", history=history), BranchSession("other", history=history)
            await one.add_items([user("to one")])
            await other.add_items([user("to the other")])
            assert await one.get_items() == [user("to one")]
            one.close()
            assert await other.get_items() == [user("to the other")]

    asyncio.run(run())


def test_the_settings_limit_and_the_budget() -> None:
    async def run() -> None:
        session = BranchSession("s", session_settings=SessionSettings(limit=1))
        await session.add_items(TWO_TURNS)
        assert await session.get_items() == TWO_TURNS[-1:]
        assert await session.get_items(limit=3) == TWO_TURNS[-3:]
        assert await session.get_items(limit=0) == []
        session.close()

    asyncio.run(run())


def test_many_tasks_at_once_add_whole_batches() -> None:
    async def run() -> None:
        session = BranchSession("s")
        await asyncio.gather(*(session.add_items([user(str(n)), assistant(str(n))]) for n in range(40)))
        added = await contents(session)
        assert len(added) == 80
        assert added[::2] == added[1::2]
        session.close()

    asyncio.run(run())


def _add(path: Path, name: str) -> None:
    async def run() -> None:
        session = BranchSession("s", path)
        for number in range(20):
            await session.add_items([user(f"{name}{number}"), assistant(f"{name}{number}")])
        session.close()

    asyncio.run(run())


def test_processes_write_one_session(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    processes = [multiprocessing.get_context("spawn").Process(target=_add, args=(path, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with History(path) as history:
        contents = [row.content for row in history.messages("s")]
        assert len(contents) == 80
        assert contents[::2] == contents[1::2]
        assert history.check() == []
