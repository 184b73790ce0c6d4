"""The points on apsw: `apsw.py <extension> <file> <points>`."""

import sys

sys.path.pop(0)  # this directory has a file of that name
import apsw

extension, path, points = sys.argv[1:]
connection = apsw.Connection(path)
connection.enable_load_extension(True)
connection.load_extension(extension)
for statement in open(points, encoding="utf-8").read().splitlines():
    if statement.startswith("--"):
        continue
    try:
        for row in connection.execute(statement):
            print("|".join("" if value is None else str(value) for value in row))
    except apsw.Error as error:
        print(f"error: {error}")
