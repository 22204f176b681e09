//! Dates and times as stored. Months and days may be zero and 31 February may occur: the servers allow both, so none of
//! these is turned into a calendar type. Format: `my_*_from_binary` in the servers' `sql-common/my_time.c`.

use crate::{cursor::Cursor, error::DecodeError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

/// -838:59:59.000000 to 838:59:59.000000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    pub negative: bool,
    pub hours: u16,
    pub minutes: u8,
    pub seconds: u8,
    pub micros: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
}

impl Date {
    /// Day in 5 bits, month in 4, year above.
    #[inline]
    pub(crate) fn from_packed(packed: u32) -> Self {
        Date { year: (packed >> 9) as u16, month: ((packed >> 5) & 15) as u8, day: (packed & 31) as u8 }
    }
}

/// Bytes the fraction takes: two digits each.
fn fraction_bytes(digits: u16) -> usize {
    usize::from(digits.min(6)).div_ceil(2)
}

/// Microseconds of a fraction stored in one, two or three bytes.
fn to_micros(stored: u64, bytes: usize) -> u32 {
    let scale = match bytes {
        1 => 10_000,
        2 => 100,
        _ => 1,
    };
    (stored as u32).saturating_mul(scale)
}

/// Fraction behind a TIMESTAMP or DATETIME, in microseconds.
#[inline]
pub(crate) fn fraction(cursor: &mut Cursor<'_>, digits: u16) -> Result<u32, DecodeError> {
    if digits == 0 {
        return Ok(0);
    }
    let bytes = fraction_bytes(digits);
    let stored = cursor.uint_be(bytes, "fraction of a second")?;
    let micros = to_micros(stored, bytes);
    if micros > 999_999 {
        return Err(cursor.malformed("fraction below a second", format!("{micros} microseconds")));
    }
    Ok(micros)
}

/// TIME: a 24-bit whole part and a fraction that together form one number around a middle value, so that negative
/// times sort first; the whole number is negated, not the parts.
pub(crate) fn time(cursor: &mut Cursor<'_>, digits: u16) -> Result<Time, DecodeError> {
    let bytes = fraction_bytes(digits);
    let stored = cursor.uint_be(3 + bytes, "TIME")?;
    let fraction_bits = 8 * bytes as u32;
    let middle = 0x80_0000u64 << fraction_bits;
    let negative = stored < middle;
    let magnitude = stored.abs_diff(middle);
    let whole = magnitude >> fraction_bits;
    let micros = to_micros(magnitude & ((1 << fraction_bits) - 1), bytes);
    let time = time_of(negative, whole, micros);
    if micros > 999_999 || time.minutes > 59 || time.seconds > 59 {
        return Err(cursor.malformed("TIME", format!("{time:?}")));
    }
    Ok(time)
}

/// Hours in 10 bits, minutes and seconds in 6 each.
fn time_of(negative: bool, whole: u64, micros: u32) -> Time {
    Time {
        negative,
        hours: ((whole >> 12) & 0x3ff) as u16,
        minutes: ((whole >> 6) & 0x3f) as u8,
        seconds: (whole & 0x3f) as u8,
        micros,
    }
}

/// DATETIME: 40 bits around a middle value, then the fraction.
pub(crate) fn datetime(cursor: &mut Cursor<'_>, digits: u16) -> Result<DateTime, DecodeError> {
    let stored = cursor.uint_be(5, "DATETIME")?;
    let micros = fraction(cursor, digits)?;
    let Some(whole) = stored.checked_sub(0x80_0000_0000) else {
        return Err(cursor.malformed("DATETIME", "a negative one"));
    };
    let value = datetime_of(whole, micros);
    if value.hour > 23 || value.minute > 59 || value.second > 59 {
        return Err(cursor.malformed("DATETIME", format!("{value:?}")));
    }
    Ok(value)
}

/// From the top: year times 13 plus month in 17 bits, day in 5, hour in 5, minute and second in 6 each.
fn datetime_of(whole: u64, micros: u32) -> DateTime {
    let year_month = whole >> 22;
    DateTime {
        year: (year_month / 13) as u16,
        month: (year_month % 13) as u8,
        day: ((whole >> 17) & 31) as u8,
        hour: ((whole >> 12) & 31) as u8,
        minute: ((whole >> 6) & 63) as u8,
        second: (whole & 63) as u8,
        micros,
    }
}

/// Dates and times inside JSON: the whole part above 24 bits of microseconds, negative as a whole.
pub(crate) fn json_time(packed: i64) -> Option<Time> {
    let magnitude = packed.unsigned_abs();
    let time = time_of(packed < 0, magnitude >> 24, (magnitude & 0xff_ffff) as u32);
    (time.micros <= 999_999).then_some(time)
}

pub(crate) fn json_datetime(packed: i64) -> Option<DateTime> {
    let magnitude = u64::try_from(packed).ok()?;
    let value = datetime_of(magnitude >> 24, (magnitude & 0xff_ffff) as u32);
    (value.micros <= 999_999 && magnitude >> 24 < 1 << 40).then_some(value)
}
