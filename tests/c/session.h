/* What both programs do with a connection that has the extension. */
#ifndef SESSION_H
#define SESSION_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

/* Runs a statement and compares its rows: columns are joined by '|', each row ends in a newline. */
static void expect(sqlite3 *db, const char *sql, const char *expected) {
  sqlite3_stmt *stmt = 0;
  sqlite3_str *rows = sqlite3_str_new(db);
  char *found;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    int i;
    for (i = 0; i < sqlite3_column_count(stmt); i++) {
      const unsigned char *text = sqlite3_column_text(stmt, i);
      sqlite3_str_appendf(rows, "%s%s", i ? "|" : "", text ? (const char *)text : "NULL");
    }
    sqlite3_str_appendall(rows, "\n");
    rc = SQLITE_OK;
  }
  if (rc != SQLITE_DONE) {
    fprintf(stderr, "%s\nfailed with %d: %s\n", sql, sqlite3_extended_errcode(db), sqlite3_errmsg(db));
    exit(1);
  }
  sqlite3_finalize(stmt);
  found = sqlite3_str_finish(rows);
  if (strcmp(found ? found : "", expected) != 0) {
    fprintf(stderr, "%s\ngave:\n%sexpected:\n%s", sql, found ? found : "", expected);
    exit(1);
  }
  sqlite3_free(found);
}

/* Runs a statement that must fail with this code and a text that starts with one thing and contains another. */
static void expect_error(sqlite3 *db, const char *sql, int code, const char *start, const char *part) {
  int rc = sqlite3_exec(db, sql, 0, 0, 0);
  const char *text = sqlite3_errmsg(db);
  if (rc != code || strncmp(text, start, strlen(start)) != 0 || !strstr(text, part)) {
    fprintf(stderr, "%s\nfailed with %d: %s\n", sql, rc, text);
    exit(1);
  }
}

/* Migrates an empty file and has a conversation with one fork in it. */
static void converse(sqlite3 *db) {
  expect(db, "SELECT branch_migrate() > 0", "1\n");
  expect(db, "SELECT branch_migrate()", "0\n");
  expect(db,
         "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd,"
         " cli_version, source) VALUES('t', '', 0, 'none', 1700000000, 1700000000, 'idle', '/', '1', 'cli')",
         "");
  expect(db, "SELECT branch_append('t', 'user', 'Which river?', NULL, 1700000001)", "1\n");
  expect(db, "SELECT branch_append('t', 'assistant', 'The Rhine.', '{\"n\":1}', 1700000002)", "2\n");
  expect(db, "SELECT branch_fork(1, 'assistant', 'The Elbe.', NULL, 1700000003)", "3\n");
  expect(db, "SELECT branch_append('t', 'user', 'Why?', NULL, 1700000004)", "4\n");

  expect_error(db, "SELECT branch_fork(42, 'user', 'x')", SQLITE_ERROR, "branch_fork: ", "42");
  expect_error(db, "SELECT branch_append('%s%n', 'user', 'x')", SQLITE_ERROR, "branch_append: ", "%s%n");
  expect_error(db, "SELECT id FROM branch_path", SQLITE_ERROR, "branch_path", "");

  /* This SQLite is built without FTS5. */
  expect_error(db, "SELECT id FROM branch_search('river')", SQLITE_ERROR, "branch_search: ", "this SQLite has no FTS5");
  expect_error(db, "SELECT branch_index()", SQLITE_ERROR, "branch_index: ", "this SQLite has no FTS5");
  expect_error(db, "SELECT branch_index('rebuild')", SQLITE_ERROR, "branch_index: ", "this SQLite has no FTS5");
  expect(db, "SELECT name FROM sqlite_schema WHERE name LIKE 'message_search%'", "");

  /* Nothing of a call that fails or is rolled back is left. */
  expect(db, "BEGIN", "");
  expect(db, "SELECT branch_append('t', 'assistant', 'gone', NULL, 1700000005)", "5\n");
  expect(db, "ROLLBACK", "");
}

/* Lists the conversation, in the connection that had it or in a later one. */
static void list(sqlite3 *db) {
  expect(db, "SELECT id, parent_entry_id, distance, role, content FROM branch_messages('t')",
         "1|NULL|2|user|Which river?\n"
         "3|1|1|assistant|The Elbe.\n"
         "4|3|0|user|Why?\n");
  expect(db, "SELECT id, depth, fork_id, is_current FROM branch_leaves('t')",
         "2|1|1|0\n"
         "4|2|1|1\n");
  expect(db, "SELECT m.item_json, p.distance FROM branch_path(2) p JOIN messages m USING(id)",
         "NULL|1\n"
         "{\"n\":1}|0\n");
  expect(db, "SELECT branch_common_ancestor(2, 4), branch_tip(1), branch_depth(4)", "1|4|2\n");
  expect(db, "SELECT * FROM branch_check", "");
}

/* Closes the last connection: nothing may hold it back, and nothing that SQLite handed out may be missing. */
static void finish(sqlite3 *db) {
  CHECK(sqlite3_close(db) == SQLITE_OK);
  CHECK(sqlite3_memory_used() == 0);
  printf("ok %s\n", sqlite3_libversion());
}

#endif
