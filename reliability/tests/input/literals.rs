//! Values of all kinds, written in SQL.

use fastrand::Rng;

/// Any value.
pub fn any(random: &mut Rng) -> String {
    match random.u32(0..6) {
        0 => integer(random),
        1 => real(random),
        2 => text(random),
        3 => blob(random),
        4 => "NULL".to_owned(),
        _ => json(random),
    }
}

/// A message id that may be there.
pub fn id(random: &mut Rng) -> String {
    random.i64(1..14).to_string()
}

pub fn integer(random: &mut Rng) -> String {
    const ODD: [&str; 14] = [
        "0",
        "-1",
        "1",
        "9223372036854775807",
        "(-9223372036854775807 - 1)",
        "9223372036854775806",
        "4294967296",
        "2147483647",
        "2147483648",
        "-2147483649",
        "9007199254740993",
        "true",
        "0x7fffffffffffffff",
        "100",
    ];
    match random.u32(0..3) {
        0 => ODD[random.usize(0..ODD.len())].to_owned(),
        1 => format!("({})", random.i64(..).max(i64::MIN + 1)),
        _ => id(random),
    }
}

fn real(random: &mut Rng) -> String {
    const ODD: [&str; 12] = [
        "1.0",
        "2.5",
        "-0.0",
        "9e999",
        "-9e999",
        "(9e999 - 9e999)",
        "9007199254740992.0",
        "9007199254740994.0",
        "9223372036854775807.0",
        "-9223372036854775808.0",
        "1e300",
        "5e-324",
    ];
    ODD[random.usize(0..ODD.len())].to_owned()
}

pub fn text(random: &mut Rng) -> String {
    const ODD: [&str; 26] = [
        "''",
        "'t'",
        "'u'",
        "'T'",
        "'1'",
        "' 7 '",
        "'+3'",
        "'-0'",
        "'0x10'",
        "'1e3'",
        "'1.0'",
        "'9223372036854775808'",
        "'99999999999999999999999999'",
        "'%s%n%d%x'",
        "'it''s \"quoted\" `x` [y]'",
        "char(0)",
        "'a' || char(0) || 'b'",
        "char(55296)",
        "char(1114111)",
        "CAST(x'ff' AS TEXT)",
        "CAST(x'74ff' AS TEXT)",
        "CAST(x'c3' AS TEXT)",
        "CAST(x'eda080' AS TEXT)",
        "CAST(x'f4908080' AS TEXT)",
        "'🌲' || char(8238, 8203, 769)",
        "char(10, 13, 9, 27) || '[31m'",
    ];
    match random.u32(0..8) {
        0 => format!("printf('%.{}c', 'x')", random.u32(1..200_000)),
        1 => format!("CAST(randomblob({}) AS TEXT)", random.u32(0..60)),
        _ => ODD[random.usize(0..ODD.len())].to_owned(),
    }
}

fn blob(random: &mut Rng) -> String {
    match random.u32(0..4) {
        0 => "x''".to_owned(),
        1 => "x'31'".to_owned(),
        2 => format!("zeroblob({})", random.u32(0..100_000)),
        _ => format!("randomblob({})", random.u32(0..100)),
    }
}

pub fn json(random: &mut Rng) -> String {
    const ODD: [&str; 16] = [
        "'{}'",
        "'[]'",
        "'null'",
        "'{\"a\": [1, 2.5e3, \"\\u0000\\ud83c\\udf32\", null, true]}'",
        "json('{\"a\": 1}')",
        "'{\"a\": 1, \"a\": 2}'",
        "'[1,]'",
        "'{'",
        "'NaN'",
        "'1e999'",
        "'\"\\ud800\"'",
        "'123456789012345678901234567890'",
        "'{} x'",
        "' 1 '",
        "'\"' || char(0) || '\"'",
        "CAST(x'22ff22' AS TEXT)",
    ];
    match random.u32(0..6) {
        0 => {
            let deep = random.u32(1..20_000);
            format!("replace(printf('%.{deep}c', 'x'), 'x', '[') || replace(printf('%.{deep}c', 'x'), 'x', ']')")
        }
        _ => ODD[random.usize(0..ODD.len())].to_owned(),
    }
}
