//! Texts in JSON.

use crate::change::charset::{Charset, NotText};

/// Appends `text` without quotes, escaped as fastjson2 does: the two characters that must be, short forms of control
/// characters where JSON has one, everything else as it is.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let digit = |index: u8| HEX.get(usize::from(index)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        plain = at + 1;
    }
    out.extend_from_slice(bytes.get(plain..).unwrap_or_default());
}

/// Appends `"text"`.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// Appends text of a character set.
pub(super) fn push_decoded(out: &mut Vec<u8>, bytes: &[u8], charset: Charset) -> Result<(), NotText> {
    out.push(b'"');
    charset.decode(bytes, |piece| push_escaped(out, piece))?;
    out.push(b'"');
    Ok(())
}

/// Appends bytes as ISO-8859-1 reads them: byte n is the character U+00nn. `zeros` more bytes follow.
pub(super) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8], zeros: usize) {
    out.push(b'"');
    let mut piece = [0u8; 128];
    for chunk in bytes.chunks(piece.len() / 2) {
        let mut length = 0;
        for byte in chunk {
            let written = char::from(*byte).encode_utf8(piece.get_mut(length..).unwrap_or_default()).len();
            length += written;
        }
        // Only whole characters were written.
        push_escaped(out, std::str::from_utf8(piece.get(..length).unwrap_or_default()).unwrap_or_default());
    }
    for _ in 0..zeros {
        push_escaped(out, "\0");
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_texts_read_back() {
        let all: Vec<u8> = (0..=255).collect();
        let mut out = Vec::new();
        push_bytes(&mut out, &all, 2);
        let text: String = serde_json::from_slice(&out).unwrap();
        let back: Vec<u32> = text.chars().map(u32::from).collect();
        assert_eq!(back, (0..=255).chain([0, 0]).collect::<Vec<u32>>());

        let mut out = Vec::new();
        push_string(&mut out, "a\"b\\c\n\t\u{1}\u{7f}ü😀");
        assert_eq!(String::from_utf8(out).unwrap(), "\"a\\\"b\\\\c\\n\\t\\u0001\u{7f}ü😀\"");
    }
}
