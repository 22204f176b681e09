//! Statements that change rows, logged as text (`binlog_format` STATEMENT or MIXED).

use super::{DataStatement, Name, Statement};
use replicator_schema::reader::Reader;

/// Finds the one table that the statement changes, where it is plain that there is only one.
pub(super) fn read(verb: &str, reader: &mut Reader<'_>) -> Statement {
    let name = match verb {
        "INSERT" | "REPLACE" => {
            skip(reader, &["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"]);
            reader.accept("INTO");
            reader.name()
        }
        "UPDATE" => {
            skip(reader, &["LOW_PRIORITY", "IGNORE"]);
            single_table(reader, &["SET"])
        }
        "DELETE" => {
            skip(reader, &["LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY"]);
            if reader.accept("FROM") { single_table(reader, &["WHERE", "ORDER", "LIMIT", "RETURNING"]) } else { None }
        }
        "LOAD" => {
            if reader.next_is("INDEX") {
                return Statement::Ignored;
            }
            while !reader.is_empty() && !reader.accept_all(&["INTO", "TABLE"]) {
                reader.skip();
            }
            reader.name()
        }
        _ => None,
    };
    Statement::Data(DataStatement { verb: verb.to_owned(), name })
}

fn skip(reader: &mut Reader<'_>, words: &[&str]) {
    while words.iter().any(|word| reader.accept(word)) {}
}

/// A name, perhaps an alias, and then one of the words or the end: no join, no list.
fn single_table(reader: &mut Reader<'_>, followed_by: &[&str]) -> Option<Name> {
    let name = reader.name()?;
    let ends = |reader: &Reader<'_>| reader.is_empty() || followed_by.iter().any(|word| reader.next_is(word));
    if !ends(reader) {
        reader.accept("AS");
        reader.identifier()?;
    }
    ends(reader).then_some(name)
}
