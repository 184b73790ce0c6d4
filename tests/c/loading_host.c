/* A program that loads the extension from a file: loading_host DATABASE EXTENSION */
#include "session.h"

static sqlite3 *open_and_load(const char *path, const char *extension) {
  sqlite3 *db = 0;
  char *error = 0;
  CHECK(sqlite3_open(path, &db) == SQLITE_OK);
  CHECK(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)0) == SQLITE_OK);
  /* No entry point is named: SQLite finds it by the file's name. */
  if (sqlite3_load_extension(db, extension, 0, &error) != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", extension, error ? error : "no error text");
    exit(1);
  }
  return db;
}

int main(int argc, char **argv) {
  sqlite3 *db, *second;
  CHECK(argc == 3);
  CHECK(strcmp(sqlite3_libversion(), SQLITE_VERSION) == 0);

  db = open_and_load(argv[1], argv[2]);
  expect(db, "SELECT sqlite_version(), instr(branch_debug(), '" SQLITE_VERSION "') > 0", SQLITE_VERSION "|1\n");
  converse(db);
  list(db);

  /* Two connections have it at once, and the one goes on when the other is closed. */
  second = open_and_load(argv[1], argv[2]);
  list(second);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  list(second);
  CHECK(sqlite3_close(second) == SQLITE_OK);

  db = open_and_load(argv[1], argv[2]);
  list(db);
  finish(db);
  return 0;
}
