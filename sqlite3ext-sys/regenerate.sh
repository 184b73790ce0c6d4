#!/bin/sh
# Writes src/bindings.rs anew from a sqlite3ext.h (with its sqlite3.h beside it). See README.md.
set -eu

header=${1:?usage: regenerate.sh path/to/sqlite3ext.h}
here=$(cd "$(dirname "$0")" && pwd)

# Types and constants, never functions. The argument of the three routines that take a va_list differs from one
# processor to the next; nothing here can call them, so it becomes a plain pointer, and the file fits every target.
bindgen "$header" \
    --generate types,vars \
    --allowlist-type 'sqlite3.*' \
    --allowlist-var 'SQLITE_.*' \
    --blocklist-type 'va_list|__builtin_va_list|__va_list_tag' \
    --no-layout-tests \
    --no-doc-comments \
    --rust-target 1.71 |
    sed 's/\*mut __va_list_tag/*mut ::std::os::raw::c_void/' >"$here/src/bindings.rs"
rustfmt --edition 2021 "$here/src/bindings.rs"

if grep -n -e 'va_list' -e 'extern "C" {' "$here/src/bindings.rs"; then
    echo "regenerate.sh: the lines above must not be in bindings.rs" >&2
    exit 1
fi
