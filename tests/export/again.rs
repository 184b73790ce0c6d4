//! `jsonl` loses nothing: what is imported from it, in another file, gives the same text again.

use proptest::prelude::*;
use rusqlite::{params, Connection};

use super::export;
use super::host::{self, integer, maybe};

#[derive(Clone, Debug)]
struct Message {
    /// Chooses among the messages before it, or none.
    parent: usize,
    role: &'static str,
    content: &'static [u8],
    item: Option<&'static str>,
    created_at: i64,
    uid: bool,
    label: Option<&'static str>,
    /// Of a summary, the first message that it keeps: any, also a later one, itself, one of another thread, or none that is there.
    kept: usize,
    /// Whether it hangs on another thread's message, if it would be a first message.
    abroad: bool,
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let content = prop::sample::select(vec![
        &b"plain"[..],
        b"",
        b"same",
        b"same",
        b"\"\\\n\r\0</script>",
        b"\xff\xfebytes\xc3",
        "漢 😀".as_bytes(),
    ]);
    let item = prop::option::of(prop::sample::select(vec![
        "{}",
        " {\"a\" : [1.50, 1e400]}\n",
        "null",
        "no json",
        "{\"first_kept_id\":1}",
        "\u{feff}[]",
    ]));
    let role = prop::sample::select(vec![
        "user",
        "assistant",
        "summary",
        "tool",
        "",
        "Ünüsual\nrole",
    ]);
    let label = prop::option::weighted(0.2, prop::sample::select(vec!["a", "b", "", "b\n\"c"]));
    let message = (
        0..100_usize,
        role,
        content,
        item,
        -5..2_000_000_000_i64,
        any::<bool>(),
        label,
        0..100_usize,
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(parent, role, content, item, created_at, uid, label, kept, abroad)| Message {
                parent,
                role,
                content,
                item,
                created_at,
                uid,
                label,
                kept,
                abroad,
            },
        );
    prop::collection::vec(message, 0..20)
}

fn store(db: &Connection, messages: &[Message], leaf: usize, uids: bool) {
    // Ids that do not begin at 1, and messages of another thread between.
    host::add_thread(db, "t");
    host::add_thread(db, "other");
    db.execute_batch(
        "INSERT INTO messages(id, thread_id, role, content, created_at, parent_entry_id) \
         VALUES (1, 'other', 'user', 'plain', 5, NULL), (2, 'other', 'user', 'same', 5, 1)",
    )
    .unwrap();
    for (at, message) in messages.iter().enumerate() {
        let id = |at: usize| i64::try_from(at * 3 + 7).unwrap();
        let parent = Some(message.parent % (at + 1))
            .filter(|parent| *parent < at)
            .map(id)
            .or(message.abroad.then_some(2));
        let item = match message.role {
            "summary" => Some(format!(
                "{{\"type\":\"compaction\", \"first_kept_id\" : {} }}",
                match message.kept % (messages.len() + 3) {
                    kept if kept < messages.len() => id(kept),
                    elsewhere => i64::try_from(elsewhere - messages.len()).unwrap(),
                }
            )),
            _ => message.item.map(str::to_owned),
        };
        db.execute(
            "INSERT INTO messages(id, thread_id, role, content, item_json, created_at, parent_entry_id) \
             VALUES (?1, 't', ?2, CAST(?3 AS TEXT), ?4, ?5, ?6)",
            params![id(at), message.role, message.content, item, message.created_at, parent],
        )
        .unwrap();
        if uids || message.uid {
            db.execute(
                "INSERT INTO message_uids VALUES (?1, ?2)",
                params![format!("uid {at}"), id(at)],
            )
            .unwrap();
        }
        if let Some(label) = message.label {
            integer(
                db,
                "SELECT branch_label(?1, ?2, ?3)",
                &[&id(at), &label, &message.created_at],
            );
        }
        if leaf % (messages.len() + 1) == at {
            db.execute(
                "UPDATE threads SET current_leaf_id = ?1 WHERE id = 't'",
                [id(at)],
            )
            .unwrap();
        }
    }
    db.execute_batch(
        "UPDATE threads SET title = 'A \"title\"' || char(0, 10), archived = 1, archived_at = 17, memory_mode = X'6162FF', \
             cwd = CAST(X'FF' AS TEXT), updated_at = 99 WHERE id = 't'",
    )
    .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn export_import_export(messages in messages(), leaf in 0..100_usize, uids in any::<bool>()) {
        let first = host::migrated();
        store(&first, &messages, leaf, uids);
        let text = export(&first, "t", "jsonl");
        let second = host::migrated();
        let added = integer(&second, "SELECT branch_import('jsonl', ?1)", &[&text]);
        // Ancestors in another thread come along, and belong to this one there.
        let along = text.matches(",\"thread\":\"other\"").count();
        prop_assert_eq!(added, i64::try_from(messages.len() + along).unwrap());
        let there = text.replace(",\"thread\":\"other\"", "");
        prop_assert_eq!(export(&second, "t", "jsonl"), there.clone());
        // Again, there and where it came from: nothing is added, and nothing moves.
        for (db, exported) in [(&first, &text), (&second, &there)] {
            prop_assert_eq!(maybe(db, "SELECT branch_import('auto', ?1)", &[&text]), Some(0));
            prop_assert_eq!(&export(db, "t", "jsonl"), exported);
        }
    }
}
