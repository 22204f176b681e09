//! Whether a row is what the source had: statements that find it only then, and what there is in its place. Pure.
//!
//! Values are compared as they are stored: text byte for byte, whatever its collation says. JSON is compared as JSON, and not at
//! all where the target keeps its text.

use super::statement::Plan;
use replicator_binlog::{ColumnDef, ColumnType};
use replicator_schema::table::ColumnDefinition;

/// The two sides of an exact comparison with a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exact {
    column: String,
    /// With one `?` in it.
    value: String,
}

/// How a value is compared with this column exactly; `None` where equal values may not look equal. `compared` is what stands
/// for it in a search, `charset` the source's.
pub(super) fn exact(
    name: &str,
    compared: &str,
    source: Option<&ColumnDef>,
    charset: Option<&str>,
    target: &ColumnDefinition,
) -> Option<Exact> {
    let kind = source.map(|source| source.kind);
    let exact = |column: String, value: String| Some(Exact { column, value });
    if target.data_type == "json" {
        return exact(name.to_owned(), compared.to_owned());
    }
    // A text is compared with a DECIMAL as a DOUBLE, at MySQL 5.6.
    if let (Some(ColumnType::Decimal), Some((precision, scale))) = (kind, source.and_then(ColumnDef::decimal_size)) {
        return exact(name.to_owned(), format!("CAST(? AS DECIMAL({precision},{scale}))"));
    }
    match (charset, &target.charset) {
        _ if kind == Some(ColumnType::Json) => None,
        // By number, which is what the log has.
        _ if matches!(target.data_type.as_str(), "enum" | "set") => exact(name.to_owned(), "?".into()),
        (Some(source), Some(own)) if source == own => exact(format!("CAST({name} AS BINARY)"), "?".into()),
        (Some(source), Some(own)) => exact(
            format!("CAST({name} AS BINARY)"),
            format!("CAST(CONVERT(CONVERT(? USING {source}) USING {own}) AS BINARY)"),
        ),
        _ => exact(name.to_owned(), compared.to_owned()),
    }
}

/// What a row without a key has to be besides equal, so that it is the one that is meant: text byte for byte, decimals to
/// the last digit, zeros with their sign, JSON with its kinds of numbers. `None` where equal values are the same.
pub(super) fn told_apart(
    name: &str,
    compared: &str,
    source: Option<&ColumnDef>,
    exact: Option<&Exact>,
    target: &ColumnDefinition,
) -> Option<Exact> {
    let (column, value) = match source.map(|source| source.kind) {
        Some(ColumnType::Double | ColumnType::Float) => (sign_of_zero(name), sign_of_zero("?")),
        Some(ColumnType::Json) if target.data_type == "json" => {
            (format!("CAST({name} AS CHAR)"), format!("CAST({compared} AS CHAR)"))
        }
        _ => return exact.filter(|exact| exact.column != name || exact.value != compared).cloned(),
    };
    Some(Exact { column, value })
}

/// The angle of a point left of the origin, which is above or below. MariaDB stores no negative zero.
fn sign_of_zero(value: &str) -> String {
    format!("IF(@@version LIKE '%MariaDB%',0,ATAN2({value},-1))")
}

impl Exact {
    pub(super) fn equal(&self) -> String {
        format!("{}<=>{}", self.column, self.value)
    }

    /// The value comes after the column's; NULL before all others.
    fn later(&self) -> String {
        format!("COALESCE({0} IS NULL OR {0}<{1},FALSE)", self.column, self.value)
    }
}

/// The statement that looks at a row, and the columns of the image whose values it takes, before those of the key.
pub(super) struct Look {
    pub(super) sql: String,
    pub(super) parameters: Vec<usize>,
}

impl Plan {
    /// The columns beside the key that are compared, of those that an image has.
    pub(super) fn compared(&self, present: &[bool]) -> Vec<usize> {
        let is_there = |index: &usize| present.get(*index).copied().unwrap_or(false);
        self.beside_key().into_iter().filter(is_there).filter(|&index| self.exact(index).is_some()).collect()
    }

    /// Updates the row with this key if it has these values too.
    pub(super) fn update_same(&self, written: &[usize], key: &[usize], compared: &[usize]) -> String {
        format!("{}{}", self.update(written, key), self.and_same(compared))
    }

    /// Deletes the row with this key if it has these values too.
    pub(super) fn delete_same(&self, key: &[usize], compared: &[usize]) -> String {
        format!("{}{}", self.delete(key), self.and_same(compared))
    }

    fn and_same(&self, compared: &[usize]) -> String {
        compared.iter().filter_map(|&index| self.exact(index)).map(|exact| format!(" AND {}", exact.equal())).collect()
    }

    /// Looks at the row with this key and locks it: whether it has the values of an image that has these columns, and whether
    /// the image is newer by a column. Where that is equal, the columns decide in the order of their names, so that both
    /// sites say the same.
    pub(super) fn look(&self, key: &[usize], columns: &[usize], newest: Option<usize>) -> Look {
        let mut parameters = Vec::new();
        let mut equal = Vec::new();
        for (index, exact) in columns.iter().filter_map(|&index| Some((index, self.exact(index)?))) {
            equal.push(exact.equal());
            parameters.push(index);
        }
        let is_same = if equal.is_empty() { "FALSE".to_owned() } else { equal.join(" AND ") };
        let mut is_newer = "FALSE".to_owned();
        if let Some(newest) = newest {
            let mut order: Vec<usize> = columns.iter().copied().filter(|&index| index != newest).collect();
            order.sort_by_key(|&index| self.name(index).to_lowercase());
            order.insert(0, newest);
            is_newer = "CASE".into();
            for (index, exact) in order.into_iter().filter_map(|index| Some((index, self.exact(index)?))) {
                is_newer.push_str(&format!(" WHEN NOT ({}) THEN {}", exact.equal(), exact.later()));
                parameters.extend([index, index]);
            }
            is_newer.push_str(" ELSE FALSE END");
        }
        Look { sql: format!("SELECT {is_same},{is_newer} FROM {} FOR UPDATE", self.searched(key)), parameters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Column, TableSchema};
    use replicator_binlog::TableMap;
    use replicator_mysql::tables::Ties;
    use replicator_schema::table::TableSchema as TargetSchema;
    use std::sync::Arc;

    fn target(name: &str, data_type: &str, charset: Option<&str>) -> ColumnDefinition {
        ColumnDefinition {
            charset: charset.map(Into::into),
            collation: charset.map(|charset| format!("{charset}_general_ci")),
            ..ColumnDefinition::new(name, data_type)
        }
    }

    /// `id` is the key, `w` latin1 text, `at` a time.
    fn plan(text: Option<&str>) -> Plan {
        let map = TableMap {
            table_id: 1,
            flags: 0,
            database: "shop".into(),
            table: "item".into(),
            columns: vec![],
            primary_key: None,
        };
        let column = |name: &str, charset: Option<&str>| Column {
            name: name.into(),
            column_type: "x".into(),
            charset: charset.map(Into::into),
        };
        let source = TableSchema {
            database: "shop".into(),
            table: "item".into(),
            target_database: "shop".into(),
            target_table: "item".into(),
            columns: vec![column("id", None), column("w", Some("latin1")), column("at", None)],
            key: Some(vec![0]),
            map: Arc::new(map),
        };
        let columns = vec![target("id", "int", None), target("w", "varchar", text), target("at", "datetime", None)];
        Plan::new(&source, &TargetSchema { columns, keys: vec![], collation: None }, Ties::default()).unwrap()
    }

    #[test]
    fn a_row_is_found_only_where_it_is_what_the_source_had() {
        let same = plan(Some("latin1"));
        let compared = same.compared(&[true; 3]);
        assert_eq!(
            same.delete_same(&[0], &compared),
            "DELETE FROM `shop`.`item` WHERE `id`=? AND CAST(`w` AS BINARY)<=>? AND `at`<=>?"
        );
        assert_eq!(same.compared(&[true, false, true]), [2], "only what the image has");
        assert_eq!(
            plan(Some("utf8mb4")).update_same(&[2], &[0], &[1]),
            "UPDATE `shop`.`item` SET `at`=? WHERE `id`=? AND \
             CAST(`w` AS BINARY)<=>CAST(CONVERT(CONVERT(? USING latin1) USING utf8mb4) AS BINARY)"
        );
    }

    #[test]
    fn the_newer_row_is_told_by_the_column_and_then_by_all() {
        let look = plan(Some("latin1")).look(&[0], &[0, 1, 2], Some(2));
        assert_eq!(look.parameters, [0, 1, 2, 2, 2, 0, 0, 1, 1]);
        assert_eq!(
            look.sql,
            "SELECT `id`<=>? AND CAST(`w` AS BINARY)<=>? AND `at`<=>?,CASE \
             WHEN NOT (`at`<=>?) THEN COALESCE(`at` IS NULL OR `at`<?,FALSE) \
             WHEN NOT (`id`<=>?) THEN COALESCE(`id` IS NULL OR `id`<?,FALSE) \
             WHEN NOT (CAST(`w` AS BINARY)<=>?) THEN COALESCE(CAST(`w` AS BINARY) IS NULL OR CAST(`w` AS BINARY)<?,FALSE) \
             ELSE FALSE END FROM `shop`.`item` WHERE `id`=? FOR UPDATE"
        );
        let look = plan(Some("latin1")).look(&[0], &[], None);
        assert_eq!(look.sql, "SELECT FALSE,FALSE FROM `shop`.`item` WHERE `id`=? FOR UPDATE");
    }

    #[test]
    fn json_is_compared_where_the_target_knows_it() {
        let of = |data_type: &str, charset| {
            let source = ColumnDef::new(ColumnType::Json, 0, true);
            exact("`j`", "CAST(? AS JSON)", Some(&source), Some("utf8mb4"), &target("j", data_type, charset))
        };
        assert_eq!(of("json", None).unwrap().equal(), "`j`<=>CAST(? AS JSON)");
        assert_eq!(of("longtext", Some("utf8mb4")), None);
    }
}
