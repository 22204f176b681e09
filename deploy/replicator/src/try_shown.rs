//! Changes for people: canal-json lines in, a few short lines for each row out.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::{Result, Write};

/// Most characters of a value that are shown in a line of its own, whatever the terminal's width.
const VALUE_CHARS_MIN: usize = 20;

/// The rows of a message, their columns in the table's order.
#[derive(Default, Deserialize)]
struct Rows {
    #[serde(default)]
    data: Option<Vec<Row>>,
}

struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Row, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Row(columns))
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

/// Writes what canal-json lines say so that it can be read on a terminal.
pub(crate) struct Shown<W> {
    out: W,
    /// In characters.
    width: usize,
    /// A line that has not come whole.
    rest: Vec<u8>,
    /// The transaction whose changes are shown.
    transaction: Option<u64>,
}

impl<W: Write> Shown<W> {
    pub(crate) fn new(out: W, width: usize) -> Self {
        Self { out, width, rest: Vec::new(), transaction: None }
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        let Ok(message) = serde_json::from_slice::<Value>(line) else { return self.out.write_all(line) };
        let transaction = message["id"].as_u64();
        if transaction != self.transaction {
            self.transaction = transaction;
            let time = message["es"].as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            let time = time.map_or_else(String::new, |time| time.to_string());
            writeln!(self.out, "-- {time} {}", text(&message["gtid"]))?;
        }
        if message["isDdl"] == true {
            let sql = text(&message["sql"]).trim().replace('\n', "\n  ");
            return writeln!(self.out, "statement in {}\n  {sql}", text(&message["database"]));
        }
        let rows: Rows = serde_json::from_slice(line).unwrap_or_default();
        for (index, row) in rows.data.into_iter().flatten().enumerate() {
            for line in shown(&message, index, &row, self.width) {
                writeln!(self.out, "{line}")?;
            }
        }
        Ok(())
    }
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = lines.next() {
            self.rest.extend_from_slice(part);
            if lines.peek().is_some() {
                let line = std::mem::take(&mut self.rest);
                self.line(&line)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

/// One row: in one line if it fits, else a line for each column. Of an update its key and what has changed.
fn shown(message: &Value, index: usize, row: &Row, width: usize) -> Vec<String> {
    let kind = text(&message["type"]).to_lowercase();
    let keys: Vec<&str> = message["pkNames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let old = message["old"][index].as_object();
    let mut head = format!("{kind} {}.{}", text(&message["database"]), text(&message["table"]));
    let mut columns = Vec::new();
    for (name, value) in &row.0 {
        let kind = text(&message["mysqlType"][name]);
        let (value, before) = (literal(value, kind), old.and_then(|old| old.get(name)).map(|old| literal(old, kind)));
        match before {
            Some(before) => columns.push((name.as_str(), before, Some(value))),
            None if old.is_none() => columns.push((name.as_str(), value, None)),
            None if keys.contains(&name.as_str()) => head.push_str(&format!("  {name}={value}")),
            None => {}
        }
    }
    let one: String = columns
        .iter()
        .map(|(name, value, after)| match after {
            Some(after) => format!("  {name}={value} → {after}"),
            None => format!("  {name}={value}"),
        })
        .collect();
    if length(&head) + length(&one) <= width {
        return vec![head + &one];
    }
    let names = columns.iter().map(|(name, ..)| length(name)).max().unwrap_or(0).min(width / 3);
    let room = width.saturating_sub(names + 4).max(VALUE_CHARS_MIN);
    let mut lines = vec![cut(&head, width)];
    for (name, value, after) in &columns {
        lines.push(format!("  {name:names$}  {}", cut(value, room)));
        if let Some(after) = after {
            lines.push(format!("  {:names$}  {}", "→", cut(after, room)));
        }
    }
    lines
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A value as SQL would write it. canal-json has all of them as strings, binary ones with a character for each byte.
fn literal(value: &Value, kind: &str) -> String {
    // Of ENUM and SET canal-json has the numbers.
    const NUMBERS: [&str; 14] = [
        "enum",
        "set",
        "tinyint",
        "smallint",
        "mediumint",
        "int",
        "bigint",
        "decimal",
        "float",
        "double",
        "bit",
        "year",
        "vector",
        "json",
    ];
    const BYTES: [&str; 3] = ["blob", "binary", "geometry"];
    let value = match value {
        Value::Null => return "NULL".to_owned(),
        Value::String(text) => text,
        other => return other.to_string(),
    };
    let is_kind = |kinds: &[&str]| kinds.iter().any(|one| kind.starts_with(one));
    if is_kind(&NUMBERS) {
        return value.clone();
    }
    let is_bytes = BYTES.iter().any(|one| kind.split('(').next().unwrap_or_default().ends_with(one));
    if is_bytes && value.chars().all(|c| u32::from(c) < 256) {
        return format!("x'{}'", value.chars().map(|c| format!("{:02x}", u32::from(c))).collect::<String>());
    }
    let mut shown = String::from("'");
    for c in value.chars() {
        match c {
            '\'' => shown.push_str("''"),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown + "'"
}

/// The beginning of what is too long, and how long it is.
fn cut(text: &str, room: usize) -> String {
    let whole = length(text);
    if whole <= room {
        return text.to_owned();
    }
    let told = format!("… ({whole} characters)");
    let kept = room.saturating_sub(length(&told));
    text.chars().take(kept).collect::<String>() + &told
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(messages: &[Value]) -> String {
        let mut out = Vec::new();
        let mut shown = Shown::new(&mut out, 60);
        let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
        // In pieces of any size.
        lines.as_bytes().chunks(7).for_each(|piece| shown.write_all(piece).unwrap());
        String::from_utf8(out).unwrap()
    }

    fn change(id: u64, kind: &str, data: Value, old: Value) -> Value {
        json!({"id": id, "type": kind, "database": "shop", "table": "t", "isDdl": false, "es": 1_795_348_277_887_u64,
               "gtid": "0-1-7", "pkNames": ["id"], "data": [data], "old": old,
               "mysqlType": {"id": "int", "a": "varchar(30)", "b": "varbinary(9)", "j": "json"}})
    }

    #[test]
    fn a_row_that_fits_is_one_line_and_an_update_shows_what_has_changed() {
        let shown = read(&[
            change(1, "INSERT", json!({"id": "1", "name": "it's\n", "nothing": null}), Value::Null),
            change(1, "UPDATE", json!({"id": "1", "a": "y", "b": "\u{0}\u{ff}"}), json!([{"b": null}])),
            change(2, "DELETE", json!({"id": "1", "j": "{\"k\": 1}"}), Value::Null),
        ]);
        assert_eq!(
            shown,
            "-- 2026-11-22T11:51:17.887Z 0-1-7\n\
             insert shop.t  id=1  name='it''s\\n'  nothing=NULL\n\
             update shop.t  id=1  b=NULL → x'00ff'\n\
             -- 2026-11-22T11:51:17.887Z 0-1-7\n\
             delete shop.t  id=1  j={\"k\": 1}\n"
        );
    }

    #[test]
    fn a_wide_row_has_a_line_for_each_column_and_none_is_longer_than_the_terminal() {
        let long = "x".repeat(5000);
        let shown = read(&[
            change(1, "INSERT", json!({"id": "1", "text": long}), Value::Null),
            change(1, "UPDATE", json!({"id": "1", "text": "y"}), json!([{"text": long}])),
        ]);
        assert!(shown.lines().all(|line| length(line) <= 60), "{shown}");
        assert!(shown.contains("\n  id    1\n  text  'xxx") && shown.contains("… (5002 characters)\n"), "{shown}");
        assert!(shown.contains("update shop.t  id=1\n  text  'xxx") && shown.ends_with("  →     'y'\n"), "{shown}");
    }

    #[test]
    fn statements_are_shown_whole() {
        let sql = "CREATE TABLE t (\n  id INT\n)";
        let shown = read(&[json!({"id": 1, "isDdl": true, "database": "shop", "sql": sql, "es": 0, "gtid": ""})]);
        assert_eq!(shown, "-- 1970-01-01T00:00:00Z \nstatement in shop\n  CREATE TABLE t (\n    id INT\n  )\n");
    }
}
