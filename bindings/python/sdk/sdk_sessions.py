"""Runs the session tests of OpenAI's Agents SDK on `BranchSession`, in place of the SDK's own classes.

`make sdk-sessions` fetches the SDK's source distribution, which holds the tests, and runs them with this file as a
plugin of pytest. It changes the class that the tests import, and leaves out those that are about the inside of the
SDK's classes rather than what they do; each with its reason, which is printed at the end.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter

import agents
import agents.extensions.memory
import agents.memory
import pytest

from sqlite_branch.agents import BranchSession

NOT_APPLICABLE = {
    r"sessions_table|messages_table": "stores in the SDK's tables under other names",
    r"multiprocessing|_process\b": "starts processes that import the SDK's own class",
    r"(FROM|INTO|TABLE|UPDATE|ON)\s+\{?(self\.|session\.)?(message_structure|turn_usage|agent_|branch_reserv"
    r"|session_clear|messages_table)": "reads or writes the SDK's tables",
    r"_create_owner_bearing|\bowner": "is about which tables a file belongs to",
    r"\b(sqlite_session|advanced_sqlite_session|_debug)\.\w|_await_mutation": "patches the SDK's modules",
    r"\._(?!current_branch_id\b)[a-z]\w*|[\"']_[a-z]\w+[\"']|\b_(gate_worker|count_rows)\b": ""
    "calls or patches private methods of the SDK's classes",
}

DIFFERENT = {
    "test_create_branch_logging_respects_model_data_policy[False]": "what messages hold is never logged here",
    "test_advanced_sqlite_session_closed_rejects_empty_add_items": "the error names this class",
    "test_sqlite_session_closed_rejects_empty_add_items": "the error names this class",
    "test_failed_force_delete_keeps_current_branch": "a branch without messages exists here, and can be deleted",
}

left_out: Counter[str] = Counter()


class Replacement(BranchSession):
    """`BranchSession` with the one private name that the SDK's tests read to learn which branch is current."""

    @property
    def _current_branch_id(self) -> str:
        return self.current_branch_id


agents.extensions.memory.AdvancedSQLiteSession = Replacement  # type: ignore[misc,assignment]
agents.SQLiteSession = agents.memory.SQLiteSession = Replacement  # type: ignore[misc,assignment]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not about what a session does."""
    kept, dropped = [], []
    for item in items:
        source = inspect.getsource(item.function)  # type: ignore[attr-defined]
        reason = next((reason for pattern, reason in NOT_APPLICABLE.items() if re.search(pattern, source)), None)
        if reason is None:
            kept.append(item)
            if item.name in DIFFERENT:
                item.add_marker(pytest.mark.xfail(reason=DIFFERENT[item.name], strict=True))
        else:
            dropped.append(item)
            left_out[reason] += 1
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    for reason, count in left_out.most_common():
        terminalreporter.write_line(f"left out: {count:3} {reason}")
