#!/usr/bin/env python3
"""Three nodes, several clients, and a leader that is killed again and again.

    trial.py [--kills N] [--clients N]

Starts three nodes (dist/cluster/node) as processes. Clients append, fork, add alternatives and switch versions over HTTP,
each request with a uid, and repeat a request at another node until it is answered. Meanwhile the leader is killed with
SIGKILL, and started again, as often as asked. Then a node is killed, more is written than the log keeps, and the node comes
back, which takes a snapshot. At the end each node's own copy is opened with the extension, and every acknowledged
message must be there once, with its parent, on all three. Prints a table; the exit status says whether all of it holds.
"""
import argparse
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "dist" / "cluster" / "node"
EXTENSION = ROOT / "dist" / "branch"
# After so many log entries a node takes a snapshot: low, so that the trial sees one.
SNAPSHOT = 256
# A safety net for what should have happened long before: then the trial fails.
PATIENCE = 120


class Node:
    def __init__(self, directory: Path, number: int):
        self.directory = directory / f"node{number}"
        self.dqlite = f"127.0.0.1:{9700 + number}"
        self.http = f"127.0.0.1:{8700 + number}"
        self.first = f"127.0.0.1:{9701}"
        self.number = number
        self.process = None

    def start(self):
        command = [NODE, "-dir", self.directory, "-dqlite", self.dqlite, "-http", self.http, "-snapshot", str(SNAPSHOT)]
        if self.number != 1:
            command += ["-join", self.first]
        log = open(self.directory.parent / f"node{self.number}.log", "ab")
        self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
        log.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def status(self):
        if self.process.poll() is not None:
            raise SystemExit(f"trial: node {self.number} ended by itself, see {self.directory}.log")
        try:
            return request(self.http, "GET", "/status", timeout=5)
        except OSError:
            return {}

    def snapshots(self):
        """The indexes of the log at which this node has a snapshot on its disk."""
        names = [path.name.split("-") for path in self.directory.glob("snapshot-*") if not path.name.endswith(".meta")]
        return sorted(int(name[2]) for name in names if len(name) == 4)


def request(address, method, path, body=None, timeout=30):
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(f"http://{address}{path}", data=data, method=method)
    with urllib.request.urlopen(call, timeout=timeout) as answer:
        return json.load(answer)


def until(what, condition, poll=0.05):
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


class Client(threading.Thread):
    """Writes to a thread of its own, and to one that all share."""

    def __init__(self, number, nodes, stop):
        super().__init__()
        self.number = number
        self.nodes = nodes
        self.stopped = stop
        self.random = random.Random(number)
        self.thread = f"client-{number}"
        self.acknowledged = {}  # uid: (id, thread, content, parent); parent is None where it can't be known
        self.times = []
        self.repeated = 0
        self.leaf = None  # uid of this client's newest message
        self.parents = {}  # uid: uid of its parent
        self.count = 0
        self.failure = None

    def run(self):
        try:
            self.send("/threads", {"id": self.thread, "title": f"Client {self.number}"})
            while not self.stopped.is_set():
                self.step()
        except Exception as error:  # reported by the main thread
            self.failure = error

    def send(self, path, body):
        """One request, repeated until some node answers it."""
        begun = time.monotonic()
        while True:
            node = self.random.choice(self.nodes)
            try:
                return request(node.http, "POST", path, body)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code != 503:
                    raise RuntimeError(f"{path} {body}: {error.code} {text}") from None
            except OSError:
                pass
            self.repeated += 1
            if time.monotonic() - begun > PATIENCE:
                raise RuntimeError(f"{path} was not answered for {PATIENCE} s")
            threading.Event().wait(0.05)

    def step(self):
        self.count += 1
        uid = f"c{self.number}-{self.count}"
        draft = {"uid": uid, "role": self.random.choice(["user", "assistant"]), "content": f"message {uid}", "item": {"n": self.count}}
        kind = self.random.random()
        mine = list(self.parents)
        if kind < 0.1:
            parent, path = None, "/threads/everybody/messages"
        elif kind < 0.2 and mine:
            target = self.random.choice(mine)
            parent, path = target, f"/messages/{target}/fork"
        elif kind < 0.3 and mine:
            target = self.random.choice(mine)
            parent, path = self.parents[target], f"/messages/{target}/alternative"
        else:
            parent, path = self.leaf, f"/threads/{self.thread}/messages"
        shared = path.startswith("/threads/everybody")
        answer = self.send(path, draft)
        self.times.append(time.monotonic())
        thread = "everybody" if shared else self.thread
        self.acknowledged[uid] = (answer["id"], thread, draft["content"], parent)
        if not shared:
            self.parents[uid] = parent
            self.leaf = uid
            if self.random.random() < 0.05:
                self.leaf = self.select(self.random.choice(mine) if mine else uid)

    def select(self, uid):
        """Shows a version; its tip is the newest message below it, which this client can work out too."""
        leaf = self.send(f"/messages/{uid}/select", {})["id"]
        known = {self.acknowledged[mine][0]: mine for mine in self.parents}
        below = {uid}
        for mine, parent in self.parents.items():  # in the order of ids
            if parent in below:
                below.add(mine)
        newest = max(below, key=lambda mine: self.acknowledged[mine][0])
        if known.get(leaf) != newest:
            raise RuntimeError(f"branch_select of {uid} gave {leaf}, the newest below is {newest}")
        return newest


def open_copy(node, directory):
    """A node's own copy, opened with the extension."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    with urllib.request.urlopen(f"http://{node.http}/copy", timeout=30) as answer:
        archive = tarfile.open(fileobj=io.BytesIO(answer.read()))
    for member in archive.getmembers():
        (directory / Path(member.name).name).write_bytes(archive.extractfile(member).read())
    connection = sqlite3.connect(directory / "chat")
    connection.enable_load_extension(True)
    connection.load_extension(str(EXTENSION))
    return connection


def wait_for_all(nodes, directory, total):
    """Until each node's own copy has as many messages as were acknowledged."""
    for node in nodes:
        def caught_up():
            try:
                copy = open_copy(node, directory / f"copy{node.number}")
            except (OSError, sqlite3.DatabaseError):
                return False
            try:
                return copy.execute("SELECT count(*) FROM messages").fetchone()[0] >= total
            except sqlite3.DatabaseError:
                return False  # a node that has just come back has not even got the tables
            finally:
                copy.close()

        until(f"node {node.number} to catch up", caught_up, poll=0.2)


def checked(connection, clients):
    """What is wrong in a copy: (lost, doubled, other)."""
    rows = connection.execute(
        "SELECT uid, m.id, thread_id, content, parent_entry_id FROM messages AS m LEFT JOIN message_uids AS u ON u.message_id = m.id"
    ).fetchall()
    by_uid = {row[0]: row for row in rows}
    contents = [row[3] for row in rows]
    lost, other = [], []
    for client in clients:
        for uid, (number, thread, content, parent) in client.acknowledged.items():
            row = by_uid.get(uid)
            if row is None:
                lost.append(uid)
                continue
            expected = client.acknowledged[parent][0] if parent else None
            if row[1:4] != (number, thread, content) or (thread != "everybody" and row[4] != expected):
                other.append((uid, row))
    doubled = len(contents) - len(set(contents))
    other += connection.execute("SELECT * FROM branch_check()").fetchall()
    other += [row for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    for client in clients:  # the extension reads the same branch as a plain recursion
        ours = connection.execute("SELECT id FROM branch_messages(?)", [client.thread]).fetchall()
        plain = connection.execute(
            "WITH RECURSIVE path(id, parent, depth) AS ("
            " SELECT m.id, parent_entry_id, 0 FROM threads JOIN messages AS m ON m.id = current_leaf_id WHERE threads.id = ?"
            " UNION ALL SELECT m.id, parent_entry_id, depth + 1 FROM path JOIN messages AS m ON m.id = path.parent)"
            " SELECT id FROM path ORDER BY depth DESC", [client.thread]).fetchall()
        if ours != plain:
            other.append((client.thread, "branch_messages differs from the recursion"))
    return lost, doubled, other


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--directory", type=Path, default=ROOT / "dist" / "cluster" / "trial")
    options = parser.parse_args()
    directory = options.directory
    subprocess.run(["rm", "-rf", str(directory)], check=True)
    directory.mkdir(parents=True)
    nodes = [Node(directory, number) for number in (1, 2, 3)]
    try:
        return trial(nodes, directory, options)
    finally:
        for node in nodes:
            node.stop()


def trial(nodes, directory, options):
    for node in nodes:
        node.start()
        until(f"node {node.number} to serve", lambda: node.status().get("address"))
    # The second and third become voters once there are three.
    until("three nodes that know their leader", lambda: all(node.status().get("leader") for node in nodes))
    request(nodes[0].http, "POST", "/threads", {"id": "everybody", "title": "Everybody"})
    stop = threading.Event()
    clients = [Client(number, nodes, stop) for number in range(1, options.clients + 1)]
    for client in clients:
        client.start()
    failures = lambda: [client.failure for client in clients if client.failure]
    acknowledged = lambda: sum(len(client.times) for client in clients)
    more = lambda count, target: until(f"{count} more messages", lambda: failures() or acknowledged() >= target)

    pauses = []
    for _ in range(options.kills):
        more(100, acknowledged() + 100)
        leader = until("a leader", lambda: next(
            (node for node in nodes if node.status().get("leader") == node.dqlite), None))
        leader.kill()
        killed = time.monotonic()
        # A request that was answered just before can be counted just after: the pause is the longest gap from then on.
        target = acknowledged() + 40
        more(40, target)
        times = sorted(when for client in clients for when in list(client.times) if when >= killed)
        pauses.append(max(b - a for a, b in zip([killed] + times, times)))
        leader.start()
        until("the killed node to serve again", lambda: leader.status().get("address"))
        if failures():
            break

    # A node that misses more than the log keeps.
    follower = until("a follower", lambda: next(
        (node for node in nodes if node.status().get("leader") not in (None, "", node.dqlite)), None))
    before = follower.snapshots()
    follower.kill()
    more(3 * SNAPSHOT, acknowledged() + 3 * SNAPSHOT)
    follower.start()
    until("the node to serve again", lambda: follower.status().get("address"))
    more(20, acknowledged() + 20)
    stop.set()
    for client in clients:
        client.join()

    total = sum(len(client.acknowledged) for client in clients)
    bad = failures()
    print(f"{len(nodes)} nodes, {options.clients} clients, {len(pauses)} killed leaders, {total} acknowledged messages, "
          f"{sum(client.repeated for client in clients)} requests repeated")
    print("seconds without an answer after each killed leader: " + ", ".join(f"{pause:.1f}" for pause in pauses))
    wait_for_all(nodes, directory, total)
    after = follower.snapshots()
    print(f"the node that missed {3 * SNAPSHOT} messages: snapshots at log entries {before} before, {after} after")
    for failure in bad:
        print(f"client failed: {failure}")
    print("| node | messages | lost | doubled | other faults |")
    print("|---|--:|--:|--:|--:|")
    dumps = set()
    for node in nodes:
        connection = open_copy(node, directory / f"copy{node.number}")
        lost, doubled, other = checked(connection, clients)
        count = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
        # Not what the file calls its own, such as sqlite_sequence in another order.
        dumps.add("\n".join(connection.iterdump()))
        connection.close()
        print(f"| {node.number} | {count} | {len(lost)} | {doubled} | {len(other)} |")
        for row in lost[:3] + other[:3]:
            print(f"  {row}")
        bad += lost + other + [doubled] * bool(doubled)
    print("all copies are equal" if len(dumps) == 1 else "the copies differ")
    if len(dumps) != 1:
        bad.append("copies")
    if not after or after == before:
        bad.append("no snapshot was installed")
        print("no new snapshot on the node that came back")
    return 1 if bad or len(pauses) < options.kills else 0


if __name__ == "__main__":
    os.environ.setdefault("GO_DQLITE_MULTITHREAD", "0")
    sys.exit(main())
