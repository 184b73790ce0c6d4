//! What was forked, cut, copied and shuffled into several files comes together again as one tree, in whatever order the
//! files come, for every format.
//!
//! `SQLITE_BRANCH_CASES` sets the number of cases for each format; each test prints it.

mod exports;
mod host;

use std::collections::{BTreeMap, BTreeSet};

use exports::{Dice, Tree};
use host::integer;

/// How many cases, from the environment or as usual.
fn cases() -> u64 {
    std::env::var("SQLITE_BRANCH_CASES").map_or(40, |cases| cases.parse().expect("a number"))
}

/// A file, and which messages of the tree are in it.
type File = (String, Vec<usize>);

/// The parent of each text, as it is stored.
fn stored(connection: &rusqlite::Connection) -> BTreeMap<String, (Option<String>, String)> {
    let mut statement = connection
        .prepare(
            "SELECT m.content, p.content, m.role FROM messages AS m \
             LEFT JOIN messages AS p ON p.id = m.parent_entry_id",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// Imports the files in a random order, some of them twice, and compares with the tree.
fn compare(format: &str, tree: &Tree, mut files: Vec<File>, dice: &mut Dice, case: u64) {
    let connection = host::migrated();
    if dice.one_in(2) {
        let again = dice.below(files.len());
        files.push(files[again].clone());
    }
    dice.shuffle(&mut files);
    let mut there = BTreeSet::new();
    for (text, messages) in &files {
        let name = if dice.one_in(4) { "auto" } else { format };
        let before = there.len();
        there.extend(messages.iter().copied());
        let added = match dice.one_in(2) {
            true => integer(&connection, "SELECT branch_import(?1, ?2)", &[&name, text]),
            false => integer(
                &connection,
                "SELECT branch_import(?1, ?2)",
                &[&name, &text.as_bytes()],
            ),
        };
        let expected = (there.len() - before) as i64;
        assert_eq!(added, expected, "{format}, case {case}: added\n{text}");
    }
    let expected: BTreeMap<_, _> = there
        .iter()
        .map(|at| {
            let message = &tree.0[*at];
            let parent = message.parent.map(|parent| tree.0[parent].text.clone());
            (message.text.clone(), (parent, message.role.to_owned()))
        })
        .collect();
    let describe = || {
        let texts: Vec<_> = files.iter().map(|(text, _)| text.as_str()).collect();
        format!("{format}, case {case}:\n{}", texts.join("\n----\n"))
    };
    assert_eq!(stored(&connection), expected, "{}", describe());
    for (sql, wanted) in [
        ("SELECT count(*) FROM messages", there.len() as i64),
        ("SELECT count(*) FROM threads", 1),
        ("SELECT count(*) FROM branch_check()", 0),
        (
            "SELECT count(*) FROM threads JOIN messages ON messages.id = current_leaf_id \
             AND thread_id = threads.id",
            1,
        ),
        (
            "SELECT count(*) FROM messages WHERE parent_entry_id > id",
            0,
        ),
    ] {
        assert_eq!(
            integer(&connection, sql, &[]),
            wanted,
            "{sql}\n{}",
            describe()
        );
    }
    let dump = "SELECT json_group_array(json_array(id, thread_id, role, hex(content), item_json, created_at, \
        parent_entry_id)) || (SELECT json_group_array(json_array(id, current_leaf_id, title, updated_at)) FROM threads) \
        || (SELECT json_group_array(json_array(uid, message_id)) FROM message_uids) FROM messages";
    let all = |connection: &rusqlite::Connection| -> String {
        connection.query_row(dump, [], |row| row.get(0)).unwrap()
    };
    let before = all(&connection);
    for (text, _) in &files {
        let added = integer(
            &connection,
            "SELECT branch_import(?1, ?2)",
            &[&format, text],
        );
        assert_eq!(added, 0, "again: {}", describe());
    }
    assert_eq!(all(&connection), before, "again: {}", describe());
}

/// Several files of a random tree.
fn all(format: &str, write: impl Fn(&Tree, &mut Dice) -> Vec<File>) {
    eprintln!("{format}: {} cases", cases());
    for case in 0..cases() {
        let mut dice = Dice(case.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ format.len() as u64);
        let size = 1 + dice.below(24);
        let tree = Tree::random(size, &mut dice);
        let files = write(&tree, &mut dice);
        compare(format, &tree, files, &mut dice, case);
    }
}

/// Cuts of a tree, each a file of its own session or of one of the others'.
fn cuts(
    tree: &Tree,
    dice: &mut Dice,
    write: impl Fn(&[usize], usize, &mut Dice) -> String,
) -> Vec<File> {
    (0..1 + dice.below(5))
        .map(|_| {
            let there = tree.cut(dice);
            let session = dice.below(3);
            (write(&there, session, dice), there)
        })
        .collect()
}

#[test]
fn chatgpt() {
    all("chatgpt", |tree, dice| {
        cuts(tree, dice, |there, session, dice| {
            exports::chatgpt(tree, there, session, dice)
        })
    });
}

#[test]
fn claude_ai() {
    all("claude-ai", |tree, dice| {
        cuts(tree, dice, |there, session, dice| {
            exports::claude_ai(tree, there, session, dice)
        })
    });
}

#[test]
fn claude_code() {
    all("claude-code", |tree, dice| {
        cuts(tree, dice, |there, session, dice| {
            exports::claude_code(tree, there, session, dice)
        })
    });
}

#[test]
fn open_webui() {
    all("open-webui", |tree, dice| {
        cuts(tree, dice, |there, session, dice| {
            exports::open_webui(tree, there, session, dice)
        })
    });
}

#[test]
fn librechat() {
    all("librechat", |tree, dice| {
        cuts(tree, dice, |there, session, dice| {
            exports::librechat(tree, there, session, dice)
        })
    });
}

#[test]
fn oasst() {
    all("oasst", |tree, dice| {
        cuts(tree, dice, |there, _, _| exports::oasst(tree, there))
    });
}

#[test]
fn jsonl() {
    for uids in [true, false] {
        all("jsonl", |tree, dice| {
            cuts(tree, dice, |there, _, _| exports::jsonl(tree, there, uids))
        });
    }
}

#[test]
fn openai() {
    all("openai", |tree, dice| {
        (0..1 + dice.below(5))
            .map(|_| {
                let path = tree.path(dice.below(tree.0.len()));
                (exports::openai(tree, &path), path)
            })
            .collect()
    });
}

#[test]
fn sillytavern() {
    all("sillytavern", |tree, dice| {
        (0..1 + dice.below(5))
            .map(|_| {
                let path = tree.path(dice.below(tree.0.len()));
                exports::sillytavern(tree, &path)
            })
            .collect()
    });
}

/// A session and forks of it whose copies were written anew, at another time; or forks of forks, whose copies are as they were.
#[test]
fn codex() {
    all("codex", |tree, dice| {
        let anew = dice.one_in(2);
        (0..1 + dice.below(5))
            .map(|session| {
                let path = tree.path(dice.below(tree.0.len()));
                let forked_from = (session > 0).then(|| if anew { 0 } else { dice.below(session) });
                let shift = if anew { 1000 * session as i64 } else { 0 };
                exports::codex(tree, &path, session, forked_from, shift, dice)
            })
            .collect()
    });
}

/// Forks of forks, whose own ids are those of other sessions' other messages.
#[test]
fn pi() {
    all("pi", |tree, dice| {
        // The session that each message was said in, and the id that it got there.
        let mut sessions = vec![0; tree.0.len()];
        let mut ids = vec![0; tree.0.len()];
        let mut used: Vec<Vec<usize>> = vec![Vec::new()];
        for at in 0..tree.0.len() {
            let session = match tree.0[at].parent {
                None => 0,
                Some(parent) if tree.children(parent)[0] == at => sessions[parent],
                Some(parent) => {
                    used.push(tree.path(parent).iter().map(|above| ids[*above]).collect());
                    used.len() - 1
                }
            };
            sessions[at] = session;
            ids[at] = (1..)
                .find(|id| !used[session].contains(id))
                .expect("a number");
            used[session].push(ids[at]);
        }
        (0..1 + dice.below(5))
            .map(|_| {
                let last = dice.below(tree.0.len());
                let path = tree.path(last);
                (exports::pi(tree, &path, sessions[last], &ids, dice), path)
            })
            .collect()
    });
}

/// What `branch_export` writes comes back: the same tree, uids, labels, leaf and metadata, so that its export is the same
/// text; also over a part of it that is there already.
#[test]
fn what_was_exported() {
    eprintln!("what_was_exported: {} cases", cases());
    for case in 0..cases() {
        let mut dice = Dice(case ^ 0xE4F0);
        let from = host::migrated();
        from.execute_batch(
            "SELECT branch_thread('t', 'A \"title\"', 5); UPDATE threads SET cwd = char(0) || 'é', archived = 1, \
             archived_at = 9, git_sha = CAST(x'C328' AS TEXT), status = 'failed'",
        )
        .unwrap();
        let mut ids: Vec<i64> = Vec::new();
        let mut part = String::new();
        let export = "SELECT branch_export('t', 'jsonl')";
        let text = |connection: &rusqlite::Connection| -> String {
            connection.query_row(export, [], |row| row.get(0)).unwrap()
        };
        for at in 0..1 + dice.below(20) {
            // Equal texts, so that messages without uid are not to be told apart by them.
            let content = [&b""[..], b"same", b"\xFF\0", b"two\nlines\0"][dice.below(4)];
            let item = [None, Some("{\"a\" : 1}"), Some("[]")][dice.below(3)];
            let uid = dice.one_in(2).then(|| format!("uid {at}"));
            let parent = (!ids.is_empty() && !dice.one_in(8)).then(|| ids[dice.below(ids.len())]);
            let insert = "INSERT INTO messages(thread_id, role, content, item_json, created_at, parent_entry_id) \
                VALUES ('t', 'user', CAST(?1 AS TEXT), ?2, ?3, ?4)";
            from.execute(
                insert,
                rusqlite::params![content, item, 7 + dice.below(2) as i64, parent],
            )
            .unwrap();
            let id = from.last_insert_rowid();
            ids.push(id);
            if let Some(uid) = uid {
                from.execute(
                    "INSERT INTO message_uids VALUES (?1, ?2)",
                    rusqlite::params![uid, id],
                )
                .unwrap();
            }
            if dice.one_in(4) {
                integer(
                    &from,
                    "SELECT branch_label(?1, ?2, 3)",
                    &[&id, &format!("label {}", dice.below(5))],
                );
            }
            if dice.one_in(6) {
                integer(&from, "SELECT branch_switch('t', ?1)", &[&id]);
                let kept = Some(id).filter(|_| dice.one_in(2));
                ids.push(integer(
                    &from,
                    "SELECT branch_compact('t', 'sum', ?1, '{\"x\": 1}', 8)",
                    &[&kept],
                ));
            }
            if dice.one_in(5) {
                part = text(&from);
            }
        }
        let leaf = dice.one_in(4).then(|| ids[dice.below(ids.len())]);
        let moved: Option<i64> = from
            .query_row("SELECT branch_switch('t', ?1)", [leaf], |row| row.get(0))
            .unwrap();
        assert_eq!(moved, leaf);
        let whole = text(&from);
        for before in ["", &part] {
            let to = host::migrated();
            integer(&to, "SELECT branch_import('jsonl', ?1)", &[&before]);
            let there = integer(&to, "SELECT count(*) FROM messages", &[]);
            let added = integer(&to, "SELECT branch_import('auto', ?1)", &[&whole]);
            assert_eq!(
                added,
                ids.len() as i64 - there,
                "case {case}:\n{before}----\n{whole}"
            );
            assert_eq!(
                integer(&to, "SELECT branch_import('jsonl', ?1)", &[&whole]),
                0
            );
            if before.is_empty() {
                assert_eq!(text(&to), whole, "case {case}");
            }
        }
    }
}
