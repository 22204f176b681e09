//! What tasks applied at the source: how it is told from the source's own changes, and what becomes of it.
//!
//! A transaction that a task applied begins with a row of `mysql_replicator.origin`, which has the servers that it has
//! passed. A schema change has the connection and the time that a row of `mysql_replicator.applied_ddl` named before.

use crate::change::Trail;
use replicator_binlog::{DecodeError, RowsEvent, TableMap, Value};
use replicator_model::task::{AppliedChanges, REPLICATOR_DATABASE};
use replicator_mysql::origin::{APPLIED_DDL, APPLIED_DDL_MAX, AppliedDdl, ORIGIN};
use std::collections::VecDeque;

/// What is known of the changes that tasks applied at the source.
#[derive(Debug, Clone)]
pub(in crate::producer) struct Applied {
    policy: AppliedChanges,
    /// The source's name in trails.
    source: String,
    /// The target's, where it has one.
    target: Option<String>,
    /// Of a change that was made at the source.
    own: Trail,
    statements: VecDeque<AppliedDdl>,
}

/// One of the tables that tasks keep for themselves.
#[derive(Debug, Clone)]
pub(in crate::producer) enum OwnTable {
    Origin(TableMap),
    AppliedDdl(TableMap),
    /// Any other.
    Other,
}

/// What becomes of a change that was applied at the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    LeftOut,
    /// On the way on, with the source added to its trail.
    Carried(Trail),
}

impl Applied {
    pub(in crate::producer) fn new(
        policy: AppliedChanges,
        source: String,
        target: Option<String>,
        statements: Vec<AppliedDdl>,
    ) -> Self {
        Self { policy, own: Trail::parse(&source), source, target, statements: statements.into() }
    }

    /// The trail of a change that was made at the source.
    pub(super) fn own_trail(&self) -> Trail {
        self.own.clone()
    }

    /// What becomes of a change that has passed these servers and was applied at the source.
    pub(super) fn fate(&self, passed: &Trail) -> Fate {
        let returns = self.target.as_deref().is_some_and(|target| passed.has_passed(target));
        match self.policy {
            AppliedChanges::LeaveOut => Fate::LeftOut,
            AppliedChanges::Carry if returns => Fate::LeftOut,
            AppliedChanges::Carry => Fate::Carried(passed.then(&self.source)),
        }
    }

    /// What becomes of a statement of this connection at this time; `None` if no task applied it.
    pub(super) fn fate_of_statement(&self, connection: u32, event_time: u32) -> Option<Fate> {
        // The log has the low 32 bits of a connection's number.
        let is_it = |known: &&AppliedDdl| {
            known.connection & u64::from(u32::MAX) == u64::from(connection) && known.event_time == u64::from(event_time)
        };
        let known = self.statements.iter().rev().find(is_it)?;
        Some(self.fate(&Trail::parse(&known.trail)))
    }

    /// Remembers the statements that these rows announce. A row that does not look like one announces nothing.
    pub(super) fn announce(&mut self, rows: &RowsEvent<'_>, map: &TableMap) -> Result<(), DecodeError> {
        for_each_row(rows, map, |_, after| {
            if let [_, _, connection, event_time, Value::Bytes(trail), ..] = after
                && let (Some(connection), Some(event_time)) = (number(connection), number(event_time))
            {
                let trail = String::from_utf8_lossy(trail).into_owned();
                self.statements.push_back(AppliedDdl { connection, event_time, trail });
            }
        })?;
        while self.statements.len() as u64 > APPLIED_DDL_MAX {
            self.statements.pop_front();
        }
        Ok(())
    }
}

impl OwnTable {
    /// `None` if it is not one of them.
    pub(super) fn of(map: &TableMap) -> Option<Self> {
        if !map.database.eq_ignore_ascii_case(REPLICATOR_DATABASE) {
            return None;
        }
        Some(match map.table.to_ascii_lowercase().as_str() {
            ORIGIN => Self::Origin(completed(map)),
            APPLIED_DDL => Self::AppliedDdl(completed(map)),
            _ => Self::Other,
        })
    }
}

/// The servers that a transaction has passed, of a row that begins it. The trail is in the table's key, so whatever images
/// the source writes, one of a row has it.
pub(super) fn trail_of(rows: &RowsEvent<'_>, map: &TableMap) -> Result<Option<Trail>, DecodeError> {
    let mut trail = None;
    for_each_row(rows, map, |before, after| {
        let text = [after.get(2), before.get(2)].into_iter().flatten().find_map(|value| match value {
            Value::Bytes(text) => Some(Trail::parse(&String::from_utf8_lossy(text))),
            _ => None,
        });
        trail = text.or(trail.take());
    })?;
    Ok(trail)
}

fn for_each_row(
    rows: &RowsEvent<'_>,
    map: &TableMap,
    mut each: impl FnMut(&[Value<'_>], &[Value<'_>]),
) -> Result<(), DecodeError> {
    let mut walk = rows.rows(map)?;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    while walk.next_into(&mut before, &mut after)? {
        each(&before, &after);
    }
    Ok(())
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::UInt(number) => Some(*number),
        _ => None,
    }
}

/// All numbers of these tables are without signs, which the log says only where it describes tables in full.
fn completed(map: &TableMap) -> TableMap {
    let mut map = map.clone();
    map.columns.iter_mut().for_each(|column| column.unsigned = Some(true));
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(policy: AppliedChanges, target: &str) -> Applied {
        let statement = AppliedDdl { connection: (1 << 32) + 7, event_time: 99, trail: "a".into() };
        Applied::new(policy, "b".into(), Some(target.into()), vec![statement])
    }

    #[test]
    fn a_change_never_goes_where_it_has_been() {
        use AppliedChanges::{Carry, LeaveOut};
        let carried = |trail: &str| Fate::Carried(Trail::parse(trail));
        for (policy, passed, target, fate) in [
            (Carry, "a", "a", Fate::LeftOut),
            (Carry, "a", "c", carried("a,b")),
            // Around a ring, and to and fro on a line.
            (Carry, "a,x", "a", Fate::LeftOut),
            (Carry, "a,x", "x", Fate::LeftOut),
            (Carry, "a,x", "c", carried("a,x,b")),
            (LeaveOut, "a", "a", Fate::LeftOut),
            (LeaveOut, "a", "c", Fate::LeftOut),
        ] {
            assert_eq!(applied(policy, target).fate(&Trail::parse(passed)), fate, "{policy:?} {passed} to {target}");
        }
    }

    #[test]
    fn a_statement_is_told_by_its_connection_and_its_time() {
        let applied = applied(AppliedChanges::Carry, "c");
        assert_eq!(applied.fate_of_statement(7, 99), Some(Fate::Carried(Trail::parse("a,b"))));
        assert_eq!(applied.fate_of_statement(7, 98), None);
        assert_eq!(applied.fate_of_statement(8, 99), None);
    }
}
