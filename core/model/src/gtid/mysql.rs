//! MySQL's GTIDs: `server_uuid[:tag]:number`, and sets of them as intervals
//! (MySQL Reference Manual, "GTID Format and Storage"; tags since 8.3).

use super::GtidError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Longest tag, in characters (MySQL Reference Manual, "GTID Format").
const TAG_LENGTH_MAX: usize = 32;

/// One transaction: the server that wrote it first, an optional tag (empty for none) and its number, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MySqlGtid {
    pub uuid: Uuid,
    pub tag: String,
    pub number: u64,
}

/// Numbers from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub first: u64,
    pub last: u64,
}

/// A set of transactions. Its intervals are sorted, apart from each other and never empty, so equal sets are equal
/// values and the text is canonical.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MySqlGtidSet {
    streams: BTreeMap<Uuid, BTreeMap<String, Vec<Interval>>>,
}

impl MySqlGtidSet {
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Each stream of numbers: its server, its tag and its intervals in ascending order.
    pub fn streams(&self) -> impl Iterator<Item = (Uuid, &str, &[Interval])> + '_ {
        self.streams
            .iter()
            .flat_map(|(uuid, tags)| tags.iter().map(|(tag, intervals)| (*uuid, tag.as_str(), intervals.as_slice())))
    }

    /// How many transactions are in the set.
    pub fn count(&self) -> u64 {
        self.streams()
            .flat_map(|(_, _, intervals)| intervals)
            .fold(0, |sum, interval| sum.saturating_add(interval.last - interval.first + 1))
    }

    fn intervals(&self, uuid: &Uuid, tag: &str) -> &[Interval] {
        self.streams.get(uuid).and_then(|tags| tags.get(tag)).map_or(&[], Vec::as_slice)
    }

    pub fn contains_gtid(&self, gtid: &MySqlGtid) -> bool {
        covers(self.intervals(&gtid.uuid, &gtid.tag), Interval { first: gtid.number, last: gtid.number })
    }

    /// Whether every transaction of `other` is in this set.
    pub fn contains(&self, other: &MySqlGtidSet) -> bool {
        other.streams().all(|(uuid, tag, intervals)| {
            let ours = self.intervals(&uuid, tag);
            intervals.iter().all(|interval| covers(ours, *interval))
        })
    }

    pub fn insert(&mut self, gtid: &MySqlGtid) {
        self.insert_interval(gtid.uuid, &gtid.tag, Interval { first: gtid.number, last: gtid.number });
    }

    /// Adds an interval. An empty one (`last < first`) changes nothing.
    pub fn insert_interval(&mut self, uuid: Uuid, tag: &str, added: Interval) {
        if added.last < added.first {
            return;
        }
        let tags = self.streams.entry(uuid).or_default();
        if !tags.contains_key(tag) {
            tags.insert(tag.to_owned(), Vec::new());
        }
        if let Some(intervals) = tags.get_mut(tag) {
            merge(intervals, added);
        }
    }

    pub fn union(&mut self, other: &MySqlGtidSet) {
        for (uuid, tag, intervals) in other.streams() {
            intervals.iter().for_each(|interval| self.insert_interval(uuid, tag, *interval));
        }
    }

    /// The transactions of this set that are not in the other.
    pub fn subtract(&self, other: &MySqlGtidSet) -> MySqlGtidSet {
        let mut rest = MySqlGtidSet::default();
        for (uuid, tag, intervals) in self.streams() {
            let holes = other.intervals(&uuid, tag);
            for interval in intervals {
                for piece in without(*interval, holes) {
                    rest.insert_interval(uuid, tag, piece);
                }
            }
        }
        rest
    }
}

fn covers(intervals: &[Interval], wanted: Interval) -> bool {
    let index = intervals.partition_point(|interval| interval.last < wanted.first);
    intervals.get(index).is_some_and(|interval| interval.first <= wanted.first && wanted.last <= interval.last)
}

/// Adds an interval to a sorted list, joining those that touch it. The usual case, one number after the last, only
/// changes the end.
fn merge(intervals: &mut Vec<Interval>, added: Interval) {
    let start = intervals.partition_point(|interval| interval.last.saturating_add(1) < added.first);
    let end = intervals.partition_point(|interval| interval.first <= added.last.saturating_add(1));
    let touched = intervals.get(start..end).unwrap_or_default();
    let joined = Interval {
        first: touched.first().map_or(added.first, |interval| interval.first.min(added.first)),
        last: touched.last().map_or(added.last, |interval| interval.last.max(added.last)),
    };
    intervals.splice(start..end.max(start), [joined]);
}

fn without(whole: Interval, holes: &[Interval]) -> Vec<Interval> {
    let mut pieces = Vec::new();
    let mut next = whole.first;
    for hole in holes.iter().filter(|hole| hole.last >= whole.first && hole.first <= whole.last) {
        if hole.first > next {
            pieces.push(Interval { first: next, last: hole.first - 1 });
        }
        if hole.last >= whole.last {
            return pieces;
        }
        next = next.max(hole.last + 1);
    }
    pieces.push(Interval { first: next, last: whole.last });
    pieces
}

fn parse_interval(part: &str) -> Option<Interval> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let interval = Interval { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
    // The server keeps numbers below 2^63 and from 1.
    (1..=interval.last).contains(&interval.first).then_some(interval).filter(|i| i.last < i64::MAX as u64)
}

fn parse_tag(part: &str) -> Option<String> {
    let mut bytes = part.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    (starts && part.len() <= TAG_LENGTH_MAX && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .then(|| part.to_ascii_lowercase())
}

impl FromStr for MySqlGtidSet {
    type Err = GtidError;

    /// Reads what servers write: `uuid:1-20:25:tag:1-3,uuid:7`, with white space and newlines anywhere between.
    fn from_str(text: &str) -> Result<Self, GtidError> {
        let refuse = |problem: String| GtidError::new("MySQL GTID set", text, problem);
        let mut set = Self::default();
        for stream in text.split(',').map(str::trim).filter(|stream| !stream.is_empty()) {
            let mut parts = stream.split(':').map(str::trim);
            let first = parts.next().unwrap_or_default();
            let uuid = Uuid::try_parse(first).map_err(|_| refuse(format!("`{first}` is not a server UUID")))?;
            let (mut tag, mut intervals_under_tag) = (String::new(), 0);
            for part in parts {
                if let Some(interval) = parse_interval(part) {
                    set.insert_interval(uuid, &tag, interval);
                    intervals_under_tag += 1;
                } else {
                    if !tag.is_empty() && intervals_under_tag == 0 {
                        return Err(refuse(format!("no numbers follow the tag `{tag}`")));
                    }
                    tag = parse_tag(part).ok_or_else(|| refuse(format!("`{part}` is neither numbers nor a tag")))?;
                    intervals_under_tag = 0;
                }
            }
            if intervals_under_tag == 0 {
                return Err(refuse(format!("no numbers follow `{}`", if tag.is_empty() { first } else { &tag })));
            }
        }
        Ok(set)
    }
}

impl fmt::Display for MySqlGtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.tag.is_empty() { "" } else { ":" };
        write!(f, "{}{separator}{}:{}", self.uuid, self.tag, self.number)
    }
}

impl fmt::Display for MySqlGtidSet {
    /// The server's own form: streams of one server joined, its untagged numbers first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (uuid, tags)) in self.streams.iter().enumerate() {
            write!(f, "{}{uuid}", if index == 0 { "" } else { "," })?;
            for (tag, intervals) in tags {
                if !tag.is_empty() {
                    write!(f, ":{tag}")?;
                }
                for interval in intervals {
                    match interval.first == interval.last {
                        true => write!(f, ":{}", interval.first)?,
                        false => write!(f, ":{}-{}", interval.first, interval.last)?,
                    }
                }
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for MySqlGtidSet {
    type Error = GtidError;
    fn try_from(text: String) -> Result<Self, GtidError> {
        text.parse()
    }
}

impl From<MySqlGtidSet> for String {
    fn from(set: MySqlGtidSet) -> String {
        set.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "4350f323-7565-4e59-8763-4b1b83a0ce0e";

    type Model = BTreeSet<(bool, bool, u64)>;

    fn gtid((server, tagged, number): (bool, bool, u64)) -> MySqlGtid {
        let uuid = Uuid::try_parse(if server { A } else { B }).unwrap();
        MySqlGtid { uuid, tag: if tagged { "shop".into() } else { String::new() }, number }
    }

    fn build(model: &Model) -> MySqlGtidSet {
        let mut set = MySqlGtidSet::default();
        model.iter().rev().for_each(|&element| set.insert(&gtid(element)));
        set
    }

    fn any_model() -> impl Strategy<Value = Model> {
        proptest::collection::btree_set((any::<bool>(), any::<bool>(), 1u64..40), 0..60)
    }

    proptest! {
        #[test]
        fn a_set_behaves_like_a_set_of_numbers(a in any_model(), b in any_model()) {
            let (set_a, set_b) = (build(&a), build(&b));
            let mut union = set_a.clone();
            union.union(&set_b);
            prop_assert_eq!(&union, &build(&(&a | &b)));
            prop_assert_eq!(set_a.subtract(&set_b), build(&(&a - &b)));
            prop_assert_eq!(set_a.contains(&set_b), b.is_subset(&a));
            prop_assert_eq!(set_a.count(), a.len() as u64);
            for &element in &b {
                prop_assert_eq!(set_a.contains_gtid(&gtid(element)), a.contains(&element));
            }
        }

        #[test]
        fn text_reads_back(model in any_model()) {
            let set = build(&model);
            prop_assert_eq!(set.to_string().parse::<MySqlGtidSet>().unwrap(), set);
        }
    }

    #[test]
    fn servers_write_these() {
        for (text, canonical) in [
            (format!("{A}:1-5:7,\n{B}:1"), format!("{A}:1-5:7,{B}:1")),
            (format!("{A}:1-20:Shop:1-3:5"), format!("{A}:1-20:shop:1-3:5")),
            (format!("{A}:1-3, {A}:3-9"), format!("{A}:1-9")),
            (String::new(), String::new()),
        ] {
            assert_eq!(text.parse::<MySqlGtidSet>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn a_bad_text_says_which_part() {
        for (bad, problem) in [
            ("xyz:1-2".to_owned(), "server UUID"),
            (A.to_owned(), "no numbers follow"),
            (format!("{A}:0-4"), "neither"),
            (format!("{A}:9-4"), "neither"),
            (format!("{A}:tag"), "no numbers follow `tag`"),
            (format!("{A}:1:9223372036854775807"), "neither"),
        ] {
            let error = bad.parse::<MySqlGtidSet>().unwrap_err().to_string();
            assert!(error.contains(problem), "{bad}: {error}");
        }
    }
}
