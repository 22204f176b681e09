//! From the character set of a column, or of a client, to UTF-8, exactly as the servers convert.
//!
//! Compared with MySQL 9.7 for every one-, two- and three-byte sequence of the sets below and every four-byte one of
//! gb18030. Where `encoding_rs` (which follows the browsers) has another character than the servers, the servers' is
//! used. Of one-byte sets, what the servers have no character for is no text; of the others `encoding_rs` decides.

mod single_byte;

use encoding_rs::{DecoderResult, EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS};

/// How the bytes of a text are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Charset {
    Utf8,
    Ascii,
    /// ASCII below 0x80, these above; U+FFFD is none.
    SingleByte(&'static str),
    /// Two bytes a character, or four for a surrogate pair.
    Utf16 {
        little_endian: bool,
    },
    Utf32,
    MultiByte(MultiByte),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MultiByte {
    Cp932,
    Sjis,
    EucKr,
    Gb2312,
    Gbk,
    Gb18030,
    Ujis,
    Eucjpms,
}

/// Bytes that are no text in their character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotText;

/// Bytes converted at a time.
const PIECE: usize = 1024;

impl Charset {
    /// By the servers' name; `None` for sets that are not carried (big5, swe7) or not known.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "utf8" | "utf8mb3" | "utf8mb4" => Charset::Utf8,
            "ascii" => Charset::Ascii,
            "ucs2" | "utf16" => Charset::Utf16 { little_endian: false },
            "utf16le" => Charset::Utf16 { little_endian: true },
            "utf32" => Charset::Utf32,
            "cp932" => Charset::MultiByte(MultiByte::Cp932),
            "sjis" => Charset::MultiByte(MultiByte::Sjis),
            "euckr" => Charset::MultiByte(MultiByte::EucKr),
            "gb2312" => Charset::MultiByte(MultiByte::Gb2312),
            "gbk" => Charset::MultiByte(MultiByte::Gbk),
            "gb18030" => Charset::MultiByte(MultiByte::Gb18030),
            "ujis" => Charset::MultiByte(MultiByte::Ujis),
            "eucjpms" => Charset::MultiByte(MultiByte::Eucjpms),
            _ => {
                let index = single_byte::UPPER_HALVES.binary_search_by_key(&name, |(known, _)| known).ok()?;
                Charset::SingleByte(single_byte::UPPER_HALVES.get(index)?.1)
            }
        })
    }

    /// Gives the text to `push`, in pieces.
    pub(crate) fn decode(self, bytes: &[u8], mut push: impl FnMut(&str)) -> Result<(), NotText> {
        match self {
            Charset::Utf8 => push(std::str::from_utf8(bytes).map_err(|_| NotText)?),
            Charset::Ascii if !bytes.is_ascii() => return Err(NotText),
            _ if bytes.is_ascii() && !self.is_wide() => push(std::str::from_utf8(bytes).map_err(|_| NotText)?),
            Charset::Ascii => {}
            Charset::SingleByte(upper) => single_byte_text(bytes, upper, push)?,
            Charset::Utf16 { little_endian } => utf16(bytes, little_endian, push)?,
            Charset::Utf32 => utf32(bytes, push)?,
            Charset::MultiByte(set) => multi_byte(bytes, set, push)?,
        }
        Ok(())
    }

    /// ASCII characters are more than one byte.
    fn is_wide(self) -> bool {
        matches!(self, Charset::Utf16 { .. } | Charset::Utf32)
    }
}

fn push_char(character: char, push: &mut impl FnMut(&str)) {
    push(character.encode_utf8(&mut [0; 4]));
}

fn single_byte_text(bytes: &[u8], upper: &str, mut push: impl FnMut(&str)) -> Result<(), NotText> {
    let mut table = ['\0'; 128];
    for (slot, character) in table.iter_mut().zip(upper.chars()) {
        *slot = character;
    }
    for byte in bytes {
        let character = match byte.checked_sub(0x80) {
            None => char::from(*byte),
            Some(index) => table.get(usize::from(index)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        };
        if character == char::REPLACEMENT_CHARACTER {
            return Err(NotText);
        }
        push_char(character, &mut push);
    }
    Ok(())
}

fn utf16(bytes: &[u8], little_endian: bool, mut push: impl FnMut(&str)) -> Result<(), NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let read = if little_endian { u16::from_le_bytes } else { u16::from_be_bytes };
    for character in char::decode_utf16(pairs.iter().copied().map(read)) {
        push_char(character.map_err(|_| NotText)?, &mut push);
    }
    if rest.is_empty() { Ok(()) } else { Err(NotText) }
}

fn utf32(bytes: &[u8], mut push: impl FnMut(&str)) -> Result<(), NotText> {
    let (quads, rest) = bytes.as_chunks::<4>();
    for quad in quads {
        push_char(char::from_u32(u32::from_be_bytes(*quad)).ok_or(NotText)?, &mut push);
    }
    if rest.is_empty() { Ok(()) } else { Err(NotText) }
}

impl MultiByte {
    fn encoding(self) -> &'static Encoding {
        match self {
            MultiByte::Cp932 | MultiByte::Sjis => SHIFT_JIS,
            MultiByte::EucKr => EUC_KR,
            MultiByte::Gb2312 | MultiByte::Gbk => GBK,
            MultiByte::Gb18030 => GB18030,
            MultiByte::Ujis | MultiByte::Eucjpms => EUC_JP,
        }
    }

    /// Bytes of the character that begins with `bytes`.
    fn length(self, bytes: &[u8]) -> usize {
        let second = bytes.get(1).copied().unwrap_or(0);
        match (self, bytes.first().copied().unwrap_or(0)) {
            (_, 0..=0x7f) | (MultiByte::Cp932 | MultiByte::Sjis, 0xa1..=0xdf) => 1,
            (MultiByte::Ujis | MultiByte::Eucjpms, 0x8f) => 3,
            (MultiByte::Gb18030, _) if second.is_ascii_digit() => 4,
            _ => 2,
        }
    }

    /// Codes for which `encoding_rs` has another character than the servers.
    fn exception(self, code: &[u8]) -> Option<Exception> {
        use Exception::{Char, NotCarried};
        Some(match (self, code) {
            (MultiByte::Sjis, [0x81, 0x5f]) | (MultiByte::Ujis, [0xa1, 0xc0]) => Char('\\'),
            (MultiByte::Sjis, [0x81, 0x60]) | (MultiByte::Ujis, [0xa1, 0xc1]) => Char('\u{301c}'),
            (MultiByte::Sjis, [0x81, 0x61]) | (MultiByte::Ujis, [0xa1, 0xc2]) => Char('\u{2016}'),
            (MultiByte::Sjis, [0x81, 0x7c]) | (MultiByte::Ujis, [0xa1, 0xdd]) => Char('\u{2212}'),
            (MultiByte::Sjis, [0x81, 0x91]) | (MultiByte::Ujis, [0xa1, 0xf1]) => Char('\u{a2}'),
            (MultiByte::Sjis, [0x81, 0x92]) | (MultiByte::Ujis, [0xa1, 0xf2]) => Char('\u{a3}'),
            (MultiByte::Sjis, [0x81, 0xca]) | (MultiByte::Ujis, [0xa2, 0xcc]) => Char('\u{ac}'),
            (MultiByte::Ujis, [0x8f, 0xa2, 0xb7]) => Char('~'),
            (MultiByte::Eucjpms, [0x8f, 0xa2, 0xc3]) => Char('\u{ffe4}'),
            // The areas for characters of one's own, and what eucjpms has in them.
            (MultiByte::Ujis | MultiByte::Eucjpms, [0xf5..=0xfe, _] | [0x8f, 0xf3..=0xfe, _]) => NotCarried,
            (MultiByte::Gb2312, [0xa1, 0xa4]) => Char('\u{30fb}'),
            (MultiByte::Gb2312, [0xa1, 0xaa]) => Char('\u{2015}'),
            (MultiByte::Gb18030, [0xa3, 0xa0]) => Char('\u{e5e5}'),
            (MultiByte::Gb18030, [0xa6, low @ 0xd9..=0xdf]) => return private_use(0xe78d, *low, 0xd9),
            (MultiByte::Gb18030, [0xa6, low @ 0xec..=0xed]) => return private_use(0xe794, *low, 0xec),
            (MultiByte::Gb18030, [0xa6, 0xf3]) => Char('\u{e796}'),
            (MultiByte::Gb18030, [0xfe, 0x59]) => Char('\u{e81e}'),
            (MultiByte::Gb18030, [0xfe, 0x61]) => Char('\u{e826}'),
            (MultiByte::Gb18030, [0xfe, low @ 0x66..=0x67]) => return private_use(0xe82b, *low, 0x66),
            (MultiByte::Gb18030, [0xfe, 0x6d]) => Char('\u{e832}'),
            (MultiByte::Gb18030, [0xfe, 0x7e]) => Char('\u{e843}'),
            (MultiByte::Gb18030, [0xfe, 0x90]) => Char('\u{e854}'),
            (MultiByte::Gb18030, [0xfe, 0xa0]) => Char('\u{e864}'),
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Exception {
    Char(char),
    NotCarried,
}

fn private_use(first: u32, low: u8, first_low: u8) -> Option<Exception> {
    char::from_u32(first + u32::from(low.saturating_sub(first_low))).map(Exception::Char)
}

/// Characters without exception go to `encoding_rs` in runs.
fn multi_byte(bytes: &[u8], set: MultiByte, mut push: impl FnMut(&str)) -> Result<(), NotText> {
    let (mut run, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = set.length(rest);
        if let Some(exception) = set.exception(rest.get(..length).ok_or(NotText)?) {
            decode_run(bytes.get(run..at).unwrap_or_default(), set.encoding(), &mut push)?;
            match exception {
                Exception::Char(character) => push_char(character, &mut push),
                Exception::NotCarried => return Err(NotText),
            }
            run = at + length;
        }
        at += length;
    }
    decode_run(bytes.get(run..).unwrap_or_default(), set.encoding(), &mut push)
}

fn decode_run(mut bytes: &[u8], encoding: &'static Encoding, push: &mut impl FnMut(&str)) -> Result<(), NotText> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut buffer = [0u8; PIECE];
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut buffer, true);
        push(std::str::from_utf8(buffer.get(..written).unwrap_or_default()).map_err(|_| NotText)?);
        match result {
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => bytes = bytes.get(read..).unwrap_or_default(),
            DecoderResult::Malformed(..) => return Err(NotText),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, bytes: &[u8]) -> Result<String, NotText> {
        let mut out = String::new();
        Charset::named(name).unwrap().decode(bytes, |piece| out.push_str(piece))?;
        Ok(out)
    }

    #[test]
    fn every_set_reads_as_the_servers_convert_it() {
        for (name, bytes, expected) in [
            ("utf8mb4", "Grüße 😀".as_bytes(), "Grüße 😀"),
            ("ascii", b"plain", "plain"),
            ("latin1", b"Gr\xfc\xdfe \x80\x81", "Grüße €\u{81}"),
            ("cp1251", b"\xcf\xf0\xe8", "При"),
            ("koi8r", b"\xf0\xd2\xc9", "При"),
            ("ucs2", b"\x00A\x04\x1f", "AП"),
            ("utf16", b"\xd8\x3d\xde\x00", "😀"),
            ("utf16le", b"\x3d\xd8\x00\xde", "😀"),
            ("utf32", b"\x00\x01\xf6\x00", "😀"),
            ("gbk", b"\xc4\xe3\xba\xc3", "你好"),
            ("gb2312", b"\xc4\xe3\xa1\xaa\xba\xc3", "你\u{2015}好"),
            ("gb18030", b"\xc4\xe3\x94\x39\xda\x33\xa6\xda", "你💩\u{e78e}"),
            ("cp932", b"\x93\xfa\x81\x60\xb1", "日\u{ff5e}ｱ"),
            ("sjis", b"\x93\xfa\x81\x60\xb1", "日\u{301c}ｱ"),
            ("ujis", b"\xc6\xfc\xa1\xc1\x8e\xb1", "日\u{301c}ｱ"),
            ("eucjpms", b"\xc6\xfc\xa1\xc1\x8e\xb1", "日\u{ff5e}ｱ"),
            ("euckr", b"\xc7\xd1", "한"),
        ] {
            assert_eq!(text(name, bytes).as_deref(), Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_text_is_not_guessed() {
        for (name, bytes) in [
            ("utf8mb4", &b"\xff"[..]),
            ("ascii", b"\xc3\xbc"),
            ("cp1252?", b""),
            ("cp1250", b"\x81"),
            ("utf16", b"\xd8\x3d"),
            ("utf16", b"A"),
            ("utf32", b"\x00\x11\x00\x00"),
            ("gbk", b"\xc4"),
            ("ujis", b"\xf5\xa1"),
        ] {
            if let Some(charset) = Charset::named(name) {
                assert_eq!(charset.decode(bytes, |_| ()), Err(NotText), "{name}");
            }
        }
        assert_eq!((Charset::named("big5"), Charset::named("swe7"), Charset::named("")), (None, None, None));
    }

    #[test]
    fn long_text_comes_in_pieces() {
        let long = b"\xc4\xe3".repeat(5 * PIECE);
        assert_eq!(text("gbk", &long).unwrap(), "你".repeat(5 * PIECE));
    }

    #[test]
    fn tables_are_whole_and_sorted() {
        assert!(single_byte::UPPER_HALVES.is_sorted());
        assert!(single_byte::UPPER_HALVES.iter().all(|(_, upper)| upper.chars().count() == 128));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, index in 0..11usize) {
            let names = ["utf8", "latin1", "utf16", "utf32", "gbk", "gb18030", "sjis", "ujis", "eucjpms", "euckr", "gb2312"];
            drop(text(names[index], &bytes));
        }
    }
}
