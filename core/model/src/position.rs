//! Where in a server's binary log: a file and an offset.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A place in the binary log of one server. Offsets are 64 bits wide: files grow past 4 GiB.
///
/// Ordered by the number at the end of the file's name, read as a number: `bin.999999` comes before `bin.1000000`.
/// Positions of two servers can't be compared; nor can files whose base names differ (then there is no order).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    pub file: String,
    pub offset: u64,
}

impl Position {
    pub fn new(file: impl Into<String>, offset: u64) -> Self {
        Self { file: file.into(), offset }
    }

    /// The base name and the sequence number of the file, if its name ends in one.
    fn file_sequence(&self) -> Option<(&str, u64)> {
        let (base, number) = self.file.rsplit_once('.')?;
        Some((base, number.parse().ok()?))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self.file == other.file {
            return Some(self.offset.cmp(&other.offset));
        }
        let ((base, number), (other_base, other_number)) = (self.file_sequence()?, other.file_sequence()?);
        (base == other_base).then(|| (number, self.offset).cmp(&(other_number, other.offset)))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_ordered_by_their_number() {
        let at = |file: &str, offset| Position::new(file, offset);
        assert!(at("bin.999999", 9) < at("bin.1000000", 4));
        assert!(at("bin.000002", 5_000_000_000) > at("bin.000002", 4));
        assert_eq!(at("a.000001", 4).partial_cmp(&at("b.000001", 4)), None);
        assert_eq!(at("nonsense", 4).partial_cmp(&at("bin.000001", 4)), None);
    }
}
