//! The `item_json` of a summary: that it is one, and from which message on the history stays beside it.

use super::json::Raw;

/// The text for a new summary: an object with `"type":"compaction"` and `"first_kept_id"`, and the members of `given`
/// beside, as they are. None if `given` is not an object.
pub fn written(given: Option<&[u8]>, first_kept_id: Option<i64>) -> Option<String> {
    let mut text = format!(
        r#"{{"type":"compaction","first_kept_id":{}"#,
        number(first_kept_id)
    );
    if let Some(given) = given {
        let given = Raw::of(given).filter(|given| given.text().starts_with('{'))?;
        given.members(&mut |name, value| {
            if !matches!(name, b"type" | b"first_kept_id") {
                text.push(',');
                text.push_str(&quoted(name));
                text.push(':');
                text.push_str(value.text());
            }
        });
    }
    text.push('}');
    Some(text)
}

/// The text of a summary whose `first_kept_id` is another one now, the rest of it byte for byte. None if there is
/// nothing to change.
pub fn with_first_kept(text: &[u8], first_kept_id: Option<i64>) -> Option<Vec<u8>> {
    let mut place = None;
    Raw::of(text)?.members(&mut |name, value| {
        if name == b"first_kept_id" && place.is_none() {
            place = Some((value.text().as_ptr() as usize, value.text().len()));
        }
    });
    // A value is a part of the text that it was read from.
    let (start, length) = place?;
    let start = start.checked_sub(text.as_ptr() as usize)?;
    let mut changed = text.get(..start)?.to_vec();
    changed.extend_from_slice(number(first_kept_id).as_bytes());
    changed.extend_from_slice(text.get(start.checked_add(length)?..)?);
    Some(changed)
}

fn number(id: Option<i64>) -> String {
    id.map_or_else(|| "null".to_owned(), |id| id.to_string())
}

/// A name as JSON writes it.
fn quoted(name: &[u8]) -> String {
    serde_json::to_string(&String::from_utf8_lossy(name)).unwrap_or_default()
}
