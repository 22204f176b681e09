//! MariaDB's UUID, INET6 and INET4. The log calls them BINARY and has their bytes in the order of the text, whatever the
//! order is that a server stores them in. Format of the text: `UUIDBundle`, `Inet6::to_string` of MariaDB's plugins.

use std::io::Write;

use crate::cursor::Cursor;
use crate::error::DecodeError;

/// Bytes that the log has without their zeros at the end.
pub(crate) fn fixed<const N: usize>(cursor: &mut Cursor<'_>, bytes: &[u8]) -> Result<[u8; N], DecodeError> {
    let mut whole = [0; N];
    match whole.get_mut(..bytes.len()) {
        Some(start) => start.copy_from_slice(bytes),
        None => return Err(cursor.too_large("length of a UUID or an address", bytes.len() as u64, N as u64)),
    }
    Ok(whole)
}

/// `00112233-4455-6677-8899-aabbccddeeff`
pub(crate) fn push_uuid(out: &mut Vec<u8>, uuid: [u8; 16]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (index, byte) in uuid.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        for digit in [byte >> 4, byte & 15] {
            out.extend(DIGITS.get(usize::from(digit)));
        }
    }
}

/// `192.168.0.1`
pub(crate) fn push_inet4(out: &mut Vec<u8>, [a, b, c, d]: [u8; 4]) {
    write(out, format_args!("{a}.{b}.{c}.{d}"));
}

/// The longest run of zero words, the first of equally long ones, is `::`, also where it is of one word. Behind a run of
/// six, or of five and `ffff`, from the start, the rest is an IPv4 address.
pub(crate) fn push_inet6(out: &mut Vec<u8>, bytes: [u8; 16]) {
    let word = |index: usize| match bytes.get(index * 2..index * 2 + 2) {
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    };
    let (start, length) = longest_gap(word);
    let is_inet4 = start == 0 && (length == 6 || (length == 5 && word(5) == 0xffff));
    let mut index = 0;
    while index < 8 {
        if length > 0 && index == start {
            out.extend_from_slice(if index == 0 { b"::" } else { b":" });
            index += length;
        } else if is_inet4 && index == 6 {
            let [.., a, b, c, d] = bytes;
            return push_inet4(out, [a, b, c, d]);
        } else {
            write(out, format_args!("{:x}{}", word(index), if index == 7 { "" } else { ":" }));
            index += 1;
        }
    }
}

/// Where the longest run of zero words begins, and how long it is.
fn longest_gap(word: impl Fn(usize) -> u16) -> (usize, usize) {
    let mut longest = (0, 0);
    for start in 0..8 {
        let length = (start..8).take_while(|index| word(*index) == 0).count();
        if length > longest.1 {
            longest = (start, length);
        }
    }
    longest
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn addresses_are_written_as_mariadb_does() {
        // Each was read back from MariaDB 10.11, 11.4 and 11.8.
        for text in [
            "::",
            "::1",
            "::2",
            "::1.2.3.4",
            "::0.1.0.2",
            "::0.1.0.0",
            "::ffff:1.2.3.4",
            "fe80::1:0:0:1",
            "1:0:0:2::3",
            "1::2:0:3:0:4:0",
            "1:2:3:4:5:6:7:8",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "1::",
            "::1:ffff:0:0",
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            let mut out = Vec::new();
            push_inet6(&mut out, address.octets());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
        let mut out = Vec::new();
        push_inet4(&mut out, Ipv4Addr::new(255, 0, 20, 1).octets());
        assert_eq!(out, b"255.0.20.1");
    }
}
