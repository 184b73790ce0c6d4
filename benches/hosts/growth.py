#!/usr/bin/python3
"""How cost grows with the file: threads of 100 messages that take turns, in a small file and in one a hundred times as large.

    /usr/bin/python3 benches/hosts/growth.py [branch.so]      SMALL=1000 LARGE=100000 threads, GROWTH_DIR for the files

Through Debian's Python and SQLite, as a user of the loaded file gets it: WAL, synchronous FULL, a page cache of 64 MB. Each
figure is the median of calls on threads spread over the file. Writes of one message wait for the disk, so they are
also given inside one transaction.
"""
import os, sqlite3, statistics, sys, tempfile, time

SO = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "dist/branch.so")
SIZES = [int(os.environ.get("SMALL", "1000")), int(os.environ.get("LARGE", "100000"))]
EACH = 100


def connect(path):
    c = sqlite3.connect(path, isolation_level=None)
    c.enable_load_extension(True)
    c.load_extension(SO)
    c.execute("PRAGMA cache_size = -64000")
    return c


def build(path, threads):
    """Messages of every thread in turn, as many users at once leave them. Returns the seconds of making and migrating."""
    c = connect(path)
    c.execute("PRAGMA journal_mode = OFF")
    c.execute("PRAGMA synchronous = OFF")
    c.execute("SELECT branch_migrate()").fetchall()
    # The tables first, as a program that knows no branches fills them, and then what branch_migrate() adds.
    for (name,) in c.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'branch\\_messages%' ESCAPE '\\' AND type = 'index'").fetchall():
        c.execute(f"DROP INDEX {name}")
    begun = time.perf_counter()
    c.execute("BEGIN")
    c.execute("INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source, current_leaf_id) "
              "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1) "
              "SELECT printf('t%07d', i), '', 0, '', i, i, 'idle', '', '', 'api', ?1 * (?2 - 1) + i + 1 FROM n", [threads, EACH])
    c.execute("INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) "
              "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * ?2) "
              "SELECT i + 1, printf('t%07d', i % ?1), iif((i / ?1) % 2, 'assistant', 'user'), "
              "printf('message %d of %d ', i / ?1, i % ?1) || hex(zeroblob(70)), i, iif(i < ?1, NULL, i + 1 - ?1) FROM n", [threads, EACH])
    c.execute("COMMIT")
    made = time.perf_counter() - begun
    begun = time.perf_counter()
    c.execute("SELECT branch_migrate()").fetchall()
    migrated = time.perf_counter() - begun
    c.execute("PRAGMA journal_mode = WAL").fetchall()
    c.close()
    return made, migrated


def median(c, sql, arguments):
    found = []
    for values in arguments:
        begun = time.perf_counter()
        c.execute(sql, values).fetchall()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def measure(path, threads):
    c = connect(path)
    c.execute("PRAGMA synchronous = FULL")
    spread = [f"t{i * 7919 % threads:07d}" for i in range(200)]
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
            made, migrated = build(path, threads)
            rows = {"file, MB": os.path.getsize(path) / 1e6, "build with plain SQL, s": made, "branch_migrate() adds its indexes, s": migrated}
            rows.update(measure(path, threads))
            found.append(rows)
            os.remove(path)
        small, large = found
        print("| | " + " | ".join(f"{threads * EACH:,} messages" for threads in SIZES) + " | growth |\n|---|--:|--:|--:|")
        for name in small:
            print(f"| {name} | {small[name]:.3g} | {large[name]:.3g} | {large[name] / small[name]:.1f} |")


if __name__ == "__main__":
    main()
