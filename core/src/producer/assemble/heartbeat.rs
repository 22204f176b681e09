//! The task's own heartbeat rows, known by their table, their server and their task. Those of other tasks mean nothing.

use jiff::civil;
use jiff::tz::TimeZone;
use replicator_binlog::{DateTime, RowsEvent, TableMap, Value};
use replicator_model::task::REPLICATOR_DATABASE;
use replicator_mysql::heartbeat;

/// What makes a heartbeat row the task's own.
#[derive(Debug, Clone)]
pub(in crate::producer) struct OwnHeartbeat {
    pub(in crate::producer) task: String,
    /// Of the source. A heartbeat that another server wrote and the source replicated has that one's clock.
    pub(in crate::producer) server_id: u32,
}

/// Whether rows of this table are heartbeats.
pub(super) fn is_table(map: &TableMap) -> bool {
    map.database.eq_ignore_ascii_case(REPLICATOR_DATABASE) && map.table.eq_ignore_ascii_case(heartbeat::TABLE)
}

impl OwnHeartbeat {
    /// When the heartbeat was written, in microseconds since 1970 UTC; `None` if it is not ours. A row that does not look
    /// like one is not ours either: nothing but the lag depends on it.
    pub(super) fn read(&self, rows: &RowsEvent<'_>, map: &TableMap, server_id: u32) -> Option<i64> {
        if server_id != self.server_id {
            return None;
        }
        let (mut before, mut after, mut newest) = (Vec::new(), Vec::new(), None);
        let mut rows = rows.rows(map).ok()?;
        while rows.next_into(&mut before, &mut after).ok()? {
            if let [Value::Bytes(task), Value::DateTime(at), ..] = after.as_slice()
                && *task == self.task.as_bytes()
            {
                newest = micros(at).or(newest);
            }
        }
        newest
    }
}

fn micros(at: &DateTime) -> Option<i64> {
    let part = |part: u8| i8::try_from(part).ok();
    let time = civil::DateTime::new(
        i16::try_from(at.year).ok()?,
        part(at.month)?,
        part(at.day)?,
        part(at.hour)?,
        part(at.minute)?,
        part(at.second)?,
        i32::try_from(at.micros).ok()?.checked_mul(1_000)?,
    );
    Some(time.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_impossible_ones_are_none() {
        let at = DateTime { year: 2026, month: 11, day: 22, hour: 8, minute: 0, second: 1, micros: 250_000 };
        assert_eq!(micros(&at), Some(1_795_334_401_250_000));
        assert_eq!(micros(&DateTime { day: 31, ..at }), None);
        assert_eq!(micros(&DateTime { month: 0, ..at }), None);
    }
}
