//! Transactions of MariaDB.

use super::*;
use replicator_binlog::MariaDbGtid;

#[test]
fn mariadb_needs_no_begin() {
    let mut log = Log::new();
    let mut assembler = assembler(ServerFlavor::MariaDb, 4);
    let events = [log.mariadb_gtid(7, 0), log.table(1, "item", true), log.insert(1, &[1]), log.query("COMMIT")];
    let commit = format!("commit {} 0-1-7", log.offset);
    assert_eq!(changes(&mut assembler, &events).unwrap(), ["begin 4 0-1-7", "rows item 0+1", &commit]);
    let events = [log.mariadb_gtid(8, MariaDbGtid::STANDALONE), log.query("CREATE DATABASE hr")];
    assert_eq!(changes(&mut assembler, &events).unwrap(), [format!("reached bin.000001:{} 0-1-8", log.offset)]);
}

#[test]
fn an_alter_in_two_phases_counts_where_it_ends() {
    let mut log = Log::new();
    let mut assembler = assembler(ServerFlavor::MariaDb, 4);
    let alter = |log: &mut Log, sequence: u64, extra: u8| {
        let gtid = log.mariadb_gtid_of_alter(sequence, MariaDbGtid::STANDALONE | MariaDbGtid::DDL, extra);
        [gtid, log.query("ALTER TABLE item ADD b INT")]
    };
    // Whether it is to be done or has failed is known later.
    for (sequence, extra) in [(7, MariaDbGtid::START_ALTER), (8, MariaDbGtid::ROLLBACK_ALTER)] {
        let events = alter(&mut log, sequence, extra);
        let reached = format!("reached bin.000001:{} 0-1-{sequence}", log.offset);
        assert_eq!(changes(&mut assembler, &events).unwrap(), [reached]);
    }
    let begin = format!("begin {} 0-1-9", log.offset);
    let events = alter(&mut log, 9, MariaDbGtid::COMMIT_ALTER);
    let commit = format!("commit {} 0-1-9", log.offset);
    assert_eq!(
        changes(&mut assembler, &events).unwrap(),
        [begin.as_str(), "schema shop: ALTER TABLE item ADD b INT", &commit]
    );
}
