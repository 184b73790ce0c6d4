"""Loading the extension: the file, the drivers, and what is said where it can't be loaded."""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import sqlite_branch
from sqlite_branch import DriverError, History, library


def test_the_file_is_there() -> None:
    path = Path(sqlite_branch.loadable_path())
    assert path.is_absolute()
    assert path.is_file()
    # SQLite takes the entry point's name from it.
    assert path.stem == "branch"


def test_the_versions_are_one(driver: str) -> None:
    connection = sqlite_branch.connect(":memory:", driver=driver)
    assert connection.execute("SELECT branch_version()").fetchall() == [(metadata.version("sqlite-branch"),)]


def test_another_file_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copied = tmp_path / Path(sqlite_branch.loadable_path()).name
    copied.write_bytes(Path(sqlite_branch.loadable_path()).read_bytes())
    monkeypatch.setenv("SQLITE_BRANCH_PATH", str(copied))
    assert sqlite_branch.loadable_path() == str(copied.resolve())
    monkeypatch.setenv("SQLITE_BRANCH_PATH", str(tmp_path / "missing.so"))
    with pytest.raises(FileNotFoundError, match=r"missing\.so"):
        sqlite_branch.loadable_path()


def test_load_takes_a_connection_of_the_callers_own(driver: str) -> None:
    module = importlib.import_module(driver)
    connection = module.Connection(":memory:") if driver == "apsw" else module.connect(":memory:")
    sqlite_branch.load(connection)
    assert connection.execute("SELECT branch_migrate() > 0").fetchall() == [(1,)]
    # Loading is switched off again.
    with pytest.raises(module.Error, match="not authorized"):
        connection.execute("SELECT load_extension('x')").fetchall()


def test_loading_twice_changes_nothing(driver: str) -> None:
    connection = sqlite_branch.connect(":memory:", driver=driver)
    sqlite_branch.load(connection)
    assert connection.execute("SELECT branch_migrate() > 0").fetchall() == [(1,)]


def test_a_history_takes_a_connection_and_leaves_it_open(driver: str) -> None:
    connection = sqlite_branch.connect(":memory:", driver=driver)
    with History(connection) as history:
        assert history.version()
    assert connection.execute("SELECT count(*) FROM messages").fetchall() == [(0,)]


def test_a_connection_without_the_extension_gets_it(driver: str) -> None:
    module = importlib.import_module(driver)
    connection = module.Connection(":memory:") if driver == "apsw" else module.connect(":memory:")
    assert History(connection).version() == metadata.version("sqlite-branch")


def test_row_factories_of_the_caller_do_not_matter() -> None:
    if "sqlite3" not in drivers_that_load():
        connection = sqlite_branch.connect(":memory:")
        connection.row_trace = lambda _cursor, _row: None
    else:
        connection = sqlite_branch.connect(":memory:", driver="sqlite3")
        connection.row_factory = lambda _cursor, _row: None
    assert History(connection).version() == metadata.version("sqlite-branch")


def test_a_file_can_be_opened_read_only(driver: str, error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    History(path, driver=driver).close()
    with History(f"file:{path}?mode=ro", driver=driver) as history:
        assert history.migrate() == 0
        with pytest.raises(error, match="readonly"):
            history._execute("DELETE FROM threads")


def test_an_unknown_driver_is_refused() -> None:
    with pytest.raises(DriverError, match="driver 'sqlite4' is none of 'sqlite3', 'apsw', 'pysqlite3'"):
        sqlite_branch.connect(":memory:", driver="sqlite4")


def test_a_driver_that_cannot_load_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        """A connection as Pythons have it that were built without loading."""

    with pytest.raises(DriverError, match=r"cannot load extensions\. Install .*`pip install apsw`"):
        sqlite_branch.load(Bare())

    # No driver at all: a Python of which sqlite3 cannot load, without the others.
    monkeypatch.setattr(library, "DRIVERS", ("pysqlite3",))
    monkeypatch.setitem(sys.modules, "pysqlite3", None)
    with pytest.raises(DriverError, match=r"pysqlite3.* Install .*`pip install apsw`"):
        sqlite_branch.connect(":memory:")


def test_the_first_driver_that_can_load_is_taken() -> None:
    connection = sqlite_branch.connect(":memory:")
    assert type(connection).__module__.split(".")[0] == drivers_that_load()[0]


def test_the_package_is_typed() -> None:
    assert Path(library.__file__).with_name("py.typed").is_file()


def test_importing_takes_no_driver_but_the_standard_one() -> None:
    code = "import sys, sqlite_branch; print({'apsw', 'agents', 'langchain_core', 'tqdm'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


def drivers_that_load() -> list[str]:
    found = ["sqlite3"] if hasattr(sqlite3.Connection, "enable_load_extension") else []
    for name in ("apsw", "pysqlite3"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        found.append(name)
    return found
