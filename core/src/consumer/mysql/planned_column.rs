//! One column: what stands for a source's value in the target's statements. Pure.

use super::compare::{Exact, exact, told_apart};
use super::label::label_written;
use super::literal::Around;
use crate::change::{Column, TableSchema};
use replicator_binlog::ColumnType;
use replicator_model::failure::Failure;
use replicator_mysql::tables::quoted;
use replicator_schema::table::ColumnDefinition;

/// A column of the target that the source has too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedColumn {
    pub(super) name: String,
    pub(super) generated: bool,
    /// It may be one that the server sets by itself in every update that does not name it.
    pub(super) is_moment: bool,
    /// An update of many rows is an insertion that finds its rows (`bulk.rs`): it names this column even if it stays as it is,
    /// because it may have no default, or be such a moment.
    pub(super) in_every_update: bool,
    /// What stands for the value where it is written, with `?` in it.
    pub(super) written: String,
    /// What stands for it where it is compared with the column.
    pub(super) compared: String,
    /// Where it is compared exactly; `None` where it can't be.
    pub(super) exact: Option<Exact>,
    /// What a search without a key compares besides.
    pub(super) told_apart: Option<Exact>,
    /// The same around a literal.
    pub(super) around_written: Around,
    pub(super) around_compared: Around,
}

impl PlannedColumn {
    /// Of the source's column, which has this index. An error if its values would mean something else at the target.
    pub(super) fn new(
        source: &TableSchema,
        (index, column): (usize, &Column),
        target: &ColumnDefinition,
    ) -> Result<Self, Failure> {
        let definition = source.map.columns.get(index);
        let kind = definition.map(|definition| definition.kind);
        let charset = match kind {
            Some(ColumnType::Json) => Some("utf8mb4"),
            Some(ColumnType::Uuid | ColumnType::Inet6 | ColumnType::Inet4) => Some("ascii"),
            Some(ColumnType::Enum | ColumnType::Set) => None,
            _ => column.charset.as_deref(),
        };
        let (written, compared) = match kind {
            Some(kind @ (ColumnType::Enum | ColumnType::Set)) => {
                let written = label_written(column, kind, target);
                (written.ok_or_else(|| labels_differ(source, column, target))?.to_owned(), "?".to_owned())
            }
            _ => match kind.and_then(|kind| from_text(kind, target)) {
                Some(bytes) => (bytes.to_owned(), bytes.to_owned()),
                None => placeholders(charset, target),
            },
        };
        let is_moment = matches!(target.data_type.as_str(), "timestamp" | "datetime");
        let name = quoted(&target.name);
        let exact = exact(&name, &compared, definition, charset, target);
        Ok(Self {
            told_apart: told_apart(&name, &compared, definition, exact.as_ref(), target),
            name,
            generated: target.generated,
            is_moment,
            in_every_update: !target.nullable || is_moment,
            around_written: Around::new(&written, charset),
            around_compared: Around::new(&compared, charset),
            written,
            compared,
            exact,
        })
    }
}

fn labels_differ(source: &TableSchema, column: &Column, target: &ColumnDefinition) -> Failure {
    Failure::definite(
        "columns_differ",
        format!(
            "column `{}` of {} is {}, and {} in {} on the target, where the same numbers are no or other labels",
            column.name,
            source.source_name(),
            column.column_type,
            target.column_type,
            source.target_name()
        ),
        "make the target's column like the source's, or cast it to char in a [[route]], and start the task again",
    )
}

/// MariaDB's UUIDs and addresses come as text; a column of bytes takes the bytes that they mean.
fn from_text(kind: ColumnType, target: &ColumnDefinition) -> Option<&'static str> {
    let is_bytes = target.data_type.ends_with("binary") || target.data_type.ends_with("blob");
    match kind {
        ColumnType::Uuid if is_bytes => Some("UNHEX(REPLACE(?,'-',''))"),
        ColumnType::Inet6 | ColumnType::Inet4 if is_bytes => Some("INET6_ATON(?)"),
        _ => None,
    }
}

/// How a value is written and compared.
///
/// The session's character set is `binary`, so a parameter is bytes. Where the column is text, the bytes are said to be
/// in the source column's character set and the server converts if the target's is another one; a comparison then also
/// needs the target's collation, or its index could not be used.
fn placeholders(source_charset: Option<&str>, target: &ColumnDefinition) -> (String, String) {
    let Some(charset) = source_charset else {
        return ("?".into(), "?".into());
    };
    let written = format!("CONVERT(? USING {charset})");
    let compared = match (&target.charset, &target.collation) {
        _ if target.data_type == "json" => format!("CAST({written} AS JSON)"),
        (Some(target_charset), Some(collation)) if target_charset == charset => {
            format!("{written} COLLATE {collation}")
        }
        (Some(target_charset), Some(collation)) => {
            format!("CONVERT({written} USING {target_charset}) COLLATE {collation}")
        }
        _ => written.clone(),
    };
    (written, compared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_and_addresses_are_text_or_bytes() {
        let typed = |data_type: &str| ColumnDefinition::new("a", data_type);
        for (kind, data_type, expected) in [
            (ColumnType::Uuid, "binary", Some("UNHEX(REPLACE(?,'-',''))")),
            (ColumnType::Inet6, "varbinary", Some("INET6_ATON(?)")),
            (ColumnType::Inet4, "blob", Some("INET6_ATON(?)")),
            (ColumnType::Uuid, "char", None),
            (ColumnType::Inet4, "inet6", None),
            (ColumnType::Char, "binary", None),
        ] {
            assert_eq!(from_text(kind, &typed(data_type)), expected, "{kind:?} {data_type}");
        }
    }
}
