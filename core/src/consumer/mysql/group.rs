//! Adjacent source transactions that share one target transaction.

use super::plans::Planned;
use crate::change::RowsChange;
use std::sync::Arc;

/// Their rows, in the source's order.
#[derive(Default)]
pub(super) struct Group {
    pub(super) events: Vec<PlannedRows>,
    pub(super) rows: u64,
    /// Bytes of the events.
    pub(super) bytes: u64,
}

/// The rows of one event, and how they are written.
pub(super) struct PlannedRows {
    pub(super) rows: RowsChange,
    pub(super) table: Arc<Planned>,
}

impl Group {
    pub(super) fn push(&mut self, rows: RowsChange, table: Arc<Planned>) {
        self.rows += rows.row_count;
        self.bytes += rows.event.len() as u64;
        self.events.push(PlannedRows { rows, table });
    }

    /// Takes out the first `events`: the rest becomes the group.
    pub(super) fn take_first(&mut self, events: usize) -> Group {
        let rest = self.events.split_off(events.min(self.events.len()));
        let first = std::mem::replace(self, rest.into());
        first.events.into()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl From<Vec<PlannedRows>> for Group {
    fn from(events: Vec<PlannedRows>) -> Self {
        let rows = events.iter().map(|event| event.rows.row_count).sum();
        let bytes = events.iter().map(|event| event.rows.event.len() as u64).sum();
        Self { events, rows, bytes }
    }
}
