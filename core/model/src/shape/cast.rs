//! A column's value as another type, exactly or not at all.

use super::{Cell, Kind, Number};
use serde::{Deserialize, Serialize};

/// What a column may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cast {
    /// The text that the servers print, TIMESTAMP in UTC.
    Char,
    /// A whole number that fits BIGINT.
    Signed,
    /// A whole number that fits BIGINT UNSIGNED.
    Unsigned,
}

impl Cast {
    pub fn word(self) -> &'static str {
        match self {
            Cast::Char => "char",
            Cast::Signed => "signed",
            Cast::Unsigned => "unsigned",
        }
    }

    /// Whether values of this kind can be cast at all.
    pub(super) fn takes(self, kind: Kind) -> bool {
        match self {
            Cast::Char => kind != Kind::Opaque,
            Cast::Signed | Cast::Unsigned => matches!(kind, Kind::Number | Kind::Text),
        }
    }

    /// The value cast; what is wrong with it otherwise, without the value.
    pub(super) fn apply(self, cell: Cell<'_>, printed: &str) -> Result<Cell<'static>, &'static str> {
        let number = match (self, &cell) {
            (_, Cell::Null) => return Ok(Cell::Null),
            (Cast::Char, _) => return Ok(Cell::text(printed)),
            (_, Cell::Number(number)) => number.clone(),
            (_, Cell::Text(text)) => Number::parse(text).ok_or("is no number")?,
        };
        let whole = number.to_i128().ok_or("is no whole number that fits")?;
        let fits = match self {
            Cast::Signed => i64::try_from(whole).is_ok(),
            _ => u64::try_from(whole).is_ok(),
        };
        if fits { Ok(Cell::Number(number)) } else { Err("is no whole number that fits") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cast_is_exact_or_refused() {
        let number = |text: &str| Cell::Number(Number::parse(text).unwrap());
        for (cast, cell, printed, expected) in [
            (Cast::Char, number("1.50"), "1.50", Some(Cell::text("1.50"))),
            (Cast::Char, Cell::Null, "", Some(Cell::Null)),
            (Cast::Signed, number("12.00"), "12.00", Some(number("12"))),
            (Cast::Signed, number("12.5"), "12.5", None),
            (Cast::Signed, Cell::text("-9223372036854775808"), "", Some(number("-9223372036854775808"))),
            (Cast::Signed, Cell::text("9223372036854775808"), "", None),
            (Cast::Unsigned, Cell::text("18446744073709551615"), "", Some(number("18446744073709551615"))),
            (Cast::Unsigned, Cell::text("-1"), "", None),
            (Cast::Unsigned, Cell::text(" 1"), "", None),
            (Cast::Unsigned, Cell::text("1e3"), "", None),
        ] {
            assert_eq!(cast.apply(cell.clone(), printed).ok(), expected, "{cast:?} {cell:?}");
        }
    }
}
