//! A value of the log as a route may look at it.

use super::table::ShapedTable;
use crate::change::charset::Charset;
use replicator_binlog::{Value, write_text};
use replicator_model::failure::Failure;
use replicator_model::shape::{Cell, Number};

impl ShapedTable {
    /// The value of a column, and its text as the servers print it.
    pub(super) fn cell(&self, index: usize, value: &Value<'_>) -> Result<(Cell<'static>, String), Failure> {
        let Some(column) = self.source.map.columns.get(index) else { return Ok((Cell::Null, String::new())) };
        let mut bytes = Vec::new();
        write_text(value, column, &mut bytes).map_err(|error| self.not_taken(index, &error.to_string()))?;
        match value {
            Value::Absent | Value::Null => Ok((Cell::Null, String::new())),
            Value::Bytes(_) | Value::Compressed(_) | Value::Enum(_) => {
                let charset = self.charsets.get(index).copied().flatten().unwrap_or(Charset::Utf8);
                let mut text = String::new();
                charset
                    .decode(&bytes, |piece| text.push_str(piece))
                    .map_err(|_| self.not_taken(index, "a value is no text in the column's character set"))?;
                Ok((Cell::text(text.clone()), text))
            }
            _ => {
                let text = String::from_utf8(bytes).map_err(|_| self.not_taken(index, "a value is no text"))?;
                let is_number = matches!(
                    value,
                    Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Bit(_) | Value::Year(_)
                );
                let number = is_number.then(|| Number::parse(&text)).flatten();
                Ok((number.map_or_else(|| Cell::text(text.clone()), Cell::Number), text))
            }
        }
    }

    /// A column of the source, for messages.
    pub(super) fn name(&self, index: usize) -> &str {
        self.source.columns.get(index).map_or("?", |column| column.name.as_str())
    }

    /// Never with the value: it may be what is to be hidden.
    pub(super) fn not_taken(&self, index: usize, problem: &str) -> Failure {
        Failure::definite(
            "value_not_shaped",
            format!("column `{}` of {}: {problem}", self.name(index), self.origin),
            "mend the value at the source and start after it, or change the route",
        )
    }
}
