/* A program that loads the extension and runs SQL scripts: sql_host DATABASE EXTENSION [SCRIPT ...]
 *
 * Prints each statement's rows, columns joined by '|', and each error with its code. Of the shell's own commands it knows
 * .read, takes .load for the loading of EXTENSION, and passes over the others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

static sqlite3 *db;
static const char *extension;

static void print_error(void) {
  printf("error %d: %s\n", sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

static void run(const char *sql) {
  while (*sql) {
    sqlite3_stmt *stmt = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &sql);
    if (rc != SQLITE_OK) {
      print_error();
      return;
    }
    while (stmt && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
      int i;
      for (i = 0; i < sqlite3_column_count(stmt); i++) {
        const unsigned char *text = sqlite3_column_text(stmt, i);
        if (i) fputc('|', stdout);
        if (text) {
          fwrite(text, 1, (size_t)sqlite3_column_bytes(stmt, i), stdout);
        } else {
          fputs("NULL", stdout);
        }
      }
      fputc('\n', stdout);
    }
    if (stmt && rc != SQLITE_DONE) print_error();
    sqlite3_finalize(stmt);
    if (rc != SQLITE_OK && rc != SQLITE_DONE) return;
  }
}

static void run_file(const char *name);

static void command(char *line) {
  line[strcspn(line, "\r\n")] = 0;
  if (strncmp(line, ".read ", 6) == 0) {
    run_file(line + 6);
  } else if (strncmp(line, ".load ", 6) == 0) {
    char *error = 0;
    if (sqlite3_load_extension(db, extension, 0, &error) != SQLITE_OK) {
      printf("error: %s\n", error ? error : "");
      sqlite3_free(error);
    }
  }
}

static void run_file(const char *name) {
  char line[100000];
  char *sql = sqlite3_mprintf("");
  FILE *file = fopen(name, "r");
  if (!file || !sql) {
    fprintf(stderr, "cannot read %s\n", name);
    exit(1);
  }
  while (fgets(line, sizeof line, file)) {
    if (!*sql && (line[0] == '.' || strncmp(line, "--", 2) == 0 || line[0] == '\n')) {
      if (line[0] == '.') command(line);
      continue;
    }
    sql = sqlite3_mprintf("%z%s", sql, line);
    if (sql && sqlite3_complete(sql)) {
      run(sql);
      sqlite3_free(sql);
      sql = sqlite3_mprintf("");
    }
    if (!sql) {
      fprintf(stderr, "out of memory\n");
      exit(1);
    }
  }
  run(sql);
  sqlite3_free(sql);
  fclose(file);
}

int main(int argc, char **argv) {
  int at;
  if (argc < 3) {
    fprintf(stderr, "sql_host DATABASE EXTENSION [SCRIPT ...]\n");
    return 1;
  }
  fprintf(stderr, "%s\n", sqlite3_libversion());
  extension = argv[2];
  if (sqlite3_open(argv[1], &db) != SQLITE_OK ||
      sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, (int *)0) != SQLITE_OK) {
    fprintf(stderr, "cannot open %s\n", argv[1]);
    return 1;
  }
  for (at = 3; at < argc; at++) run_file(argv[at]);
  if (sqlite3_close(db) != SQLITE_OK) {
    printf("not closed\n");
    return 1;
  }
  printf("memory in use at the end: %lld\n", sqlite3_memory_used());
  return 0;
}
