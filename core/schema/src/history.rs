//! What tables looked like at each point of a log: versions that begin where a statement changed them.
//!
//! A moment is a number that grows with the log and is given from outside. What is asked of a server that has moved on
//! is a picture: it holds from now on, statements up to when it was taken are part of it, and those that ran while it was
//! taken may be.

use crate::catalogue::{Catalogue, Database, Server, Session, Slot, TableName};
use crate::effect::{Effect, referred};
use crate::table::TableSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Versions of one table that are kept. Whoever goes back before the oldest asks the server.
const VERSIONS_MAX: usize = 64;

/// Tables that are gone and still remembered.
const DROPPED_MAX: usize = 256;

/// When a server was asked: its log ended after the first before, and before the second behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub from: u64,
    pub to: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) at: u64,
    /// It is a picture, taken then.
    pub(crate) taken: Option<Taken>,
    /// `None`: there is no such table.
    pub(crate) slot: Option<Slot>,
}

/// What is known of a table at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Certain(Arc<TableSchema>),
    /// It was changed in a way that can't be followed, and how.
    Uncertain(String),
    /// Nothing was seen of it.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// As after the last statement.
    pub(crate) catalogue: Catalogue,
    /// When all databases were looked at.
    pub(crate) taken: Option<Taken>,
    pub(crate) tables: BTreeMap<TableName, Vec<Version>>,
    /// Collations of databases as they are now: those of the past matter to no row.
    pub(crate) databases: BTreeMap<String, Database>,
    /// Before it, versions were dropped for want of room.
    pub(crate) forgotten: u64,
}

impl History {
    /// Begins with a picture of all tables.
    pub fn pictured(catalogue: Catalogue, taken: Taken) -> Self {
        let mut history = Self { taken: Some(taken), ..Self::default() };
        for (name, database) in catalogue.databases {
            for (table, slot) in database.tables {
                let version = Version { at: 0, taken: Some(taken), slot: Some(slot) };
                history.tables.insert((name.clone(), table), vec![version]);
            }
            history.databases.insert(name, Database { tables: BTreeMap::new(), ..database });
        }
        history.build();
        history
    }

    /// The catalogue from the last versions.
    pub(crate) fn build(&mut self) {
        self.catalogue = Catalogue { databases: self.databases.clone() };
        for (name, versions) in &self.tables {
            if let Some(slot) = versions.last().and_then(|version| version.slot.clone()) {
                self.catalogue.put(name.clone(), Some(slot));
            }
        }
    }

    /// What a table looks like to rows that were written at a moment.
    pub fn at(&self, database: &str, table: &str, moment: u64) -> Known {
        let versions = self.tables.get(&(database.to_owned(), table.to_owned()));
        let version = versions.and_then(|versions| versions.iter().rev().find(|version| version.at <= moment));
        match version.and_then(|version| version.slot.as_ref()) {
            Some(Slot::Certain(schema)) => Known::Certain(Arc::clone(schema)),
            Some(Slot::Uncertain(reason)) => Known::Uncertain(reason.clone()),
            None => Known::Unknown,
        }
    }

    /// Takes over what a server said of a table, from a moment on. The caller has proven it by a row's table map.
    pub fn adopt(&mut self, name: TableName, schema: TableSchema, moment: u64, taken: Taken) {
        let slot = Slot::Certain(Arc::new(schema));
        self.catalogue.put(name.clone(), Some(slot.clone()));
        self.push(name, Version { at: moment, taken: Some(taken), slot: Some(slot) });
    }

    fn push(&mut self, name: TableName, version: Version) {
        let versions = self.tables.entry(name).or_default();
        // What begins at the same moment, or later in a log that is read again, is replaced.
        versions.retain(|old| old.at < version.at);
        versions.push(version);
        if versions.len() > VERSIONS_MAX {
            versions.remove(0);
            self.forgotten = self.forgotten.max(versions[0].at);
        }
    }

    /// Does what a statement did at a moment. Answers the tables that are known otherwise from there on.
    pub fn apply(&mut self, effect: &Effect, moment: u64, session: &Session, server: &Server) -> BTreeSet<TableName> {
        if *effect == Effect::Nothing {
            return BTreeSet::new();
        }
        let mut next = self.catalogue.clone();
        let early = self.taken.is_some_and(|taken| moment <= taken.to);
        if early {
            // What a later picture lacks may have been there.
            next.databases.values_mut().for_each(|database| database.complete = false);
        }
        let touched = next.apply(effect, session, server);
        let others = referred(effect).into_iter().filter_map(|name| server.resolve(name, session));
        // A table that is looked at in the future says nothing about one that is made from it now.
        let from_a_picture = others.into_iter().any(|name| self.taken(&name).is_some_and(|taken| moment <= taken.to));
        let mut changed = BTreeSet::new();
        for name in touched.tables {
            let slot = match self.taken(&name) {
                Some(taken) if moment <= taken.from => {
                    next.put(name.clone(), self.catalogue.table(&name.0, &name.1).cloned());
                    continue;
                }
                Some(taken) if moment <= taken.to => Some(Slot::doubt("it was changed while it was looked at")),
                _ => match next.table(&name.0, &name.1) {
                    Some(Slot::Certain(_)) if from_a_picture => Some(Slot::doubt("it was made from a later table")),
                    slot => slot.cloned(),
                },
            };
            next.put(name.clone(), slot.clone());
            self.push(name.clone(), Version { at: moment, taken: None, slot });
            changed.insert(name);
        }
        for name in touched.databases {
            let was_there = self.databases.get(&name);
            let database = match (early, was_there, next.databases.get(&name)) {
                (true, Some(database), _) => Some(database.clone()),
                (_, _, Some(new)) => {
                    Some(Database { collation: new.collation.clone(), complete: new.complete, tables: BTreeMap::new() })
                }
                (_, _, None) => None,
            };
            match database {
                Some(database) => drop(self.databases.insert(name, database)),
                None => drop(self.databases.remove(&name)),
            }
        }
        self.forget_dropped();
        self.build();
        changed
    }

    /// Names come and go: only so many of those that are gone are kept for whoever goes back.
    fn forget_dropped(&mut self) {
        let is_gone = |versions: &[Version]| versions.last().is_some_and(|last| last.slot.is_none());
        let gone = self.tables.iter().filter(|(_, versions)| is_gone(versions));
        let mut gone: Vec<(u64, TableName)> =
            gone.map(|(name, versions)| (versions.last().map_or(0, |last| last.at), name.clone())).collect();
        gone.sort();
        for (at, name) in gone.iter().take(gone.len().saturating_sub(DROPPED_MAX)) {
            self.tables.remove(name);
            self.forgotten = self.forgotten.max(*at);
        }
    }

    /// When the table was looked at, if nothing has changed it since.
    fn taken(&self, name: &TableName) -> Option<Taken> {
        self.tables.get(name)?.last()?.taken
    }

    /// Begins again at a moment: statements behind it come again.
    pub fn go_back_to(&mut self, moment: u64) {
        for versions in self.tables.values_mut() {
            versions.retain(|version| version.at <= moment);
        }
        self.tables.retain(|_, versions| !versions.is_empty());
        if moment < self.forgotten {
            self.miss_some();
        }
        self.build();
    }

    /// Tables that it does not know of may be there.
    pub(crate) fn miss_some(&mut self) {
        self.databases.values_mut().for_each(|database| database.complete = false);
    }

    /// Forgets what nobody goes back to.
    pub fn forget_before(&mut self, moment: u64) {
        for versions in self.tables.values_mut() {
            let needed = versions.iter().rposition(|version| version.at <= moment).unwrap_or(0);
            versions.drain(..needed);
        }
        self.tables.retain(|_, versions| versions.len() > 1 || versions.iter().any(|version| version.slot.is_some()));
        self.build();
    }

    /// The moments of another server's log say nothing about this one's: what had one form only is kept.
    pub fn move_to_another_log(&mut self, durable: u64) {
        for versions in self.tables.values_mut() {
            let is_settled =
                |version: &Version| version.at <= durable && version.taken.is_none_or(|taken| taken.to <= durable);
            let slot = match versions.as_slice() {
                [only] if is_settled(only) => only.slot.clone(),
                _ => Some(Slot::doubt("it was changed shortly before the source became another server")),
            };
            *versions = vec![Version { at: 0, taken: None, slot }];
        }
        self.taken = None;
        self.build();
    }

    /// Tables with at least one version.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Versions of all tables.
    pub fn versions(&self) -> usize {
        self.tables.values().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
