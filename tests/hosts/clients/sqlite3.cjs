// The points on npm's sqlite3: sqlite3.cjs <extension> <file> <points>.
const { readFileSync } = require("node:fs");
const { promisify } = require("node:util");
const { Database } = require("sqlite3");
const [extension, path, points] = process.argv.slice(2);
const db = new Database(path);
(async () => {
  await promisify(db.loadExtension.bind(db))(extension);
  const all = promisify(db.all.bind(db));
  for (const statement of readFileSync(points, "utf8").split("\n")) {
    if (!statement || statement.startsWith("--")) continue;
    try {
      for (const row of await all(statement)) console.log(Object.values(row).map((value) => value ?? "").join("|"));
    } catch (error) {
      console.log(`error: ${error.message}`);
    }
  }
})();
