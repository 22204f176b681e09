//! Which rows of the target a group of transactions writes, and which groups before it wrote the same. Pure.
//!
//! Groups that write different rows are written at the same time. A row is told by the values of each unique key, in both
//! images: two changes are at odds if the same value of the same key is in both. What the target's collation calls
//! equal has to be equal here; where that is not known, all rows of the table are taken for the same.
//!
//! That two changes are taken for different and are not does no harm but costs time: the server's locks, and the
//! counting of rows, find it, and the later group is written again.

use mysql_async::Value as Param;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How far changes of a table's rows reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// To those with an equal value in one of these keys. The first one is what rows are found by.
    Rows(Vec<WriteKey>),
    /// To any row of the table.
    Table,
    /// To any row of any table with foreign keys.
    Linked,
    /// Anywhere: triggers, or an engine without transactions.
    Everything,
}

/// A unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WriteKey {
    /// A number for it that no other key has, in any table but with little chance.
    pub(super) number: u64,
    /// The source's columns, and how each is compared at the target.
    pub(super) columns: Vec<(usize, Equality)>,
}

/// Which values a column of the target calls equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Equality {
    Bytes,
    /// Bytes but for spaces at the end.
    Padded,
    /// Text without regard to case and accents.
    Text,
    /// Not known here: any two may be.
    Unknown,
}

impl Equality {
    /// Of a text column, by the name of its collation.
    pub(super) fn of_collation(collation: &str) -> Self {
        let collation = collation.to_ascii_lowercase();
        let Some((charset, rules)) = collation.split_once('_') else { return Self::Unknown };
        // In the others a byte below 128 may be a part of another letter, or letters may have two bytes.
        if !matches!(charset, "ascii" | "latin1" | "utf8" | "utf8mb3" | "utf8mb4") {
            return Self::Unknown;
        }
        let rules = rules.replace("_nopad", "").replace("nopad_", "");
        match rules.as_str() {
            "bin" | "0900_bin" => Self::Padded,
            "general_ci" | "general_cs" | "general_mysql500_ci" | "swedish_ci" | "unicode_ci" | "unicode_520_ci" => {
                Self::Text
            }
            // Languages have letters of two letters and letters for letters; the root has not.
            "0900_ai_ci" | "0900_as_ci" | "0900_as_cs" => Self::Text,
            "uca1400_ai_ci" | "uca1400_ai_cs" | "uca1400_as_ci" | "uca1400_as_cs" => Self::Text,
            _ => Self::Unknown,
        }
    }

    /// Bytes that are the same for values that are equal; `None` if that can't be said of this one.
    fn weigh<'a>(self, value: &'a [u8], weights: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self {
            Self::Bytes => Some(value),
            Self::Padded => Some(without_spaces(value)),
            // Outside of ASCII there are letters that equal one or several of it.
            Self::Text if value.iter().all(|byte| matches!(byte, 0x20..=0x7e)) => {
                weights.clear();
                weights.extend(without_spaces(value).iter().map(u8::to_ascii_lowercase));
                Some(weights)
            }
            Self::Text | Self::Unknown => None,
        }
    }
}

fn without_spaces(value: &[u8]) -> &[u8] {
    let length = value.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    value.get(..length).unwrap_or(value)
}

/// What a key's values in one image say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyValue {
    Hash(u64),
    /// One of them is NULL: no other row is the same by this key.
    Null,
    /// It may be equal to any other.
    Any,
}

impl WriteKey {
    /// Of the key's values, in its columns' order.
    pub(super) fn value<'a>(&self, values: impl IntoIterator<Item = &'a Param>) -> KeyValue {
        let mut hasher = DefaultHasher::new();
        self.number.hash(&mut hasher);
        let mut weights = Vec::new();
        for ((_, equality), value) in self.columns.iter().zip(values) {
            match value {
                Param::NULL => return KeyValue::Null,
                Param::Bytes(text) => match equality.weigh(text, &mut weights) {
                    Some(weighed) => weighed.hash(&mut hasher),
                    None => return KeyValue::Any,
                },
                // Zero has two signs and is one value.
                Param::Float(zero) if *zero == 0.0 => 0_u64.hash(&mut hasher),
                Param::Double(zero) if *zero == 0.0 => 0_u64.hash(&mut hasher),
                // Where numbers go into a text column, bytes are not what is compared.
                _ if matches!(equality, Equality::Text | Equality::Unknown) => return KeyValue::Any,
                Param::Int(number) => (2_u8, *number).hash(&mut hasher),
                Param::UInt(number) => (3_u8, *number).hash(&mut hasher),
                Param::Float(number) => (4_u8, number.to_bits()).hash(&mut hasher),
                Param::Double(number) => (5_u8, number.to_bits()).hash(&mut hasher),
                // Dates and times are sent as text.
                Param::Date(..) | Param::Time(..) => return KeyValue::Any,
            }
        }
        KeyValue::Hash(hasher.finish())
    }
}

/// What of the target a group's changes are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    /// A table, by a number.
    Table(u64),
    /// All tables with foreign keys.
    Linked,
}

/// What a group writes at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Hashes of its rows' keys.
    pub(super) rows: Vec<u64>,
    /// Any row may be among them.
    pub(super) whole: bool,
}

/// The last group that wrote each row, of those that are not durable. Groups have growing numbers; 0 is none.
#[derive(Debug, Default)]
pub(super) struct Writers {
    rows: HashMap<u64, u64>,
    places: HashMap<Place, PlaceWriters>,
    /// The last group that may have written anything.
    everything: u64,
    last: u64,
    /// Groups up to this one are nobody's obstacle any more.
    durable: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct PlaceWriters {
    any: u64,
    whole: u64,
}

/// Rows that are remembered; beyond it those that are durable are forgotten.
const ROWS_KEPT: usize = 100_000;

impl Writers {
    /// The last group that wrote this row or may have.
    pub(super) fn of_row(&self, place: Place, row: u64) -> u64 {
        self.open(self.rows.get(&row).copied()).max(self.of_whole(place))
    }

    /// The last group that may have written any row here.
    pub(super) fn of_whole(&self, place: Place) -> u64 {
        let writers = self.places.get(&place);
        self.open(writers.map(|place| place.whole)).max(self.open(Some(self.everything)))
    }

    /// The last group that wrote here.
    pub(super) fn of_place(&self, place: Place) -> u64 {
        let writers = self.places.get(&place);
        self.open(writers.map(|place| place.any)).max(self.open(Some(self.everything)))
    }

    /// The last group of all.
    pub(super) fn last(&self) -> u64 {
        self.open(Some(self.last))
    }

    /// The group if it is not durable, else 0.
    fn open(&self, group: Option<u64>) -> u64 {
        group.filter(|group| *group > self.durable).unwrap_or(0)
    }

    /// `group` writes this. To be called after everything was asked for it: its own rows are not its obstacles.
    pub(super) fn write(&mut self, group: u64, place: Place, written: &Written) {
        self.last = group;
        let writers = self.places.entry(place).or_default();
        writers.any = group;
        if written.whole {
            writers.whole = group;
        }
        for row in &written.rows {
            self.rows.insert(*row, group);
        }
    }

    /// `group` may write anything.
    pub(super) fn write_everything(&mut self, group: u64) {
        (self.last, self.everything) = (group, group);
    }

    /// Groups up to this one are durable.
    pub(super) fn are_durable(&mut self, group: u64) {
        self.durable = self.durable.max(group);
        if self.rows.len() > ROWS_KEPT {
            let durable = self.durable;
            self.rows.retain(|_, group| *group > durable);
            self.places.retain(|_, place| place.any > durable);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(equality: Equality) -> WriteKey {
        WriteKey { number: 7, columns: vec![(0, equality)] }
    }

    fn text(text: &str) -> Vec<Param> {
        vec![Param::Bytes(text.into())]
    }

    #[test]
    fn what_collations_call_equal_is_known_by_name() {
        for (collation, equality) in [
            ("utf8mb4_0900_ai_ci", Equality::Text),
            ("utf8mb4_uca1400_ai_ci", Equality::Text),
            ("utf8mb4_uca1400_nopad_ai_ci", Equality::Text),
            ("latin1_swedish_ci", Equality::Text),
            ("utf8mb3_general_nopad_ci", Equality::Text),
            ("utf8mb4_0900_bin", Equality::Padded),
            ("latin1_bin", Equality::Padded),
            ("utf8mb4_hu_0900_ai_ci", Equality::Unknown),
            ("utf8mb4_lithuanian_ci", Equality::Unknown),
            ("utf8mb4_uca1400_swedish_ai_ci", Equality::Unknown),
            ("gbk_chinese_ci", Equality::Unknown),
            ("utf16_general_ci", Equality::Unknown),
            ("something", Equality::Unknown),
        ] {
            assert_eq!(Equality::of_collation(collation), equality, "{collation}");
        }
    }

    #[test]
    fn equal_values_have_equal_hashes_and_what_is_not_known_is_any() {
        for (equality, one, other, same) in [
            (Equality::Bytes, "a", "a ", false),
            (Equality::Padded, "a", "a  ", true),
            (Equality::Padded, "a", "A", false),
            (Equality::Text, "Straus", "STRAUS ", true),
            (Equality::Text, "a", "b", false),
        ] {
            let key = key(equality);
            assert_eq!(key.value(&text(one)) == key.value(&text(other)), same, "{equality:?} {one} {other}");
        }
        for (equality, value) in [(Equality::Text, "é"), (Equality::Text, "a\u{0}"), (Equality::Unknown, "a")] {
            assert_eq!(key(equality).value(&text(value)), KeyValue::Any, "{equality:?} {value}");
        }
        assert_eq!(key(Equality::Bytes).value(&[Param::NULL]), KeyValue::Null);
        assert_eq!(key(Equality::Text).value(&[Param::Int(1)]), KeyValue::Any);
        let zero = |zero: f64| key(Equality::Bytes).value(&[Param::Double(zero)]);
        assert_eq!(zero(0.0), zero(-0.0));
        assert_ne!(zero(0.0), zero(1.0));
        let other = WriteKey { number: 8, ..key(Equality::Bytes) };
        assert_ne!(other.value(&text("a")), key(Equality::Bytes).value(&text("a")), "another key, another value");
    }

    #[test]
    fn the_last_writer_is_known_of_rows_tables_and_everything() {
        let (one, two) = (Place::Table(1), Place::Table(2));
        let mut writers = Writers::default();
        writers.write(3, one, &Written { rows: vec![10, 11], whole: false });
        writers.write(4, one, &Written { rows: vec![11], whole: false });
        assert_eq!((writers.of_row(one, 10), writers.of_row(one, 11), writers.of_row(one, 12)), (3, 4, 0));
        assert_eq!((writers.of_whole(one), writers.of_place(one), writers.of_place(two)), (0, 4, 0));
        writers.write(5, one, &Written { rows: vec![], whole: true });
        assert_eq!((writers.of_row(one, 12), writers.of_row(one, 11)), (5, 5));
        writers.write_everything(6);
        assert_eq!((writers.of_row(one, 10), writers.of_place(two), writers.of_place(Place::Linked)), (6, 6, 6));
        assert_eq!(writers.last(), 6);
        writers.are_durable(5);
        assert_eq!((writers.last(), writers.of_row(one, 11)), (6, 6));
        writers.are_durable(6);
        assert_eq!((writers.last(), writers.of_row(one, 11), writers.of_place(one)), (0, 0, 0));
    }

    #[test]
    fn rows_that_are_not_durable_are_kept() {
        let place = Place::Table(1);
        let mut writers = Writers::default();
        let rows: Vec<u64> = (0..ROWS_KEPT as u64 + 1).collect();
        writers.write(1, place, &Written { rows, whole: false });
        writers.write(2, place, &Written { rows: vec![5], whole: false });
        writers.are_durable(1);
        assert_eq!((writers.of_row(place, 5), writers.of_row(place, 6)), (2, 0));
        assert_eq!(writers.of_place(place), 2);
    }
}
