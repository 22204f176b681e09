//! MariaDB's GTIDs: `domain-server-sequence`, and for a set the last one of each domain
//! (MariaDB Knowledge Base, "Global Transaction ID").

use super::GtidError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// One transaction: the replication domain, the server that wrote it first, and its number in the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MariaDbGtid {
    pub domain: u32,
    pub server: u32,
    pub sequence: u64,
}

/// All transactions up to and with one of each domain. Domains are independent streams, so sets are compared domain
/// by domain, by sequence; the server says where the last one came from and does not take part in the order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MariaDbGtidSet {
    last: BTreeMap<u32, (u32, u64)>,
}

impl MariaDbGtidSet {
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The last transaction of each domain, by domain.
    pub fn iter(&self) -> impl Iterator<Item = MariaDbGtid> + '_ {
        self.last.iter().map(|(&domain, &(server, sequence))| MariaDbGtid { domain, server, sequence })
    }

    pub fn contains_gtid(&self, gtid: MariaDbGtid) -> bool {
        self.last.get(&gtid.domain).is_some_and(|&(_, sequence)| sequence >= gtid.sequence)
    }

    pub fn contains(&self, other: &MariaDbGtidSet) -> bool {
        other.iter().all(|gtid| self.contains_gtid(gtid))
    }

    /// Adds one transaction, and so all before it in its domain. A smaller sequence than the last changes nothing.
    pub fn insert(&mut self, gtid: MariaDbGtid) {
        if !self.contains_gtid(gtid) {
            self.last.insert(gtid.domain, (gtid.server, gtid.sequence));
        }
    }

    pub fn union(&mut self, other: &MariaDbGtidSet) {
        other.iter().for_each(|gtid| self.insert(gtid));
    }

    /// How many sequence numbers of each domain this set is ahead of the other: what is left to apply.
    pub fn subtract(&self, other: &MariaDbGtidSet) -> BTreeMap<u32, u64> {
        let ahead = |gtid: MariaDbGtid| {
            let theirs = other.last.get(&gtid.domain).map_or(0, |&(_, sequence)| sequence);
            (gtid.domain, gtid.sequence.saturating_sub(theirs))
        };
        self.iter().map(ahead).filter(|&(_, count)| count > 0).collect()
    }
}

impl FromStr for MariaDbGtid {
    type Err = GtidError;

    fn from_str(text: &str) -> Result<Self, GtidError> {
        let refuse = |problem: &str| GtidError::new("MariaDB GTID", text, problem);
        let mut parts = text.trim().split('-');
        let mut next = |what: &str| parts.next().ok_or_else(|| refuse(&format!("the {what} is missing")));
        let (domain, server, sequence) = (next("domain")?, next("server")?, next("sequence")?);
        if parts.next().is_some() {
            return Err(refuse("it has more than three parts"));
        }
        Ok(Self {
            domain: domain.parse().map_err(|_| refuse("the domain is not a 32-bit number"))?,
            server: server.parse().map_err(|_| refuse("the server is not a 32-bit number"))?,
            sequence: sequence.parse().map_err(|_| refuse("the sequence is not a 64-bit number"))?,
        })
    }
}

impl FromStr for MariaDbGtidSet {
    type Err = GtidError;

    /// Reads `0-1-100,5-2-7`. A domain may come more than once (as in `gtid_binlog_state`); its largest counts.
    fn from_str(text: &str) -> Result<Self, GtidError> {
        let mut set = Self::default();
        for gtid in text.split(',').map(str::trim).filter(|gtid| !gtid.is_empty()) {
            set.insert(gtid.parse()?);
        }
        Ok(set)
    }
}

impl fmt::Display for MariaDbGtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.domain, self.server, self.sequence)
    }
}

impl fmt::Display for MariaDbGtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, gtid) in self.iter().enumerate() {
            write!(f, "{}{gtid}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl TryFrom<String> for MariaDbGtidSet {
    type Error = GtidError;
    fn try_from(text: String) -> Result<Self, GtidError> {
        text.parse()
    }
}

impl From<MariaDbGtidSet> for String {
    fn from(set: MariaDbGtidSet) -> String {
        set.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_set() -> impl Strategy<Value = MariaDbGtidSet> {
        proptest::collection::vec((0u32..4, 1u32..3, 1u64..50), 0..8).prop_map(|gtids| {
            let mut set = MariaDbGtidSet::default();
            gtids
                .into_iter()
                .for_each(|(domain, server, sequence)| set.insert(MariaDbGtid { domain, server, sequence }));
            set
        })
    }

    proptest! {
        #[test]
        fn text_reads_back(set in any_set()) {
            prop_assert_eq!(set.to_string().parse::<MariaDbGtidSet>().unwrap(), set);
        }

        #[test]
        fn a_union_contains_both_and_subtracting_it_leaves_nothing(a in any_set(), b in any_set()) {
            let mut both = a.clone();
            both.union(&b);
            prop_assert!(both.contains(&a) && both.contains(&b));
            prop_assert!(a.subtract(&both).is_empty() && b.subtract(&both).is_empty());
            prop_assert_eq!(a.contains(&b), b.subtract(&a).is_empty());
        }
    }

    #[test]
    fn a_bad_text_says_which_part() {
        for (bad, problem) in [("0-1", "sequence is missing"), ("0-1-2-3", "more than three"), ("x-1-2", "domain")] {
            assert!(bad.parse::<MariaDbGtidSet>().unwrap_err().to_string().contains(problem), "{bad}");
        }
    }
}
