"""`History`: every function and table, on every driver."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

import sqlite_branch
from sqlite_branch import AsyncHistory, History

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = {"import": "import_"}
# What serves SQL itself and not a caller of a method.
SQL_ONLY = {"call", "write", "feed", "stretches"}


@pytest.fixture
def garden(history: History) -> History:
    """A question with two answers; the second one goes on."""
    history.thread("garden", "What to plant", 1760000000)
    question = history.append("garden", "user", "What can I plant in March?", created_at=1760000001, uid="q")
    history.append("garden", "assistant", "Peas.", {"tokens": 7}, 1760000002, "a1")
    history.fork(question, "assistant", "Radishes.", created_at=1760000003, uid="a2")
    history.append("garden", "user", "In what soil?", created_at=1760000004)
    return history


def ids(rows: Sequence[sqlite_branch.Message | sqlite_branch.PathEntry]) -> list[int]:
    return [row.id for row in rows]


def names_in_sql(history: History) -> set[str]:
    """The names of all functions and tables that the extension registers, without `branch_`."""
    rows = history._execute("SELECT name FROM pragma_function_list UNION SELECT name FROM pragma_module_list")
    return {name[len("branch_") :] for (name,) in rows if name.startswith("branch_")}


def test_every_function_and_table_has_a_method(history: History) -> None:
    in_sql = names_in_sql(history) - SQL_ONLY
    methods = {NAMES.get(name, name) for name in in_sql}
    assert len(methods) > 20
    assert methods <= set(dir(History)), methods - set(dir(History))
    assert methods <= set(dir(AsyncHistory)), methods - set(dir(AsyncHistory))


def test_the_two_histories_have_the_same_methods() -> None:
    both = set(vars(AsyncHistory)) & set(vars(History))
    own = {"__init__", "__doc__", "__module__", "__dict__", "__weakref__", "close"}
    own |= {"__static_attributes__", "__firstlineno__"}
    for name in both - own:
        assert inspect.getdoc(getattr(AsyncHistory, name)) == inspect.getdoc(getattr(History, name)), name
    public = {name for name in vars(History) if not name.startswith("_")}
    assert public - set(vars(AsyncHistory)) == {"Error", "transaction"}


def test_a_branch_is_listed(garden: History) -> None:
    listed = garden.messages("garden")
    assert [(row.role, row.content, row.distance) for row in listed] == [
        ("user", "What can I plant in March?", 2),
        ("assistant", "Radishes.", 1),
        ("user", "In what soil?", 0),
    ]
    assert [field.name for field in dataclasses.fields(listed[0])][:7] == [
        "id",
        "thread_id",
        "role",
        "content",
        "item_json",
        "created_at",
        "parent_entry_id",
    ]
    assert listed[0].parent_entry_id is None
    assert listed[0].created_at == 1760000001
    assert ids(garden.messages("garden", 1)) == ids(listed[-1:])
    assert ids(garden.messages("garden", before=listed[-1].id)) == ids(listed[:-1])
    assert garden.messages("nowhere") == []


def test_ids_may_be_uids(garden: History) -> None:
    first = garden.id("q")
    assert first is not None
    assert garden.uid(first) == "q"
    assert garden.uid("q") == "q"
    assert garden.id("unknown") is None
    assert garden.tip("a1") == garden.id("a1")
    again = garden.append("garden", "user", "Again?", uid="again")
    assert garden.append("garden", "user", "Again?", uid="again") == again


def test_questions_about_paths(garden: History) -> None:
    question, first, second = (garden.id(uid) for uid in ("q", "a1", "a2"))
    assert question is not None
    assert first is not None
    assert second is not None
    assert garden.depth(first) == 1
    assert garden.root(second) == question
    assert garden.common_ancestor(first, second) == question
    assert garden.is_ancestor(question, second) is True
    assert garden.is_ancestor(first, second) is False
    assert garden.is_ancestor(first, 99) is None
    assert garden.depth(99) is None
    assert ids(garden.path(second)) == [question, second]
    assert [row.content for row in garden.children(question)] == ["Peas.", "Radishes."]
    assert [row.is_current for row in garden.children(question)] == [False, True]
    assert [(row.content, row.position) for row in garden.siblings("a2")] == [("Peas.", 1), ("Radishes.", 2)]
    assert [(row.side, row.content) for row in garden.diff("a1", "a2")] == [("a", "Peas."), ("b", "Radishes.")]


def test_leaves_and_tree(garden: History) -> None:
    leaves = garden.leaves("garden")
    assert [(leaf.content, leaf.depth, leaf.is_current) for leaf in leaves] == [
        ("Peas.", 1, False),
        ("In what soil?", 2, True),
    ]
    assert leaves[0].fork_id == garden.id("q")
    tree = garden.tree("garden")
    assert [(row.depth, row.children, row.is_leaf, row.is_current) for row in tree] == [
        (0, 2, False, True),
        (1, 0, True, False),
        (1, 1, False, True),
        (2, 0, True, True),
    ]
    assert "In what soil?" in tree[-1].graph


def test_moving_and_deleting(garden: History) -> None:
    assert garden.select("a2", 1) == garden.id("a1")
    assert garden.switch("garden", "q") == garden.id("q")
    assert garden.switch("garden", None) is None
    assert garden.messages("garden") == []
    copied = garden.copy("a1", "shed", 1760000009)
    assert [row.content for row in garden.messages("shed")] == ["What can I plant in March?", "Peas."]
    assert garden.root(copied) != garden.id("q")
    assert garden.prune("a2") == 2
    assert garden.clear("garden") == 2
    assert garden.delete("shed") == 2
    assert [thread.id for thread in garden.threads()] == ["garden"]


def test_alternatives(garden: History) -> None:
    third = garden.alternative("a1", "assistant", "Spinach.")
    shown = {row.id: row for row in garden.messages("garden", details=True)}[third]
    assert (shown.position, shown.versions, shown.uid) == (3, 3, None)
    assert garden.messages("garden", details=True)[0].uid == "q"
    assert garden.messages("garden")[0].uid is None


def test_threads(history: History) -> None:
    made = history.thread()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made)
    assert history.thread(made, "A title") == made
    history.append(made, "user", "Hello")
    listed = history.threads(counts=True)
    assert [(thread.title, thread.messages, thread.leaves, thread.last_content) for thread in listed] == [
        ("A title", 1, 1, "Hello")
    ]
    assert history.threads()[0].messages is None


def test_json_is_taken_as_values_or_text(history: History) -> None:
    history.thread("t")
    history.append("t", "user", "x", {"text": "é", "n": [1, None]})
    history.append("t", "user", "x", '{"text":"é"}')
    history.append("t", "user", "x", [1, 2])
    history.append("t", "user", "x")
    assert [row.item for row in history.messages("t")] == [{"text": "é", "n": [1, None]}, {"text": "é"}, [1, 2], None]
    with pytest.raises(history.Error, match=r"branch_append: .*JSON"):
        history.append("t", "user", "x", "{")
    with pytest.raises(TypeError):
        history.append("t", "user", "x", {"when": object()})


def test_times(history: History) -> None:
    history.thread("t")
    for time in (1760000000, 1760000000.9, datetime(2025, 10, 9, 8, 53, 20, tzinfo=timezone.utc)):
        history.append("t", "user", "x", created_at=time)
    assert [row.created_at for row in history.messages("t")] == [1760000000] * 3


def test_text_comes_back_as_it_went(history: History) -> None:
    history.thread("t")
    text = "%s \0 '\" \u4e1c\U0001f331\n"
    history.append("t", text or "user", text)
    (row,) = history.messages("t")
    assert (row.role, row.content) == (text, text)


def test_errors_are_the_drivers_and_name_the_thing(history: History, error: type[Exception]) -> None:
    assert history.Error is error
    with pytest.raises(error, match="branch_fork: no message 42"):
        history.fork(42, "user", "x")
    with pytest.raises(error, match="branch_append: no thread 'nowhere'"):
        history.append("nowhere", "user", "x")


def test_a_transaction_is_undone_as_a_whole(garden: History) -> None:
    before = ids(garden.messages("garden"))

    class Stop(Exception):  # noqa: N818
        pass

    def work() -> None:
        with garden.transaction():
            garden.append("garden", "user", "one")
            with pytest.raises(Stop):
                with garden.transaction():
                    garden.append("garden", "user", "two")
                    raise Stop
            assert [row.content for row in garden.messages("garden")][-1] == "one"
            raise Stop

    with pytest.raises(Stop):
        work()
    assert ids(garden.messages("garden")) == before
    with garden.transaction():
        garden.append("garden", "user", "kept")
    assert garden.messages("garden")[-1].content == "kept"


def test_what_one_connection_writes_another_reads(tmp_path: Path, driver: str) -> None:
    """Each call is committed when it returns: nothing holds its statement open."""
    path = tmp_path / "chat.db"
    with History(path, driver=driver) as one, History(path, driver=driver, timeout=0) as other:
        one.thread("t")
        one.append("t", "user", "from one")
        other.append("t", "user", "from the other")
        assert [row.content for row in one.messages("t")] == ["from one", "from the other"]
        assert one.check() == []


def test_two_threads_write_one_file(tmp_path: Path, driver: str) -> None:
    path = tmp_path / "chat.db"
    with History(path, driver=driver) as history:
        history.thread("t")

    def write(name: str) -> None:
        with History(path, driver=driver, timeout=60) as own:
            for number in range(50):
                own.append("t", "user", f"{name}{number}")

    threads = [threading.Thread(target=write, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with History(path, driver=driver) as history:
        assert sorted(row.content for row in history.messages("t")) == sorted(
            f"{n}{i}" for n in "ab" for i in range(50)
        )


def test_problems_are_found(garden: History) -> None:
    assert garden.check() == []
    garden._execute("UPDATE messages SET parent_entry_id = 77 WHERE id = ?", (garden.id("a1"),))
    problem = garden.check("garden")[0]
    assert (problem.thread_id, problem.message_id) == ("garden", garden.id("a1"))
    assert "77" in json.dumps(dataclasses.asdict(problem))


def test_labels(garden: History) -> None:
    assert garden.label("a1", "peas", 1760000005) == 1
    assert [(label.label, label.message_id, label.is_current) for label in garden.labels("garden")] == [
        ("peas", garden.id("a1"), False)
    ]
    assert garden.labels() == garden.labels("garden")
    assert garden.unlabel("garden", "peas") == 1
    assert garden.labels() == []


def test_context_and_search(garden: History) -> None:
    summary = garden.compact("garden", "They talked.", None, {"tokens": 3})
    last = garden.append("garden", "user", "And now?")
    rows = garden.context("garden", 1000)
    assert [(row.id, row.kind) for row in rows] == [(summary, "summary"), (last, "message")]
    assert rows[0].total == sum(row.tokens for row in rows)
    assert garden.tokens("12345678", {"tokens": 9}) == 9
    assert [found.content for found in garden.search("soil")] == ["In what soil?"]
    assert garden.index() == len(garden.tree("garden"))
    assert [found.snippet for found in garden.search("peas", "garden", 1)] == ["«Peas»."]
    item = {"model": "m", "usage": {"input_tokens": 5, "output_tokens": 2}}
    garden.append("garden", "assistant", "x", item)
    (usage,) = [row for row in garden.usage("garden") if row.model == "m"]
    assert (usage.messages, usage.input_tokens, usage.output_tokens) == (1, 5, 2)


def test_in_and_out(garden: History) -> None:
    exported = garden.export("garden", "jsonl")
    assert exported is not None
    with History(":memory:") as other:
        assert other.import_("jsonl", exported) == 4
        assert other.import_("auto", exported.encode()) == 0
        assert other.export("garden", "jsonl") == exported
    sent = [{"role": "user", "content": "What can I plant in March?"}, {"role": "assistant", "content": "Peas."}]
    assert garden.put("garden", sent) == garden.id("a1")
    assert garden.put("new", json.dumps(sent)) is not None
