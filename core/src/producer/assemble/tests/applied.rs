//! Changes that tasks applied at the source.

use super::*;
use crate::change::Trail;

impl Log {
    fn own_table(&mut self, id: u8, name: &str, columns: &[u8], metadata: &[u8]) -> Bytes {
        let mut body = vec![id, 0, 0, 0, 0, 0, 0, 0, 16];
        body.extend(b"mysql_replicator\0");
        body.push(name.len() as u8);
        body.extend(name.as_bytes());
        body.extend([0, columns.len() as u8]);
        body.extend(columns);
        body.push(metadata.len() as u8);
        body.extend(metadata);
        body.push(0);
        self.event(EventKind::TABLE_MAP, &body)
    }

    fn origin_table(&mut self, id: u8) -> Bytes {
        self.own_table(id, "origin", &[15, 2, 15, 8], &[100, 0, 88, 2])
    }

    fn origin_key(slot: u8, trail: &str) -> Vec<u8> {
        [&[4][..], b"copy", &[slot, 0], &[trail.len() as u8, 0], trail.as_bytes()].concat()
    }

    fn origin_row(&mut self, table: u8, trail: &str) -> Bytes {
        let head = [table, 0, 0, 0, 0, 0, 1, 0, 2, 0, 4, 0b1111, 0];
        let body = [&head[..], &Self::origin_key(1, trail), &1_u64.to_le_bytes()].concat();
        self.event(EventKind::WRITE_ROWS, &body)
    }

    /// With `binlog_row_image = MINIMAL`: the key before, what was set after.
    fn origin_update(&mut self, table: u8, trail: &str) -> Bytes {
        let head = [table, 0, 0, 0, 0, 0, 1, 0, 2, 0, 4, 0b0111, 0b1000, 0];
        let body = [&head[..], &Self::origin_key(1, trail), &[0], &2_u64.to_le_bytes()].concat();
        self.event(EventKind::UPDATE_ROWS, &body)
    }

    fn applied_ddl(&mut self, connection: u64, trail: &str) -> [Bytes; 2] {
        let table = self.own_table(8, "applied_ddl", &[8, 15, 8, 8, 15], &[100, 0, 88, 2]);
        let head = [8, 0, 0, 0, 0, 0, 1, 0, 2, 0, 5, 0b1_1111, 0];
        let numbers = [connection.to_le_bytes(), u64::from(TIME).to_le_bytes()].concat();
        let body =
            [&head[..], &1_u64.to_le_bytes(), &[4], b"copy", &numbers, &[trail.len() as u8, 0], trail.as_bytes()];
        [table, self.event(EventKind::WRITE_ROWS, &body.concat())]
    }

    fn query_on(&mut self, connection: u32, sql: &str) -> Bytes {
        let body = [&connection.to_le_bytes()[..], &[0; 4], &[4], &[0; 4], b"shop\0", sql.as_bytes()].concat();
        self.event(EventKind::QUERY, &body)
    }
}

/// All changes of the events.
fn handed_on(assembler: &mut Assembler, events: &[Bytes]) -> Vec<Change> {
    let mut changes = Vec::new();
    for event in events {
        assert_eq!(assembler.take(&raw(event), NOW), Ok(None));
        changes.extend(std::iter::from_fn(|| assembler.pop()));
    }
    changes
}

fn trails(changes: &[Change]) -> Vec<String> {
    changes
        .iter()
        .filter_map(|change| match change {
            Change::Begin(start) => Some(start.trail.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn what_has_passed_the_target_is_left_out_before_its_first_row() {
    for minimal in [false, true] {
        for (trail, carried) in [("t", None), ("x,t", None), ("x", Some("x,s"))] {
            let (mut log, mut assembler) = (Log::new(), mysql());
            let mut events = vec![log.gtid(5), log.query("BEGIN"), log.origin_table(3)];
            events.push(if minimal { log.origin_update(3, trail) } else { log.origin_row(3, trail) });
            events.extend([log.table(1, "item", true), log.insert(1, &[1, 2])]);
            let changes = handed_on(&mut assembler, &events);
            assert_eq!(trails(&changes), carried.into_iter().collect::<Vec<_>>(), "{trail}");
            let end = handed_on(&mut assembler, &[log.xid()]);
            match (carried, end.as_slice()) {
                (Some(_), [Change::Commit(_)]) => {}
                (None, [Change::Reached(point)]) => assert!(!point.is_bookkeeping && point.gtid.is_some()),
                other => panic!("{other:?}"),
            }
            let own = [log.gtid(6), log.query("BEGIN"), log.table(1, "item", true), log.insert(1, &[3])];
            assert_eq!(trails(&handed_on(&mut assembler, &own)), ["s"], "the source's own");
        }
    }
}

#[test]
fn a_marker_alone_is_bookkeeping() {
    let (mut log, mut assembler) = (Log::new(), mysql());
    let marker = [log.gtid(5), log.query("BEGIN"), log.own_table(4, "checkpoint", &[3], &[]), log.insert(4, &[1])];
    assert!(handed_on(&mut assembler, &marker).is_empty());
    let end = handed_on(&mut assembler, &[log.xid()]);
    assert!(matches!(end.as_slice(), [Change::Reached(point)] if point.is_bookkeeping), "{end:?}");
    let other = [log.gtid(6), log.query("BEGIN"), log.table(2, "other", true), log.insert(2, &[1]), log.xid()];
    let end = handed_on(&mut assembler, &other);
    assert!(matches!(end.as_slice(), [Change::Reached(point)] if !point.is_bookkeeping), "{end:?}");
}

#[test]
fn a_statement_that_was_announced_is_told_among_others() {
    let (mut log, mut assembler) = (Log::new(), mysql());
    let mut announced = vec![log.gtid(5), log.query("BEGIN")];
    announced.extend(log.applied_ddl(7, "t"));
    announced.extend(log.applied_ddl(8, "x"));
    announced.push(log.xid());
    handed_on(&mut assembler, &announced);
    for (connection, expected) in [(7, None), (8, Some("x,s")), (9, Some("s")), (7, None)] {
        let statement = [log.gtid(6), log.query_on(connection, "DROP TABLE `item` /* generated by server */")];
        let changes = handed_on(&mut assembler, &statement);
        assert_eq!(trails(&changes), expected.into_iter().collect::<Vec<_>>(), "{connection}");
    }
    assert_eq!(assembler.applied.fate(&Trail::parse("t")), super::super::applied::Fate::LeftOut);
}
