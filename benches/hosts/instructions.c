/* Runs queries and reads all columns, for valgrind to count: instructions EXTENSION FILE THREAD QUERY... See instructions.py. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

static long rows, sum;

static void run(sqlite3_stmt *stmt, const char *thread) {
  int at, outcome, columns = sqlite3_column_count(stmt);
  sqlite3_bind_text(stmt, 1, thread, -1, SQLITE_TRANSIENT);
  for (rows = 0; (outcome = sqlite3_step(stmt)) == SQLITE_ROW; rows++) {
    for (at = 0; at < columns; at++) {
      switch (sqlite3_column_type(stmt, at)) {
      case SQLITE_INTEGER:
        sum += sqlite3_column_int64(stmt, at);
        break;
      case SQLITE_TEXT:
        sum += sqlite3_column_text(stmt, at)[0] + sqlite3_column_bytes(stmt, at);
        break;
      }
    }
  }
  if (outcome != SQLITE_DONE) {
    fprintf(stderr, "%s\n", sqlite3_errmsg(sqlite3_db_handle(stmt)));
    exit(1);
  }
  sqlite3_reset(stmt);
}

int main(int argc, char **argv) {
  sqlite3 *db;
  int at;
  char *error = 0;
  if (argc < 5 || sqlite3_open(argv[2], &db) != SQLITE_OK || sqlite3_enable_load_extension(db, 1) != SQLITE_OK
      || sqlite3_load_extension(db, argv[1], "sqlite3_branch_init", &error) != SQLITE_OK
      || sqlite3_exec(db, "PRAGMA cache_size = -64000", 0, 0, &error) != SQLITE_OK) {
    fprintf(stderr, "instructions EXTENSION FILE THREAD QUERY...: %s\n", error ? error : "");
    return 1;
  }
  for (at = 4; at < argc; at++) {
    char trigger[64];
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v3(db, argv[at], -1, SQLITE_PREPARE_PERSISTENT, &stmt, 0) != SQLITE_OK) {
      fprintf(stderr, "%s: %s\n", argv[at], sqlite3_errmsg(db));
      return 1;
    }
    run(stmt, argv[3]);
    run(stmt, argv[3]);
    CALLGRIND_TOGGLE_COLLECT;
    run(stmt, argv[3]);
    CALLGRIND_TOGGLE_COLLECT;
    snprintf(trigger, sizeof trigger, "query %d rows %ld", at - 4, rows);
    CALLGRIND_DUMP_STATS_AT(trigger);
    sqlite3_finalize(stmt);
  }
  return sqlite3_close(db) != SQLITE_OK;
}
