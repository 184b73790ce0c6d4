"""Each test that takes `driver` or `history` runs on every driver of this Python that can load extensions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from sqlite_branch import DriverError, History, library

if TYPE_CHECKING:
    from collections.abc import Iterator


def usable_drivers() -> list[str]:
    """The drivers that this Python has; at least one, or the tests have nothing to run on."""
    usable = []
    for name in library.DRIVERS:
        try:
            library.OPENERS[name]()
        except (ImportError, DriverError):
            continue
        usable.append(name)
    if not usable:
        message = "no driver of this Python can load extensions: install apsw"
        raise RuntimeError(message)
    return usable


@pytest.fixture(params=usable_drivers())
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def error(driver: str) -> type[Exception]:
    """The driver's class for errors of SQLite."""
    found: type[Exception] = importlib.import_module(driver).Error
    return found


@pytest.fixture
def history(driver: str) -> Iterator[History]:
    with History(":memory:", driver=driver) as opened:
        yield opened
