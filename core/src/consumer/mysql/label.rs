//! ENUM and SET: the log has numbers, which have to mean the same labels at the target. Pure.

use crate::change::Column;
use replicator_binlog::ColumnType;
use replicator_schema::table::{ColumnDefinition, members};

/// What stands for the number of a label where it is written (with `?` in it); `None` if it means another label at the
/// target, or none.
///
/// A number that is written as a number is that label, but 0 is refused, which stands for what was no label to a source
/// without strict mode (MySQL manual, "The ENUM Type"). As a text a server takes it for a label first, and 0 is let in:
/// so it is a text where no label could be taken for a number.
pub(super) fn label_written(source: &Column, kind: ColumnType, target: &ColumnDefinition) -> Option<&'static str> {
    let is_set = kind == ColumnType::Set;
    if target.data_type != if is_set { "set" } else { "enum" } {
        return None;
    }
    let (sources, targets) = (members(&source.column_type), members(&target.column_type));
    let differ = |(source, target): (&String, &String)| is_told(source) && is_told(target) && source != target;
    if sources.len() > targets.len() || sources.iter().zip(&targets).any(differ) {
        return None;
    }
    let like_number = |label: &String| !label.is_ascii() || label.contains(|c: char| c.is_ascii_digit());
    Some(if is_set || targets.iter().any(like_number) { "?" } else { AS_TEXT })
}

pub(super) const AS_TEXT: &str = "CONVERT(? USING latin1)";

/// Whether both servers write the label alike in a column's type, whatever its character set.
fn is_told(label: &str) -> bool {
    label.bytes().all(|byte| (byte == b' ' || byte.is_ascii_graphic()) && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_mean_the_same_labels_or_are_not_written() {
        use ColumnType::{Enum, Set};
        let number = Some("?");
        for (source, kind, target, expected) in [
            ("enum('a','b')", Enum, "enum('a','b')", Some(AS_TEXT)),
            ("enum('a','b')", Enum, "enum('a','b','c')", Some(AS_TEXT)),
            ("enum('a','b')", Enum, "enum('a')", None),
            ("enum('a','b')", Enum, "enum('b','a')", None),
            ("enum('a','b')", Enum, "enum('a','B')", None),
            ("enum('a','b')", Enum, "varchar(20)", None),
            ("enum('a','b')", Enum, "set('a','b')", None),
            ("enum('a','2')", Enum, "enum('a','2')", number),
            ("enum('a','\u{ff12}')", Enum, "enum('a','?')", Some(AS_TEXT)),
            ("enum('a','\u{e4}')", Enum, "enum('a','\u{e4}')", number),
            // What the source has is not known.
            ("enum", Enum, "enum('a','b')", Some(AS_TEXT)),
            ("set('a','b')", Set, "set('a','b')", number),
            ("set('a','b')", Set, "set('b','a')", None),
            ("set('a','b')", Set, "enum('a','b')", None),
        ] {
            let column = Column { name: "c".into(), column_type: source.into(), charset: Some("utf8mb4".into()) };
            let found = label_written(&column, kind, &ColumnDefinition::new("c", target));
            assert_eq!(found, expected, "{source} to {target}");
        }
    }
}
