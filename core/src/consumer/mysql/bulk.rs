//! Statements of many rows, as text: nothing has to be prepared for a number of rows, by either side. Pure.

use super::literal::Around;
use super::planned_column::PlannedColumn;
use super::statement::Plan;
use replicator_binlog::Value;
use replicator_model::failure::Failure;

/// What is written of a row: the target's text of it, made when the row is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RowText {
    /// Finds the row: a value of the key's one column, or a condition; empty of a row that is inserted.
    pub(super) key: Vec<u8>,
    /// `(1,'a')`; empty of a row that is deleted.
    pub(super) values: Vec<u8>,
    /// Where each value ends in `values`; empty but for updates.
    pub(super) ends: Vec<usize>,
    /// The columns of `values`.
    pub(super) columns: Columns,
}

/// Columns of a table that a statement writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Columns {
    /// All that are written at all.
    #[default]
    All,
    /// Those with these indexes at the source, in their order.
    Some(Box<[usize]>),
}

impl Columns {
    fn has(&self, index: usize) -> bool {
        match self {
            Columns::All => true,
            Columns::Some(indexes) => indexes.binary_search(&index).is_ok(),
        }
    }
}

impl RowText {
    pub(super) fn bytes(&self) -> usize {
        self.key.len() + self.values.len() + 1
    }
}

/// Writes the literal of a source's column into the text.
pub(super) trait Literals: FnMut(usize, &Around, &mut Vec<u8>) -> Result<(), Failure> {}

impl<F: FnMut(usize, &Around, &mut Vec<u8>) -> Result<(), Failure>> Literals for F {}

impl Plan {
    /// The columns of an update that says what `before` has become: those that are not the same any more, those of
    /// `joined`, which the update takes the place of, and those that each update has to name. With nothing beside the key
    /// there would be nothing to set: then all.
    pub(super) fn changed_columns(
        &self,
        key: &[usize],
        before: &[Value<'_>],
        after: &[Value<'_>],
        joined: Option<&Columns>,
    ) -> Columns {
        let differs = |index: usize| match (before.get(index), after.get(index)) {
            (Some(before), Some(after)) => !is_same(before, after),
            _ => true,
        };
        let is_written = |index: usize, column: &PlannedColumn| {
            key.contains(&index)
                || column.in_every_update
                || joined.is_some_and(|joined| joined.has(index))
                || differs(index)
        };
        let changed = self.written_columns().filter(|(index, column)| is_written(*index, column));
        let changed: Box<[usize]> = changed.map(|(index, _)| index).collect();
        let is_part = changed.len() > key.len() && changed.len() < self.written_columns().count();
        if is_part { Columns::Some(changed) } else { Columns::All }
    }

    fn columns_of<'a>(&'a self, columns: &'a Columns) -> impl Iterator<Item = (usize, &'a PlannedColumn)> {
        self.written_columns().filter(|(index, _)| columns.has(*index))
    }

    /// The values of these columns; where each ends goes to `ends`, if that is needed.
    pub(super) fn values_text(
        &self,
        columns: &Columns,
        mut ends: Option<&mut Vec<usize>>,
        mut literal: impl Literals,
    ) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::with_capacity(self.row_bytes());
        for (place, (index, column)) in self.columns_of(columns).enumerate() {
            text.push(if place == 0 { b'(' } else { b',' });
            literal(index, &column.around_written, &mut text)?;
            if let Some(ends) = &mut ends {
                ends.push(text.len());
            }
        }
        text.push(b')');
        Ok(text)
    }

    /// What finds a row by its key.
    pub(super) fn key_text(&self, key: &[usize], mut literal: impl Literals) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        if let [index] = key {
            for column in self.of(key) {
                literal(*index, &column.around_compared, &mut text)?;
            }
            return Ok(text);
        }
        // Not `(a,b) IN (…)`, for which MySQL 5.6 and MariaDB do not use the key.
        for (place, (index, column)) in key.iter().zip(self.of(key)).enumerate() {
            text.extend_from_slice(if place == 0 { b"(" } else { b" AND " });
            text.extend_from_slice(column.name.as_bytes());
            text.push(b'=');
            literal(*index, &column.around_compared, &mut text)?;
        }
        text.push(b')');
        Ok(text)
    }

    /// Inserts rows.
    pub(super) fn insert_many(&self, rows: &[RowText]) -> Vec<u8> {
        self.insert_columns(&Columns::All, rows)
    }

    fn insert_columns(&self, columns: &Columns, rows: &[RowText]) -> Vec<u8> {
        let names: Vec<&str> = self.columns_of(columns).map(|(_, column)| column.name.as_str()).collect();
        let mut sql = statement(format!("INSERT INTO {} ({}) VALUES ", self.table, names.join(",")), rows);
        push_joined(&mut sql, rows.iter().map(|row| row.values.as_slice()), b",");
        sql
    }

    /// Sets these columns, which all the rows have, each row searched by its key. The statement would insert those that are
    /// not there, and says how many were: whoever runs it has to compare, and to roll back.
    pub(super) fn update_many(
        &self,
        key: &[usize],
        columns: &Columns,
        rows: &[RowText],
        names_new_row: bool,
    ) -> Vec<u8> {
        let (alias, open, close) = if names_new_row { (" AS new", "new.", "") } else { ("", "VALUES(", ")") };
        let beside_key = self.columns_of(columns).filter(|(index, _)| !key.contains(index));
        let set: Vec<_> = beside_key.map(|(_, column)| format!("{0}={open}{0}{close}", column.name)).collect();
        let mut sql = self.insert_columns(columns, rows);
        sql.extend_from_slice(format!("{alias} ON DUPLICATE KEY UPDATE {}", set.join(",")).as_bytes());
        sql
    }

    /// The same of one row, of which the server would not say whether it was there.
    pub(super) fn update_one(&self, key: &[usize], row: &RowText) -> Vec<u8> {
        let mut sql = statement(format!("UPDATE {} SET ", self.table), std::slice::from_ref(row));
        let mut start = 1;
        let mut is_first = true;
        for ((index, column), end) in self.columns_of(&row.columns).zip(&row.ends) {
            let value = row.values.get(start..*end).unwrap_or_default();
            start = end + 1;
            if !key.contains(&index) {
                sql.extend_from_slice(if is_first { b"" } else { b"," });
                sql.extend_from_slice(column.name.as_bytes());
                sql.push(b'=');
                sql.extend_from_slice(value);
                is_first = false;
            }
        }
        self.push_among(&mut sql, key, std::slice::from_ref(row));
        sql
    }

    /// Deletes rows by their keys.
    pub(super) fn delete_many(&self, key: &[usize], rows: &[RowText]) -> Vec<u8> {
        let mut sql = statement(format!("DELETE FROM {}", self.table), rows);
        self.push_among(&mut sql, key, rows);
        sql
    }

    /// Counts and locks those rows that are there, by their keys.
    pub(super) fn count_many(&self, key: &[usize], rows: &[RowText]) -> Vec<u8> {
        let mut sql = statement(format!("SELECT COUNT(*) FROM {}", self.table), rows);
        self.push_among(&mut sql, key, rows);
        sql.extend_from_slice(b" FOR UPDATE");
        sql
    }

    fn push_among(&self, sql: &mut Vec<u8>, key: &[usize], rows: &[RowText]) {
        let columns: Vec<&str> = self.of(key).map(|column| column.name.as_str()).collect();
        let (open, between, close) = match columns.as_slice() {
            [column] => (format!(" WHERE {column} IN ("), b",".as_slice(), b")".as_slice()),
            _ => (" WHERE ".to_owned(), b" OR ".as_slice(), b"".as_slice()),
        };
        sql.extend_from_slice(open.as_bytes());
        push_joined(sql, rows.iter().map(|row| row.key.as_slice()), between);
        sql.extend_from_slice(close);
    }

    /// A guess that spares most rows a second allocation.
    fn row_bytes(&self) -> usize {
        const BYTES_PER_COLUMN: usize = 24;
        self.columns.len() * BYTES_PER_COLUMN
    }
}

/// To the bit: 0 and -0 are equal, and not the same.
fn is_same(before: &Value<'_>, after: &Value<'_>) -> bool {
    match (before, after) {
        (Value::Float(before), Value::Float(after)) => before.to_bits() == after.to_bits(),
        (Value::Double(before), Value::Double(after)) => before.to_bits() == after.to_bits(),
        _ => before == after,
    }
}

/// Begins a statement about rows.
fn statement(head: String, rows: &[RowText]) -> Vec<u8> {
    const TAIL: usize = 256;
    let mut sql = head.into_bytes();
    sql.reserve(rows.iter().map(RowText::bytes).sum::<usize>() + TAIL);
    sql
}

fn push_joined<'a>(sql: &mut Vec<u8>, parts: impl Iterator<Item = &'a [u8]>, between: &[u8]) {
    for (place, part) in parts.enumerate() {
        sql.extend_from_slice(if place == 0 { b"" } else { between });
        sql.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Column, TableSchema};
    use replicator_binlog::{ColumnDef, ColumnType, TableMap};
    use replicator_mysql::tables::Ties;
    use replicator_schema::table::{ColumnDefinition, Key, PRIMARY, TableSchema as TargetSchema};

    /// Column 0 is the key, 2 NOT NULL, 3 a TIMESTAMP.
    fn plan() -> Plan {
        let columns = [("id", "int"), ("a", "double"), ("b", "int"), ("at", "timestamp"), ("c", "int")];
        let kinds = [ColumnType::Int, ColumnType::Double, ColumnType::Int, ColumnType::Timestamp, ColumnType::Int];
        let map = TableMap {
            table_id: 1,
            flags: 0,
            database: "shop".into(),
            table: "item".into(),
            columns: kinds.map(|kind| ColumnDef::new(kind, 0, true)).into(),
            primary_key: Some(vec![(0, 0)]),
        };
        let column = |(name, column_type): &(&str, &str)| Column {
            name: (*name).into(),
            column_type: (*column_type).into(),
            charset: None,
        };
        let source = TableSchema {
            map: map.into(),
            database: "shop".into(),
            table: "item".into(),
            target_database: "shop".into(),
            target_table: "item".into(),
            columns: columns.iter().map(column).collect(),
            key: Some(vec![0]),
        };
        let definition = |(name, column_type): &(&str, &str)| {
            let nullable = !matches!(*name, "id" | "b");
            ColumnDefinition { nullable, ..ColumnDefinition::new(name, column_type) }
        };
        let key = Key { name: PRIMARY.into(), parts: vec![Some("id".into())], unique: true, partial: false };
        let columns = columns.iter().map(definition).collect();
        Plan::new(&source, &TargetSchema { columns, keys: vec![key], collation: None }, Ties::default()).unwrap()
    }

    #[test]
    fn an_update_names_what_has_changed_and_what_it_must() {
        let plan = plan();
        let timestamp = Value::Timestamp { seconds: 1, micros: 0 };
        let row = |a: f64, c: i64| [Value::Int(1), Value::Double(a), Value::Int(2), timestamp, Value::Int(c)];
        let some = |indexes: &[usize]| Columns::Some(indexes.into());
        let changed = |before: &[Value<'_>], after: &[Value<'_>], joined: Option<&Columns>| {
            plan.changed_columns(&[0], before, after, joined)
        };
        assert_eq!(changed(&row(1.0, 3), &row(1.0, 4), None), some(&[0, 2, 3, 4]));
        assert_eq!(changed(&row(0.0, 3), &row(-0.0, 3), None), some(&[0, 1, 2, 3]));
        assert_eq!(changed(&row(1.0, 3), &row(1.0, 3), None), some(&[0, 2, 3]));
        // It takes the place of another, which must not be lost.
        assert_eq!(changed(&row(1.0, 3), &row(2.0, 3), Some(&some(&[0, 2, 3]))), some(&[0, 1, 2, 3]));
        assert_eq!(changed(&row(1.0, 3), &row(1.0, 3), Some(&some(&[0, 4]))), some(&[0, 2, 3, 4]));
        assert_eq!(changed(&row(1.0, 3), &row(2.0, 3), Some(&Columns::All)), Columns::All);
    }

    #[test]
    fn columns_that_are_not_named_are_not_written() {
        let columns = Columns::Some([0, 2, 3].into());
        let row = RowText {
            key: b"1".to_vec(),
            values: b"(1,22,'x')".to_vec(),
            ends: vec![2, 5, 9],
            columns: columns.clone(),
        };
        let text = |sql: Vec<u8>| String::from_utf8(sql).unwrap();
        assert_eq!(
            text(plan().update_many(&[0], &columns, std::slice::from_ref(&row), true)),
            "INSERT INTO `shop`.`item` (`id`,`b`,`at`) VALUES (1,22,'x') AS new ON DUPLICATE KEY UPDATE `b`=new.`b`,`at`=new.`at`"
        );
        assert_eq!(text(plan().update_one(&[0], &row)), "UPDATE `shop`.`item` SET `b`=22,`at`='x' WHERE `id` IN (1)");
    }
}
