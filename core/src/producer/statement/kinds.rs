//! What a schema change does, in the words of `consumer.ddl`.

use super::{DatabaseAction, Statement, TableAction};
use replicator_model::task::DdlKind;
use replicator_schema::reader::Reader;

impl Statement {
    /// The kinds of what it does; empty for what changes no schema.
    pub(crate) fn kinds(&self) -> Vec<DdlKind> {
        let table = match self {
            Statement::Table(table) => table,
            Statement::Database(DatabaseAction::Create, _) => return vec![DdlKind::CreateDatabase],
            Statement::Database(DatabaseAction::Alter, _) => return vec![DdlKind::AlterDatabase],
            Statement::Database(DatabaseAction::Drop, _) => return vec![DdlKind::DropDatabase],
            _ => return Vec::new(),
        };
        let dropped = (table.replaces && table.action == TableAction::Create).then_some(DdlKind::DropTable);
        let own = match table.action {
            TableAction::Create => DdlKind::CreateTable,
            TableAction::Alter => return table.clauses.clone(),
            TableAction::Drop => DdlKind::DropTable,
            TableAction::Rename => DdlKind::RenameTable,
            TableAction::Truncate => DdlKind::Truncate,
            TableAction::Index => DdlKind::CreateIndex,
            TableAction::DropIndex => DdlKind::DropIndex,
            TableAction::View | TableAction::DropView => DdlKind::View,
            TableAction::Sequence => DdlKind::Sequence,
        };
        std::iter::once(own).chain(dropped).collect()
    }
}

const KEYS: [&str; 5] = ["INDEX", "KEY", "UNIQUE", "PRIMARY", "FULLTEXT"];

/// Words that begin a key if one of [`KEYS`] or its columns follow; a column may be called so too.
const KEYS_OF_TWO_WORDS: [&str; 2] = ["SPATIAL", "VECTOR"];

/// The kinds of the clauses of ALTER TABLE, from behind the table's name. An ALTER of nothing but hints is one of the table.
pub(super) fn clauses(reader: &mut Reader<'_>) -> Vec<DdlKind> {
    let mut kinds = Vec::new();
    while !reader.is_empty() {
        if let Some(kind) = clause(reader, &mut kinds)
            && !kinds.contains(&kind)
        {
            kinds.push(kind);
        }
        while !reader.is_empty() && !reader.next_is_symbol(',') {
            if reader.next_is("PARTITION") {
                // Definitions or names of partitions, up to the end; their commas are their own.
                skip_rest(reader);
            } else if !reader.skip_parentheses() {
                reader.skip();
            }
        }
        reader.accept_symbol(',');
    }
    if kinds.is_empty() {
        kinds.push(DdlKind::AlterTable);
    }
    kinds
}

fn skip_rest(reader: &mut Reader<'_>) {
    while !reader.is_empty() {
        reader.skip();
    }
}

/// The kind of one clause, from its first words; `None` for hints. Of a list in parentheses the keys are added.
fn clause(reader: &mut Reader<'_>, kinds: &mut Vec<DdlKind>) -> Option<DdlKind> {
    let Some(word) = reader.word() else {
        return Some(DdlKind::AlterTable);
    };
    Some(match word.as_str() {
        "ADD" => return Some(added(reader, kinds)),
        "DROP" => dropped(reader),
        "TRUNCATE" => DdlKind::Truncate,
        "RENAME" if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|word| reader.next_is(word)) => {
            DdlKind::AlterTable
        }
        "RENAME" => DdlKind::RenameTable,
        "ALGORITHM" | "LOCK" | "WAIT" | "NOWAIT" => return None,
        _ => DdlKind::AlterTable,
    })
}

fn added(reader: &mut Reader<'_>, kinds: &mut Vec<DdlKind>) -> DdlKind {
    if reader.next_is("PARTITION") {
        return DdlKind::AlterTable;
    }
    let is_column = reader.accept("COLUMN");
    reader.accept_all(&["IF", "NOT", "EXISTS"]);
    if reader.accept_symbol('(') {
        while let Some(kind) = element(reader) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
            while !reader.is_empty() && !reader.next_is_symbol(',') && !reader.next_is_symbol(')') {
                if !reader.skip_parentheses() {
                    reader.skip();
                }
            }
            if !reader.accept_symbol(',') {
                break;
            }
        }
        reader.accept_symbol(')');
        return kinds.last().copied().unwrap_or(DdlKind::AddColumn);
    }
    if is_column { DdlKind::AddColumn } else { element(reader).unwrap_or(DdlKind::AlterTable) }
}

/// A column, a key, or something else that stands between columns.
fn element(reader: &mut Reader<'_>) -> Option<DdlKind> {
    let Some(word) = reader.peek_word() else {
        return reader.identifier().map(|_| DdlKind::AddColumn);
    };
    if KEYS.contains(&word.as_str()) {
        return Some(DdlKind::CreateIndex);
    }
    reader.skip();
    let follows = |words: &[&str]| words.iter().any(|word| reader.next_is(word));
    Some(match word.as_str() {
        two if KEYS_OF_TWO_WORDS.contains(&two) && (follows(&["INDEX", "KEY"]) || reader.next_is_symbol('(')) => {
            DdlKind::CreateIndex
        }
        "CONSTRAINT" => {
            if !["PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| reader.next_is(word)) {
                reader.skip();
            }
            match reader.next_is("PRIMARY") || reader.next_is("UNIQUE") {
                true => DdlKind::CreateIndex,
                false => DdlKind::AlterTable,
            }
        }
        "FOREIGN" | "CHECK" => DdlKind::AlterTable,
        "SYSTEM" if follows(&["VERSIONING"]) => DdlKind::AlterTable,
        "PERIOD" if follows(&["FOR"]) => DdlKind::AlterTable,
        _ => DdlKind::AddColumn,
    })
}

fn dropped(reader: &mut Reader<'_>) -> DdlKind {
    let is = |word: &str| reader.next_is(word);
    match () {
        () if is("PARTITION") => DdlKind::DropPartition,
        // A constraint may be a unique key.
        () if is("INDEX") || is("KEY") || is("PRIMARY") || is("CONSTRAINT") => DdlKind::DropIndex,
        () if is("FOREIGN") || is("CHECK") => DdlKind::AlterTable,
        () if is("SYSTEM") || is("PERIOD") => {
            reader.skip();
            if reader.next_is("VERSIONING") || reader.next_is("FOR") {
                DdlKind::AlterTable
            } else {
                DdlKind::DropColumn
            }
        }
        () => DdlKind::DropColumn,
    }
}
