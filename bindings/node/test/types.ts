// Compiled, not run: the types of the package, as a program of TypeScript sees them.

import { DatabaseSync } from "node:sqlite";

import { type DetailedMessage, getLoadablePath, History, load } from "sqlite-branch";

const db = new DatabaseSync(":memory:", { allowExtension: true });
load(db);
const history = new History(db);
const path: string = getLoadablePath();
const added: number = history.append("t", "user", path, { itemJson: { a: 1 }, createdAt: new Date(), uid: "u" });
const rows: DetailedMessage[] = history.messages("t", { details: true });
const position: number | undefined = rows[0]?.position;
// @ts-expect-error: without details, there is no position
history.messages("t")[0]?.position;
// @ts-expect-error: a thread's id is text
history.append(1, "user", "x");
const counted: number | undefined = history.threads({ counts: true })[0]?.leaves;
const worth: boolean = history.transaction(() => true);
console.log(added, position, counted, worth);
