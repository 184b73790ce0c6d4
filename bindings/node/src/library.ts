/** Finding the extension's file, and loading it. */

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** What better-sqlite3's `Database`, node:sqlite's `DatabaseSync` and bun:sqlite's `Database` have in common. */
export interface Database {
  prepare(sql: string): { all(...parameters: any[]): unknown[] };
  exec(sql: string): unknown;
  loadExtension(path: string): unknown;
}

const SUFFIXES: Partial<Record<NodeJS.Platform, string>> = { darwin: ".dylib", win32: ".dll" };

/**
 * The path of the extension's file, for clients that load it by themselves.
 *
 * It comes from the package of this platform, such as `sqlite-branch-linux-x64`, which npm installs along. The
 * environment variable SQLITE_BRANCH_PATH names another file, such as one that you built yourself.
 */
export function getLoadablePath(): string {
  const chosen = process.env["SQLITE_BRANCH_PATH"];
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`sqlite-branch: no extension at ${chosen}`);
    return chosen;
  }
  const name = `sqlite-branch-${process.platform}-${process.arch}`;
  try {
    return require.resolve(`${name}/branch${SUFFIXES[process.platform] ?? ".so"}`);
  } catch {
    throw new Error(
      `sqlite-branch: the package ${name} is not installed. If there is one for this platform, npm leaves it out with ` +
        "--omit=optional. For others, build the extension and set SQLITE_BRANCH_PATH to its file.",
    );
  }
}

/**
 * Loads the extension into a database of better-sqlite3, node:sqlite or bun:sqlite.
 *
 * node:sqlite needs the option `allowExtension: true`.
 */
export function load(db: Pick<Database, "loadExtension">): void {
  const path = getLoadablePath();
  try {
    db.loadExtension(path);
  } catch (error) {
    const text = String(error);
    if (text.includes("another copy of SQLite")) {
      db.loadExtension(ownCopy(path, db));
    } else if (text.includes("extension loading is not allowed")) {
      throw new Error("sqlite-branch: open the database with new DatabaseSync(path, { allowExtension: true })", {
        cause: error,
      });
    } else {
      throw error;
    }
  }
}

const copies = new Map<unknown, string>();

/**
 * A copy of the file for a driver that brings an SQLite of its own, beside one in this process that has it loaded.
 * The extension serves one SQLite only, and a copy of the file is a second extension.
 */
function ownCopy(path: string, db: object): string {
  const driver = db.constructor;
  let copy = copies.get(driver);
  if (copy === undefined) {
    const directory = mkdtempSync(join(tmpdir(), "sqlite-branch-"));
    process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
    copy = join(directory, basename(path));
    copyFileSync(path, copy);
    copies.set(driver, copy);
  }
  return copy;
}
