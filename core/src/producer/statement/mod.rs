//! What a statement in the binary log is about: enough to decide whether the task carries it, and under which names.
//!
//! Not a parser of SQL: the statement has run at the source, so only its kind and the names of the objects it changes
//! are looked for. What is not known for certain is [`Statement::Unknown`], and stops the task.

mod data;
mod kinds;
mod schema;

use replicator_model::task::DdlKind;
use replicator_schema::dialect::Dialect;
use replicator_schema::lexer::tokens;
pub(crate) use replicator_schema::reader::Name;
use replicator_schema::reader::Reader;
use std::ops::Range;

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    Begin,
    Commit,
    Rollback,
    Savepoint,
    RollbackToSavepoint,
    /// XA START and XA END: brackets of a distributed transaction's first part.
    XaBracket,
    /// With the rest of the statement, which names the transaction.
    XaCommit(String),
    XaRollback(String),
    Table(TableStatement),
    /// Of the named database, or of the session's.
    Database(DatabaseAction, Option<String>),
    Data(DataStatement),
    /// Known to change nothing that is replicated: users, routines, maintenance, …
    Ignored,
    /// Its first words.
    Unknown(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseAction {
    Create,
    Alter,
    Drop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableAction {
    Create,
    Alter,
    Drop,
    Rename,
    Truncate,
    Index,
    DropIndex,
    View,
    DropView,
    Sequence,
}

/// A statement that changes tables, or views and sequences, which share their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableStatement {
    pub(crate) action: TableAction,
    /// Tables it changes, in order; RENAME has old and new names in turn.
    pub(crate) names: Vec<Name>,
    /// Tables it refers to: LIKE, REFERENCES.
    pub(crate) mentions: Vec<Name>,
    /// Temporary tables are seen by one session only.
    pub(crate) temporary: bool,
    /// CREATE OR REPLACE: what had the name is gone.
    pub(crate) replaces: bool,
    /// What the clauses of ALTER TABLE do.
    pub(crate) clauses: Vec<DdlKind>,
    /// Rows come from a query of the statement itself.
    pub(crate) from_select: bool,
    /// `CREATE TABLE … START TRANSACTION` (MySQL 8.0.21): its rows follow in the same transaction. Where that clause is.
    pub(crate) start_transaction: Option<Range<usize>>,
}

/// A statement that changes rows, logged as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataStatement {
    pub(crate) verb: String,
    /// The one table it changes; `None` where that is not certain.
    pub(crate) name: Option<Name>,
}

impl Statement {
    /// `sql_mode` is the session's, as bits.
    pub(crate) fn read(sql: &str, sql_mode: u64, dialect: Dialect) -> Statement {
        let Ok(tokens) = tokens(sql, sql_mode, dialect) else { return Statement::Unknown(first_words(sql)) };
        let mut reader = Reader::new(sql, &tokens, sql_mode);
        statement(&mut reader).unwrap_or_else(|| Statement::Unknown(first_words(sql)))
    }
}

/// `None`: not understood.
fn statement(reader: &mut Reader<'_>) -> Option<Statement> {
    let Some(verb) = reader.word() else {
        // Nothing but comments.
        return reader.is_empty().then_some(Statement::Ignored);
    };
    Some(match verb.as_str() {
        "BEGIN" => Statement::Begin,
        "START" => reader.accept("TRANSACTION").then_some(Statement::Begin)?,
        "COMMIT" => Statement::Commit,
        "ROLLBACK" => {
            reader.accept("WORK");
            if reader.accept("TO") { Statement::RollbackToSavepoint } else { Statement::Rollback }
        }
        "SAVEPOINT" => Statement::Savepoint,
        "RELEASE" => reader.accept("SAVEPOINT").then_some(Statement::Savepoint)?,
        "XA" => match reader.word()?.as_str() {
            "START" | "BEGIN" | "END" => Statement::XaBracket,
            "COMMIT" => Statement::XaCommit(reader.rest_text()),
            "ROLLBACK" => Statement::XaRollback(reader.rest_text()),
            _ => return None,
        },
        "CREATE" => schema::create(reader)?,
        "ALTER" => schema::alter(reader)?,
        "DROP" => schema::drop(reader)?,
        "RENAME" => schema::rename(reader)?,
        "TRUNCATE" => schema::truncate(reader)?,
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "LOAD" | "WITH" | "CALL" | "DO" | "SELECT" | "HANDLER"
        | "EXECUTE" => data::read(&verb, reader),
        "SET" if reader.accept("STATEMENT") => set_statement(reader)?,
        "SET" => Statement::Ignored,
        "GRANT" | "REVOKE" | "FLUSH" | "RESET" | "ANALYZE" | "OPTIMIZE" | "REPAIR" | "CHECK" | "CHECKSUM"
        | "INSTALL" | "UNINSTALL" | "CACHE" | "LOCK" | "UNLOCK" | "PREPARE" | "DEALLOCATE" | "KILL" | "USE"
        | "SHOW" => Statement::Ignored,
        _ => return None,
    })
}

/// MariaDB: SET STATEMENT … FOR a statement of its own, which is passed over or not understood: what is set for a change
/// may decide what it does.
fn set_statement(reader: &mut Reader<'_>) -> Option<Statement> {
    while !reader.accept("FOR") {
        reader.peek()?;
        if !reader.skip_parentheses() {
            reader.skip();
        }
    }
    statement(reader).filter(|statement| *statement == Statement::Ignored)
}

/// Enough of a statement to recognise its kind, and not its values.
pub(crate) fn first_words(sql: &str) -> String {
    const WORDS: usize = 3;
    const CHARACTERS_MAX: usize = 60;
    let word = |word: &&str| word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    let words: Vec<&str> = sql.split_whitespace().take(WORDS).take_while(word).collect();
    let text = if words.is_empty() { "statement".to_owned() } else { words.join(" ") };
    text.chars().take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests;
