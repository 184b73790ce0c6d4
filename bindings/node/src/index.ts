/**
 * Branching message history inside SQLite.
 *
 * `load` brings the extension into a database of better-sqlite3, node:sqlite or bun:sqlite, for plain SQL; `History`
 * has its functions and tables as typed methods.
 *
 * ```js
 * import { DatabaseSync } from "node:sqlite";
 * import { History } from "sqlite-branch";
 *
 * const history = new History(new DatabaseSync("chat.db", { allowExtension: true }));
 * const thread = history.thread("garden", "What to plant");
 * history.append(thread, "user", "What can I plant in March?");
 * ```
 */

export { getLoadablePath, load } from "./library";
export type { Database } from "./library";
export { History } from "./history";
export type { AddOptions, Item, MessageId, Time } from "./history";
export type * from "./records";
