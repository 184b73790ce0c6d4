"""A file of threads of 100 messages that take turns, the worst case for a file, and one thread that lies alone at its end."""
import sqlite3, time

EACH = 100


def name(thread):
    return f"t{thread:07d}"


def connect(so, path, cache_mb=64):
    c = sqlite3.connect(path, isolation_level=None, cached_statements=500)
    c.enable_load_extension(True)
    c.load_extension(so)
    c.execute(f"PRAGMA cache_size = -{cache_mb * 1000}")
    return c


def build(so, path, threads):
    """Messages of every thread in turn, as many users at once leave them. Returns the seconds of making the tables as a program that
    knows no branches has them, and of what branch_migrate() adds."""
    begun = time.perf_counter()
    c = connect(so, path, 400)
    c.execute("PRAGMA journal_mode = OFF")
    c.execute("PRAGMA synchronous = OFF")
    c.execute("PRAGMA locking_mode = EXCLUSIVE")
    c.execute("SELECT branch_migrate()").fetchall()
    # Rows first, then indexes, each of which is then sorted once.
    indexes = c.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'messages' AND sql IS NOT NULL").fetchall()
    for index, _ in indexes:
        c.execute(f"DROP INDEX {index}")
    c.execute("BEGIN")
    c.execute("INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source, current_leaf_id) "
              "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1) "
              "SELECT printf('t%07d', i), '', 0, '', i, i, 'idle', '', '', 'api', ?1 * (?2 - 1) + i + 1 FROM n", [threads, EACH])
    row = "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) "
    c.execute(row + "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * ?2) "
              "SELECT i + 1, printf('t%07d', i % ?1), iif((i / ?1) % 2, 'assistant', 'user'), "
              "printf('message %d of %d ', i / ?1, i % ?1) || hex(zeroblob(70)), i, iif(i < ?1, NULL, i + 1 - ?1) FROM n", [threads, EACH])
    last = threads * EACH
    c.execute("INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd, cli_version, source, current_leaf_id) "
              "VALUES ('alone', '', 0, '', 0, 0, 'idle', '', '', 'api', ?1)", [last + EACH])
    c.executemany(row + "VALUES (?, 'alone', ?, ?, ?, ?)",
                  [(last + n, ["assistant", "user"][n % 2], f"message {n} " + "0" * 140, last + n, last + n - 1 if n > 1 else None) for n in range(1, EACH + 1)])
    for index, sql in indexes:
        if not index.startswith("branch_"):
            c.execute(sql)
    c.execute("COMMIT")
    made = time.perf_counter() - begun
    begun = time.perf_counter()
    c.execute("SELECT branch_migrate()").fetchall()
    migrated = time.perf_counter() - begun
    c.execute("PRAGMA locking_mode = NORMAL")
    c.close()
    return made, migrated
