#!/usr/bin/python3
"""How cost grows with the file: threads of 100 messages that take turns, in a small file and in one a hundred times as large.

    /usr/bin/python3 benches/hosts/growth.py [branch.so]      SMALL=1000 LARGE=100000 threads, GROWTH_DIR for the files

Through Debian's Python and SQLite, as a user of the loaded file gets it: WAL, synchronous FULL, a page cache of 64 MB. Each
figure is the median of calls on threads spread over the file. Writes of one message wait for the disk, so they are
also given inside one transaction.
"""
import os, sqlite3, statistics, sys, tempfile, time

from large import EACH, build, connect, name

SO = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "dist/branch.so")
SIZES = [int(os.environ.get("SMALL", "1000")), int(os.environ.get("LARGE", "100000"))]


def median(c, sql, arguments):
    found = []
    for values in arguments:
        begun = time.perf_counter()
        c.execute(sql, values).fetchall()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def measure(path, threads):
    c = connect(SO, path)
    c.execute("PRAGMA journal_mode = WAL").fetchall()
    c.execute("PRAGMA synchronous = FULL")
    spread = [name(i * 7919 % threads) for i in range(200)]
    one = [[t] for t in spread]
    rows = {}
    rows["newest 20, ms"] = median(c, "SELECT id, role, content FROM branch_messages(?, 20)", one) * 1e3
    rows["the whole branch (100), ms"] = median(c, "SELECT id, role, content FROM branch_messages(?)", one) * 1e3
    rows["leaves of a thread, ms"] = median(c, "SELECT id, depth FROM branch_leaves(?)", one) * 1e3
    rows["20 of branch_threads() after a given id, ms"] = median(
        c, "SELECT id, last_content FROM branch_threads() WHERE id > ? ORDER BY id LIMIT 20", one[:50]) * 1e3
    rows["check one thread, ms"] = median(c, "SELECT count(*) FROM branch_check(?)", one[:50]) * 1e3
    rows["branch_migrate() with nothing to do, ms"] = median(c, "SELECT branch_migrate()", [[]] * 50) * 1e3
    rows["append, a commit each, ms"] = median(c, "SELECT branch_append(?, 'user', 'one more message', NULL, 1)", one) * 1e3
    c.execute("BEGIN")
    rows["append in a transaction, ms"] = median(c, "SELECT branch_append(?, 'user', 'one more message', NULL, 1)", one) * 1e3
    c.execute("COMMIT")
    c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    begun = time.perf_counter()
    assert c.execute("SELECT count(*) FROM branch_check()").fetchone() == (0,)
    rows["check the whole file, s"] = time.perf_counter() - begun
    begun = time.perf_counter()
    copy = sqlite3.connect(path + ".backup")
    c.backup(copy)
    copy.close()
    rows["back it up, s"] = time.perf_counter() - begun
    os.remove(path + ".backup")
    c.close()
    return rows


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("GROWTH_DIR")) as folder:
        found = []
        for threads in SIZES:
            path = f"{folder}/{threads}.db"
            made, migrated = build(SO, path, threads)
            rows = {"file, MB": os.path.getsize(path) / 1e6, "build with plain SQL, s": made, "branch_migrate() adds its indexes, s": migrated}
            rows.update(measure(path, threads))
            found.append(rows)
            os.remove(path)
        small, large = found
        print("## Growth\n")
        print("| | " + " | ".join(f"{threads * EACH:,} messages" for threads in SIZES) + " | growth |\n|---|--:|--:|--:|")
        for name in small:
            print(f"| {name} | {small[name]:.3g} | {large[name]:.3g} | {large[name] / small[name]:.1f} |")


if __name__ == "__main__":
    main()
