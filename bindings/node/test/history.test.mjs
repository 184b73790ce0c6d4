// `load` and `History` on the drivers that this program has: `node --test` with node:sqlite or better-sqlite3, `bun test`.
// Runs where the packages that `make npm` packs are installed: see `make test-node`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import * as module from "sqlite-branch";

const { History, getLoadablePath, load } = module;
const require = createRequire(import.meta.url);

/** Each driver that is there, as a function that opens a path. At least one of those that the caller names must be. */
const drivers = {};
if (process.versions.bun) {
  const { Database } = require("bun:sqlite");
  drivers["bun:sqlite"] = (path) => new Database(path);
} else {
  try {
    const { DatabaseSync } = require("node:sqlite");
    drivers["node:sqlite"] = (path) => new DatabaseSync(path, { allowExtension: true });
  } catch (error) {
    if (error.code !== "ERR_UNKNOWN_BUILTIN_MODULE") throw error;
  }
  if (process.env.WITH?.includes("better-sqlite3")) {
    const Database = require("better-sqlite3");
    drivers["better-sqlite3"] = (path) => new Database(path);
  }
}

const directory = mkdtempSync(join(tmpdir(), "sqlite-branch-test-"));
after(() => rmSync(directory, { recursive: true }));

test("the drivers that are asked for are there", () => {
  assert.deepEqual(Object.keys(drivers).sort(), (process.env.WITH ?? "").split(" ").sort());
});

test("CommonJS has the same", () => {
  assert.deepEqual(Object.keys(require("sqlite-branch")).sort(), ["History", "getLoadablePath", "load"]);
  assert.equal(require("sqlite-branch").getLoadablePath(), getLoadablePath());
});

test("the file is that of the platform's package", () => {
  assert.match(getLoadablePath(), new RegExp(`sqlite-branch-${process.platform}-${process.arch}.branch\\.`));
  process.env.SQLITE_BRANCH_PATH = "/nowhere/branch.so";
  assert.throws(() => getLoadablePath(), /no extension at \/nowhere\/branch\.so/);
  delete process.env.SQLITE_BRANCH_PATH;
});

for (const [name, open] of Object.entries(drivers)) {
  const fresh = () => {
    const history = new History(open(":memory:"));
    history.thread("garden", "What to plant", 1760000000);
    history.append("garden", "user", "What can I plant in March?", { createdAt: 1760000001, uid: "q" });
    history.append("garden", "assistant", "Peas.", { itemJson: { tokens: 7 }, uid: "a1" });
    history.fork("q", "assistant", "Radishes.", { uid: "a2" });
    history.append("garden", "user", "In what soil?");
    return history;
  };

  test(`${name}: load is enough for plain SQL`, () => {
    const db = open(":memory:");
    load(db);
    assert.ok(db.prepare("SELECT branch_migrate() AS n").all()[0].n > 0);
    db.close();
  });

  test(`${name}: the current branch, with and without details`, () => {
    const history = fresh();
    const rows = history.messages("garden");
    assert.deepEqual(
      rows.map((row) => [row.role, row.content, row.distance]),
      [
        ["user", "What can I plant in March?", 2],
        ["assistant", "Radishes.", 1],
        ["user", "In what soil?", 0],
      ],
    );
    assert.equal(rows[0].created_at, 1760000001);
    assert.equal(rows[0].parent_entry_id, null);
    assert.ok(!("uid" in rows[0]));
    const [first, second] = history.messages("garden", { details: true });
    assert.deepEqual([first.uid, second.position, second.versions], ["q", 2, 2]);
    assert.equal(history.messages("garden", { limit: 1 })[0].content, "In what soil?");
    assert.equal(history.messages("garden", { before: "a2" }).length, 1);
    assert.deepEqual(history.messages("nowhere"), []);
    history.close();
  });

  test(`${name}: questions about paths`, () => {
    const history = fresh();
    const [q, a1, a2] = ["q", "a1", "a2"].map((uid) => history.id(uid));
    assert.equal(history.uid(a1), "a1");
    assert.equal(history.id("unknown"), null);
    assert.equal(history.depth(a1), 1);
    assert.equal(history.root(a2), q);
    assert.equal(history.commonAncestor(a1, a2), q);
    assert.equal(history.isAncestor(q, a2), true);
    assert.equal(history.isAncestor(a1, a2), false);
    assert.equal(history.isAncestor(a1, 99), null);
    assert.deepEqual(history.path(a2).map((row) => row.id), [q, a2]);
    assert.deepEqual(history.children(q).map((row) => row.is_current), [0, 1]);
    assert.deepEqual(history.siblings(a1).map((row) => [row.content, row.position]), [["Peas.", 1], ["Radishes.", 2]]);
    assert.deepEqual(history.diff("a1", "a2").map((row) => row.side), ["a", "b", ].slice(0, 2));
    assert.deepEqual(history.leaves("garden").map((row) => row.fork_id), [q, q]);
    assert.equal(history.tree("garden").length, 4);
    assert.equal(history.tip(q), history.tip("a2"));
    assert.deepEqual(history.check(), []);
    history.close();
  });

  test(`${name}: moving and deleting`, () => {
    const history = fresh();
    assert.equal(history.select("a2", 1), history.id("a1"));
    assert.equal(history.switch("garden", null), null);
    assert.equal(history.alternative("q", "user", "And in April?") > 0, true);
    assert.equal(history.copy("a1", "shed"), history.messages("shed")[1].id);
    assert.equal(history.prune("a2"), 2);
    assert.equal(history.label("a1", "peas"), 1);
    assert.deepEqual(history.labels("garden").map((row) => [row.label, row.is_current]), [["peas", 0]]);
    assert.equal(history.unlabel("garden", "peas"), 1);
    assert.equal(history.clear("garden"), 3);
    assert.equal(history.delete("shed"), 2);
    assert.deepEqual(history.threads({ counts: true }).map((row) => [row.title, row.messages]), [["What to plant", 0]]);
    assert.match(history.thread(), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    history.close();
  });

  test(`${name}: errors name the thing`, () => {
    const history = fresh();
    assert.throws(() => history.fork(42, "user", "x"), /branch_fork: no message 42/);
    assert.throws(() => history.append("nowhere", "user", "x"), /branch_append: no thread 'nowhere'/);
    history.close();
  });

  test(`${name}: a transaction happens as a whole`, () => {
    const history = fresh();
    assert.throws(
      () =>
        history.transaction(() => {
          history.append("garden", "user", "one");
          history.fork(42, "user", "x");
        }),
      /no message 42/,
    );
    assert.equal(history.messages("garden").length, 3);
    history.transaction(() => {
      history.append("garden", "user", "one");
      assert.throws(() => history.transaction(() => {
        history.append("garden", "user", "two");
        throw new Error("stop");
      }), /stop/);
    });
    assert.deepEqual(history.messages("garden").slice(3).map((row) => row.content), ["one"]);
    assert.throws(() => history.transaction(async () => {}), /must not be asynchronous/);
    history.close();
  });

  test(`${name}: text comes back as it went`, () => {
    const history = fresh();
    const text = "%s '\" \u4e1c\u{1f331}\n";
    const id = history.append("garden", "user", text, { itemJson: { text }, createdAt: new Date(1760000000900) });
    const row = history.messages("garden", { limit: 1 })[0];
    assert.deepEqual([row.id, row.content, JSON.parse(row.item_json).text, row.created_at], [id, text, text, 1760000000]);
    history.close();
  });

  test(`${name}: every function and table has a method`, () => {
    const history = fresh();
    const sqlOnly = ["call", "write", "feed", "stretches"];
    const names = history.db
      .prepare("SELECT name FROM pragma_function_list UNION SELECT name FROM pragma_module_list")
      .all()
      .map((row) => row.name)
      .filter((name) => name.startsWith("branch_"))
      .map((name) => name.slice("branch_".length).replace(/_(.)/g, (_, letter) => letter.toUpperCase()))
      .filter((name) => !sqlOnly.includes(name));
    assert.ok(names.length > 20);
    assert.deepEqual(names.filter((name) => typeof History.prototype[name] !== "function"), []);
    history.close();
  });

  test(`${name}: what is written is there for others`, () => {
    const path = join(directory, `${name.replace(":", "-")}.db`);
    const [one, other] = [new History(open(path)), History.open(path)];
    one.thread("t");
    other.append("t", "user", "from the other");
    assert.deepEqual(one.messages("t").map((row) => row.content), ["from the other"]);
    other.close();
    one.close();
  });
}

test("node:sqlite without its option says what to do", { skip: !drivers["node:sqlite"] && "no node:sqlite" }, () => {
  const { DatabaseSync } = require("node:sqlite");
  assert.throws(() => load(new DatabaseSync(":memory:")), /allowExtension: true/);
});

test("the example of docs/node.md prints what it says", { skip: !process.env.PAGE && "not in the repository" }, () => {
  const page = readFileSync(process.env.PAGE, "utf8");
  const [, program, printed] = page.match(/```js\n([^]*?)```\n\n```text\n([^]*?)```/);
  writeFileSync("example.mjs", program);
  const done = spawnSync(process.execPath, ["example.mjs"], { encoding: "utf8", env: { ...process.env, NODE_NO_WARNINGS: "1" } });
  assert.equal(done.stderr, "");
  assert.equal(done.stdout, printed);
});
