#!/usr/bin/env python3
"""Writes messages to one thread of a chat until it is killed: writer.py FILE THREAD EXTENSION

Each message is committed by itself, and printed once it is: "uid time". What is printed is acknowledged.
"""
import itertools
import sqlite3
import sys
import time


def main(path, thread, extension):
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(extension)
    connection.execute("PRAGMA journal_mode = WAL")
    # Durable when it is acknowledged. Litestream wants checkpoints left to it.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("INSERT INTO branch_call SELECT branch_thread(?)", [thread])
    done = connection.execute("SELECT count(*) FROM messages WHERE thread_id = ?", [thread]).fetchone()[0]
    for number in itertools.count(done + 1):
        now = time.time()
        uid = f"{thread}-{number}"
        connection.execute(
            "INSERT INTO branch_messages(thread_id, role, content, created_at, uid) VALUES (?, ?, ?, ?, ?)",
            [thread, "user" if number % 2 else "assistant", f"{now:.3f} {uid}", int(now), uid],
        )
        if number % 10 == 0:  # an older message is taken up again
            connection.execute("INSERT INTO branch_call SELECT branch_switch(?, ?)", [thread, f"{thread}-{number - 3}"])
        print(uid, f"{now:.3f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
