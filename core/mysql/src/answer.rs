//! Rows that a server answers to questions about itself, read without trust in their shape.

use crate::error::failure;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use replicator_model::failure::Failure;

/// One row of an answer.
pub(crate) struct Answer(Row);

impl Answer {
    pub(crate) fn new(row: Row) -> Self {
        Self(row)
    }

    /// A column as text; `None` for NULL and for a column that is not there.
    pub(crate) fn text(&mut self, index: usize) -> Result<Option<String>, Failure> {
        match self.0.take::<Value, _>(index) {
            None | Some(Value::NULL) => Ok(None),
            Some(Value::Bytes(bytes)) => {
                String::from_utf8(bytes).map(Some).map_err(|_| unexpected("a text that is not UTF-8"))
            }
            Some(Value::Int(number)) => Ok(Some(number.to_string())),
            Some(Value::UInt(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(unexpected("a value of another type")),
        }
    }

    /// A column that has to be there.
    pub(crate) fn required(&mut self, index: usize) -> Result<String, Failure> {
        self.text(index)?.ok_or_else(|| unexpected("no value"))
    }

    /// A column by its name, in whatever case.
    pub(crate) fn named(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let columns = self.0.columns();
        match columns.iter().position(|column| column.name_str().eq_ignore_ascii_case(name)) {
            Some(index) => self.text(index),
            None => Ok(None),
        }
    }

    /// A number that has to be there.
    pub(crate) fn number<T: std::str::FromStr>(&mut self, index: usize) -> Result<T, Failure> {
        let text = self.required(index)?;
        text.parse().map_err(|_| unexpected(&format!("`{text}` as a number")))
    }
}

/// All rows of a query.
pub(crate) async fn rows(conn: &mut Conn, sql: &str) -> Result<Vec<Answer>, Failure> {
    let rows: Vec<Row> = conn.query(sql).await.map_err(|error| failure(&error))?;
    Ok(rows.into_iter().map(Answer).collect())
}

/// An answer in a form that no known version gives.
pub(crate) fn unexpected(what: &str) -> Failure {
    Failure::definite(
        "unexpected_answer",
        format!("the server answered a question about itself with {what}"),
        "report it with the server's version",
    )
}

/// A text as an SQL literal that means the same in every `sql_mode`.
pub(crate) fn literal(text: &str) -> String {
    let mut hex = String::with_capacity(text.len() * 2 + 20);
    hex.push_str("CONVERT(x'");
    for byte in text.bytes() {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex.push_str("' USING utf8)");
    hex
}
