"""`python -m sqlite_branch`: import, export, draw, search and check conversations from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_branch.history import History
from sqlite_branch.library import DriverError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, 1 if `check` found something, 2 for an error."""
    given = parser().parse_args(arguments)
    if given.command != "import" and not Path(given.database).exists():
        print(f"sqlite-branch: no file {given.database}", file=sys.stderr)
        return 2
    try:
        with History(given.database) as history:
            try:
                return int(given.run(history, given))
            except (history.Error, OSError, ValueError) as error:
                print(f"sqlite-branch: {error}", file=sys.stderr)
                return 2
    except (DriverError, OSError) as error:
        print(f"sqlite-branch: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001 - a driver's, from opening the file
        print(f"sqlite-branch: {given.database}: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    top = argparse.ArgumentParser(prog="sqlite-branch", description="Branching conversations in an SQLite file.")
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        made.add_argument("database", help="the SQLite file")
        return made

    made = command("import", import_, "Add exports of ChatGPT, Claude, Codex and others; again adds what is new.")
    made.add_argument("files", nargs="+", type=Path, help="the exports")
    made.add_argument("--format", default="auto", help="chatgpt, claude-ai, claude-code, codex, ...; default: auto")
    made.add_argument("--skip-bad", action="store_true", help="leave out lines that can't be read")
    made.add_argument("--thread-prefix", help="put this before each thread's id")
    made.add_argument("--thread", help="the thread's id, for formats that name none")
    made = command("export", export, "Print a thread.")
    made.add_argument("thread")
    made.add_argument("--format", default="markdown", help="jsonl, markdown, openai or html; default: markdown")
    made = command("tree", tree, "Draw a thread's tree; without a thread, list the threads.")
    made.add_argument("thread", nargs="?")
    made = command("search", search, "Find messages, best first; the query is in FTS5's syntax.")
    made.add_argument("query")
    made.add_argument("--thread")
    made.add_argument("--limit", type=int, default=20)
    made = command("context", context, "Print what a model would be sent, as JSON lines.")
    made.add_argument("thread")
    made.add_argument("--budget", type=int, help="in tokens")
    made = command("check", check, "List what is broken in the stored trees.")
    made.add_argument("thread", nargs="?")
    return top


def import_(history: History, given: argparse.Namespace) -> int:
    """Add exports, one file a transaction."""
    options: dict[str, Any] = {"skip_bad": True} if given.skip_bad else {}
    options.update({name: getattr(given, name) for name in ("thread_prefix", "thread") if getattr(given, name)})
    total = 0
    with progress(given.files) as advance:
        for file in given.files:
            try:
                added = history.import_(given.format, file.read_bytes(), options or None)
            except history.Error as error:
                message = f"{file}: {error}"
                raise ValueError(message) from error
            total += added
            advance(file, f"{file}: {added} messages added")
    print(f"{total} messages added")
    return 0


@contextmanager
def progress(files: list[Path]) -> Iterator[Any]:
    """Show how many bytes are read: with tqdm, if it is there and a person is looking; else a line for each file."""
    try:
        from tqdm import tqdm  # noqa: PLC0415
    except ImportError:
        yield lambda _file, text: print(text, file=sys.stderr)
        return
    total = sum(file.stat().st_size for file in files)
    with tqdm(total=total, unit="B", unit_scale=True, disable=None) as bar:

        def advance(file: Path, text: str) -> None:
            tqdm.write(text, file=sys.stderr)
            bar.update(file.stat().st_size)

        yield advance


def export(history: History, given: argparse.Namespace) -> int:
    """Print a thread."""
    text = history.export(given.thread, given.format)
    if text is None:
        message = f"no thread '{given.thread}'"
        raise ValueError(message)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return 0


def tree(history: History, given: argparse.Namespace) -> int:
    """Draw a thread, or list all."""
    if given.thread is None:
        for thread in history.threads(counts=True):
            print(f"{thread.id}\t{thread.messages} messages\t{thread.title or thread.preview}")
        return 0
    for row in history.tree(given.thread):
        print(row.graph)
    return 0


def search(history: History, given: argparse.Namespace) -> int:
    """Find messages."""
    for found in history.search(given.query, given.thread, given.limit):
        print(f"{found.thread_id}\t{found.id}\t{found.role}\t{' '.join(found.snippet.split())}")
    return 0


def context(history: History, given: argparse.Namespace) -> int:
    """Print a context."""
    for row in history.context(given.thread, given.budget):
        line = {"id": row.id, "kind": row.kind, "role": row.role, "tokens": row.tokens, "content": row.content}
        print(json.dumps(line, ensure_ascii=False))
    return 0


def check(history: History, given: argparse.Namespace) -> int:
    """List problems."""
    found = history.check(given.thread)
    for problem in found:
        print(f"{problem.thread_id}\t{problem.message_id}\t{problem.problem}\t{problem.detail or ''}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
