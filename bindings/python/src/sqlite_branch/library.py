"""Getting the extension into a connection, on whatever driver this Python has."""

from __future__ import annotations

import atexit
import functools
import importlib
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")

DRIVERS = ("sqlite3", "apsw", "pysqlite3")


class DriverError(RuntimeError):
    """No driver of this Python can load extensions, or not the one that was asked for."""


def loadable_path() -> str:
    """Return the path of the extension's file, for clients that load it by themselves.

    The environment variable SQLITE_BRANCH_PATH names another file, such as one that you built yourself.
    """
    chosen = os.environ.get("SQLITE_BRANCH_PATH")
    path = Path(chosen) if chosen else Path(__file__).with_name("branch" + SUFFIX)
    if not path.is_file():
        message = f"sqlite-branch: no extension at {path}"
        raise FileNotFoundError(message)
    return str(path.resolve())


def load(connection: Any) -> None:
    """Load the extension into a connection of `sqlite3`, `apsw` or `pysqlite3`.

    Loading other extensions is switched off afterwards, as it is by default.

    Raises DriverError if the connection's driver cannot load extensions.
    """
    if not hasattr(connection, "enable_load_extension"):
        name = type(connection).__module__
        raise DriverError(_advice(f"the {name} of {sys.executable} cannot load extensions"))
    connection.enable_load_extension(True)
    try:
        try:
            connection.load_extension(loadable_path())
        except Exception as error:
            if "another copy of SQLite" not in str(error):
                raise
            connection.load_extension(_own_copy(type(connection).__module__.split(".")[0]))
    finally:
        connection.enable_load_extension(False)


def connect(path: str | os.PathLike[str], *, driver: str | None = None, timeout: float = 5.0) -> Any:
    """Open a database and load the extension into the connection.

    `path` is a file, `":memory:"`, or an address such as `"file:chat.db?mode=ro"`.

    `driver` is `"sqlite3"`, `"apsw"` or `"pysqlite3"`. Without it, the first of them that is installed and can load
    extensions. `timeout`: for how many seconds a statement waits for another program that writes.

    The connection is the driver's own, in its autocommit mode (`isolation_level=None`): what is not between BEGIN and
    COMMIT is committed at once. It may be passed to another thread, but not be used by two at the same time.

    Raises DriverError, which says what to install, if there is none.
    """
    if driver is not None and driver not in OPENERS:
        message = f"driver {driver!r} is none of {', '.join(map(repr, OPENERS))}"
        raise DriverError(message)
    reasons = []
    for name in [driver] if driver else DRIVERS:
        try:
            opener = OPENERS[name]()
        except (ImportError, DriverError) as error:
            reasons.append(str(error))
            continue
        connection = opener(os.fspath(path), timeout)
        try:
            load(connection)
        except BaseException:
            connection.close()
            raise
        return connection
    raise DriverError(_advice("; ".join(reasons)))


@functools.cache
def _own_copy(driver: str) -> str:
    """Copy the file for a driver that brings an SQLite of its own along, beside one that has loaded it already.

    The extension serves one SQLite only, and a second copy of the file is a second extension.
    """
    directory = tempfile.mkdtemp(prefix=f"sqlite-branch-{driver}-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return shutil.copy(loadable_path(), directory)


def _dbapi(name: str) -> Callable[[str, float], Any]:
    """Open with a module that has the interface of the standard library's `sqlite3`."""
    module: Any = sqlite3 if name == "sqlite3" else importlib.import_module(name)
    if not hasattr(module.Connection, "enable_load_extension"):
        message = f"the {name} of {sys.executable} cannot load extensions"
        raise DriverError(message)

    def opener(path: str, timeout: float) -> Any:
        return module.connect(
            path, timeout=timeout, isolation_level=None, check_same_thread=False, uri=path.startswith("file:")
        )

    return opener


def _apsw() -> Callable[[str, float], Any]:
    """Open with `apsw`."""
    apsw: Any = importlib.import_module("apsw")
    if not hasattr(apsw.Connection, "enable_load_extension"):
        message = "this apsw cannot load extensions"
        raise DriverError(message)

    def opener(path: str, timeout: float) -> Any:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(path, flags)
        connection.set_busy_timeout(round(timeout * 1000))
        return connection

    return opener


OPENERS: dict[str, Callable[[], Callable[[str, float], Any]]] = {
    "sqlite3": lambda: _dbapi("sqlite3"),
    "apsw": _apsw,
    "pysqlite3": lambda: _dbapi("pysqlite3"),
}


def _advice(reason: str) -> str:
    return (
        f"sqlite-branch: {reason}. Install a driver that can: `pip install apsw` "
        "(or `pip install 'sqlite-branch[apsw]'`), or use a Python that was built with "
        "--enable-loadable-sqlite-extensions"
    )
