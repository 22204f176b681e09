//! The replicator's own tables on a target: who may write, and how far it got.
//!
//! `owner` has one row a task with the epoch that may write; every target transaction reads it under a shared lock, a
//! take-over raises it under an exclusive one. So a take-over waits for transactions of the old owner that are already
//! committing, and all its later ones find another epoch and fail.
//!
//! `checkpoint` gets one row in each target transaction, so no row is hot and the target's own replicas can apply in
//! parallel. A row holds the GTIDs of its own transaction; every [`COMPACT_EVERY`] rows one holds the whole set and
//! those before it are deleted in the same transaction.
//!
//! `conflict` has a row for each row that was not what the source's change expects; see `conflict.rs`.
//!
//! `origin` gets a row before the rows of each target transaction, and `applied_ddl` one before each schema change: from
//! them a task that reads the target's log knows where they come from; see `replicator_mysql::origin`.
//!
//! `ddl` has a row while a schema change runs, because that commits by itself; see `ddl.rs`.

use crate::change::{Progressed, SourcePoint};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::epoch::Epoch;
use replicator_model::gtid::{GtidSet, MariaDbGtidSet, MySqlGtidSet};
use replicator_model::position::Position;
use replicator_model::task::REPLICATOR_DATABASE;
use replicator_mysql::origin::ORIGIN;

/// How many marker rows a task may have before they become one.
pub(super) const COMPACT_EVERY: u64 = 1_000;

/// Makes what is missing. Every statement may be run again.
pub(super) fn schema() -> [String; 5] {
    [
        format!("CREATE DATABASE IF NOT EXISTS {REPLICATOR_DATABASE} DEFAULT CHARACTER SET utf8mb4"),
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.owner (
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
               epoch BIGINT UNSIGNED NOT NULL,
               since TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
             ) ENGINE=InnoDB"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.checkpoint (
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               sequence BIGINT UNSIGNED NOT NULL,
               epoch BIGINT UNSIGNED NOT NULL,
               source_server VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               source_file VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
               source_offset BIGINT UNSIGNED NOT NULL,
               gtid_set LONGTEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
               whole_set BOOL NOT NULL,
               event_time_us BIGINT NOT NULL,
               PRIMARY KEY (task, sequence)
             ) ENGINE=InnoDB"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.ddl (
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
               epoch BIGINT UNSIGNED NOT NULL,
               source_file VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
               source_offset BIGINT UNSIGNED NOT NULL,
               before_state CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               started TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
             ) ENGINE=InnoDB"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {REPLICATOR_DATABASE}.conflict (
               id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
               task VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               source_file VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
               source_offset BIGINT UNSIGNED NOT NULL,
               target_database VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
               target_table VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
               reason VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               action VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
               row_change LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
               found TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
               KEY task (task)
             ) ENGINE=InnoDB"
        ),
    ]
}

/// Writes a marker if the epoch is still ours: it answers 1 row then and 0 if another took over.
pub(super) fn insert_marker() -> String {
    format!(
        "INSERT INTO {REPLICATOR_DATABASE}.checkpoint
           (task, sequence, epoch, source_server, source_file, source_offset, gtid_set, whole_set, event_time_us)
         SELECT task, ?, epoch, ?, ?, ?, ?, ?, ? FROM {REPLICATOR_DATABASE}.owner WHERE task = ? AND epoch = ?
         LOCK IN SHARE MODE"
    )
}

/// Says before a transaction's rows where they come from.
pub(super) fn write_origin() -> String {
    format!(
        "INSERT INTO {REPLICATOR_DATABASE}.{ORIGIN} (task, slot, trail, changes) VALUES (?, ?, ?, 1)
         ON DUPLICATE KEY UPDATE changes = changes + 1"
    )
}

pub(super) fn read_markers() -> String {
    format!(
        "SELECT sequence, epoch, source_server, source_file, source_offset, gtid_set, whole_set, event_time_us
         FROM {REPLICATOR_DATABASE}.checkpoint WHERE task = ? ORDER BY sequence"
    )
}

pub(super) fn delete_markers() -> String {
    format!("DELETE FROM {REPLICATOR_DATABASE}.checkpoint WHERE task = ? AND sequence < ?")
}

/// A row of `checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    pub sequence: u64,
    pub epoch: u64,
    pub server: String,
    pub position: Position,
    pub gtid_set: Option<String>,
    pub whole_set: bool,
    pub event_time_us: i64,
}

/// Adds markers up to the checkpoint they stand for. The answer also has the last sequence.
pub(super) fn progress_of(markers: &[Marker]) -> Result<Option<(u64, Checkpoint)>, String> {
    let Some(last) = markers.last() else { return Ok(None) };
    let start = markers.iter().rposition(|marker| marker.whole_set).unwrap_or(0);
    let mut whole: Option<GtidSet> = None;
    // Of a set without GTIDs the text says no flavour: those that follow do, or else the server's name.
    let mut empty = None;
    for marker in markers.iter().skip(start) {
        let Some(text) = &marker.gtid_set else { continue };
        if text.is_empty() {
            empty = Some(match marker.server.starts_with("server-") {
                true => GtidSet::MariaDb(MariaDbGtidSet::default()),
                false => GtidSet::MySql(MySqlGtidSet::default()),
            });
            continue;
        }
        let set = GtidSet::parse(text).map_err(|error| format!("marker {}: {error}", marker.sequence))?;
        whole = Some(match (whole, set) {
            (None, set) => set,
            (Some(GtidSet::MySql(mut sum)), GtidSet::MySql(set)) => {
                sum.union(&set);
                GtidSet::MySql(sum)
            }
            (Some(GtidSet::MariaDb(mut sum)), GtidSet::MariaDb(set)) => {
                sum.union(&set);
                GtidSet::MariaDb(sum)
            }
            (Some(_), _) => {
                return Err(format!("marker {} has GTIDs of another flavour than those before", marker.sequence));
            }
        });
    }
    let checkpoint = Checkpoint {
        epoch: Epoch::new(last.epoch),
        server: last.server.clone(),
        position: last.position.clone(),
        gtid_set: whole.or(empty),
        event_time_us: last.event_time_us,
        written_at_us: 0,
    };
    Ok(Some((last.sequence, checkpoint)))
}

/// What the next marker will say: everything taken since the last one, and everything before.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub progress: Progressed,
    since_last: Option<GtidSet>,
    pub last_sequence: u64,
    changed: bool,
    /// The file of the last marker, as far as this run knows.
    marked_file: String,
    /// The next marker stands for everything, whatever those before it say.
    whole: bool,
}

impl Pending {
    pub(super) fn new(checkpoint: Checkpoint, last_sequence: u64) -> Self {
        let marked_file = checkpoint.position.file.clone();
        let progress = Progressed::from(checkpoint);
        Self { progress, since_last: None, last_sequence, changed: false, marked_file, whole: false }
    }

    /// As after a rewind: what earlier markers say counts no more.
    pub(super) fn anew(checkpoint: Checkpoint, last_sequence: u64) -> Self {
        Self { whole: true, ..Self::new(checkpoint, last_sequence) }
    }

    pub(super) fn advance(&mut self, point: &SourcePoint) {
        let before = self.progress.position();
        let is_new = point.gtid.is_some() || before.offset != point.offset || before.file != *point.file;
        // A marker for another task's marker would be answered by one: two tasks in opposite directions would never be idle.
        self.changed |= is_new && (!point.is_bookkeeping || self.marked_file != *point.file);
        self.progress.advance(point);
        if let Some(gtid) = &point.gtid {
            let set = self.since_last.get_or_insert_with(|| GtidSet::empty_for(gtid));
            let _added = set.insert(gtid);
        }
    }

    /// Whether there is anything that the last marker does not say.
    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// The next marker. The first one and each [`COMPACT_EVERY`]th have the whole set.
    pub(super) fn marker(&self, epoch: Epoch) -> Marker {
        let sequence = self.last_sequence + 1;
        let whole_set = self.whole || self.last_sequence == 0 || sequence.is_multiple_of(COMPACT_EVERY);
        let gtid_set = if whole_set { self.progress.gtid_set() } else { self.since_last.as_ref() };
        let checkpoint = self.progress.checkpoint(epoch, 0);
        Marker {
            sequence,
            epoch: epoch.get(),
            server: checkpoint.server,
            position: checkpoint.position,
            gtid_set: gtid_set.map(ToString::to_string),
            whole_set,
            event_time_us: checkpoint.event_time_us,
        }
    }

    /// The marker is durable.
    pub(super) fn written(&mut self, sequence: u64) {
        self.last_sequence = sequence;
        self.since_last = None;
        self.changed = false;
        self.marked_file.clone_from(&self.progress.position().file);
        self.whole = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::gtid::{Gtid, MariaDbGtid};
    use std::sync::Arc;

    fn start() -> Checkpoint {
        Checkpoint {
            epoch: Epoch::NONE,
            server: "server-1".into(),
            position: Position::new("bin.000001", 4),
            gtid_set: Some(GtidSet::parse("0-1-10,5-1-3").unwrap()),
            event_time_us: 0,
            written_at_us: 0,
        }
    }

    fn point(sequence: u64) -> SourcePoint {
        SourcePoint {
            server: Arc::from("server-1"),
            file: Arc::from("bin.000001"),
            offset: 100 * sequence,
            gtid: Some(Gtid::MariaDb(MariaDbGtid { domain: 0, server: 1, sequence })),
            commit_time_us: 7,
            heartbeat_us: None,
            is_bookkeeping: false,
        }
    }

    #[test]
    fn markers_add_up_to_what_was_applied() {
        let mut pending = Pending::new(start(), 0);
        let mut markers = Vec::new();
        for sequence in 11..COMPACT_EVERY + 30 {
            pending.advance(&point(sequence));
            let marker = pending.marker(Epoch::new(3));
            pending.written(marker.sequence);
            if marker.whole_set {
                markers.clear();
            }
            markers.push(marker);
            let (last, read) = progress_of(&markers).unwrap().unwrap();
            assert_eq!(last, pending.last_sequence);
            assert_eq!(read, pending.progress.checkpoint(Epoch::new(3), 0));
        }
        assert!(markers.len() < 30, "older markers were folded into one");
    }

    #[test]
    fn a_heartbeat_at_the_same_place_changes_nothing() {
        let mut pending = Pending::new(start(), 5);
        pending.advance(&SourcePoint { offset: 4, gtid: None, ..point(1) });
        assert!(!pending.is_changed());
        pending.advance(&SourcePoint { offset: 90, gtid: None, ..point(1) });
        assert!(pending.is_changed());
    }

    #[test]
    fn bookkeeping_alone_needs_a_marker_once_a_file() {
        let mut pending = Pending::new(start(), 5);
        let own = SourcePoint { is_bookkeeping: true, ..point(11) };
        pending.advance(&own);
        assert!(!pending.is_changed());
        pending.advance(&SourcePoint { file: Arc::from("bin.000002"), ..own.clone() });
        assert!(pending.is_changed(), "else the source could purge the file that a restart would read");
        pending.written(6);
        pending.advance(&SourcePoint { file: Arc::from("bin.000002"), offset: 9_999, ..own });
        assert!(!pending.is_changed());
        pending.advance(&point(12));
        assert!(pending.is_changed());
        assert_eq!(pending.marker(Epoch::new(3)).gtid_set.as_deref(), Some("0-1-12"), "with what was passed over");
    }

    /// A new MariaDB, read from its beginning.
    #[test]
    fn a_set_that_begins_empty_keeps_its_flavour() {
        let empty = GtidSet::MariaDb(MariaDbGtidSet::default());
        let mut pending = Pending::new(Checkpoint { gtid_set: Some(empty.clone()), ..start() }, 0);
        pending.advance(&SourcePoint { gtid: None, ..point(1) });
        let first = Marker { whole_set: true, gtid_set: Some(empty.to_string()), ..pending.marker(Epoch::new(3)) };
        let read = |markers: &[Marker]| progress_of(markers).unwrap().unwrap().1.gtid_set;
        assert_eq!(read(std::slice::from_ref(&first)), Some(empty));
        pending.written(first.sequence);
        pending.advance(&point(2));
        assert_eq!(read(&[first, pending.marker(Epoch::new(3))]), Some(GtidSet::parse("0-1-2").unwrap()));
    }

    #[test]
    fn a_rewind_forgets_what_earlier_markers_say() {
        let mut pending = Pending::new(start(), 0);
        let mut markers = Vec::new();
        for sequence in 11..14 {
            pending.advance(&point(sequence));
            markers.push(pending.marker(Epoch::new(3)));
            pending.written(pending.last_sequence + 1);
        }
        let mut back = Pending::anew(start(), pending.last_sequence);
        markers.push(back.marker(Epoch::new(4)));
        back.written(4);
        let (last, read) = progress_of(&markers).unwrap().unwrap();
        assert_eq!((last, &read), (4, &Checkpoint { epoch: Epoch::new(4), ..start() }));
        back.advance(&point(11));
        markers.push(back.marker(Epoch::new(4)));
        let (_, read) = progress_of(&markers).unwrap().unwrap();
        assert_eq!(read, back.progress.checkpoint(Epoch::new(4), 0));
    }

    #[test]
    fn no_marker_means_no_memory() {
        assert_eq!(progress_of(&[]), Ok(None));
    }
}
