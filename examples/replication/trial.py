#!/usr/bin/env python3
"""Litestream beside a live chat: what a replica sees, and what is left when processes and machines die.

    trial.py --litestream PROGRAM --store-writer PROGRAM [--rounds N] [--messages N]

Two processes with the extension and one with the Rust store write to one file. Litestream copies it to a directory; a
follower restores it again and again, and is read through the extension. Then the writers are killed (SIGKILL), or writers
and Litestream together with the loss of the disk, and what comes back is compared message by message with what was
acknowledged. Prints tables; the exit status says whether all that must hold holds.
"""
import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXTENSION = str(ROOT / "dist" / "branch")
# A safety net for what should have happened long before: then the trial fails.
PATIENCE = 120
MESSAGES = "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id FROM messages ORDER BY id"


def connect(path, read_only=False):
    connection = sqlite3.connect(f"file:{path}?mode={'ro' if read_only else 'rwc'}", uri=True, timeout=30, isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(EXTENSION)
    return connection


def until(what, condition, poll=0.02):
    """Waits for an event that nobody reports, by asking; too long is a failure."""
    begun = time.monotonic()
    asked = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() - begun > PATIENCE:
            raise SystemExit(f"trial: waited {PATIENCE} s for {what}")
        asked.wait(poll)


class Writer(threading.Thread):
    """A process that writes, and what it acknowledged."""

    def __init__(self, command):
        super().__init__(daemon=True)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.acknowledged = []
        self.start()

    def run(self):
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.acknowledged.append(line.split()[0])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)


class Trial:
    def __init__(self, options, directory, sync):
        self.options = options
        self.directory = directory
        self.environment = dict(
            os.environ, CHAT_DB=str(directory / "chat.db"), CHAT_REPLICA=str(directory / "replica"), CHAT_SYNC=sync)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.database = directory / "chat.db"
        self.processes = []
        with_extension = connect(self.database)
        with_extension.execute("PRAGMA journal_mode = WAL")
        with_extension.execute("SELECT branch_migrate()").fetchall()
        with_extension.close()

    def litestream(self, *arguments, **more):
        with open(self.directory / "litestream.log", "ab") as log:
            process = subprocess.Popen(
                [self.options.litestream, *map(str, arguments)], env=self.environment, stdout=log, stderr=log, **more)
        self.processes.append(process)
        return process

    def replicate(self):
        process = self.litestream("replicate", "-config", HERE / "litestream.yml")
        until("Litestream's first copy", lambda: any((self.directory / "replica").rglob("*.ltx")))
        return process

    def writers(self):
        python = [sys.executable, str(HERE / "writer.py"), str(self.database)]
        commands = [python + ["python-1", EXTENSION], python + ["python-2", EXTENSION],
                    [self.options.store_writer, str(self.database), "rust"]]
        writers = [Writer(command) for command in commands]
        self.processes += [writer.process for writer in writers]
        return writers

    def restore(self, name):
        path = self.directory / name
        done = subprocess.run(
            [self.options.litestream, "restore", "-o", str(path), f"file://{self.directory / 'replica'}"],
            env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"trial: restore failed: {done.stdout}{done.stderr}")
        return path

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def compared(restored, original, acknowledged):
    """(lost, wrong): acknowledged uids that are missing, and what differs from an exact beginning of the original.

    A writer that was killed in the middle may have left a whole transaction in the WAL that nobody was told of. Litestream
    copies it; SQLite, whose index of the WAL does not have it, may not. So the copy may be ahead, by what was not acknowledged.
    """
    copy, whole = connect(restored), connect(original)
    kept, all_of_it = copy.execute(MESSAGES).fetchall(), whole.execute(MESSAGES).fetchall()
    uids = {row[0].split()[1] for row in copy.execute("SELECT content FROM messages")}
    shared = min(len(kept), len(all_of_it))
    wrong = [] if kept[:shared] == all_of_it[:shared] else ["not a beginning of the original"]
    told = set(acknowledged)
    wrong += [f"only in the copy: {row}" for row in kept[shared:] if row[3].split()[1] in told]
    wrong += copy.execute("SELECT * FROM branch_check()").fetchall()
    wrong += [row for row in copy.execute("PRAGMA integrity_check") if row != ("ok",)]
    for (thread,) in copy.execute("SELECT id FROM branch_threads()").fetchall():
        leaf = copy.execute("SELECT current_leaf_id FROM threads WHERE id = ?", [thread]).fetchone()[0]
        if leaf is not None and copy.execute("SELECT max(id) FROM branch_messages(?)", [thread]).fetchone()[0] is None:
            wrong.append((thread, "no branch"))
    copy.close()
    whole.close()
    return [uid for uid in acknowledged if uid not in uids], wrong


def followed(trial, writers):
    """Reads a replica that follows, and measures how old its newest message is. Returns the ages in seconds."""
    path = trial.directory / "follower.db"
    follower = trial.litestream(
        "restore", "-f", "-follow-interval", "100ms", "-o", path, f"file://{trial.directory / 'replica'}")
    until("the follower's first restore", path.exists)
    ages, errors, newest = [], [], {}
    pause = threading.Event()
    goal = sum(len(writer.acknowledged) for writer in writers) + 10 * trial.options.messages
    while sum(len(writer.acknowledged) for writer in writers) < goal and len(ages) < 300:
        try:
            reader = connect(path, read_only=True)
            for thread in ("python-1", "python-2", "rust"):
                row = reader.execute(
                    "SELECT max(id), content FROM messages WHERE thread_id = ?", [thread]).fetchone()
                branch = reader.execute("SELECT id FROM branch_messages(?, 20)", [thread]).fetchall()
                if row[0] is None:
                    continue
                if row[0] < newest.get(thread, 0) or not branch:
                    errors.append((thread, row, "went back"))
                newest[thread] = row[0]
                ages.append(time.time() - float(row[1].split()[0]))
            reader.close()
        except sqlite3.Error as error:
            errors.append(error)
        pause.wait(0.05)
    follower.terminate()
    follower.wait()
    return ages, errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--litestream", required=True)
    parser.add_argument("--store-writer", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=100, help="messages of each writer before something is killed")
    parser.add_argument("--directory", type=Path, default=ROOT / "dist" / "replication")
    options = parser.parse_args()
    bad = []
    rows = []

    def enough(writers):
        goal = [len(writer.acknowledged) + options.messages for writer in writers]
        def reached():
            dead = [writer for writer in writers if writer.process.poll() is not None]
            if dead:
                raise SystemExit(f"trial: a writer ended by itself with status {dead[0].process.returncode}")
            return all(len(writer.acknowledged) >= target for writer, target in zip(writers, goal))
        until("the writers", reached)

    # A replica that is read while it follows; then the writers die, and Litestream goes on.
    trial = Trial(options, options.directory / "follow", "100ms")
    try:
        litestream = trial.replicate()
        writers = trial.writers()
        enough(writers)
        ages, errors = followed(trial, writers)
        bad += errors
        ages.sort()
        print(f"replica: {len(ages)} reads, {len(errors)} errors; seconds behind: "
              f"median {ages[len(ages) // 2]:.2f}, 95 % {ages[len(ages) * 95 // 100]:.2f}, most {ages[-1]:.2f}")
        for writer in writers:
            writer.kill()
        for writer in writers:
            writer.process.wait()
            writer.join()
        litestream.terminate()  # it copies what is left, and ends
        litestream.wait()
        acknowledged = [uid for writer in writers for uid in writer.acknowledged]
        lost, wrong = compared(trial.restore("restored.db"), trial.database, acknowledged)
        bad += lost + wrong
        rows.append(("writers", "100ms", 1, len(acknowledged), len(lost), len(wrong)))
    finally:
        trial.end()

    # Writers and Litestream die at the same moment, and the disk with them.
    for sync in ("100ms", "1s"):
        total = gone = faults = 0
        for number in range(options.rounds):
            trial = Trial(options, options.directory / f"both-{sync}-{number}", sync)
            try:
                litestream = trial.replicate()
                writers = trial.writers()
                enough(writers)
                for process in [litestream] + [writer.process for writer in writers]:
                    process.send_signal(signal.SIGKILL)
                for writer in writers:
                    writer.process.wait()
                    writer.join()
                litestream.wait()
                acknowledged = [uid for writer in writers for uid in writer.acknowledged]
                lost, wrong = compared(trial.restore("restored.db"), trial.database, acknowledged)
                bad += wrong
                total, gone, faults = total + len(acknowledged), gone + len(lost), faults + len(wrong)
            finally:
                trial.end()
        rows.append(("writers, Litestream and the disk", sync, options.rounds, total, gone, faults))

    print("| killed | sync interval | times | acknowledged | not in the copy | other faults |")
    print("|---|---|--:|--:|--:|--:|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    for fault in bad[:5]:
        print(f"fault: {fault}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
