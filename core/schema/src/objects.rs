//! Objects that statements make, change and drop besides tables and databases: nothing of a table depends on them.

use crate::reader::Reader;

/// By the first word of their kind.
const BY_ONE_WORD: [&str; 14] = [
    "TRIGGER",
    "PROCEDURE",
    "FUNCTION",
    "EVENT",
    "USER",
    "ROLE",
    "SERVER",
    "LOGFILE",
    "TABLESPACE",
    "INSTANCE",
    "PACKAGE",
    "LIBRARY",
    "PREPARE",
    "CATALOG",
];

/// By two words: alone, the first one could be something else one day.
const BY_TWO_WORDS: [[&str; 2]; 6] = [
    ["UNDO", "TABLESPACE"],
    ["RESOURCE", "GROUP"],
    ["REFERENCE", "SYSTEM"],
    ["AGGREGATE", "FUNCTION"],
    ["LOADABLE", "FUNCTION"],
    ["PUBLIC", "SYNONYM"],
];

/// Whether a statement is about such an object. `object` is the word behind CREATE, ALTER or DROP and what may stand
/// between; the reader stands behind it.
pub fn is_apart_from_tables(object: &str, reader: &mut Reader<'_>) -> bool {
    BY_ONE_WORD.contains(&object)
        || BY_TWO_WORDS.iter().any(|[first, second]| object == *first && reader.accept(second))
}

/// Takes what tells a view of MySQL 9.4 that shows rows as JSON from any other.
pub fn accept_duality(reader: &mut Reader<'_>) -> bool {
    reader.accept_all(&["JSON", "RELATIONAL", "DUALITY"]) || reader.accept_all(&["JSON", "DUALITY"])
}
