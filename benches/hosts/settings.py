#!/usr/bin/python3
"""What PRAGMA mmap_size and cache_size do: reads that the process asks of the system (/proc/self/io), and times, in one run.

    /usr/bin/python3 benches/hosts/settings.py [branch.so]      THREADS=8000 of 100 messages that take turns, BENCH_DIR for the file

One connection for each setting, on the same file, in the system's cache. Reads are counted in a connection's second pass, so that what its
own cache holds is in it. Times are of the processor, system included, the least of ROUNDS rounds (15) that take turns.
"""
import os, sys, tempfile, time

import large

SO = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "dist/branch.so")
THREADS = int(os.environ.get("THREADS", "8000"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
LONG = 20000
SETTINGS = [(f"{cache} MB" + (", mapped" if mapped else ""), cache, mapped) for mapped in (0, 1) for cache in (2, 16, 64)]


def reads():
    with open("/proc/self/io") as io:
        return next(int(line.split()[1]) for line in io if line.startswith("syscr"))


def main():
    spread = [large.name(i * 7919 % THREADS) for i in range(200)]
    few = spread[:20]
    branch, newest = "SELECT id, role, content FROM branch_messages(?)", "SELECT id, role, content FROM branch_messages(?, 20)"
    work = [
        ("200 threads, each once", lambda c: [c.execute(branch, (t,)).fetchall() for t in spread], 200),
        ("their newest 20", lambda c: [c.execute(newest, (t,)).fetchall() for t in spread], 200),
        ("20 threads again and again", lambda c: [c.execute(branch, (t,)).fetchall() for t in few], 20),
        (f"a line of {LONG:,} of 500 B", lambda c: c.execute(branch, ("long",)).fetchall(), 1),
        ("20 threads, a page of each list back", lambda c: [c.execute("SELECT id, last_content FROM branch_threads() WHERE id > ? ORDER BY id LIMIT 20", (t,)).fetchall()
                                                           for t in few], 20),
    ]
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        path = f"{folder}/settings.db"
        large.build(SO, path, THREADS)
        c = large.connect(SO, path)
        c.execute("BEGIN")
        c.execute("SELECT branch_thread('long')").fetchall()
        c.execute("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                  "INSERT INTO branch_messages(thread_id, role, content) SELECT 'long', 'user', hex(zeroblob(250)) FROM n", (LONG,))
        c.execute("COMMIT")
        c.execute("PRAGMA journal_mode = WAL").fetchall()
        c.close()
        connections = []
        for name, cache, mapped in SETTINGS:
            c = large.connect(SO, path, cache)
            c.execute(f"PRAGMA mmap_size = {2**31 - 65536 if mapped else 0}").fetchall()
            connections.append((name, c))
        print(f"## Settings: {THREADS} threads of 100, {os.path.getsize(path) // 1000000} MB. Reads asked of the system, and µs, for each thread\n")
        print("| | " + " | ".join(name for name, _ in connections) + " |\n|---" + "|--:" * len(connections) + "|")
        for what, run, count in work:
            asked, least = [], [float("inf")] * len(connections)
            for _, c in connections:
                run(c)
                before = reads()
                run(c)
                asked.append(reads() - before)
            for _ in range(ROUNDS):
                for at, (_, c) in enumerate(connections):
                    begun = time.process_time()
                    run(c)
                    least[at] = min(least[at], time.process_time() - begun)
            print(f"| {what} | " + " | ".join(f"{a / count:.0f} reads, {s / count * 1e6:,.0f} µs" for a, s in zip(asked, least)) + " |", flush=True)
        for _, c in connections:
            c.close()


if __name__ == "__main__":
    main()
