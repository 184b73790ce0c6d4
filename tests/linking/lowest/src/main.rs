//! Registers the extension on a connection, with nothing but the C interface, and prints the current branch.

use std::ffi::{c_char, c_int, c_void, CStr};

use libsqlite3_sys::*;

type Callback =
    unsafe extern "C" fn(*mut c_void, c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;

unsafe extern "C" fn print(
    _: *mut c_void,
    _: c_int,
    values: *mut *mut c_char,
    _: *mut *mut c_char,
) -> c_int {
    println!("{}", CStr::from_ptr(*values).to_string_lossy());
    0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    unsafe {
        let mut db = std::ptr::null_mut();
        assert_eq!(sqlite3_open(c":memory:".as_ptr(), &mut db), SQLITE_OK);
        sqlite_branch::register(db)?;
        let write = c"SELECT branch_migrate();
             SELECT branch_thread('trip', 'A day out');
             SELECT branch_append('trip', 'user', 'Where to?');
             SELECT branch_append('trip', 'assistant', 'To the sea.');
             SELECT branch_alternative(2, 'assistant', 'To the hills.');";
        let read = c"SELECT role || ': ' || content FROM branch_messages('trip');";
        for (script, each) in [(write, None), (read, Some(print as Callback))] {
            let mut error = std::ptr::null_mut();
            let code = sqlite3_exec(db, script.as_ptr(), each, std::ptr::null_mut(), &mut error);
            if code != SQLITE_OK {
                return Err(CStr::from_ptr(error).to_string_lossy().into());
            }
        }
        assert_eq!(sqlite3_close(db), SQLITE_OK);
    }
    Ok(())
}
