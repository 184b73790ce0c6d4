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
