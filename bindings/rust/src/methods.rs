//! A method is declared once, and is there on [`History`](crate::History) or [`Transaction`](crate::Transaction), and on
//! [`StateStore`](crate::StateStore), which calls the first one on a connection of its own.

/// Declares them, after the name of the first type. Before each `fn` stands how the store gets at a connection:
///
/// * `read`: one that reads.
/// * `write("fork at message {message_id}"; message_id)`: the one that writes, for a single statement. The text says what is
///   being done, for errors; the arguments that it names and that are `impl IntoMessageId` come after it.
///   What the text names that is no argument is given before: `write("write job {id:?}", id = job.id)`.
/// * `together(...)`: the same for several statements, in a transaction.
///
/// The documentation is the store's; that of the same method of the first type points to it.
macro_rules! store_methods {
    ($on:ident $(
        $(#[$doc:meta])*
        $how:ident $(($doing:literal $(, $name_in:ident = $value:expr)* $(; $($id:ident),+)?))?
        fn $name:ident(&$this:ident $(, $argument:ident: $kind:ty)* $(,)?) -> $result:ty $body:block
    )*) => {
        impl $on<'_> {
            $(
                #[doc = concat!(
                    "[`StateStore::", stringify!($name), "`](crate::StateStore::", stringify!($name),
                    ") on this connection."
                )]
                pub fn $name(&$this $(, $argument: $kind)*) -> $result $body
            )*
        }

        impl crate::store::StateStore {
            $(
                $(#[$doc])*
                pub fn $name(&self $(, $argument: $kind)*) -> $result {
                    $($($(let $id = $id.into_message_id()?;)+)?)?
                    on_store!($how self $(($doing $(, $name_in = $value)*))?, |tx| tx.$name($($argument),*))
                }
            )*
        }
    };
}

/// How [`store_methods`] calls a method of the store's connection.
macro_rules! on_store {
    (read $store:ident, $call:expr) => {
        $store.read($call)
    };
    (write $store:ident ($($doing:tt)+), $call:expr) => {
        $store.write(|| format!($($doing)+), $call)
    };
    (together $store:ident ($($doing:tt)+), $call:expr) => {
        $store.write_together(|| format!($($doing)+), $call)
    };
}
