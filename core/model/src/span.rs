//! Lengths of time and amounts of memory as people write them in TOML: `"10s"`, `"250ms"`, `"64 MiB"`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, written as a number and a unit: `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Duration);

/// An amount of memory or data, written as a number and a unit: `B`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(u64);

/// Why a quantity was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}; write a whole number and a unit, such as {example}")]
pub struct QuantityError {
    text: String,
    what: &'static str,
    example: &'static str,
}

const TIME_UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const BYTE_UNITS: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn largest_unit<'a>(amount: u64, units: &[(&'a str, u64)]) -> (u64, &'a str) {
    let mut best = (amount, units[0].0);
    for (name, factor) in units {
        if amount != 0 && amount.is_multiple_of(*factor) {
            best = (amount / factor, name);
        }
    }
    best
}

impl Span {
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl Bytes {
    pub const fn from_mib(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &TIME_UNITS).map(Span::from_millis).ok_or_else(|| QuantityError {
            text: text.chars().take(40).collect(),
            what: "a length of time",
            example: "\"250ms\", \"10s\", \"5m\", \"2h\" or \"1d\"",
        })
    }
}

impl FromStr for Bytes {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &BYTE_UNITS).map(Bytes).ok_or_else(|| QuantityError {
            text: text.chars().take(40).collect(),
            what: "an amount of memory",
            example: "\"512 KiB\", \"64 MiB\" or \"1 GiB\"",
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (number, unit) = largest_unit(milliseconds, &TIME_UNITS);
        write!(f, "{number}{unit}")
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = largest_unit(self.0, &BYTE_UNITS);
        write!(f, "{number} {unit}")
    }
}

macro_rules! text_form {
    ($type:ident) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $type {
            type Error = QuantityError;
            fn try_from(text: String) -> Result<Self, QuantityError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(quantity: $type) -> String {
                quantity.to_string()
            }
        }
    };
}

text_form!(Span);
text_form!(Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back_as_they_were_written() {
        for text in ["250ms", "10s", "5m", "2h", "1d", "0ms"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["12 B", "512 KiB", "64 MiB", "1 GiB"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        assert_eq!("64MiB".parse::<Bytes>().unwrap(), Bytes::from_mib(64));
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        assert!("10".parse::<Span>().unwrap_err().to_string().contains("unit"));
        assert!("-1s".parse::<Span>().is_err());
        assert!("99999999999999999999d".parse::<Span>().is_err());
        assert!("10 MB".parse::<Bytes>().is_err());
    }
}
