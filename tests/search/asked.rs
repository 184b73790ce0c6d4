//! Queries: what is found by which, and what is said of one that is not FTS5 syntax.

use super::{empty, host, ids, index, rows, say};

/// With these contents for messages 1, 2, 3, ..., each query finds these, without an index and with one.
fn finds(contents: &[&str], queries: &[(&str, &[i64])]) {
    let connection = empty();
    for content in contents {
        say(&connection, content);
    }
    for indexed in [false, true] {
        for (query, expected) in queries {
            assert_eq!(ids(&connection, query), *expected, "{query}, {indexed}");
        }
        index(&connection);
    }
}

#[test]
fn words_phrases_and_operators() {
    finds(
        &[
            "Where can I plant peas in March?",
            "Peas and radishes, in pots or in the soil.",
            "Planting beans. NOT peas AND pots!",
            "It's node.js 20.1, snake_case",
        ],
        &[
            ("peas", &[1, 2, 3]),
            ("PEAS", &[1, 2, 3]),
            ("peas pots", &[2, 3]),
            ("peas AND pots", &[2, 3]),
            ("radishes OR beans", &[2, 3]),
            ("peas NOT beans", &[1, 2]),
            ("(radishes OR beans) AND soil", &[2]),
            ("\"in pots\"", &[2]),
            ("\"pots in\"", &[]),
            ("in + pots", &[2]),
            ("plant*", &[1, 3]),
            ("plant", &[1]),
            ("^peas", &[2]),
            ("NEAR(peas pots, 5)", &[2, 3]),
            ("NEAR(where march, 2)", &[]),
            ("content : radishes", &[2]),
            ("\"node.js\"", &[4]),
            ("\"it's\" \"20.1\"", &[4]),
            ("snake_case", &[4]),
            ("\"AND\"", &[2, 3]),
            ("and", &[2, 3]),
            ("nothing", &[]),
            ("\"\"", &[]),
            ("\"?!\"", &[]),
            ("\n\tpeas\r\n pots ", &[2, 3]),
        ],
    );
}

#[test]
fn accents_and_case_do_not_count() {
    finds(
        &[
            "Ein Café in Ångström",
            "Crème BRÛLÉE",
            "ПРИВЕТ мир",
            "ΑΘΉΝΑ",
            "e\u{301}tude",
        ],
        &[
            ("cafe angstrom", &[1]),
            ("CAFÉ", &[1]),
            ("creme brulee", &[2]),
            ("привет", &[3]),
            ("αθήνα", &[4]),
            ("etude", &[5]),
            ("étude", &[5]),
        ],
    );
}

#[test]
fn chinese_japanese_and_korean_by_one_character_or_more() {
    finds(
        &[
            "我们明天去北京看长城。",
            "京都の桜はいつ咲きますか？",
            "カタカナとｶﾀｶﾅ、ひらがな",
            "한국어 텍스트입니다",
            "Python入門とRust",
            "𠮷野家、㐀、々〆〇",
            "ㄅㄆㄇ ᄒᆞᆫ",
        ],
        &[
            ("京", &[1, 2]),
            ("北京", &[1]),
            ("京北", &[]),
            ("明天 长城", &[1]),
            ("明 天 去", &[1]),
            ("天明", &[]),
            ("天 明", &[1]),
            ("\"去北京看\"", &[1]),
            ("北京 OR 桜", &[1, 2]),
            ("京 NOT 桜", &[1]),
            ("北京*", &[1]),
            ("^我们", &[1]),
            ("^京都", &[2]),
            ("NEAR(明 长城, 10)", &[1]),
            ("咲きますか", &[2]),
            ("タカ", &[3]),
            ("ｶﾀ", &[3]),
            ("がな", &[3]),
            ("국", &[4]),
            ("국어", &[4]),
            ("스트 한국", &[4]),
            ("python", &[5]),
            ("入門", &[5]),
            ("python入門", &[5]),
            ("門とrust", &[5]),
            ("𠮷", &[6]),
            ("𠮷野家", &[6]),
            ("㐀 々", &[6]),
            ("〆〇", &[6]),
            ("ㄆ", &[7]),
            ("ᆞ", &[7]),
            ("content:北京", &[1]),
            ("{content}:北京 AND 我们", &[1]),
        ],
    );
}

#[test]
fn what_is_not_fts5_syntax_is_an_error_that_names_the_place() {
    let connection = empty();
    let refused = |query: &str, text: &str| {
        for sql in [
            "SELECT id FROM branch_search(?1)",
            "SELECT count(*) FROM branch_search(?1, 'no thread')",
        ] {
            assert_eq!(
                host::error(&connection, sql, &[&query]),
                (1, format!("branch_search: {text}")),
                "{query:?}"
            );
        }
    };
    for indexed in [false, true] {
        for query in ["", " ", "\n\t \r"] {
            refused(query, "query must not be empty");
        }
        for (query, place) in [
            ("node.js", "syntax error near '.', character 5"),
            ("it's", "syntax error near ''', character 3"),
            ("ok?", "syntax error near '?', character 3"),
            ("日本。café @home", "syntax error near '@', character 9"),
            ("a AND AND", "syntax error near 'AND'"),
            ("a OR AND b", "syntax error near 'AND', character 6"),
            ("a)", "syntax error near ')', character 2"),
            ("(a", "syntax error at its end"),
            ("a AND", "syntax error at its end"),
            ("a OR 日本 NOT", "syntax error at its end"),
            ("NEAR(a b", "syntax error at its end"),
            ("*", "syntax error near '*', character 1"),
            ("*reads", "syntax error near '*', character 1"),
            ("a %s%n%d", "syntax error near '%'"),
            (
                "a b \"c d",
                "the string that starts at character 5 has no end",
            ),
            (
                "日本 \"c\"\" d",
                "the string that starts at character 4 has no end",
            ),
            ("http://x", "no such column: http"),
            ("rank : x", "no such column: rank"),
            ("日本\0語", "there is a NUL at character 3"),
            ("\u{1}", "syntax error near '\u{1}', character 1"),
        ] {
            refused(query, &format!("query is not FTS5 syntax: {place}"));
        }
        if !indexed {
            say(&connection, "a b c");
            index(&connection);
        }
    }
    // After an error all is well.
    assert_eq!(ids(&connection, "a"), [1]);
    assert_eq!(
        rows(&connection, "SELECT id FROM branch_search(NULL)", &[]).len(),
        0
    );
}
