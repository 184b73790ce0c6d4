"""The session in docs/python.md is what happens."""

from __future__ import annotations

import doctest
import sqlite3
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


@pytest.mark.skipif(not PAGE.exists(), reason="not in the repository, but in an sdist")
def test_the_page() -> None:
    # The name of the error's class is the driver's: compared where that is sqlite3.
    loads = hasattr(sqlite3.Connection, "enable_load_extension")
    options = 0 if loads else doctest.IGNORE_EXCEPTION_DETAIL
    result = doctest.testfile(str(PAGE), module_relative=False, optionflags=options)
    assert result.attempted > 8
    assert result.failed == 0


def test_the_packages_own_example() -> None:
    import sqlite_branch

    result = doctest.testmod(sqlite_branch)
    assert result.attempted > 5
    assert result.failed == 0
