//! DECIMAL as it is stored: groups of nine decimal digits in four bytes, shorter groups at both ends, big-endian, the
//! sign in the top bit (all bits inverted when negative). Format: `decimal2bin` in the servers' `strings/decimal.c`.

use std::fmt;

use crate::text;

/// Bytes that 0 to 9 decimal digits take.
const DIGIT_BYTES: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
const GROUP: u8 = 9;

/// The smallest numbers that 0 to 9 digits can't hold.
const POWERS: [u32; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// An exact decimal number, formatted on demand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Decimal<'a> {
    bytes: &'a [u8],
    precision: u8,
    scale: u8,
}

fn digit_bytes(digits: u8) -> usize {
    usize::from(digits / GROUP) * 4 + DIGIT_BYTES.get(usize::from(digits % GROUP)).copied().unwrap_or(0)
}

impl<'a> Decimal<'a> {
    /// Bytes a DECIMAL(precision, scale) takes.
    pub fn stored_length(precision: u8, scale: u8) -> usize {
        digit_bytes(precision.saturating_sub(scale)) + digit_bytes(scale)
    }

    /// `None` when the length is wrong, the size impossible or a group has more digits than it may.
    pub fn new(bytes: &'a [u8], precision: u8, scale: u8) -> Option<Self> {
        let possible = precision >= 1 && scale <= precision && bytes.len() == Self::stored_length(precision, scale);
        let decimal = Decimal { bytes, precision, scale };
        (possible && decimal.groups_fit()).then_some(decimal)
    }

    /// Whether no group has more digits than it may. As [`Decimal::groups`], for every value that is read.
    fn groups_fit(&self) -> bool {
        let mask = if self.is_negative() { u32::MAX } else { 0 };
        let (mut rest, mut sign) = (self.bytes, 1u32 << 31);
        let mut fits = |digits: u8| {
            let length = digit_bytes(digits);
            let (Some((head, tail)), Some(bound)) = (rest.split_at_checked(length), POWERS.get(usize::from(digits)))
            else {
                return false;
            };
            rest = tail;
            let stored = head.iter().fold(0u32, |value, byte| value << 8 | u32::from(*byte));
            // Of a group of fewer than four bytes, only those.
            let unused = 32 - 8 * length as u32;
            (stored ^ (mask >> unused) ^ (std::mem::take(&mut sign) >> unused)) < *bound
        };
        let whole = self.precision.saturating_sub(self.scale);
        (whole.is_multiple_of(GROUP) || fits(whole % GROUP))
            && (0..whole / GROUP).all(|_| fits(GROUP))
            && (0..self.scale / GROUP).all(|_| fits(GROUP))
            && (self.scale.is_multiple_of(GROUP) || fits(self.scale % GROUP))
    }

    pub fn is_negative(&self) -> bool {
        self.bytes.first().is_some_and(|byte| byte & 0x80 == 0)
    }

    pub fn precision(&self) -> u8 {
        self.precision
    }

    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// (number of digits, value) of each group from the left.
    fn groups(&self) -> impl Iterator<Item = (u32, u32)> + 'a {
        let whole = self.precision.saturating_sub(self.scale);
        let leading = std::iter::once(whole % GROUP).chain(std::iter::repeat_n(GROUP, (whole / GROUP).into()));
        let trailing = std::iter::repeat_n(GROUP, (self.scale / GROUP).into()).chain([self.scale % GROUP]);
        let mask = if self.is_negative() { 0xff } else { 0 };
        let mut rest = self.bytes;
        let mut sign = 0x80;
        leading.chain(trailing).filter(|digits| *digits > 0).map(move |digits| {
            let length = digit_bytes(digits).min(rest.len());
            let (head, tail) = rest.split_at(length);
            rest = tail;
            let value = head.iter().fold(0u32, |value, byte| {
                let byte = byte ^ mask ^ std::mem::take(&mut sign);
                (value << 8) | u32::from(byte)
            });
            (u32::from(digits), value)
        })
    }

    /// Appends the number as the servers print it: at least one digit before the point, exactly `scale` behind it.
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.is_negative() {
            out.push(b'-');
        }
        let whole = u32::from(self.precision.saturating_sub(self.scale));
        let mut done = 0;
        let mut significant = false;
        for (digits, value) in self.groups() {
            if done == whole {
                self.point(out, significant);
                significant = true;
            }
            done += digits;
            if significant {
                text::push_padded(out, value.into(), digits as usize);
            } else if value != 0 {
                text::push_unsigned(out, value.into());
                significant = true;
            }
        }
        if self.scale == 0 && !significant {
            out.push(b'0');
        }
    }

    fn point(&self, out: &mut Vec<u8>, significant: bool) {
        if !significant {
            out.push(b'0');
        }
        out.push(b'.');
    }
}

impl fmt::Display for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(72);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl fmt::Debug for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
