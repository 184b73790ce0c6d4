/** `History`: every function and table of the extension as a typed method. Each is one SQL statement. */

import { createRequire } from "node:module";
import { type Database, load } from "./library";
import type * as records from "./records";

/** A message's id, or its uid. */
export type MessageId = number | string;

/** JSON: as text, or as what `JSON.stringify` takes. */
export type Item = string | object | null;

/** Unix seconds, or a Date; now if it is not given. */
export type Time = number | Date;

/** What may be given for a new message. */
export interface AddOptions {
  itemJson?: Item;
  createdAt?: Time;
  /** The message's own name: a call that is repeated with it adds nothing, and returns the same id. */
  uid?: string;
}

const MESSAGE = "id, thread_id, role, content, item_json, created_at, parent_entry_id";
const THREAD =
  "id, title, preview, archived, created_at, updated_at, current_leaf_id, last_id, last_role, last_content, last_at";

/**
 * Branching message history in one SQLite database.
 *
 * Errors are the driver's own. Their text starts with the function's name: `branch_fork: no message 42`.
 */
export class History {
  /** The driver's database. */
  readonly db: Database;

  /**
   * @param db a database of better-sqlite3, node:sqlite (with `allowExtension: true`) or bun:sqlite. The extension is
   *     loaded if it is not there yet, and the tables are made or brought up to date.
   */
  constructor(db: Database, options: { migrate?: boolean } = {}) {
    this.db = db;
    const known = "SELECT count(*) AS value FROM pragma_function_list WHERE name = 'branch_version'";
    if (!(this.one(known) as number)) load(db);
    if (options.migrate ?? true) this.migrate();
  }

  /**
   * Opens a file with the driver that is there: bun:sqlite, node:sqlite (Node 22.13 and newer) or better-sqlite3.
   * A statement waits for up to `timeout` milliseconds for another program that writes.
   */
  static open(path: string, options: { migrate?: boolean; timeout?: number } = {}): History {
    const db = open(path);
    db.exec(`PRAGMA busy_timeout = ${Math.trunc(options.timeout ?? 5000)}`);
    return new History(db, options);
  }

  /** Closes the database. */
  close(): void {
    (this.db as Database & { close(): void }).close();
  }

  /**
   * Does all that is called inside as a whole, or nothing of it if an error is thrown. Takes the write lock at once.
   * Inside another transaction it is a savepoint, which is part of that.
   */
  transaction<T>(work: () => T): T {
    const [begin, commit, undo] = this.inTransaction
      ? ["SAVEPOINT sqlite_branch", "RELEASE sqlite_branch", "ROLLBACK TO sqlite_branch; RELEASE sqlite_branch"]
      : ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"];
    this.db.exec(begin);
    try {
      const result = work();
      if (result instanceof Promise) throw new TypeError("transaction: the work must not be asynchronous");
      this.db.exec(commit);
      return result;
    } catch (error) {
      // SQLite itself has rolled back after some errors, such as a full disk.
      if (this.inTransaction) this.db.exec(undo);
      throw error;
    }
  }

  // Functions that write

  /** Makes the tables, or brings them up to date. Returns how many migrations changed something. */
  migrate(): number {
    return this.call("branch_migrate");
  }

  /** Makes the thread if it is not there; sets its title if one is given. Returns its id; without one, a new one. */
  thread(threadId?: string | null, title?: string | null, createdAt?: Time): string {
    return this.call("branch_thread", threadId, title, seconds(createdAt));
  }

  /** Adds a message below the thread's current leaf and makes it the leaf. Returns its id. */
  append(threadId: string, role: string, content: string, options: AddOptions = {}): number {
    return this.call("branch_append", threadId, role, content, ...added(options));
  }

  /** Adds a child of that message and makes it its thread's leaf. Returns its id. */
  fork(messageId: MessageId, role: string, content: string, options: AddOptions = {}): number {
    return this.call("branch_fork", messageId, role, content, ...added(options));
  }

  /** Adds a sibling of that message (an edited prompt, a regenerated answer) and makes it the leaf. Returns its id. */
  alternative(messageId: MessageId, role: string, content: string, options: AddOptions = {}): number {
    return this.call("branch_alternative", messageId, role, content, ...added(options));
  }

  /** Moves the leaf to a message of the thread, or before its first with null. Returns the leaf. */
  switch(threadId: string, messageId: MessageId | null): number | null {
    return this.call("branch_switch", threadId, messageId);
  }

  /** Shows that message, or its alternative of that position: the leaf goes to its tip. Returns the leaf. */
  select(messageId: MessageId, position?: number): number {
    return this.call("branch_select", messageId, position);
  }

  /** Deletes the thread and all that belongs to it. Returns how many messages it had. */
  delete(threadId: string): number {
    return this.call("branch_delete", threadId);
  }

  /** Deletes all messages of the thread. Returns how many. */
  clear(threadId: string): number {
    return this.call("branch_clear", threadId);
  }

  /** Deletes the message and everything below it. Returns how many. */
  prune(messageId: MessageId): number {
    return this.call("branch_prune", messageId);
  }

  /** Makes a new thread with copies of the messages on the path to that one. Returns its leaf. */
  copy(messageId: MessageId, newThreadId: string, createdAt?: Time): number {
    return this.call("branch_copy", messageId, newThreadId, seconds(createdAt));
  }

  /** Appends a summary of what is before `firstKeptId`; `context` sends it in their place. Returns its id. */
  compact(threadId: string, summary: string, firstKeptId?: MessageId | null, options: AddOptions = {}): number {
    return this.call("branch_compact", threadId, summary, firstKeptId, ...added(options));
  }

  /** Names the message within its thread; null removes all its labels. Returns how many labels changed. */
  label(messageId: MessageId, label: string | null, createdAt?: Time): number {
    return this.call("branch_label", messageId, label, seconds(createdAt));
  }

  /** Removes a label. Returns how many were removed. */
  unlabel(threadId: string, label: string): number {
    return this.call("branch_unlabel", threadId, label);
  }

  /** Brings the search index up to date, or makes it anew. Returns how many messages it added. */
  index(command?: "rebuild"): number {
    return this.call("branch_index", ...(command === undefined ? [] : [command]));
  }

  /**
   * Adds what an export of another program holds. Returns the number of messages added.
   *
   * `format`: `chatgpt`, `claude-ai`, `claude-code`, `codex`, `pi`, `open-webui`, `librechat`, `sillytavern`, `oasst`,
   * `openai`, `jsonl` or `auto`.
   */
  import(
    format: string,
    text: string | Uint8Array,
    options?: { skip_bad?: boolean; thread_prefix?: string; thread?: string; created_at?: number },
  ): number {
    return this.call("branch_import", format, text, ...(options === undefined ? [] : [json(options)]));
  }

  /** Stores the whole history that a stateless client sends; what differs becomes a fork. Returns the leaf. */
  put(threadId: string, messages: readonly object[] | string, createdAt?: Time): number | null {
    return this.call("branch_put", threadId, json(messages), seconds(createdAt));
  }

  // Functions that read: null for an unknown message

  /** The extension's version. */
  version(): string {
    return this.call("branch_version");
  }

  /** The build, the commit and the version of SQLite. */
  debug(): string {
    return this.call("branch_debug");
  }

  /** The number of the message's ancestors. */
  depth(messageId: MessageId): number | null {
    return this.call("branch_depth", messageId);
  }

  /** The first message of the message's path. */
  root(messageId: MessageId): number | null {
    return this.call("branch_root", messageId);
  }

  /** The newest message at or below it. */
  tip(messageId: MessageId): number | null {
    return this.call("branch_tip", messageId);
  }

  /** The nearest message that is on both paths. */
  commonAncestor(a: MessageId, b: MessageId): number | null {
    return this.call("branch_common_ancestor", a, b);
  }

  /** Whether a is b or above b. */
  isAncestor(a: MessageId, b: MessageId): boolean | null {
    const found = this.call<number | null>("branch_is_ancestor", a, b);
    return found === null ? null : found === 1;
  }

  /** The id of the message with that uid. */
  id(uid: string): number | null {
    return this.call("branch_id", uid);
  }

  /** The message's uid. */
  uid(messageId: MessageId): string | null {
    return this.call("branch_uid", messageId);
  }

  /** About how many tokens a message has, as `context` counts them. */
  tokens(content: string, itemJson?: Item): number {
    return this.call("branch_tokens", content, json(itemJson));
  }

  /** The thread as `jsonl`, `markdown`, `openai` or `html`. */
  export(threadId: string, format: string): string | null {
    return this.call("branch_export", threadId, format);
  }

  // Tables

  /** The last `limit` messages of the path to that message, first to last. */
  path(messageId: MessageId, limit?: number): records.PathEntry[] {
    return this.rows("id, distance", "branch_path", messageId, limit);
  }

  /** The last `limit` messages of the current branch, first to last; with `before`, those above it. */
  messages(
    threadId: string,
    options?: { limit?: number; before?: MessageId; details?: false },
  ): records.ListedMessage[];
  /** With `uid`, `position` and `versions` ("2 of 3") too. */
  messages(threadId: string, options: { limit?: number; before?: MessageId; details: true }): records.DetailedMessage[];
  messages(
    threadId: string,
    options: { limit?: number; before?: MessageId; details?: boolean } = {},
  ): records.ListedMessage[] {
    const columns = `${MESSAGE}, distance${options.details ? ", uid, position, versions" : ""}`;
    return this.rows(columns, "branch_messages", threadId, options.limit, options.before);
  }

  /** The ends of the thread's branches. */
  leaves(threadId: string): records.Leaf[] {
    return this.rows(`${MESSAGE}, depth, fork_id, is_current`, "branch_leaves", threadId);
  }

  /** A message's children. */
  children(messageId: MessageId): records.Child[] {
    return this.rows(`${MESSAGE}, is_current`, "branch_children", messageId);
  }

  /** A message and its alternatives. */
  siblings(messageId: MessageId): records.Sibling[] {
    return this.rows(`${MESSAGE}, position, is_current`, "branch_siblings", messageId);
  }

  /** The whole tree of the thread, parents before children; `graph` draws it. */
  tree(threadId: string): records.TreeRow[] {
    const columns = "id, parent_entry_id, role, created_at, depth, children, is_leaf, is_current, preview, graph";
    return this.rows(columns, "branch_tree", threadId);
  }

  /** What the two paths do not share: all of a's side, then b's. */
  diff(a: MessageId, b: MessageId): records.Difference[] {
    return this.rows(`side, ${MESSAGE}`, "branch_diff", a, b);
  }

  /** Problems in the stored trees, of one thread or all; none when all is well. */
  check(threadId?: string): records.Problem[] {
    return this.rows("thread_id, message_id, problem, detail", "branch_check", ...given(threadId));
  }

  /** All threads. */
  threads(options?: { counts?: false }): records.Thread[];
  /** With the numbers of `messages` and `leaves` too. */
  threads(options: { counts: true }): records.CountedThread[];
  threads(options: { counts?: boolean } = {}): records.Thread[] {
    return this.rows(options.counts ? `${THREAD}, messages, leaves` : THREAD, "branch_threads");
  }

  /** What to send to a model for the current branch, or for the path to `leaf`, within `budget` tokens. */
  context(threadId: string, budget?: number | null, leaf?: MessageId): records.ContextMessage[] {
    return this.rows(`${MESSAGE}, kind, tokens, total, dropped`, "branch_context", threadId, budget, leaf);
  }

  /** The sums of the tokens that the messages report, by thread and model. */
  usage(threadId?: string, leaf?: MessageId): records.Usage[] {
    const columns = "thread_id, model, messages, input_tokens, cached_tokens, output_tokens, cost";
    return this.rows(columns, "branch_usage", ...(leaf === undefined ? given(threadId) : [threadId, leaf]));
  }

  /** The labels of one thread or all. */
  labels(threadId?: string): records.Label[] {
    return this.rows("thread_id, label, message_id, created_at, is_current", "branch_labels", ...given(threadId));
  }

  /** Messages on any branch that the query finds, best first. It is in FTS5's query syntax. */
  search(query: string, options: { threadId?: string; limit?: number } = {}): records.Found[] {
    const columns = `${MESSAGE}, rank, snippet, is_current`;
    const found = `SELECT ${columns} FROM branch_search(${places([query, ...given(options.threadId)])}) LIMIT ?`;
    return this.all(found, [query, ...given(options.threadId), options.limit ?? -1]);
  }

  // One statement each

  private call<T>(name: string, ...parameters: unknown[]): T {
    return this.one(`SELECT ${name}(${places(parameters)}) AS value`, parameters) as T;
  }

  private rows<T>(columns: string, table: string, ...parameters: unknown[]): T[] {
    return this.all(`SELECT ${columns} FROM ${table}(${places(parameters)})`, parameters);
  }

  private one(sql: string, parameters: unknown[] = []): unknown {
    return this.all<{ value: unknown }>(sql, parameters)[0]!.value;
  }

  private all<T>(sql: string, parameters: unknown[]): T[] {
    return this.db.prepare(sql).all(...parameters.map((parameter) => parameter ?? null)) as T[];
  }

  private get inTransaction(): boolean {
    const db = this.db as Database & { inTransaction?: boolean; isTransaction?: boolean };
    return db.inTransaction ?? db.isTransaction ?? false;
  }
}

function open(path: string): Database {
  const load = createRequire(__filename);
  if (process.versions["bun"]) return new (load("bun:sqlite").Database)(path);
  let builtIn;
  try {
    builtIn = load("node:sqlite");
  } catch {
    // Older than Node 22.13.
  }
  if (builtIn?.DatabaseSync.prototype.loadExtension) return new builtIn.DatabaseSync(path, { allowExtension: true });
  let package_;
  try {
    package_ = load("better-sqlite3");
  } catch {
    throw new Error("sqlite-branch: there is no driver: use Node 22.13 or newer, or npm install better-sqlite3");
  }
  return new package_(path);
}

function added(options: AddOptions): unknown[] {
  return [json(options.itemJson), seconds(options.createdAt), options.uid];
}

function seconds(time: Time | undefined): number | undefined {
  return time instanceof Date ? Math.floor(time.getTime() / 1000) : time;
}

function json(item: Item | undefined): string | null {
  return item === undefined || item === null || typeof item === "string" ? (item ?? null) : JSON.stringify(item);
}

/** For tables that take no argument for `all`. */
function given(parameter: unknown): unknown[] {
  return parameter === undefined || parameter === null ? [] : [parameter];
}

function places(parameters: unknown[]): string {
  return parameters.map(() => "?").join(", ");
}
