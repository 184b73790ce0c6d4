/* A program with a SQLite of its own that links libsqlite_branch.a: static_host DATABASE */
#include "session.h"

#include "sqlite-branch.h"

int main(int argc, char **argv) {
  sqlite3 *db = 0;
  char *error = 0;
  CHECK(argc == 2);

  /* The SQLite that runs is the one that was linked, not a copy inside the extension. */
  CHECK(strcmp(sqlite3_libversion(), SQLITE_VERSION) == 0);
  CHECK(strcmp(sqlite3_sourceid(), SQLITE_SOURCE_ID) == 0);

  /* Without SQLite's table of routines there is nothing that the entry point could do. */
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
  CHECK(sqlite3_branch_init(db, &error, NULL) == SQLITE_ERROR);
  CHECK(sqlite3_branch_init(db, NULL, NULL) == SQLITE_ERROR);
  expect_error(db, "SELECT branch_version()", SQLITE_ERROR, "no such function: ", "branch_version");
  CHECK(sqlite3_close(db) == SQLITE_OK);
  sqlite3_free(error);

  CHECK(sqlite3_auto_extension((void (*)(void))sqlite3_branch_init) == SQLITE_OK);
  CHECK(sqlite3_open(argv[1], &db) == SQLITE_OK);
  expect(db, "SELECT branch_version()", SQLITE_BRANCH_VERSION "\n");
  expect(db, "SELECT sqlite_version(), instr(branch_debug(), '" SQLITE_VERSION "') > 0", SQLITE_VERSION "|1\n");
  converse(db);
  list(db);
  CHECK(sqlite3_close(db) == SQLITE_OK);

  /* It is registered for every connection that is opened. */
  CHECK(sqlite3_open(argv[1], &db) == SQLITE_OK);
  list(db);

  sqlite3_reset_auto_extension();
  finish(db);
  return 0;
}
