"""The points on aiosqlite: `aiosqlite.py <extension> <file> <points>`."""

import asyncio
import sys

sys.path.pop(0)
import aiosqlite

extension, path, points = sys.argv[1:]


async def main():
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.enable_load_extension(True)
        await connection.load_extension(extension)
        for statement in open(points, encoding="utf-8").read().splitlines():
            if statement.startswith("--"):
                continue
            try:
                for row in await connection.execute_fetchall(statement):
                    print("|".join("" if value is None else str(value) for value in row))
            except aiosqlite.Error as error:
                print(f"error: {error}")


asyncio.run(main())
