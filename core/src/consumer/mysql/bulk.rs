//! Statements of many rows, as text: nothing has to be prepared for a number of rows, by either side. Pure.

use super::literal::Around;
use super::statement::Plan;
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
    /// All columns that are written; where each value ends goes to `ends`, if that is needed.
    pub(super) fn values_text(
        &self,
        mut ends: Option<&mut Vec<usize>>,
        mut literal: impl Literals,
    ) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::with_capacity(self.row_bytes());
        for (place, (index, column)) in self.written_columns().enumerate() {
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
        let names: Vec<&str> = self.written_columns().map(|(_, column)| column.name.as_str()).collect();
        let mut sql = statement(format!("INSERT INTO {} ({}) VALUES ", self.table, names.join(",")), rows);
        push_joined(&mut sql, rows.iter().map(|row| row.values.as_slice()), b",");
        sql
    }

    /// Sets the columns beside the key of rows, each searched by its key. The statement would insert those that are not
    /// there, and says how many were: whoever runs it has to compare, and to roll back.
    pub(super) fn update_many(&self, rows: &[RowText], names_new_row: bool) -> Vec<u8> {
        let (alias, open, close) = if names_new_row { (" AS new", "new.", "") } else { ("", "VALUES(", ")") };
        let set: Vec<_> =
            self.of(&self.beside_key()).map(|column| format!("{0}={open}{0}{close}", column.name)).collect();
        let mut sql = self.insert_many(rows);
        sql.extend_from_slice(format!("{alias} ON DUPLICATE KEY UPDATE {}", set.join(",")).as_bytes());
        sql
    }

    /// The same of one row, of which the server would not say whether it was there.
    pub(super) fn update_one(&self, key: &[usize], row: &RowText) -> Vec<u8> {
        let mut sql = statement(format!("UPDATE {} SET ", self.table), std::slice::from_ref(row));
        let mut start = 1;
        let mut is_first = true;
        for ((index, column), end) in self.written_columns().zip(&row.ends) {
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
