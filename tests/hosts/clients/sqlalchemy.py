"""The points on SQLAlchemy, over Python's sqlite3: `sqlalchemy.py <extension> <file> <points>`."""

import sys

sys.path.pop(0)
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

extension, path, points = sys.argv[1:]
engine = create_engine(f"sqlite:///{path}")


@event.listens_for(engine, "connect")
def load(connection, _record):
    connection.isolation_level = None
    connection.enable_load_extension(True)
    connection.load_extension(extension)
    connection.enable_load_extension(False)


with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    for statement in open(points, encoding="utf-8").read().splitlines():
        if statement.startswith("--"):
            continue
        try:
            result = connection.exec_driver_sql(statement)
            for row in result.fetchall() if result.returns_rows else []:
                print("|".join("" if value is None else str(value) for value in row))
        except DBAPIError as error:
            print(f"error: {error.orig}")
