//! ALTER TABLE: the old columns first, then what is added, then the keys; as the server does it.

use super::{Applying, keys};
use crate::catalogue::{Slot, TableName};
use crate::column::ColumnSpec;
use crate::column_type::{self, Around, Doubt};
use crate::dialect::Version;
use crate::effect::{AlterTable, Clause, KeyKind, KeySpec, Place};
use crate::table::{ColumnDefinition, PRIMARY, TableSchema, same};
use std::sync::Arc;

impl Applying<'_> {
    pub(super) fn alter(&mut self, statement: &AlterTable) {
        let Some(name) = self.name(&statement.name) else { return };
        self.other_tables(&name, statement);
        let changed = match self.catalogue.table(&name.0, &name.1) {
            Some(Slot::Certain(schema)) => {
                let schema = Arc::clone(schema);
                Some(match self.altered(&schema, statement, &name.0) {
                    Ok(altered) if altered == *schema => None,
                    Ok(altered) => Some(Slot::Certain(Arc::new(altered))),
                    Err(doubt) => Some(Slot::Uncertain(doubt)),
                })
            }
            _ => None,
        };
        if let Some(Some(slot)) = changed {
            self.put_at(name, Some(slot));
        }
        for clause in &statement.clauses {
            if let Clause::RenameTo(new) = clause {
                self.rename(&statement.name, new, false);
                if self.server.dialect.is_mariadb() && is_encoded_in_files(&statement.name.table) {
                    self.put(&statement.name, Some(Slot::doubt("MariaDB may have left it when it was renamed")));
                }
            }
        }
    }

    /// Partitions that become tables, and tables that become partitions.
    fn other_tables(&mut self, name: &TableName, statement: &AlterTable) {
        for clause in &statement.clauses {
            match clause {
                Clause::SplitOff(other) => {
                    let slot = self.catalogue.table(&name.0, &name.1).cloned();
                    self.put(
                        other,
                        Some(slot.unwrap_or_else(|| Slot::doubt("it was part of a table that is not known"))),
                    );
                }
                Clause::TakeIn(other) => self.put(other, None),
                _ => {}
            }
        }
    }

    fn altered(&self, before: &TableSchema, statement: &AlterTable, database: &str) -> Result<TableSchema, Doubt> {
        if let Some(name) = changed_and_dropped(statement) {
            return Err(format!("its column `{name}` was changed and dropped at once"));
        }
        let mut altering = Altering { schema: before.clone(), renamed: Vec::new(), wanted: Vec::new() };
        let mut converted = None;
        for clause in &statement.clauses {
            match clause {
                Clause::Doubt(doubt) => return Err((*doubt).to_owned()),
                Clause::Default(named) => {
                    let collation = self.table_collation(named, before.collation.as_deref(), database);
                    let is_given_once = statement.clauses.iter().filter(|other| is_default(other)).count() == 1;
                    altering.schema.collation = collation.filter(|_| is_given_once);
                }
                Clause::Convert(named) => {
                    if statement.clauses.iter().filter(|clause| matches!(clause, Clause::Convert(_))).count() > 1 {
                        return Err("it was converted twice at once".to_owned());
                    }
                    if statement.clauses.iter().any(is_default) {
                        return Err("it was converted, and given another character set at once".to_owned());
                    }
                    let collation = self.table_collation(named, before.collation.as_deref(), database);
                    let collation = collation.ok_or("the character set it was converted to is not known")?;
                    altering.schema.collation = Some(collation.clone());
                    converted = Some(collation);
                }
                _ => {}
            }
        }
        if let Some(collation) = &converted {
            for column in &mut altering.schema.columns {
                *column = column_type::converted(column, collation, &self.charsets)?;
            }
        }
        let collation = altering.schema.collation.clone();
        let column = |spec: &ColumnSpec| {
            let around = Around { converted: converted.as_deref(), ..self.around(collation.as_deref()) };
            column_type::column(spec, around)
        };
        let mut columns = Columns::of(&altering.schema);
        for clause in &statement.clauses {
            columns.change_old(clause, column)?;
        }
        let mut new = columns.in_place();
        for clause in &statement.clauses {
            place_new(&mut new, clause, &columns, before, column)?;
        }
        altering.renamed = columns.renamed();
        altering.schema.columns = new;
        altering.keys(&statement.clauses, before)?;
        altering.schema.settle();
        let is_news = converted.is_some() && converted != before.collation;
        if is_news && self.forgets_to_convert() && altering.schema.columns == before.columns {
            altering.schema.collation = None;
        }
        Ok(altering.schema)
    }

    /// Old servers convert a table's own character set only if a column changes, or something else that they store.
    fn forgets_to_convert(&self) -> bool {
        !self.server.dialect.is_mariadb() && !self.server.dialect.is_mysql_since(Version(8, 0, 0))
    }
}

/// Whether the names of a table's files are not the table's. Where MariaDB copies such a table for an ALTER that renames it
/// too, it forgets to drop the old one (seen on 10.11.18 and 11.8).
fn is_encoded_in_files(table: &str) -> bool {
    !table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A column of which MariaDB makes one thing or another.
fn changed_and_dropped(statement: &AlterTable) -> Option<&str> {
    let dropped = statement.clauses.iter().filter_map(|clause| match clause {
        Clause::DropColumn { name, .. } => Some(name.as_str()),
        _ => None,
    });
    let is_changed = |name: &&str| {
        statement.clauses.iter().any(|clause| match clause {
            Clause::Change { old, .. } | Clause::RenameColumn { old, .. } => same(old, name),
            _ => false,
        })
    };
    dropped.into_iter().find(is_changed)
}

fn is_default(clause: &Clause) -> bool {
    matches!(clause, Clause::Default(_))
}

/// What became of an old column.
#[derive(Debug, Clone)]
enum Fate {
    Stays(ColumnDefinition),
    /// It is put elsewhere by its own clause.
    Moves(ColumnDefinition),
    Goes,
}

struct Columns {
    old: Vec<(String, Fate)>,
}

impl Columns {
    fn of(schema: &TableSchema) -> Self {
        let old = schema.columns.iter().map(|column| (column.name.clone(), Fate::Stays(column.clone())));
        Self { old: old.collect() }
    }

    /// The old column, if there is one.
    fn find(&mut self, name: &str, if_exists: bool) -> Result<Option<&mut Fate>, Doubt> {
        match self.old.iter_mut().find(|(old, _)| same(old, name)) {
            Some((_, fate)) => Ok(Some(fate)),
            None if if_exists => Ok(None),
            None => Err(format!("a column `{name}` was changed that is not known")),
        }
    }

    fn change_old(
        &mut self,
        clause: &Clause,
        column: impl Fn(&ColumnSpec) -> Result<ColumnDefinition, Doubt>,
    ) -> Result<(), Doubt> {
        match clause {
            Clause::DropColumn { name, if_exists } => {
                if let Some(fate) = self.find(name, *if_exists)? {
                    *fate = Fate::Goes;
                }
            }
            Clause::Change { old, spec, place, if_exists } => {
                if let Some(fate) = self.find(old, *if_exists)? {
                    let column = column(spec)?;
                    *fate = if *place == Place::Last { Fate::Stays(column) } else { Fate::Moves(column) };
                }
            }
            Clause::RenameColumn { old, new, if_exists } => {
                if let Some(Fate::Stays(column) | Fate::Moves(column)) = self.find(old, *if_exists)? {
                    column.name.clone_from(new);
                }
            }
            Clause::Visibility { name, invisible } => {
                if let Some(Fate::Stays(column) | Fate::Moves(column)) = self.find(name, false)? {
                    column.invisible = *invisible;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn in_place(&self) -> Vec<ColumnDefinition> {
        let stays = |(_, fate): &(String, Fate)| match fate {
            Fate::Stays(column) => Some(column.clone()),
            Fate::Moves(_) | Fate::Goes => None,
        };
        self.old.iter().filter_map(stays).collect()
    }

    fn moved(&self, name: &str) -> Option<&ColumnDefinition> {
        self.old.iter().find_map(|(old, fate)| match fate {
            Fate::Moves(column) if same(old, name) => Some(column),
            _ => None,
        })
    }

    /// Old names, and the new ones of columns that are still there.
    fn renamed(self) -> Vec<(String, Option<String>)> {
        let name = |(old, fate)| match fate {
            Fate::Stays(column) | Fate::Moves(column) => (old, Some(column.name)),
            Fate::Goes => (old, None),
        };
        self.old.into_iter().map(name).collect()
    }
}

/// Puts a column of a clause among those that stay.
fn place_new(
    columns: &mut Vec<ColumnDefinition>,
    clause: &Clause,
    old: &Columns,
    before: &TableSchema,
    column: impl Fn(&ColumnSpec) -> Result<ColumnDefinition, Doubt>,
) -> Result<(), Doubt> {
    let (column, place) = match clause {
        Clause::AddColumn { spec, if_not_exists: true, .. } if before.column(&spec.name).is_some() => return Ok(()),
        Clause::AddColumn { spec, place, .. } => (column(spec)?, place),
        Clause::Change { old: name, place, .. } => match old.moved(name) {
            Some(column) => (column.clone(), place),
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    if columns.iter().any(|there| same(&there.name, &column.name)) {
        return Err(format!("a column `{}` was added that is there", column.name));
    }
    let index = match place {
        Place::Last => columns.len(),
        Place::First => 0,
        Place::After(name) => match columns.iter().position(|there| same(&there.name, name)) {
            Some(index) => index + 1,
            None => return Err(format!("a column was put after `{name}`, which is not known")),
        },
    };
    columns.insert(index, column);
    Ok(())
}

struct Altering {
    schema: TableSchema,
    renamed: Vec<(String, Option<String>)>,
    wanted: Vec<KeySpec>,
}

impl Altering {
    fn keys(&mut self, clauses: &[Clause], before: &TableSchema) -> Result<(), Doubt> {
        for clause in clauses {
            self.drop_key(clause)?;
        }
        let (columns, renamed) = (&self.schema.columns, &self.renamed);
        // Servers take the first column that was the key's, or is new under that name.
        let now = |name: &str| {
            columns.iter().find(|column| {
                let was = renamed.iter().find(|(_, new)| new.as_deref().is_some_and(|new| same(new, &column.name)));
                same(was.map_or(&column.name, |(old, _)| old), name)
            })
        };
        for key in &mut self.schema.keys {
            key.parts.retain_mut(|part| match part.as_deref().map(now) {
                None => true,
                Some(None) => false,
                Some(Some(column)) => {
                    *part = Some(column.name.clone());
                    true
                }
            });
        }
        self.schema.keys.retain(|key| !key.parts.is_empty());
        let is_there = |key: &KeySpec, name: Option<&str>| {
            let is_primary = key.kind == KeyKind::Primary && before.primary_key().is_some();
            is_primary || name.is_some_and(|name| before.key(name).is_some())
        };
        for clause in clauses {
            match clause {
                Clause::AddKey { key, if_not_exists: true } if is_there(key, key.name.as_deref()) => {}
                Clause::AddKey { key, .. } => self.wanted.push(key.clone()),
                // MariaDB adds the key even if the column is there, but not if a key has its name.
                Clause::AddColumn { spec, if_not_exists, .. } => {
                    let named = |key: &KeySpec| key.name.clone().or_else(|| key.parts.first().cloned().flatten());
                    let is_wanted = self.wanted.iter().filter_map(named).any(|name| same(&name, &spec.name));
                    let is_new = |key: &KeySpec| !(*if_not_exists && (is_wanted || is_there(key, Some(&spec.name))));
                    self.wanted.extend(keys::of_column(spec).filter(is_new));
                }
                Clause::Change { spec, .. } => {
                    // CHANGE … UNIQUE adds a key each time it is said; PRIMARY KEY only where there is none.
                    self.wanted.extend(keys::of_column(spec));
                }
                _ => {}
            }
        }
        keys::add(&mut self.schema, &self.wanted)
    }

    fn drop_key(&mut self, clause: &Clause) -> Result<(), Doubt> {
        let keys = &mut self.schema.keys;
        let index = |keys: &[crate::table::Key], name: &str| keys.iter().position(|key| same(&key.name, name));
        match clause {
            Clause::DropPrimaryKey => match index(keys, PRIMARY) {
                Some(at) => drop(keys.remove(at)),
                None => return Err("a primary key was dropped that is not known".to_owned()),
            },
            Clause::DropKey { name, if_exists } => match index(keys, name) {
                Some(at) => drop(keys.remove(at)),
                None if *if_exists => {}
                None => return Err(format!("a key `{name}` was dropped that is not known")),
            },
            Clause::DropConstraint(name) => {
                if let Some(at) = index(keys, name).filter(|at| keys[*at].unique) {
                    keys.remove(at);
                }
            }
            Clause::RenameKey { old, new, if_exists } => match index(keys, old) {
                Some(at) => keys[at].name.clone_from(new),
                None if *if_exists => {}
                None => return Err(format!("a key `{old}` was renamed that is not known")),
            },
            _ => {}
        }
        Ok(())
    }
}
