//! Global transaction identifiers: which transactions, wherever they are in whose binary log.
//!
//! MySQL and MariaDB share the name and nothing else: MySQL's set lists every transaction by server and number,
//! MariaDB's keeps the last one of each domain.

pub mod mariadb;
pub mod mysql;

pub use mariadb::{MariaDbGtid, MariaDbGtidSet};
pub use mysql::{MySqlGtid, MySqlGtidSet};

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not a GTID or a set of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}: {problem}")]
pub struct GtidError {
    pub what: &'static str,
    pub text: String,
    pub problem: String,
}

impl GtidError {
    fn new(what: &'static str, text: &str, problem: impl Into<String>) -> Self {
        Self { what, text: text.chars().take(120).collect(), problem: problem.into() }
    }
}

/// The identifier of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Gtid {
    MySql(MySqlGtid),
    MariaDb(MariaDbGtid),
}

/// A set of transactions of either flavour. In JSON it is `{"mysql": "…"}` or `{"mariadb": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GtidSet {
    MySql(MySqlGtidSet),
    MariaDb(MariaDbGtidSet),
}

impl GtidSet {
    /// Reads either flavour: MySQL's begins with a UUID, MariaDB's with a domain number.
    pub fn parse(text: &str) -> Result<Self, GtidError> {
        let first = text.trim_start().split([',', ':']).next().unwrap_or_default().trim();
        if first.split('-').count() == 5 || first.is_empty() {
            text.parse().map(GtidSet::MySql)
        } else {
            text.parse().map(GtidSet::MariaDb)
        }
    }

    /// The empty set of a transaction's flavour.
    pub fn empty_for(gtid: &Gtid) -> Self {
        match gtid {
            Gtid::MySql(_) => GtidSet::MySql(MySqlGtidSet::default()),
            Gtid::MariaDb(_) => GtidSet::MariaDb(MariaDbGtidSet::default()),
        }
    }

    /// Whether every transaction of `other` is in this set; never across flavours.
    pub fn contains(&self, other: &GtidSet) -> bool {
        match (self, other) {
            (GtidSet::MySql(ours), GtidSet::MySql(theirs)) => ours.contains(theirs),
            (GtidSet::MariaDb(ours), GtidSet::MariaDb(theirs)) => ours.contains(theirs),
            _ => false,
        }
    }

    /// What of this set `other` has not: of a MariaDB the domains that are ahead, with their last transaction. `None` across
    /// flavours.
    pub fn without(&self, other: &GtidSet) -> Option<GtidSet> {
        match (self, other) {
            (GtidSet::MySql(ours), GtidSet::MySql(theirs)) => Some(GtidSet::MySql(ours.subtract(theirs))),
            (GtidSet::MariaDb(ours), GtidSet::MariaDb(theirs)) => {
                let mut ahead = MariaDbGtidSet::default();
                ours.iter().filter(|gtid| !theirs.contains_gtid(*gtid)).for_each(|gtid| ahead.insert(gtid));
                Some(GtidSet::MariaDb(ahead))
            }
            _ => None,
        }
    }

    /// Adds one transaction. Returns false, and adds nothing, if it is of the other flavour.
    #[must_use]
    pub fn insert(&mut self, gtid: &Gtid) -> bool {
        match (self, gtid) {
            (GtidSet::MySql(set), Gtid::MySql(gtid)) => set.insert(gtid),
            (GtidSet::MariaDb(set), Gtid::MariaDb(gtid)) => set.insert(*gtid),
            _ => return false,
        }
        true
    }
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GtidSet::MySql(set) => set.fmt(f),
            GtidSet::MariaDb(set) => set.fmt(f),
        }
    }
}

impl fmt::Display for Gtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gtid::MySql(gtid) => gtid.fmt(f),
            Gtid::MariaDb(gtid) => gtid.fmt(f),
        }
    }
}
