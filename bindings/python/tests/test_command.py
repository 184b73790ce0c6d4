"""`python -m sqlite_branch`, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sqlite_branch import History

if TYPE_CHECKING:
    from pathlib import Path


def command(*arguments: object) -> tuple[int, str, str]:
    line = [sys.executable, "-m", "sqlite_branch", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    export = tmp_path / "chat.json"
    messages = [{"role": "user", "content": "What can I plant?"}, {"role": "assistant", "content": "Peas."}]
    export.write_text(json.dumps(messages), "utf-8")
    database = tmp_path / "chat.db"
    status, out, err = command("import", database, export, "--format", "openai", "--thread", "garden")
    assert (status, out) == (0, "2 messages added\n"), err
    assert command("import", database, export, "--format", "openai", "--thread", "garden")[1] == "0 messages added\n"
    return database


def test_what_was_imported_is_shown(chat: Path) -> None:
    status, out, _ = command("tree", chat, "garden")
    assert status == 0
    assert [line.split(": ")[1] for line in out.splitlines()] == ["What can I plant?", "Peas."]
    assert command("tree", chat)[1].startswith("garden\t2 messages\t")
    assert "Peas." in command("export", chat, "garden")[1]
    assert "garden\t2\tassistant\t«Peas»." in command("search", chat, "peas")[1]
    lines = [json.loads(line) for line in command("context", chat, "garden", "--budget", 1000)[1].splitlines()]
    assert [line["content"] for line in lines] == ["What can I plant?", "Peas."]


def test_check_says_by_its_status_that_something_is_broken(chat: Path) -> None:
    assert command("check", chat)[:2] == (0, "")
    with History(chat) as history:
        history._execute("UPDATE messages SET parent_entry_id = 77 WHERE id = 2")
    status, out, _ = command("check", chat, "garden")
    assert status == 1
    assert "77" in out


def test_errors_say_what_is_wrong(chat: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{", "utf-8")
    status, out, err = command("import", chat, bad, "--format", "openai")
    assert (status, out) == (2, "")
    assert "bad.json: " in err
    assert "branch_import: " in err
    assert command("tree", tmp_path / "missing.db", "t")[0] == 2
    assert not (tmp_path / "missing.db").exists()
    assert command("export", chat, "nowhere")[0] == 2
    assert command("import", chat, tmp_path / "nothing.json")[0] == 2
