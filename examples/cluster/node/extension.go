package main

// The extension is linked into the node (dist/libsqlite_branch.a, from `make static`) and registered with the SQLite that
// dqlite uses, so each of its connections has the branch_ functions, the leader's and the followers' alike.

/*
#cgo LDFLAGS: -lsqlite_branch -lsqlite3 -lm -ldl -lpthread
#include <sqlite3.h>
#include <sqlite-branch.h>

static int use_branch(void) {
	return sqlite3_auto_extension((void (*)(void))sqlite3_branch_init);
}
*/
import "C"

import "fmt"

// useExtension registers the extension. It comes before the first connection, that is, before the node is started.
func useExtension() error {
	if code := C.use_branch(); code != C.SQLITE_OK {
		return fmt.Errorf("sqlite3_auto_extension: %s", C.GoString(C.sqlite3_errstr(code)))
	}
	return nil
}
