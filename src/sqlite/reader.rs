//! Text for a function from a reader of the program that runs the SQL: text of any size, which SQL would hold in memory.

use std::cell::Cell;
use std::io::Read;
use std::ptr::NonNull;

thread_local! {
    static OFFERED: Cell<Option<NonNull<dyn Read>>> = const { Cell::new(None) };
}

/// A reader that may be taken, until this is dropped.
#[cfg(feature = "linked")]
struct Offered {
    before: Option<NonNull<dyn Read>>,
}

#[cfg(feature = "linked")]
impl Drop for Offered {
    fn drop(&mut self) {
        OFFERED.set(self.before);
    }
}

/// Runs `work`, in which the first function of this thread that asks for a reader gets this one.
#[cfg(feature = "linked")]
pub fn offer<T>(reader: &mut dyn Read, work: impl FnOnce() -> T) -> T {
    // SAFETY: only the lifetime changes. The pointer is used while it is offered, and `Offered`, which is dropped before
    // the borrow of the reader ends, takes it back.
    let reader = unsafe {
        std::mem::transmute::<NonNull<dyn Read + '_>, NonNull<dyn Read + 'static>>(NonNull::from(
            reader,
        ))
    };
    let _offered = Offered {
        before: OFFERED.replace(Some(reader)),
    };
    work()
}

/// Runs `work` with the reader that is offered. None if there is none, or another function has it.
pub fn take<T>(work: impl FnOnce(&mut dyn Read) -> T) -> Option<T> {
    let mut reader = OFFERED.take()?;
    // SAFETY: an offered reader is borrowed exclusively until `offer` returns, which is after this; and it was taken, so
    // nobody else has it.
    Some(work(unsafe { reader.as_mut() }))
}
