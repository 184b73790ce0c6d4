//! Exports of other programs, read with `branch_import`.

mod dist;
mod host;

use rusqlite::Connection;

#[test]
fn look() {
    let folder = dist::root().join("../shared/data/exports");
    for format in [
        "chatgpt",
        "claude-ai",
        "claude-code",
        "codex",
        "pi",
        "open-webui",
        "librechat",
    ] {
        for entry in std::fs::read_dir(folder.join(format)).unwrap() {
            let path = entry.unwrap().path();
            for format in [format, "auto"] {
                let db: Connection = host::migrated();
                let blob = std::fs::read(&path).unwrap();
                let added: Result<i64, _> = db.query_row(
                    "SELECT branch_import(?1, ?2)",
                    rusqlite::params![format, blob],
                    |row| row.get(0),
                );
                println!(
                    "== {format} {} {added:?}",
                    path.file_name().unwrap().to_string_lossy()
                );
                if format == "auto" {
                    continue;
                }
                let added: Result<i64, _> = db.query_row(
                    "SELECT branch_import(?1, ?2, '{\"skip_bad\":true}')",
                    rusqlite::params![format, blob],
                    |row| row.get(0),
                );
                println!("== again skip_bad {added:?}");
                let mut s = db.prepare("SELECT id||'|'||coalesce(title,'NULL')||'|'||created_at||'|'||updated_at||'|'||preview||'|'||cwd||'|'||coalesce(current_leaf_id, 'NULL') FROM threads").unwrap();
                for line in s.query_map([], |r| r.get::<_, String>(0)).unwrap() {
                    println!("T {}", line.unwrap());
                }
                let mut s = db.prepare("SELECT m.id||'|'||coalesce(m.parent_entry_id,'')||'|'||m.role||'|'||m.created_at||'|'||coalesce(branch_uid(m.id),'')||'|'||substr(replace(m.content,char(10),' '),1,60)||'|'||substr(replace(item_json,char(10),' '),1,30) FROM messages m").unwrap();
                for line in s.query_map([], |r| r.get::<_, String>(0)).unwrap() {
                    println!("  {}", line.unwrap());
                }
                let mut s = db
                    .prepare("SELECT problem||detail FROM branch_check()")
                    .unwrap();
                for line in s.query_map([], |r| r.get::<_, String>(0)).unwrap() {
                    println!("CHECK  {}", line.unwrap());
                }
            }
        }
    }
    let db: Connection = host::migrated();
    let blob = std::fs::read(folder.join("../oasst_en_100_trees.jsonl")).unwrap();
    let added: Result<i64, _> = db.query_row(
        "SELECT branch_import('auto', ?1)",
        rusqlite::params![blob],
        |row| row.get(0),
    );
    println!("oasst {added:?}");
    let leaves: i64 = db
        .query_row(
            "SELECT count(*) FROM threads JOIN branch_leaves(threads.id)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    println!("leaves {leaves}");
}
