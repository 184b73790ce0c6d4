/*
** sqlite-branch 0.1.0: branching message history inside SQLite.
**
** This header is for programs that link libsqlite_branch.a. A program that loads the extension from a file
** (sqlite3_load_extension, or .load in the shell) needs no header.
**
** Register the extension once, before the first connection is opened:
**
**     sqlite3_auto_extension((void (*)(void))sqlite3_branch_init);
**
** Every connection that is opened from then on has the branch_ functions. The library contains no SQLite: it runs the
** one that your program links, 3.38.0 or newer. Link it with the system libraries that Rust's standard library needs;
** on Linux:
**
**     cc program.c libsqlite_branch.a -lsqlite3 -lpthread -lm -ldl
**
** Written from sqlite-branch.h.in by `make header`, with the version in Cargo.toml.
*/
#ifndef SQLITE_BRANCH_H
#define SQLITE_BRANCH_H

#define SQLITE_BRANCH_VERSION       "0.1.0"
#define SQLITE_BRANCH_VERSION_MAJOR 0
#define SQLITE_BRANCH_VERSION_MINOR 1
#define SQLITE_BRANCH_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* As in sqlite3.h and sqlite3ext.h, which may be included before this, after it or not at all. */
struct sqlite3;
struct sqlite3_api_routines;

/*
** The extension's entry point. SQLite calls it, with its table of routines as pApi. A program that calls it itself
** must have such a table; with a NULL pApi nothing is registered and the result is SQLITE_ERROR.
**
** Returns SQLITE_OK_LOAD_PERMANENTLY or SQLITE_OK, or an error code. Where pzErrMsg is not NULL, *pzErrMsg may be set
** to an error text to be freed with sqlite3_free().
*/
int sqlite3_branch_init(
  struct sqlite3 *db,
  char **pzErrMsg,
  const struct sqlite3_api_routines *pApi
);

#ifdef __cplusplus
}
#endif

#endif /* SQLITE_BRANCH_H */
