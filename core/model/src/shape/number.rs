//! Numbers of any length, compared exactly: what a column may hold, and no more precise than what was written.

use std::cmp::Ordering;
use std::fmt;

/// Most digits of a number, both sides of its point together: more than the widest DECIMAL has.
const DIGITS_MAX: usize = 100;

/// An exact decimal number. `1`, `1.0` and `01` are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: String,
    /// Digits behind it, without trailing zeros.
    fraction: String,
}

impl Number {
    /// `-12.50`, `.5`, `7`: no exponent. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let length = whole.len() + fraction.len();
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if length == 0 || length > DIGITS_MAX || !plain(whole) || !plain(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned());
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        Some(Self { negative, whole, fraction })
    }

    pub fn is_whole(&self) -> bool {
        self.fraction.is_empty()
    }

    /// The number, if it is a whole one that fits.
    pub fn to_i128(&self) -> Option<i128> {
        if !self.is_whole() {
            return None;
        }
        let magnitude: i128 = if self.whole.is_empty() { 0 } else { self.whole.parse().ok()? };
        Some(if self.negative { -magnitude } else { magnitude })
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        let whole = number.unsigned_abs();
        let whole = if whole == 0 { String::new() } else { whole.to_string() };
        Self { negative: number < 0, whole, fraction: String::new() }
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        let whole = if number == 0 { String::new() } else { number.to_string() };
        Self { negative: false, whole, fraction: String::new() }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = || {
            let length = self.whole.len().cmp(&other.whole.len());
            // Without trailing zeros, digits behind the point compare as text.
            length.then_with(|| self.whole.cmp(&other.whole)).then_with(|| self.fraction.cmp(&other.fraction))
        };
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        match self.fraction.is_empty() {
            true => write!(f, "{sign}{whole}"),
            false => write!(f, "{sign}{whole}.{}", self.fraction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_what_they_are() {
        let ascending = [
            "-18446744073709551616",
            "-10.5",
            "-10.25",
            "-1",
            "0",
            "0.1",
            "0.25",
            "1",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "99999999999999999999999999999999999.999999999999999999999999999998",
            "99999999999999999999999999999999999.999999999999999999999999999999",
        ];
        let numbers: Vec<Number> = ascending.iter().map(|text| Number::parse(text).unwrap()).collect();
        for (index, number) in numbers.iter().enumerate() {
            for (other, second) in numbers.iter().enumerate() {
                assert_eq!(number.cmp(second), index.cmp(&other), "{number} {second}");
            }
            assert_eq!(number.to_string(), ascending[index]);
        }
    }

    #[test]
    fn one_number_is_written_in_several_ways() {
        for (text, same) in [("1.00", "1"), ("01", "1"), ("-0.0", "0"), (".5", "0.50"), ("+3", "3")] {
            assert_eq!(Number::parse(text), Number::parse(same), "{text}");
        }
        assert_eq!(Number::from(0i64), Number::parse("0").unwrap());
        assert_eq!(Number::from(i64::MIN).to_i128(), Some(i64::MIN.into()));
        for text in ["", "-", ".", "1e3", "0x1", "1.2.3", "1 ", &"9".repeat(101)] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
