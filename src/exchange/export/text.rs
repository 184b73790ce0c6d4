//! The text that an export grows into.
//!
//! Running out of memory is an error here as everywhere, and is noted until the end: what checks each piece would make the
//! library larger by tens of kilobytes.

use crate::error::{Error, Result};

/// Text, and how to write JSON into it.
#[derive(Default)]
pub struct Text {
    text: String,
    /// Whether `<` is written as an escape inside JSON strings, so that no `</script` can end the data of a page.
    for_page: bool,
    /// Whether there was no memory for some of it.
    failed: bool,
}

impl Text {
    /// For JSON that stands in an HTML page.
    pub fn for_page() -> Self {
        Self {
            for_page: true,
            ..Self::default()
        }
    }

    /// What was written.
    pub fn into_string(self) -> Result<String> {
        match self.failed {
            true => Err(Error::no_memory()),
            false => Ok(self.text),
        }
    }

    /// Writes text as it is.
    #[inline(never)]
    pub fn write(&mut self, text: &str) {
        self.failed |= self.text.try_reserve(text.len()).is_err();
        if !self.failed {
            self.text.push_str(text);
        }
    }

    /// Writes a number.
    pub fn integer(&mut self, integer: i64) {
        self.write(&integer.to_string())
    }

    /// Writes a number, or null.
    pub fn optional(&mut self, integer: Option<i64>) {
        match integer {
            Some(integer) => self.integer(integer),
            None => self.write("null"),
        }
    }

    /// Writes bytes that ought to be UTF-8: what is not becomes U+FFFD.
    pub fn lossy(&mut self, text: &[u8]) {
        self.write(&String::from_utf8_lossy(text))
    }

    /// Writes a JSON string that gives back each byte: text that is not UTF-8, which JSON cannot hold, becomes
    /// `{"hex":"…"}`.
    pub fn exact(&mut self, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(text) => self.string(text),
            Err(_) => self.hex("hex", text),
        }
    }

    /// Writes an object with one member of that name, the hexadecimal digits of these bytes.
    pub fn hex(&mut self, name: &str, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.write("{\"");
        self.write(name);
        self.write("\":\"");
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                let digit = DIGITS.get(usize::from(digit)).copied();
                self.write(char::from(digit.unwrap_or(b'0')).encode_utf8(&mut [0; 4]));
            }
        }
        self.write("\"}");
    }

    /// Writes a JSON string of bytes that ought to be UTF-8.
    pub fn lossy_string(&mut self, text: &[u8]) {
        self.string(&String::from_utf8_lossy(text));
    }

    /// Writes a JSON string.
    pub fn string(&mut self, text: &str) {
        self.write("\"");
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| self.is_escaped(byte)) {
            let (plain, from) = rest.split_at(at);
            self.write(plain);
            // What is escaped is a single byte.
            let (escaped, after) = from.split_at(1);
            match escaped {
                "\"" => self.write("\\\""),
                "\\" => self.write("\\\\"),
                "\n" => self.write("\\n"),
                "\r" => self.write("\\r"),
                "\t" => self.write("\\t"),
                other => {
                    let byte = other.as_bytes().first().copied().unwrap_or_default();
                    self.write(&format!("\\u{byte:04x}"));
                }
            }
            rest = after;
        }
        self.write(rest);
        self.write("\"")
    }

    fn is_escaped(&self, byte: u8) -> bool {
        byte < 0x20 || byte == b'"' || byte == b'\\' || (self.for_page && byte == b'<')
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    /// Against a JSON reader that is not ours.
    #[test]
    fn strings_come_back() {
        for text in [
            "",
            "plain",
            "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{2028}é漢😀",
            "</script><!--",
        ] {
            for mut written in [Text::default(), Text::for_page()] {
                written.exact(text.as_bytes());
                let json = written.into_string().unwrap();
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
        let mut page = Text::for_page();
        page.string("</script><!--");
        assert!(!page.into_string().unwrap().contains('<'));
        let mut bytes = Text::default();
        bytes.exact(b"a\xff");
        assert_eq!(bytes.into_string().unwrap(), r#"{"hex":"61FF"}"#);
    }
}
