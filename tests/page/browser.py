"""A real Chromium, and pages that the extension in dist/ exports in the real sqlite3 shell."""

import json
import os
import pathlib
import subprocess

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHELL = os.environ.get("SQLITE3", "sqlite3")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def sql(database, script):
    """What the shell prints."""
    done = subprocess.run(
        [SHELL, "-init", os.devnull, "-bail", "-cmd", f".load {ROOT / 'dist' / 'branch'}", str(database)],
        input=script,
        text=True,
        capture_output=True,
    )
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr or done.stdout)
    return done.stdout


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def export(directory, thread, lines=None):
    """Exports a thread as a page: one of a database in the directory, or one made of lines of our own format."""
    database = directory / "chat.db"
    if lines is not None:
        source = directory / "thread.jsonl"
        source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        sql(
            database,
            f"SELECT branch_migrate(); SELECT branch_import('jsonl', CAST(readfile({quoted(source)}) AS TEXT));",
        )
    page = directory / "page.html"
    sql(database, f"SELECT writefile({quoted(page)}, branch_export({quoted(thread)}, 'html'));")
    return page


def thread(messages, leaf, title="Title", identity="t"):
    """A thread in our own format. Messages are (parent, role, content) and, if there is more, a dictionary."""
    columns = {
        "id": identity, "rollout_path": None, "preview": "", "ephemeral": 0, "model_provider": "", "created_at": 1,
        "updated_at": 1, "status": "idle", "path": None, "cwd": "", "cli_version": "", "source": "api", "title": title,
        "sandbox_policy": None, "approval_mode": None, "archived": 0, "archived_at": None, "git_sha": None,
        "git_branch": None, "git_origin_url": None, "memory_mode": None, "leaf": leaf,
    }  # fmt: skip
    lines = [{"format": "sqlite-branch", "version": 1, "thread": columns}]
    for number, (parent, role, content, *more) in enumerate(messages, 1):
        line = {"id": number, "parent": parent, "role": role, "content": content, "item_json": None}
        line["created_at"] = 1760000000 + number
        for extra in more:
            line.update(extra)
            if "item" in extra:
                line["item_json"] = json.dumps(line.pop("item"))
        lines.append(line)
    return lines


class Browser:
    """Use as a context."""

    def __enter__(self):
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=FLAGS)
        return self

    def __exit__(self, *_):
        self.chromium.close()
        self.playwright.stop()

    def open(self, file, width=1200, height=800, dark=False, **options):
        """A page, with lists of what it has asked for, what of that was refused, and what went wrong in it."""
        page = self.chromium.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            timezone_id="Europe/Zurich",
            locale="en-GB",
            **options,
        )
        page.asked, page.refused, page.wrong = [], [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("requestfailed", lambda request: page.refused.append((request.url, request.failure)))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
        page.goto(file.as_uri())
        return page
