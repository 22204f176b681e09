//! Heartbeat rows in the log.

use super::*;

impl Log {
    /// `mysql_replicator.heartbeat`: `task varchar(100)`, `at datetime(6)`.
    fn heartbeat_table(&mut self, id: u8) -> Bytes {
        let mut body = vec![id, 0, 0, 0, 0, 0, 0, 0, 16];
        body.extend(b"mysql_replicator\0\x09heartbeat\0");
        body.extend([2, 15, 18, 3, 100, 0, 6, 0]);
        self.event(EventKind::TABLE_MAP, &body)
    }

    /// A task's row, written at 2026-11-22 08:00:01.25.
    fn heartbeat_row(&mut self, table: u8, task: &str) -> Bytes {
        let packed = (((2026_u64 * 13 + 11) << 5 | 22) << 17 | 8 << 12 | 1) + (1 << 39);
        let mut body = vec![table, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 3, 0, task.len() as u8];
        body.extend(task.as_bytes());
        body.extend(&packed.to_be_bytes()[3..]);
        body.extend(&250_000_u32.to_be_bytes()[1..]);
        self.event(EventKind::WRITE_ROWS, &body)
    }
}

#[test]
fn the_task_s_own_heartbeat_is_told_and_no_change() {
    for (task, server_id, expected) in [("copy", 1, Some(1_795_334_401_250_000)), ("other", 1, None), ("copy", 2, None)]
    {
        let (mut log, mut assembler) = (Log::new(), mysql());
        assembler.heartbeat.as_mut().unwrap().server_id = server_id;
        let opening = [log.gtid(5), log.query("BEGIN"), log.heartbeat_table(3), log.heartbeat_row(3, task)];
        assert_eq!(changes(&mut assembler, &opening).unwrap(), [""; 0]);
        let end = log.xid();
        assembler.take(&raw(&end), NOW).unwrap();
        match assembler.pop() {
            Some(Change::Reached(point)) => assert_eq!(point.heartbeat_us, expected, "{task} of {server_id}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_heartbeat_that_does_not_look_like_one_is_none() {
    let (mut log, mut assembler) = (Log::new(), mysql());
    let mut opening = vec![log.gtid(5), log.query("BEGIN"), log.heartbeat_table(3)];
    let mut row = log.heartbeat_row(3, "copy").to_vec();
    // The length of its first value.
    row[19 + 13] = 200;
    opening.push(row.into());
    changes(&mut assembler, &opening).unwrap();
    let end = log.xid();
    assembler.take(&raw(&end), NOW).unwrap();
    assert!(matches!(assembler.pop(), Some(Change::Reached(point)) if point.heartbeat_us.is_none()));
}
