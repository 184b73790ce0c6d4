//! Goes through JSON text value by value, without building it in memory.
//!
//! A member or an element is handed on as the text that it is, and a caller that wants more of it looks into that. So nothing
//! is unescaped, converted or copied that is not asked for, a value of an unexpected type is no error, and nesting of any
//! depth is passed over without recursion (serde_json skips values in a loop; its limit of 128 levels is for values that
//! it builds).

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::error::room_for;

/// How many bytes at the beginning are alike and no backslash, of those that can be compared eight at a time. Prose has an
/// escape every few words: this takes two thirds of the time of searching for each and comparing what is between, and half
/// of that with indexes, which are checked.
fn alike_and_plain(inside: &[u8], text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut count = 0;
    let (inside, text) = (inside.as_chunks().0, text.as_chunks().0);
    for (eight, others) in inside.iter().zip(text) {
        let word = u64::from_le_bytes(*eight);
        // Of the backslashes, the highest bit of the first one's byte: the first whose difference to it is zero.
        let difference = word ^ (ONES * b'\\' as u64);
        let backslashes = difference.wrapping_sub(ONES) & !difference & (ONES << 7);
        let plain = (word ^ u64::from_le_bytes(*others) | backslashes).trailing_zeros() / 8;
        count += plain as usize;
        if plain < 8 {
            break;
        }
    }
    count
}

/// An error unless there is memory to read this JSON, some of whose strings may be nearly all of it. serde_json and
/// `String` would end the process.
pub fn room(text: &[u8]) -> crate::error::Result<()> {
    /// So small an allocation does not fail before the larger ones do.
    const SMALL: usize = 4 << 10;
    /// How many copies of a string there are at once, at the most: some of them grow by doubling.
    const COPIES: usize = 6;
    match text.len() {
        0..SMALL => Ok(()),
        length => room_for(length.saturating_mul(COPIES)),
    }
}

/// Why a text is not JSON, if it is not.
pub fn why_invalid(text: &[u8]) -> Option<String> {
    serde_json::from_slice::<&RawValue>(text)
        .err()
        .map(|error| error.to_string())
}

/// Of members of the same name the first one counts, as for SQLite's `->`.
pub(super) fn keep<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

/// A JSON value, as text.
#[derive(Clone, Copy)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// The value that a text holds. None if the text is not JSON.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        let value: &RawValue = serde_json::from_slice(text).ok()?;
        Some(Self(value.get()))
    }

    /// A text that is known to be JSON.
    pub fn known(text: &'a str) -> Self {
        Self(text.trim_matches(|character: char| character.is_ascii_whitespace()))
    }

    /// The text.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// The value that a text holds, if it holds one at all: what goes through it finds out whether it does.
    pub fn unchecked(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        Some(Self(text.trim_matches([' ', '\t', '\n', '\r'])))
    }

    /// Hands each member of an object to `take`. A value of another type has none. False if the text is not JSON, which
    /// may turn out only after some members.
    pub fn members(self, take: &mut dyn FnMut(&[u8], Raw<'a>)) -> bool {
        if !self.0.starts_with('{') {
            return true;
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        let outcome = deserializer.deserialize_map(Members(take));
        outcome.and_then(|()| deserializer.end()).is_ok()
    }

    /// Hands each element of an array to `take`. A value of another type has none. False as for [`Raw::members`].
    pub fn elements(self, take: &mut dyn FnMut(Raw<'a>)) -> bool {
        if !self.0.starts_with('[') {
            return true;
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        let outcome = deserializer.deserialize_seq(Elements(take));
        outcome.and_then(|()| deserializer.end()).is_ok()
    }

    /// Hands the objects of an array to `take`, member by member, in one pass. False as for [`Raw::members`].
    pub fn objects(self, take: &mut dyn FnMut(Event<'_, 'a>)) -> bool {
        if !self.0.starts_with('[') {
            return true;
        }
        let mut objects = Objects {
            take,
            whole: self.0,
            at: 1,
        };
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        let outcome = deserializer.deserialize_seq(&mut objects);
        outcome.and_then(|()| deserializer.end()).is_ok()
    }

    /// The text of a string.
    pub fn string(self) -> Option<String> {
        if self.0.starts_with('"') {
            serde_json::from_str(self.0).ok()
        } else {
            None
        }
    }

    /// The text of a string. What is not Unicode in it, a lone half of a surrogate pair, becomes U+FFFD.
    pub fn lossy_string(self) -> Option<String> {
        if !self.0.starts_with('"') {
            return None;
        }
        let name: Name<'_> = serde_json::from_str(self.0).ok()?;
        let mut text = String::with_capacity(name.0.len());
        for chunk in name.0.utf8_chunks() {
            text.push_str(chunk.valid());
            // A half comes as three bytes, and only its first one can begin a character.
            if chunk.invalid().first() == Some(&0xED) {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Some(text)
    }

    /// Whether a string is this text, compared without unescaping it into a copy. None if that takes one: for a value of
    /// another type, and for an escape of what is not ASCII.
    pub fn same_string(self, text: &[u8]) -> Option<bool> {
        let mut inside = self.0.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
        let mut text = text;
        loop {
            let plain = alike_and_plain(inside, text);
            inside = inside.get(plain..)?;
            text = text.get(plain..)?;
            let (meant, written) = match inside {
                [] => return Some(text.is_empty()),
                [b'\\', b'n', ..] => (b'\n', 2),
                [b'\\', b't', ..] => (b'\t', 2),
                [b'\\', b'r', ..] => (b'\r', 2),
                [b'\\', b'b', ..] => (8, 2),
                [b'\\', b'f', ..] => (12, 2),
                [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => (*byte, 2),
                [b'\\', ..] => return None,
                [byte, ..] => (*byte, 1),
            };
            if text.first() != Some(&meant) {
                return Some(false);
            }
            inside = inside.get(written..)?;
            text = text.get(1..)?;
        }
    }

    /// An integer of 64 bits.
    pub fn integer(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// A number.
    pub fn number(self) -> Option<f64> {
        self.0
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }
}

/// Why a text is not JSON, if it is not.
pub fn invalid(text: &[u8]) -> Option<serde_json::Error> {
    serde_json::from_slice::<&RawValue>(text).err()
}

/// What is met in an array, for [`Raw::objects`].
pub enum Event<'t, 'a> {
    /// A member of the object that ends next.
    Member(&'t [u8], Raw<'a>),
    /// The whole object.
    End(Raw<'a>),
    /// Something that is no object.
    Other,
}

struct Objects<'t, 'de> {
    take: &'t mut dyn FnMut(Event<'_, 'de>),
    whole: &'de str,
    /// Up to where it has been read: the next object begins at the next brace.
    at: usize,
}

impl<'de> Visitor<'de> for &mut Objects<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Objects<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(ObjectVisitor(self))
    }
}

struct ObjectVisitor<'o, 't, 'de>(&'o mut Objects<'t, 'de>);

impl<'de> ObjectVisitor<'_, '_, 'de> {
    fn other<E>(self) -> Result<(), E> {
        (self.0.take)(Event::Other);
        Ok(())
    }
}

impl<'de> Visitor<'de> for ObjectVisitor<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Objects { take, whole, at } = self.0;
        // Only blanks and a comma are before the object's brace, and only blanks between its last value and its end.
        let brace = |from: usize, brace: u8| -> usize {
            let rest = whole.as_bytes().get(from..).unwrap_or_default();
            from + memchr::memchr(brace, rest).unwrap_or(rest.len())
        };
        let start = brace(*at, b'{');
        let mut last = start + 1;
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            let value = value.get();
            // It is a part of the text that is read.
            let offset = (value.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
            last = offset + value.len();
            take(Event::Member(&name.0, Raw(value)));
        }
        *at = brace(last, b'}') + 1;
        take(Event::End(Raw(whole.get(start..*at).unwrap_or_default())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.other()
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.other()
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.other()
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.other()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.other()
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.other()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.other()
    }
}

/// The name of a member, as bytes: a name that is not well-formed Unicode is none that is looked for.
struct Name<'a>(Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(bytes)))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(bytes.to_vec())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(text.as_bytes())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(text.as_bytes().to_vec())))
    }
}

struct Members<'t, 'de>(&'t mut dyn FnMut(&[u8], Raw<'de>));

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(&name.0, Raw(value.get()));
        }
        Ok(())
    }
}

struct Elements<'t, 'de>(&'t mut dyn FnMut(Raw<'de>));

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(value) = seq.next_element::<&'de RawValue>()? {
            (self.0)(Raw(value.get()));
        }
        Ok(())
    }
}
