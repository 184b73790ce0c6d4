/* Where this compiler puts the parts of SQLite's structs that the extension uses. */
#include <stddef.h>
#include <stdio.h>

#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#define AT(type, field) printf(#type "." #field " %u\n", (unsigned)offsetof(struct type, field))
#define SIZE(type) printf(#type " %u\n", (unsigned)sizeof(struct type))

int main(void) {
  AT(sqlite3_api_routines, aggregate_context);
  AT(sqlite3_api_routines, libversion_number);
  AT(sqlite3_api_routines, malloc64);
  AT(sqlite3_api_routines, vtab_config);
  AT(sqlite3_api_routines, prepare_v3);
  AT(sqlite3_api_routines, vtab_in_next);
  SIZE(sqlite3_index_info);
  AT(sqlite3_index_info, orderByConsumed);
  AT(sqlite3_index_info, estimatedRows);
  AT(sqlite3_index_info, colUsed);
  SIZE(sqlite3_index_constraint);
  SIZE(sqlite3_index_orderby);
  SIZE(sqlite3_index_constraint_usage);
  AT(sqlite3_module, xColumn);
  AT(sqlite3_module, xShadowName);
  SIZE(sqlite3_vtab);
  SIZE(sqlite3_vtab_cursor);
  (void)sqlite3_api;
  return 0;
}
