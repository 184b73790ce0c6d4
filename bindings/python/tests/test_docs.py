"""The session in docs/python.md is what happens."""

from __future__ import annotations

import doctest
import sqlite3
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


@pytest.mark.skipif(not PAGE.exists(), reason="not in the repository, but in an sdist")
def test_the_page() -> None:
    page = PAGE.read_text("utf-8")
    # The name of the error's class is the driver's.
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        page = page.replace("sqlite3.OperationalError", "apsw.SQLError")
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(page, {}, PAGE.name, str(PAGE), 0))
    result = runner.summarize()
    assert result.attempted > 8
    assert result.failed == 0


def test_the_packages_own_example() -> None:
    import sqlite_branch

    result = doctest.testmod(sqlite_branch)
    assert result.attempted > 5
    assert result.failed == 0
