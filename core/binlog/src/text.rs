//! Values as the servers print them.

use std::fmt::Write;

use crate::{
    address,
    column::ColumnDef,
    error::DecodeError,
    event_header::EventKind,
    jsonb,
    temporal::{Date, DateTime, Time},
    value::Value,
};

/// Appends `value` as `SELECT` prints it, in a session with time zone +00:00, with these exceptions:
/// FLOAT has as many digits as it takes to read the same value back (the servers print six), BIT is a decimal number,
/// BINARY is not padded, text stays in the column's character set. `Absent` and `Null` append nothing.
///
/// Errors: an ENUM or SET whose member names are unknown or too few, broken JSON, a FLOAT or DOUBLE that is no number.
pub fn write_text(value: &Value<'_>, column: &ColumnDef, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    match *value {
        Value::Absent | Value::Null => {}
        Value::Int(number) => push_signed(out, number),
        Value::UInt(number) | Value::Bit(number) => push_unsigned(out, number),
        Value::Float(number) => push_float(out, f64::from(number), format_args!("{number:e}"))?,
        Value::Double(number) => push_double(out, number)?,
        Value::Decimal(decimal) => decimal.write(out),
        Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Vector(bytes) => out.extend_from_slice(bytes),
        Value::Compressed(value) => out.extend_from_slice(&value.bytes()?),
        Value::Enum(0) => {}
        Value::Enum(number) => push_member(out, column, usize::from(number).saturating_sub(1))?,
        Value::Set(bits) => push_set(out, column, bits)?,
        Value::Date(date) => push_date(out, date),
        Value::Time(time) => push_time(out, time, column.fraction_digits()),
        Value::DateTime(datetime) => push_datetime(out, datetime, column.fraction_digits()),
        Value::Timestamp { seconds, micros } => {
            push_datetime(out, utc(seconds, micros), column.fraction_digits());
        }
        Value::Year(year) => push_padded(out, year.into(), 4),
        Value::Json(bytes) => jsonb::to_text(bytes, out)?,
        Value::Uuid(bytes) => address::push_uuid(out, bytes),
        Value::Inet6(bytes) => address::push_inet6(out, bytes),
        Value::Inet4(bytes) => address::push_inet4(out, bytes),
    }
    Ok(())
}

/// A decimal number without sign.
pub(crate) fn push_unsigned(out: &mut Vec<u8>, number: u64) {
    push_padded(out, number, 1);
}

fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_unsigned(out, number.unsigned_abs());
}

pub(crate) fn push_i64(out: &mut Vec<u8>, number: i64) {
    push_signed(out, number);
}

/// At least `width` digits (at most 20 are ever written), zeros in front.
pub(crate) fn push_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    while out.len() - start < width {
        out.push(b'0');
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

fn push_fraction(out: &mut Vec<u8>, micros: u32, digits: u8) {
    if digits == 0 {
        return;
    }
    let dropped = 10u32.pow(u32::from(6u8.saturating_sub(digits)));
    out.push(b'.');
    push_padded(out, (micros / dropped).into(), digits.min(6).into());
}

pub(crate) fn push_date(out: &mut Vec<u8>, date: Date) {
    push_padded(out, date.year.into(), 4);
    out.push(b'-');
    push_padded(out, date.month.into(), 2);
    out.push(b'-');
    push_padded(out, date.day.into(), 2);
}

pub(crate) fn push_time(out: &mut Vec<u8>, time: Time, digits: u8) {
    if time.negative {
        out.push(b'-');
    }
    push_clock(out, time.hours, time.minutes, time.seconds);
    push_fraction(out, time.micros, digits);
}

fn push_clock(out: &mut Vec<u8>, hours: u16, minutes: u8, seconds: u8) {
    push_padded(out, hours.into(), 2);
    out.push(b':');
    push_padded(out, minutes.into(), 2);
    out.push(b':');
    push_padded(out, seconds.into(), 2);
}

pub(crate) fn push_datetime(out: &mut Vec<u8>, value: DateTime, digits: u8) {
    push_date(out, Date { year: value.year, month: value.month, day: value.day });
    out.push(b' ');
    push_clock(out, value.hour.into(), value.minute, value.second);
    push_fraction(out, value.micros, digits);
}

/// The calendar time of a TIMESTAMP in UTC; second 0 is the zero date.
pub(crate) fn utc(seconds: u32, micros: u32) -> DateTime {
    if seconds == 0 {
        return DateTime { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, micros };
    }
    // Days from 1 March of year 0, so that leap days fall at the end: Howard Hinnant's civil_from_days.
    let days = seconds / 86_400 + 719_468;
    let era_day = days % 146_097;
    let era_year = (era_day - era_day / 1460 + era_day / 36_524 - era_day / 146_096) / 365;
    let year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    let shifted_month = (5 * year_day + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = days / 146_097 * 400 + era_year + u32::from(month <= 2);
    DateTime {
        year: year as u16,
        month: month as u8,
        day: (year_day - (153 * shifted_month + 2) / 5 + 1) as u8,
        hour: (seconds % 86_400 / 3600) as u8,
        minute: (seconds % 3600 / 60) as u8,
        second: (seconds % 60) as u8,
        micros,
    }
}

/// A DOUBLE as the servers print it (`my_gcvt`): the shortest digits that read back as the same value; positional
/// when the point stands at most 15 digits from either side of the first digit, else with an exponent that has neither
/// plus sign nor leading zeros.
pub(crate) fn push_double(out: &mut Vec<u8>, number: f64) -> Result<(), DecodeError> {
    let shortest = Digits::of(format_args!("{number:e}"), number)?;
    let count = split_exponent(shortest.written()).0.iter().filter(|byte| byte.is_ascii_digit()).count();
    if count >= TIE_DIGITS {
        // Two texts may be equally short and equally near: the servers take the one with the even digit.
        let even = Digits::of(format_args!("{number:.*e}", count.saturating_sub(1)), number)?;
        let reads_back = std::str::from_utf8(even.written()).is_ok_and(|text| text.parse() == Ok(number));
        return push_digits_of(out, number, if reads_back { &even } else { &shortest });
    }
    push_digits_of(out, number, &shortest)
}

/// With fewer digits than these the next text is too far away to mean the same DOUBLE.
const TIE_DIGITS: usize = 15;

/// `shortest` is the number in the form `-1.234e-5`.
fn push_float(out: &mut Vec<u8>, number: f64, shortest: std::fmt::Arguments<'_>) -> Result<(), DecodeError> {
    push_digits_of(out, number, &Digits::of(shortest, number)?)
}

fn push_digits_of(out: &mut Vec<u8>, number: f64, text: &Digits) -> Result<(), DecodeError> {
    let written = text.written();
    let (mantissa, exponent) = split_exponent(written);
    let mut digits = [0u8; 32];
    let mut count = 0;
    for (place, digit) in digits.iter_mut().zip(mantissa.iter().filter(|byte| byte.is_ascii_digit())) {
        *place = *digit;
        count += 1;
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let digits = digits.get(..count).unwrap_or_default();
    push_digits(out, digits, exponent.saturating_add(1));
    Ok(())
}

/// `point` is where the decimal point stands, counted from before the first digit.
fn push_digits(out: &mut Vec<u8>, digits: &[u8], point: i32) {
    const FARTHEST: i32 = 15;
    let count = digits.len() as i32;
    if point > -FARTHEST && (point <= FARTHEST || count > point) {
        let whole = usize::try_from(point).unwrap_or(0);
        if whole == 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
            out.extend_from_slice(digits);
        } else if let Some((front, back)) = digits.split_at_checked(whole).filter(|(_, back)| !back.is_empty()) {
            out.extend_from_slice(front);
            out.push(b'.');
            out.extend_from_slice(back);
        } else {
            out.extend_from_slice(digits);
            out.extend(std::iter::repeat_n(b'0', whole.saturating_sub(digits.len())));
        }
        return;
    }
    if let Some((first, others)) = digits.split_first() {
        out.push(*first);
        if !others.is_empty() {
            out.push(b'.');
            out.extend_from_slice(others);
        }
    }
    out.push(b'e');
    push_signed(out, i64::from(point) - 1);
}

fn split_exponent(written: &[u8]) -> (&[u8], i32) {
    let Some(at) = written.iter().position(|byte| *byte == b'e') else {
        return (written, 0);
    };
    let (mantissa, exponent) = written.split_at(at);
    let exponent = std::str::from_utf8(exponent.get(1..).unwrap_or_default()).unwrap_or_default();
    (mantissa, exponent.parse().unwrap_or(0))
}

/// Room for a formatted number without allocating.
struct Digits {
    bytes: [u8; 32],
    length: usize,
}

impl Digits {
    fn of(text: std::fmt::Arguments<'_>, number: f64) -> Result<Self, DecodeError> {
        if !number.is_finite() {
            return Err(malformed("finite number", number.to_string()));
        }
        let mut digits = Digits { bytes: [0; 32], length: 0 };
        match digits.write_fmt(text) {
            Ok(()) => Ok(digits),
            Err(_) => Err(malformed("number of at most 32 characters", number.to_string())),
        }
    }

    fn written(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl std::fmt::Write for Digits {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.length + s.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(s.as_bytes());
        self.length = end;
        Ok(())
    }
}

fn push_member(out: &mut Vec<u8>, column: &ColumnDef, index: usize) -> Result<(), DecodeError> {
    match column.members.as_deref().map(|members| members.get(index)) {
        Some(Some(member)) => out.extend_from_slice(member),
        Some(None) => return Err(malformed("member of the ENUM or SET", format!("number {}", index + 1))),
        None => {
            return Err(DecodeError::Unsupported {
                kind: EventKind::TABLE_MAP,
                what: "text of an ENUM or SET whose member names were not sent".to_owned(),
            });
        }
    }
    Ok(())
}

fn push_set(out: &mut Vec<u8>, column: &ColumnDef, bits: u64) -> Result<(), DecodeError> {
    let mut separate = false;
    for index in (0..64).filter(|index| bits >> index & 1 == 1) {
        if std::mem::replace(&mut separate, true) {
            out.push(b',');
        }
        push_member(out, column, index)?;
    }
    Ok(())
}

/// Values carry no offset of their own; 0 stands for it.
fn malformed(expected: &'static str, found: String) -> DecodeError {
    DecodeError::Malformed { kind: EventKind::TABLE_MAP, offset: 0, expected, found }
}
