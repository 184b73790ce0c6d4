// The points on a driver for Node or Bun: node.cjs <driver> <extension> <file> <points>.
const { readFileSync } = require("node:fs");
const [driver, extension, path, points] = process.argv.slice(2);
const module_ = require(driver);
const db = driver === "node:sqlite" ? new module_.DatabaseSync(path, { allowExtension: true }) : new (module_.Database ?? module_)(path);
db.loadExtension(extension);
for (const statement of readFileSync(points, "utf8").split("\n")) {
  if (!statement || statement.startsWith("--")) continue;
  try {
    const prepared = db.prepare(statement);
    // libsql and better-sqlite3 tell statements that give rows from others.
    const rows = prepared.reader === false ? (prepared.run(), []) : prepared.all();
    for (const row of rows) console.log(Object.values(row).map((value) => value ?? "").join("|"));
  } catch (error) {
    console.log(`error: ${error.message}`);
  }
}
