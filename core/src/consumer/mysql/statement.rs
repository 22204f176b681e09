//! The statements that apply a row. Pure: text from table definitions.

use super::compare::Exact;
use super::planned_column::PlannedColumn;
use crate::change::TableSchema;
use replicator_model::failure::Failure;
use replicator_mysql::tables::{Ties, quoted};
use replicator_schema::table::TableSchema as TargetSchema;

/// Parameters that one prepared statement may have: the protocol counts them in 16 bits.
const PARAMETERS_MAX: usize = u16::MAX as usize;

/// Most rows of one statement. More saves little: what a statement costs by itself is shared by all of them already.
pub(super) const STATEMENT_ROWS_MAX: usize = 512;

/// How each column of a source's row is written to the target and found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) table: String,
    pub(super) columns: Vec<PlannedColumn>,
    /// Source columns that tell a row from others; `None` if nothing does.
    key: Option<Vec<usize>>,
    /// Whether rows may be written folded, see `fold.rs`.
    folds: Option<Folds>,
}

/// What a row that is written folded can be at odds over with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folds {
    ByPrimaryKey,
    /// Then a row that is not there could be taken for the one that has its other unique key.
    ByOtherKeysToo,
}

impl Plan {
    /// Matches the source's columns with the target's by name, without regard to case, as the servers do.
    pub(super) fn new(source: &TableSchema, target: &TargetSchema, ties: Ties) -> Result<Self, Failure> {
        let mut columns = Vec::with_capacity(source.columns.len());
        for (index, column) in source.columns.iter().enumerate() {
            let found = target.column(&column.name).and_then(|found| target.columns.get(found));
            let Some(target_column) = found else {
                return Err(Failure::definite(
                    "columns_differ",
                    format!(
                        "column `{}` of {} is missing in {} on the target",
                        column.name,
                        source.source_name(),
                        source.target_name()
                    ),
                    "add the column on the target, or drop it at the source, and start the task again",
                ));
            };
            columns.push(PlannedColumn::new(source, (index, column), target_column)?);
        }
        let usable =
            |key: &Vec<usize>| key.iter().all(|&index| columns.get(index).is_some_and(|column| !column.generated));
        let key = source.key.clone().filter(usable);
        let table = format!("{}.{}", quoted(&source.target_database), quoted(&source.target_table));
        let folds = key.as_deref().filter(|_| ties == Ties::default()).and_then(|key| folds(source, key, target));
        Ok(Self { table, columns, key, folds })
    }

    /// The key's columns, of rows that may be written folded.
    pub(super) fn folding_key(&self) -> Option<&[usize]> {
        self.key.as_deref().filter(|_| self.folds.is_some())
    }

    /// Whether `Plan::update_many` needs to know before that all rows are there.
    pub(super) fn has_other_keys(&self) -> bool {
        self.folds == Some(Folds::ByOtherKeysToo)
    }

    /// The columns that are written and are no part of the key.
    pub(super) fn beside_key(&self) -> Vec<usize> {
        let key = self.key.as_deref().unwrap_or_default();
        self.written_columns().map(|(index, _)| index).filter(|index| !key.contains(index)).collect()
    }

    /// The columns that are written, each with its index at the source.
    pub(super) fn written_columns(&self) -> impl Iterator<Item = (usize, &PlannedColumn)> {
        self.columns.iter().enumerate().filter(|(_, column)| !column.generated)
    }

    /// Whether a value of this source column is written.
    pub(super) fn writes(&self, index: usize) -> bool {
        self.columns.get(index).is_some_and(|column| !column.generated)
    }

    /// The columns that a row is searched by, of those that its image has; and whether one of them may be NULL.
    pub(super) fn search_columns(&self, present: &[bool]) -> Vec<usize> {
        let has = |index: &usize| present.get(*index).copied().unwrap_or(false);
        match &self.key {
            Some(key) if key.iter().all(has) => key.clone(),
            _ => (0..self.columns.len()).filter(has).filter(|&index| self.writes(index)).collect(),
        }
    }

    pub(super) fn has_key(&self, search: &[usize]) -> bool {
        self.key.as_deref() == Some(search)
    }

    /// Most rows that one statement with so many parameters a row may have.
    pub(super) fn rows_max(columns: usize) -> usize {
        (PARAMETERS_MAX / columns.max(1)).clamp(1, STATEMENT_ROWS_MAX)
    }

    pub(super) fn insert(&self, written: &[usize], rows: usize) -> String {
        let names: Vec<_> = self.of(written).map(|column| column.name.as_str()).collect();
        let values: Vec<_> = self.of(written).map(|column| column.written.as_str()).collect();
        let row = format!("({})", values.join(","));
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.table, names.join(","));
        for index in 0..rows {
            sql.push_str(if index == 0 { "" } else { "," });
            sql.push_str(&row);
        }
        sql
    }

    pub(super) fn replace(&self, written: &[usize]) -> String {
        self.insert(written, 1).replacen("INSERT", "REPLACE", 1)
    }

    /// `ON UPDATE CURRENT_TIMESTAMP` must not set what the image lacks because it stayed as it was.
    pub(super) fn update(&self, written: &[usize], search: &[usize]) -> String {
        let set = self.of(written).map(|column| format!("{}={}", column.name, column.written));
        let kept = self.written_columns().filter(|(index, column)| column.is_moment && !written.contains(index));
        let set: Vec<_> = set.chain(kept.map(|(_, column)| format!("{0}={0}", column.name))).collect();
        format!("UPDATE {} SET {}{}", self.table, set.join(","), self.condition(search))
    }

    pub(super) fn delete(&self, search: &[usize]) -> String {
        format!("DELETE FROM {}{}", self.table, self.condition(search))
    }

    /// The columns whose values the condition takes, in its order.
    pub(super) fn search_parameters(&self, search: &[usize]) -> Vec<usize> {
        let mut parameters = search.to_vec();
        if !self.has_key(search) {
            let is_told = |index: &&usize| self.columns.get(**index).is_some_and(|column| column.told_apart.is_some());
            parameters.extend(search.iter().filter(is_told));
        }
        parameters
    }

    /// Without a key, rows with the same values are all alike, and one of them is meant: `LIMIT 1`.
    fn condition(&self, search: &[usize]) -> String {
        let keyed = self.has_key(search);
        let mut sql = String::new();
        for (index, column) in self.of(search).enumerate() {
            let word = if index == 0 { " WHERE " } else { " AND " };
            let operator = if keyed { "=" } else { "<=>" };
            sql.push_str(&format!("{word}{}{operator}{}", column.name, column.compared));
        }
        if !keyed {
            // An index knows only what is equal.
            for told in self.of(search).filter_map(|column| column.told_apart.as_ref()) {
                sql.push_str(&format!(" AND {}", told.equal()));
            }
            sql.push_str(" LIMIT 1");
        }
        sql
    }

    /// How a column is compared exactly.
    pub(super) fn exact(&self, index: usize) -> Option<&Exact> {
        self.columns.get(index).and_then(|column| column.exact.as_ref())
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.columns.get(index).map_or("", |column| column.name.as_str())
    }

    /// The table, and the condition that finds a row by its key.
    pub(super) fn searched(&self, key: &[usize]) -> String {
        format!("{}{}", self.table, self.condition(key))
    }

    pub(super) fn of<'a>(&'a self, indexes: &'a [usize]) -> impl Iterator<Item = &'a PlannedColumn> {
        indexes.iter().filter_map(|&index| self.columns.get(index))
    }
}

/// Rows are written folded if the source's key is the target's primary key and every column of the target that can be
/// written is written: a row is then there or not by this key.
fn folds(source: &TableSchema, key: &[usize], target: &TargetSchema) -> Option<Folds> {
    let place = |name: &str| source.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    let all_written = target.columns.iter().all(|column| column.generated || place(&column.name).is_some());
    let primary = target.primary_key().filter(|primary| !primary.partial && primary.parts.len() == key.len())?;
    let in_key = |part: &Option<String>| part.as_deref().and_then(place).is_some_and(|column| key.contains(&column));
    if !all_written || !primary.parts.iter().all(in_key) {
        return None;
    }
    let unique = target.keys.iter().filter(|key| key.unique).count();
    Some(if unique == 1 { Folds::ByPrimaryKey } else { Folds::ByOtherKeysToo })
}

#[cfg(test)]
mod tests {
    use super::super::bulk::{Columns, RowText};
    use super::super::literal::{Around, write_literal};
    use super::*;
    use crate::change::Column;
    use replicator_binlog::{ColumnDef, ColumnType, TableMap, Value};
    use replicator_schema::table::{ColumnDefinition, Key, PRIMARY};
    use std::sync::Arc;

    fn source(columns: &[(&str, Option<&str>)], key: Option<Vec<usize>>) -> TableSchema {
        let map = TableMap {
            table_id: 1,
            flags: 0,
            database: "shop".into(),
            table: "item".into(),
            columns: vec![],
            primary_key: None,
        };
        TableSchema {
            database: "shop".into(),
            table: "item".into(),
            target_database: "copy".into(),
            target_table: "it`em".into(),
            columns: columns
                .iter()
                .map(|(name, charset)| Column {
                    name: (*name).into(),
                    column_type: "x".into(),
                    charset: charset.map(Into::into),
                })
                .collect(),
            key,
            map: Arc::new(map),
        }
    }

    fn column(name: &str, charset: Option<&str>, generated: bool) -> ColumnDefinition {
        ColumnDefinition {
            charset: charset.map(Into::into),
            collation: charset.map(|charset| format!("{charset}_bin")),
            generated,
            ..ColumnDefinition::new(name, "x")
        }
    }

    fn target(columns: &[ColumnDefinition]) -> TargetSchema {
        TargetSchema { columns: columns.to_vec(), keys: vec![], collation: None }
    }

    fn unique(name: &str, parts: &[&str]) -> Key {
        let parts = parts.iter().map(|part| Some((*part).to_owned())).collect();
        Key { name: name.into(), unique: true, partial: false, parts }
    }

    #[test]
    fn statements_convert_text_and_leave_generated_columns_alone() {
        let source = source(&[("id", None), ("name", Some("latin1")), ("sum", None)], Some(vec![0]));
        let plan = Plan::new(
            &source,
            &target(&[column("ID", None, false), column("sum", None, true), column("name", Some("utf8mb4"), false)]),
            Ties::default(),
        )
        .unwrap();
        let written: Vec<usize> = (0..3).filter(|&index| plan.writes(index)).collect();
        assert_eq!(
            plan.insert(&written, 2),
            "INSERT INTO `copy`.`it``em` (`ID`,`name`) VALUES (?,CONVERT(? USING latin1)),(?,CONVERT(? USING latin1))"
        );
        let search = plan.search_columns(&[true; 3]);
        assert_eq!(
            plan.update(&written, &search),
            "UPDATE `copy`.`it``em` SET `ID`=?,`name`=CONVERT(? USING latin1) WHERE `ID`=?"
        );
        assert_eq!(plan.delete(&search), "DELETE FROM `copy`.`it``em` WHERE `ID`=?");
    }

    #[test]
    fn a_moment_that_the_image_lacks_stays_as_it_is() {
        let source = source(&[("id", None), ("v", None), ("at", None)], Some(vec![0]));
        let columns = [column("id", None, false), column("v", None, false), ColumnDefinition::new("at", "timestamp")];
        let plan = Plan::new(&source, &target(&columns), Ties::default()).unwrap();
        assert_eq!(plan.update(&[1], &[0]), "UPDATE `copy`.`it``em` SET `v`=?,`at`=`at` WHERE `id`=?");
        assert_eq!(plan.update(&[1, 2], &[0]), "UPDATE `copy`.`it``em` SET `v`=?,`at`=? WHERE `id`=?");
    }

    #[test]
    fn without_a_key_the_whole_row_is_compared_and_one_is_taken() {
        let source = source(&[("a", None), ("b", Some("latin1"))], None);
        let plan = Plan::new(
            &source,
            &target(&[column("a", None, false), column("b", Some("utf8mb4"), false)]),
            Ties::default(),
        )
        .unwrap();
        assert_eq!(
            plan.delete(&plan.search_columns(&[true; 2])),
            "DELETE FROM `copy`.`it``em` WHERE `a`<=>? AND `b`<=>CONVERT(CONVERT(? USING latin1) USING utf8mb4) COLLATE utf8mb4_bin \
             AND CAST(`b` AS BINARY)<=>CAST(CONVERT(CONVERT(? USING latin1) USING utf8mb4) AS BINARY) LIMIT 1"
        );
        assert_eq!(plan.search_parameters(&[0, 1]), [0, 1, 1]);
    }

    #[test]
    fn a_missing_column_is_named() {
        let target = target(&[column("b", None, false)]);
        let failure = Plan::new(&source(&[("a", None)], None), &target, Ties::default()).unwrap_err();
        assert!(failure.reason.contains("`a` of shop.item is missing in copy.it`em"), "{}", failure.reason);
    }

    #[test]
    fn an_insert_never_has_too_many_parameters() {
        assert_eq!(Plan::rows_max(4), STATEMENT_ROWS_MAX);
        assert_eq!(Plan::rows_max(4096), 15);
    }

    #[test]
    fn many_rows_are_written_by_their_key() {
        let source = source(&[("a", None), ("b", Some("latin1")), ("c", None)], Some(vec![0]));
        let columns = [column("a", None, false), column("b", Some("latin1"), false), column("c", None, false)];
        let target = TargetSchema { keys: vec![unique(PRIMARY, &["a"])], ..target(&columns) };
        let plan = Plan::new(&source, &target, Ties::default()).unwrap();
        let row = |plan: &Plan, key: &[usize], digit: u8| {
            let literal = |index: usize, around: &Around, out: &mut Vec<u8>| {
                let column = ColumnDef::new(ColumnType::Varchar, 0, true);
                let value = [digit, b'0' + u8::try_from(index).unwrap()];
                write_literal(&Value::Bytes(&value), &column, around, out).map_err(|_| unreachable!())
            };
            let mut ends = Vec::new();
            let values = plan.values_text(&Columns::All, Some(&mut ends), literal).unwrap();
            RowText { key: plan.key_text(key, literal).unwrap(), values, ends, columns: Columns::All }
        };
        let rows = [row(&plan, &[0], b'1'), row(&plan, &[0], b'2')];
        let text = |sql: Vec<u8>| String::from_utf8(sql).unwrap();
        let insert = "INSERT INTO `copy`.`it``em` (`a`,`b`,`c`) VALUES ('10',_latin1'11','12'),('20',_latin1'21','22')";
        assert_eq!(text(plan.insert_many(&rows)), insert);
        assert_eq!(
            text(plan.update_many(&[0], &Columns::All, &rows, true)),
            format!("{insert} AS new ON DUPLICATE KEY UPDATE `b`=new.`b`,`c`=new.`c`")
        );
        assert_eq!(
            text(plan.update_many(&[0], &Columns::All, &rows, false)),
            format!("{insert} ON DUPLICATE KEY UPDATE `b`=VALUES(`b`),`c`=VALUES(`c`)")
        );
        assert_eq!(
            text(plan.update_one(&[0], &rows[0])),
            "UPDATE `copy`.`it``em` SET `b`=_latin1'11',`c`='12' WHERE `a` IN ('10')"
        );
        assert_eq!(text(plan.delete_many(&[0], &rows)), "DELETE FROM `copy`.`it``em` WHERE `a` IN ('10','20')");
        assert_eq!(
            text(plan.count_many(&[0], &rows)),
            "SELECT COUNT(*) FROM `copy`.`it``em` WHERE `a` IN ('10','20') FOR UPDATE"
        );
        let rows = [row(&plan, &[0, 1], b'1'), row(&plan, &[0, 1], b'2')];
        assert_eq!(
            text(plan.delete_many(&[0, 1], &rows)),
            "DELETE FROM `copy`.`it``em` WHERE (`a`='10' AND `b`=_latin1'11' COLLATE latin1_bin) OR \
             (`a`='20' AND `b`=_latin1'21' COLLATE latin1_bin)"
        );
    }

    #[test]
    fn only_tables_whose_rows_are_told_by_the_source_s_key_are_folded() {
        let columns = [column("a", None, false), column("b", None, false)];
        let keyed = |keys: Vec<Key>| TargetSchema { keys, ..target(&columns) };
        let plan = |key: Option<Vec<usize>>, target: &TargetSchema, ties: Ties| {
            Plan::new(&source(&[("a", None), ("b", None)], key), target, ties).unwrap()
        };
        let folds = |key, target: &TargetSchema, tied| plan(key, target, tied).folding_key().is_some();
        let primary = keyed(vec![unique(PRIMARY, &["A"])]);
        assert!(folds(Some(vec![0]), &primary, Ties::default()));
        assert!(
            !folds(Some(vec![0]), &primary, Ties { foreign_keys: true, ..Ties::default() }),
            "a foreign key or trigger"
        );
        assert!(!folds(Some(vec![1]), &primary, Ties::default()), "another key at the source");
        assert!(!folds(None, &primary, Ties::default()), "no key at the source");
        assert!(!folds(Some(vec![0]), &keyed(vec![]), Ties::default()), "no key on the target");
        let both = keyed(vec![unique(PRIMARY, &["a"]), unique("u", &["b"])]);
        assert!(folds(Some(vec![0]), &both, Ties::default()), "another unique key");
        assert!(plan(Some(vec![0]), &both, Ties::default()).has_other_keys());
        assert!(!plan(Some(vec![0]), &primary, Ties::default()).has_other_keys());
        let prefix = keyed(vec![Key { partial: true, ..unique(PRIMARY, &["a"]) }]);
        assert!(!folds(Some(vec![0]), &prefix, Ties::default()), "a key of a prefix");
        let longer = TargetSchema { columns: [&columns[..], &[column("c", None, false)]].concat(), ..primary };
        assert!(!folds(Some(vec![0]), &longer, Ties::default()), "a column that the source does not have");
    }
}
