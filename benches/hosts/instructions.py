#!/usr/bin/python3
"""Table A of compare.py in instructions instead of time, which does not depend on who else uses the machine.

    /usr/bin/python3 benches/hosts/instructions.py [branch.so]

Needs valgrind with its headers, a C compiler and SQLite's headers (Debian: valgrind gcc libsqlite3-dev).
"""
import glob, os, re, subprocess, sys, tempfile

so = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "dist/branch.so")
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["compare.py", so, ""]
sys.path.insert(0, here)
import compare

three = "id, role, content"
join = ("SELECT m.id, role, content FROM branch_path((SELECT current_leaf_id FROM threads WHERE id=?1)) p "
        "JOIN messages m ON m.id=p.id")
QUERIES = [(f"SELECT {three} FROM branch_messages(?1)", compare.by_hand(three)),
           (f"SELECT {compare.ALL} FROM branch_messages(?1)", compare.by_hand(compare.ALL)),
           (f"SELECT {three} FROM branch_messages(?1, 20)", compare.by_hand(three, 20)),
           (join, compare.by_hand(three))]
print("| instructions a message, by hand / ours | 3 columns | all columns | newest 20 | path joined |\n|---|--:|--:|--:|--:|")
with tempfile.TemporaryDirectory() as folder:
    host = f"{folder}/host"
    subprocess.run(["cc", "-O2", f"{here}/instructions.c", "-o", host, "-lsqlite3"], check=True)
    for kind, count in [("alone", 40), ("alone", 400), ("fork10", 400), ("siblings", 40), ("siblings", 400), ("taking turns", 400)]:
        file = f"{folder}/{kind}{count}.db"
        connection = compare.connect(file)
        thread = compare.shape(connection, kind, count, 500)
        connection.close()
        cells = []
        for ours, hands in QUERIES:
            for old in glob.glob(f"{folder}/counts*"):
                os.unlink(old)
            subprocess.run(["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={folder}/counts",
                            host, so, file, thread, ours, *hands], check=True, stderr=subprocess.DEVNULL)
            found = {}
            for name in glob.glob(f"{folder}/counts.*"):
                text = open(name).read()
                query = re.search(r"query (\d+) rows (\d+)", text)
                found[int(query[1])] = int(re.search(r"^totals: (\d+)", text, re.M)[1]) / int(query[2])
            best = min(value for at, value in found.items() if at > 0)
            cells.append(f"{best:.0f} / {found[0]:.0f} = {best / found[0]:.2f}")
        print(f"| {kind}, {count} of 500 B | " + " | ".join(cells) + " |", flush=True)
