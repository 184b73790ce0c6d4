// What a Node user gets: the loaded file against SQL written by hand, in one run. The cells are those of table A of compare.py.
//
//     cd target/node && WITH=better-sqlite3 node ../../benches/hosts/compare.mjs ../../dist/branch.so
//     cd target/node && WITH=node:sqlite ./node_modules/.bin/node ../../benches/hosts/compare.mjs ../../dist/branch.so
//
// Run where the drivers are installed (make test-node installs them in target/node). Times are of the processor, the least of ROUNDS
// rounds (15) that take turns.

import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const FILE = resolve(process.argv[2] ?? "dist/branch.so");
const DRIVER = process.env.WITH ?? "better-sqlite3";
const ROUNDS = Number(process.env.ROUNDS ?? 15);
const require = createRequire(join(process.cwd(), "here.cjs"));

function connect(path) {
  let db;
  if (DRIVER === "node:sqlite") {
    const { DatabaseSync } = require("node:sqlite");
    db = new DatabaseSync(path, { allowExtension: true });
  } else {
    db = new (require("better-sqlite3"))(path);
  }
  db.loadExtension(FILE);
  db.exec("PRAGMA cache_size = -64000; PRAGMA synchronous = OFF");
  db.prepare("SELECT branch_migrate()").get();
  return db;
}

// Least seconds of the processor for each query, taking turns.
function times(queries) {
  const seconds = (query, n) => {
    const start = process.cpuUsage();
    for (let i = 0; i < n; i++) query();
    const used = process.cpuUsage(start);
    return (used.user + used.system) / 1e6 / n;
  };
  for (const query of queries) seconds(query, 20);
  const once = Math.max(...queries.map((query) => seconds(query, 3)));
  const n = Math.max(1, Math.floor(0.02 / Math.max(once, 1e-7)));
  const found = queries.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    queries.forEach((query, at) => (found[at] = Math.min(found[at], seconds(query, n))));
  }
  return found;
}

// A thread of `count` messages on the branch.
function shape(db, kind, count, size) {
  const thread = db.prepare(
    "INSERT INTO threads(id,preview,ephemeral,model_provider,created_at,updated_at,status,cwd,cli_version,source) " +
      "VALUES(?,'',0,'',0,0,'idle','','','api')",
  );
  const message = db.prepare(
    "INSERT INTO messages(thread_id,role,content,created_at,parent_entry_id) VALUES(?,?,?,?,?)",
  );
  const t = kind === "uuid" ? "6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b" : "t";
  const text = (n) => `message ${n} `.repeat(size / 10 + 1).slice(0, size);
  const insert = (thread, n, parent) =>
    Number(message.run(thread, n % 2 ? "user" : "assistant", text(n), n, parent).lastInsertRowid);
  db.exec("BEGIN");
  thread.run(t);
  for (let i = 0; i < 20; i++) thread.run(`o${i}`);
  let parent = null;
  for (let n = 0; n < count; n++) {
    if (kind === "taking turns") for (let i = 0; i < 20; i++) insert(`o${i}`, n, null);
    const id = insert(t, n, parent);
    const dead = kind === "siblings" ? 2 : kind === "fork10" ? Number(n % 10 === 0) : kind === "fork100" ? Number(n % 100 === 0) : 0;
    for (let i = 0; i < dead; i++) insert(t, n, parent);
    parent = id;
  }
  db.prepare("UPDATE threads SET current_leaf_id=? WHERE id=?").run(parent, t);
  db.exec("COMMIT");
  return t;
}

const THREE = "id, role, content";
const ALL = "id, thread_id, role, content, item_json, created_at, parent_entry_id";
const TIP = "(SELECT current_leaf_id FROM threads WHERE id=@t)";
const columnsOf = (columns, table) => columns.split(", ").map((name) => `${table}.${name}`).join(", ");

function up(limit) {
  return `WITH RECURSIVE up(id, n) AS (SELECT current_leaf_id, 0 FROM threads WHERE id=@t UNION ALL
    SELECT m.parent_entry_id, n+1 FROM up JOIN messages m ON m.id=up.id WHERE m.parent_entry_id IS NOT NULL ${limit}) `;
}

// A recursion over ids, joined; and one that carries the columns.
function byHand(columns, count) {
  const limit = count ? `LIMIT ${count}` : "";
  const carried = [...new Set(["id", "parent_entry_id", ...columns.split(", ")])].join(", ");
  return [
    `${up(limit)} SELECT ${columnsOf(columns, "m")} FROM up JOIN messages m ON m.id=up.id ORDER BY n DESC`,
    `WITH RECURSIVE up(${carried}, n) AS (SELECT ${columnsOf(carried, "m")}, 0 FROM threads t JOIN messages m ON m.id=t.current_leaf_id
     WHERE t.id=@t UNION ALL SELECT ${columnsOf(carried, "m")}, n+1 FROM up JOIN messages m ON m.id=up.parent_entry_id ${limit})
     SELECT ${columns} FROM up ORDER BY n DESC`,
  ];
}

const CELLS = [
  [`SELECT ${THREE} FROM branch_messages(@t)`, byHand(THREE)],
  [`SELECT ${ALL} FROM branch_messages(@t)`, byHand(ALL)],
  [`SELECT ${THREE} FROM branch_messages(@t, 20)`, byHand(THREE, 20)],
  [`SELECT m.id, role, content FROM branch_path(${TIP}) AS p JOIN messages AS m ON m.id=p.id`, byHand(THREE)],
  [`SELECT id FROM branch_path(${TIP})`, [`${up("")} SELECT id FROM up ORDER BY n DESC`]],
];

const CASES = [
  ["alone", 40, 500], ["alone", 400, 500], ["uuid", 400, 500], ["fork10", 400, 500], ["fork100", 2000, 500],
  ["siblings", 40, 500], ["siblings", 400, 500], ["taking turns", 400, 500], ["alone", 20000, 500], ["siblings", 20000, 500],
  ["alone", 200, 20000], ["siblings", 200, 20000],
];

const WORDS = {
  alone: "alone", uuid: "alone, a UUID for its id", fork10: "a fork at every 10th", fork100: "a fork at every 100th",
  siblings: "two alternatives at each step", "taking turns": "threads take turns",
};
const described = (kind, count, size) =>
  `${WORDS[kind]}, ${count.toLocaleString("en-US")}${size >= 1000 ? ` of ${size / 1000} KB` : ""}`;
const marked = (ratio) => (ratio < 1 ? `**${ratio.toFixed(2)}**` : ratio.toFixed(2));

const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "branch-"));
try {
  CASES.forEach(([kind, count, size], at) => {
    const db = connect(join(folder, `${at}.db`));
    if (at === 0) {
      const version = db.prepare("SELECT sqlite_version() AS v").get().v;
      console.log(`## ${DRIVER}, SQLite ${version}, Node ${process.versions.node}: hand-written / ours (µs a message, ours)\n`);
      console.log("| the thread | `id, role, content` | all 7 columns | newest 20 | `branch_path` joined | ids alone |\n|---|--:|--:|--:|--:|--:|");
    }
    const t = shape(db, kind, count, size);
    const cells = CELLS.map(([ours, hands]) => {
      const statements = [ours, ...hands].map((sql) => db.prepare(sql));
      const rows = statements.map((statement) => statement.all({ t }));
      for (const other of rows) {
        if (JSON.stringify(other) !== JSON.stringify(rows[0])) throw new Error(`other rows: ${ours}`);
      }
      const [mine, ...theirs] = times(statements.map((statement) => () => statement.all({ t })));
      return `${marked(Math.min(...theirs) / mine)} (${((mine / rows[0].length) * 1e6).toFixed(2)})`;
    });
    console.log(`| ${described(kind, count, size)} | ${cells.join(" | ")} |`);
    db.close();
  });
} finally {
  rmSync(folder, { recursive: true });
}
