/* Counts the extension's calls into SQLite for each listed message: counting_host EXTENSION
 *
 * The extension calls SQLite through the table of routines that it is handed. This program hands it a copy, in which the
 * routines that reading uses count. Those that take the connection's mutex cost 20 to 25 ns each in a serialized connection. */
#define SQLITE_CORE 1
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3ext.h>

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(1); \
    } \
  } while (0)

static const sqlite3_api_routines *real;
static sqlite3_api_routines counted;
static long locked, unlocked;

#define LOCKED(result, name, parameters, arguments) \
  static result count_##name parameters { locked++; return real->name arguments; }
#define UNLOCKED(result, name, parameters, arguments) \
  static result count_##name parameters { unlocked++; return real->name arguments; }

LOCKED(int, step, (sqlite3_stmt *s), (s))
LOCKED(int, reset, (sqlite3_stmt *s), (s))
LOCKED(int, bind_int64, (sqlite3_stmt *s, int at, sqlite_int64 i), (s, at, i))
LOCKED(int, column_type, (sqlite3_stmt *s, int at), (s, at))
LOCKED(int, column_bytes, (sqlite3_stmt *s, int at), (s, at))
LOCKED(sqlite_int64, column_int64, (sqlite3_stmt *s, int at), (s, at))
LOCKED(const unsigned char *, column_text, (sqlite3_stmt *s, int at), (s, at))
LOCKED(sqlite3_value *, column_value, (sqlite3_stmt *s, int at), (s, at))
UNLOCKED(int, value_type, (sqlite3_value *v), (v))
UNLOCKED(int, value_bytes, (sqlite3_value *v), (v))
UNLOCKED(const void *, value_blob, (sqlite3_value *v), (v))
UNLOCKED(sqlite_int64, value_int64, (sqlite3_value *v), (v))
UNLOCKED(void, result_int64, (sqlite3_context *c, sqlite_int64 i), (c, i))
UNLOCKED(void, result_null, (sqlite3_context *c), (c))
UNLOCKED(void, result_value, (sqlite3_context *c, sqlite3_value *v), (c, v))
UNLOCKED(void, result_text, (sqlite3_context *c, const char *t, int n, void (*f)(void *)), (c, t, n, f))
UNLOCKED(void, result_text64, (sqlite3_context *c, const char *t, sqlite_uint64 n, void (*f)(void *), unsigned char e),
         (c, t, n, f, e))

static int capture(sqlite3 *db, char **error, const sqlite3_api_routines *table) {
  (void)db;
  (void)error;
  real = table;
  return SQLITE_OK;
}

static void fill(sqlite3 *db, int length, int alone) {
  int n, parent = 0;
  char *sql;
  CHECK(sqlite3_exec(db,
                     "SELECT branch_migrate();"
                     "INSERT INTO threads(id, preview, ephemeral, model_provider, created_at, updated_at, status, cwd,"
                     " cli_version, source) VALUES ('t', '', 0, '', 0, 0, 'idle', '', '', 'api'); BEGIN",
                     0, 0, 0) == SQLITE_OK);
  for (n = 0; n < length; n++) {
    int id = alone ? n + 1 : 3 * n + 1, other;
    for (other = id; other < (alone ? id + 1 : id + 3); other++) {
      sql = sqlite3_mprintf(
          "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) VALUES (%d, 't', 'user', %.500c, %d,"
          " nullif(%d, 0))",
          other, '7', n, parent);
      CHECK(sqlite3_exec(db, sql, 0, 0, 0) == SQLITE_OK);
      sqlite3_free(sql);
    }
    parent = id;
  }
  sql = sqlite3_mprintf("UPDATE threads SET current_leaf_id = %d; COMMIT", parent);
  CHECK(sqlite3_exec(db, sql, 0, 0, 0) == SQLITE_OK);
  sqlite3_free(sql);
}

static void count(sqlite3 *db, const char *sql, long counts[2]) {
  int turn;
  for (turn = 0; turn < 2; turn++) {
    sqlite3_stmt *stmt = 0;
    CHECK(sqlite3_prepare_v2(db, sql, -1, &stmt, 0) == SQLITE_OK);
    locked = unlocked = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
    }
    CHECK(sqlite3_finalize(stmt) == SQLITE_OK);
  }
  counts[0] = locked;
  counts[1] = unlocked;
}

int main(int argc, char **argv) {
  static const char *const queries[] = {
      "SELECT id FROM branch_messages('t')",
      "SELECT id, role, content FROM branch_messages('t')",
      "SELECT id, thread_id, role, content, item_json, created_at, parent_entry_id FROM branch_messages('t')",
      "SELECT id, role, content FROM branch_messages('t') ORDER BY distance",
      "SELECT m.id, role, content FROM branch_path((SELECT current_leaf_id FROM threads)) AS p JOIN messages AS m ON m.id = p.id",
  };
  int (*entry)(sqlite3 *, char **, const sqlite3_api_routines *);
  void *library;
  sqlite3 *db;
  unsigned at;
  int alone;
  CHECK(argc == 2);
  CHECK(sqlite3_auto_extension((void (*)(void))capture) == SQLITE_OK);
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK && real != 0);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  sqlite3_reset_auto_extension();
  counted = *real;
#define COUNT(name) counted.name = count_##name;
  COUNT(step) COUNT(reset) COUNT(bind_int64) COUNT(column_type) COUNT(column_bytes) COUNT(column_int64) COUNT(column_text)
  COUNT(column_value) COUNT(value_type) COUNT(value_bytes) COUNT(value_blob) COUNT(value_int64) COUNT(result_int64)
  COUNT(result_null) COUNT(result_value) COUNT(result_text) COUNT(result_text64)
  library = dlopen(argv[1], RTLD_NOW);
  CHECK(library != 0);
  *(void **)&entry = dlsym(library, "sqlite3_branch_init");
  CHECK(entry != 0);
  for (alone = 1; alone >= 0; alone--) {
    sqlite3 *few, *many;
    CHECK(sqlite3_open(":memory:", &few) == SQLITE_OK && sqlite3_open(":memory:", &many) == SQLITE_OK);
    CHECK(entry(few, 0, &counted) == SQLITE_OK && entry(many, 0, &counted) == SQLITE_OK);
    fill(few, 200, alone);
    fill(many, 1200, alone);
    for (at = 0; at < sizeof(queries) / sizeof(queries[0]); at++) {
      long a[2], b[2];
      count(few, queries[at], a);
      count(many, queries[at], b);
      printf("%s | %.2f | %.2f | %s\n", alone ? "alone" : "two alternatives a step", (double)(b[0] - a[0]) / 1000,
             (double)(b[1] - a[1]) / 1000, queries[at]);
    }
    CHECK(sqlite3_close(few) == SQLITE_OK && sqlite3_close(many) == SQLITE_OK);
  }
  return 0;
}
