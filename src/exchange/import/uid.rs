//! Uids for messages that have none in their export.

use sha1_smol::Sha1;

/// A UUID of these parts (version 5, which is made with SHA-1), the same for the same parts.
pub fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha1::new();
    for part in parts {
        // The length too, so that no two lists of parts look alike.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.digest().bytes();
    let mut text = String::with_capacity(36);
    for (at, byte) in digest.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match at {
            6 => byte & 0x0F | 0x50,
            8 => byte & 0x3F | 0x80,
            _ => *byte,
        };
        for digit in [byte >> 4, byte & 0x0F] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}
