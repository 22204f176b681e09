//! A history as it is kept: parts of bounded size, each written when a table in it changes.

use crate::catalogue::{Database, Slot, TableName};
use crate::history::{History, Taken, Version};
use crate::table::TableSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of the form below. Another one is not read: the server is asked anew.
const FORM: u32 = 1;

/// Parts that tables are spread over by their names.
const PARTS: u64 = 64;

/// Bytes of a part; what is in a larger one is not kept, and asked for anew by who needs it.
pub const PART_BYTES_MAX: usize = 500 * 1024;

/// The part that says which of the others count. It is written last.
pub const HEAD: &str = "head";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    v: u32,
    /// Parts of another picture are left over.
    picture: u64,
    /// Whose log the moments are of.
    server: String,
    /// Before it nothing is known.
    since: u64,
    taken: Option<Taken>,
    #[serde(default, skip_serializing_if = "is_zero")]
    forgotten: u64,
    databases: BTreeMap<String, StoredDatabase>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredDatabase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collation: Option<String>,
    complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    v: u32,
    picture: u64,
    /// It was too large, so there is nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    tables: Vec<StoredTable>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredTable {
    database: String,
    table: String,
    versions: Vec<StoredVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredVersion {
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taken: Option<Taken>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<Arc<TableSchema>>,
    /// Why there is no schema, where there is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubt: Option<String>,
}

/// A history with what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub history: History,
    /// Grows with every picture of all tables.
    pub picture: u64,
    pub server: String,
    /// Before this moment it says nothing.
    pub since: u64,
}

/// A name and the bytes to keep under it.
pub type StoredPart = (String, Vec<u8>);

impl Kept {
    /// Reads what was kept. `None`: nothing, or nothing that is understood.
    pub fn read(parts: &BTreeMap<String, Vec<u8>>) -> Option<Self> {
        let head: Head = serde_json::from_slice(parts.get(HEAD)?).ok().filter(|head: &Head| head.v == FORM)?;
        let mut history = History { taken: head.taken, forgotten: head.forgotten, ..History::default() };
        for (name, StoredDatabase { collation, complete }) in head.databases {
            history.databases.insert(name, Database { collation, complete, tables: BTreeMap::new() });
        }
        for (name, bytes) in parts {
            let part = serde_json::from_slice::<Part>(bytes).ok().filter(|_| name != HEAD);
            let Some(part) = part.filter(|part| part.v == FORM && part.picture == head.picture) else { continue };
            if part.cut {
                history.miss_some();
            }
            for table in part.tables {
                let versions = table.versions.into_iter().map(version).collect();
                history.tables.insert((table.database, table.table), versions);
            }
        }
        history.build();
        Some(Self { history, picture: head.picture, server: head.server, since: head.since })
    }

    /// Everything, the head last.
    pub fn all(&self) -> Vec<StoredPart> {
        let every: BTreeSet<u64> = (0..PARTS).collect();
        let mut parts = self.parts(&every);
        parts.push(self.head());
        parts
    }

    /// What has to be written when these tables have changed.
    pub fn changed(&self, tables: &BTreeSet<TableName>) -> Vec<StoredPart> {
        let mut parts = self.parts(&tables.iter().map(part_of).collect());
        parts.push(self.head());
        parts
    }

    /// Bytes of all parts.
    pub fn bytes(&self) -> usize {
        self.all().iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Whether a part was too large to be kept.
    pub fn is_cut((_, bytes): &StoredPart) -> bool {
        serde_json::from_slice::<Part>(bytes).is_ok_and(|part| part.cut)
    }

    fn parts(&self, wanted: &BTreeSet<u64>) -> Vec<StoredPart> {
        let mut tables: BTreeMap<u64, Vec<StoredTable>> = wanted.iter().map(|part| (*part, Vec::new())).collect();
        for (name, versions) in &self.history.tables {
            if let Some(tables) = tables.get_mut(&part_of(name)) {
                let (database, table) = name.clone();
                tables.push(StoredTable { database, table, versions: versions.iter().map(stored).collect() });
            }
        }
        let part = |(number, tables): (u64, Vec<StoredTable>)| {
            let name = format!("{number:02}");
            let full = encoded(&Part { v: FORM, picture: self.picture, cut: false, tables });
            let empty = || encoded(&Part { v: FORM, picture: self.picture, cut: true, tables: Vec::new() });
            (name, if full.len() > PART_BYTES_MAX { empty() } else { full })
        };
        tables.into_iter().map(part).collect()
    }

    pub(crate) fn head(&self) -> StoredPart {
        let database = |(name, database): (&String, &Database)| {
            (name.clone(), StoredDatabase { collation: database.collation.clone(), complete: database.complete })
        };
        let head = Head {
            v: FORM,
            picture: self.picture,
            server: self.server.clone(),
            since: self.since,
            taken: self.history.taken,
            forgotten: self.history.forgotten,
            databases: self.history.databases.iter().map(database).collect(),
        };
        (HEAD.to_owned(), encoded(&head))
    }
}

/// Our own values, whose keys are strings: there is nothing that could fail.
fn encoded(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn version(stored: StoredVersion) -> Version {
    let slot = match (stored.schema, stored.doubt) {
        (Some(schema), _) => Some(Slot::Certain(schema)),
        (None, Some(doubt)) => Some(Slot::Uncertain(doubt)),
        (None, None) => None,
    };
    Version { at: stored.at, taken: stored.taken, slot }
}

fn stored(version: &Version) -> StoredVersion {
    let (schema, doubt) = match &version.slot {
        Some(Slot::Certain(schema)) => (Some(Arc::clone(schema)), None),
        Some(Slot::Uncertain(doubt)) => (None, Some(doubt.clone())),
        None => (None, None),
    };
    StoredVersion { at: version.at, taken: version.taken, schema, doubt }
}

/// FNV-1a: the same in every build.
fn part_of((database, table): &TableName) -> u64 {
    let bytes = database.bytes().chain([0]).chain(table.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)) % PARTS
}
