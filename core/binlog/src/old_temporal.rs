//! Dates and times as they were stored before MySQL 5.6, and by MariaDB 5.3 with fractions: `mysql56_temporal_format = OFF`
//! still makes those. Format: `Field_time`, `Field_time_hires` and their like in MariaDB's `field.cc`. How many digits a
//! fraction has the log does not say; a wrong number means wrong values.

use crate::cursor::Cursor;
use crate::error::DecodeError;
use crate::temporal::{DateTime, Time};

/// Bytes of a TIME and of a DATETIME by digits of fraction.
const TIME_BYTES: [usize; 7] = [3, 4, 4, 5, 5, 5, 6];
const DATETIME_BYTES: [usize; 7] = [8, 6, 6, 7, 7, 7, 8];

/// A second above the longest TIME: what stands for 0 where there is a fraction.
const MIDDLE_SECONDS: u64 = 838 * 3600 + 59 * 60 + 60;

/// How many of the stored fraction's units make a second.
fn units(digits: u16) -> u64 {
    10u64.pow(digits.min(6).into())
}

fn micros(units_of: u64, digits: u16) -> u32 {
    (units_of * 10u64.pow(6 - u32::from(digits.min(6)))) as u32
}

fn bytes(of: [usize; 7], digits: u16) -> usize {
    of.get(usize::from(digits.min(6))).copied().unwrap_or(0)
}

/// Without a fraction the decimal digits HHMMSS, signed, in three bytes. With one, the number of its units around a middle
/// value, the highest byte first.
pub(crate) fn time(cursor: &mut Cursor<'_>, digits: u16) -> Result<Time, DecodeError> {
    if digits > 0 {
        let stored = cursor.uint_be(bytes(TIME_BYTES, digits), "TIME")?;
        let middle = MIDDLE_SECONDS * units(digits);
        let (seconds, fraction) = (stored.abs_diff(middle) / units(digits), stored.abs_diff(middle) % units(digits));
        if seconds >= MIDDLE_SECONDS {
            return Err(cursor.malformed("TIME", stored.to_string()));
        }
        return Ok(Time {
            negative: stored < middle,
            hours: (seconds / 3600) as u16,
            minutes: (seconds / 60 % 60) as u8,
            seconds: (seconds % 60) as u8,
            micros: micros(fraction, digits),
        });
    }
    let stored = ((cursor.u24("TIME")? << 8) as i32) >> 8;
    let digits = stored.unsigned_abs();
    let (minutes, seconds) = ((digits / 100 % 100) as u8, (digits % 100) as u8);
    if minutes > 59 || seconds > 59 {
        return Err(cursor.malformed("TIME", stored.to_string()));
    }
    Ok(Time { negative: stored < 0, hours: (digits / 10_000) as u16, minutes, seconds, micros: 0 })
}

/// Without a fraction the decimal digits YYYYMMDDHHMMSS in eight bytes. With one, a number of mixed base, the highest byte
/// first.
pub(crate) fn datetime(cursor: &mut Cursor<'_>, digits: u16) -> Result<DateTime, DecodeError> {
    if digits > 0 {
        let stored = cursor.uint_be(bytes(DATETIME_BYTES, digits), "DATETIME")?;
        let mut rest = stored / units(digits);
        let mut next = |base: u64| {
            let part = rest % base;
            rest /= base;
            part as u8
        };
        let (second, minute, hour, day, month) = (next(60), next(60), next(24), next(32), next(13));
        let year = u16::try_from(rest).ok().filter(|year| *year <= 9999);
        let Some(year) = year else { return Err(cursor.malformed("DATETIME", stored.to_string())) };
        return Ok(DateTime { year, month, day, hour, minute, second, micros: micros(stored % units(digits), digits) });
    }
    let stored = cursor.u64("DATETIME")?;
    let (date, time) = (stored / 1_000_000, stored % 1_000_000);
    let pair = |number: u64, place: u64| (number / place % 100) as u8;
    let (month, day) = (pair(date, 100), pair(date, 1));
    let (hour, minute, second) = (pair(time, 10_000), pair(time, 100), pair(time, 1));
    if date / 10_000 > 9999 || month > 12 || day > 31 || hour > 23 || minute > 59 || second > 59 {
        return Err(cursor.malformed("DATETIME", stored.to_string()));
    }
    Ok(DateTime { year: (date / 10_000) as u16, month, day, hour, minute, second, micros: 0 })
}

/// (seconds, microseconds). The lowest byte of the seconds comes first, but with a fraction last.
pub(crate) fn timestamp(cursor: &mut Cursor<'_>, digits: u16) -> Result<(u32, u32), DecodeError> {
    if digits == 0 {
        return Ok((cursor.u32("TIMESTAMP")?, 0));
    }
    let seconds = u32::from_be_bytes(cursor.array("TIMESTAMP")?);
    let fraction = cursor.uint_be(usize::from(digits.min(6)).div_ceil(2), "fraction of a second")?;
    if fraction >= units(digits) {
        return Err(cursor.malformed("fraction below a second", fraction.to_string()));
    }
    Ok((seconds, micros(fraction, digits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{ColumnDef, ColumnType};
    use crate::event_header::EventKind;
    use crate::text::write_text;
    use crate::value;

    /// Bytes from the logs of MariaDB 10.11, 11.4 and 11.8, and from those of MySQL 5.5 where there is no fraction.
    #[test]
    fn old_dates_and_times_are_what_the_servers_print() {
        use ColumnType::{OldDateTime, OldTime, OldTimestamp};
        for (kind, digits, bytes, expected) in [
            (OldTime, 0, &[0x25, 0xd8, 0xff][..], "-01:02:03"),
            (OldTime, 0, &[0xa7, 0xf5, 0x7f], "838:59:59"),
            (OldTime, 3, &[0x00, 0xb3, 0xce, 0xd4, 0xc0], "-01:02:03.456"),
            (OldTime, 6, &[0, 0, 0, 0, 0, 1], "-838:59:59.999999"),
            (OldDateTime, 0, &[0x45, 0xec, 0xe7, 0x33, 0x5f, 0x12, 0, 0], "2020-01-02 03:04:05"),
            (OldDateTime, 0, &[0; 8], "0000-00-00 00:00:00"),
            (OldDateTime, 1, &[0x00, 0xa9, 0x0c, 0xe7, 0x6d, 0x78], "2020-01-02 03:04:05.6"),
            (OldDateTime, 4, &[0x02, 0x94, 0x5a, 0x68, 0x03, 0x9f, 0xd5], "2020-01-02 03:04:05.6789"),
            (OldDateTime, 6, &[0x04, 0xfc, 0xee, 0x39, 0x43, 0xbf, 0xff, 0xff], "9999-12-31 23:59:59.999999"),
            (OldDateTime, 5, &[0; 7], "0000-00-00 00:00:00.00000"),
            (OldTimestamp, 0, &[0xa5, 0x5d, 0x0d, 0x5e], "2020-01-02 03:04:05"),
            (OldTimestamp, 2, &[0x5e, 0x0d, 0x5d, 0xa5, 0x43], "2020-01-02 03:04:05.67"),
            (OldTimestamp, 6, &[0x7e, 0x08, 0x60, 0xa5, 0x0a, 0x5b, 0xf5], "2037-01-02 03:04:05.678901"),
            (OldTimestamp, 3, &[0; 6], "0000-00-00 00:00:00.000"),
        ] {
            let column = ColumnDef::new(kind, digits, false);
            let mut cursor = Cursor::new(bytes, 0, EventKind::WRITE_ROWS);
            let value = value::read(&mut cursor, &column).unwrap();
            assert!(cursor.is_empty(), "{kind:?}({digits})");
            let mut text = Vec::new();
            write_text(&value, &column, &mut text).unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), expected, "{kind:?}({digits})");
        }
    }

    #[test]
    fn what_no_server_writes_is_an_error() {
        let mut cursor = Cursor::new(&[0xff; 8], 0, EventKind::WRITE_ROWS);
        assert!(time(&mut cursor, 6).is_err());
        let mut cursor = Cursor::new(&[0xff; 8], 0, EventKind::WRITE_ROWS);
        assert!(datetime(&mut cursor, 6).is_err());
        let mut cursor = Cursor::new(&[0xff; 8], 0, EventKind::WRITE_ROWS);
        assert!(timestamp(&mut cursor, 1).is_err());
    }
}
