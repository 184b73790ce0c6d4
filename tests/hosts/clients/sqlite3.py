"""The points on drivers with the interface of Python's sqlite3: `sqlite3.py <module> <extension> <file> <points>`."""

import importlib
import sys

sys.path.pop(0)  # this directory has files of such names
module, extension, path, points = sys.argv[1:]
sqlite = importlib.import_module(module)
connection = sqlite.connect(path, isolation_level=None)
connection.enable_load_extension(True)
connection.load_extension(extension)
connection.enable_load_extension(False)
for statement in open(points, encoding="utf-8").read().splitlines():
    if statement.startswith("--"):
        continue
    try:
        for row in connection.execute(statement).fetchall():
            print("|".join("" if value is None else str(value) for value in row))
    except sqlite.Error as error:
        print(f"error: {error}")
