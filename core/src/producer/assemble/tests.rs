use super::*;
use proptest::prelude::*;
use replicator_binlog::{ChecksumAlg, EventKind};
use replicator_model::failure::ErrorClass;
use replicator_model::gtid::Gtid;
use replicator_model::task::{AppliedChanges, ProducerSpec};
use replicator_mysql::tables::{ColumnDefinition, TableDefinition};
use replicator_schema::dialect::{ServerFlavor, Version};

mod applied;
mod heartbeat;
mod mariadb;

const UUID: [u8; 16] = [7; 16];
const NOW: i64 = 1_800_000_000_000_000;
const TIME: u32 = 1_700_000_000;

/// A source's log as it is written, one event after the other.
struct Log {
    offset: u32,
    flags: u16,
}

impl Log {
    fn new() -> Self {
        Log { offset: 4, flags: 0 }
    }

    fn raw(&self, kind: EventKind, timestamp: u32, log_pos: u32, body: &[u8]) -> Bytes {
        let mut bytes = timestamp.to_le_bytes().to_vec();
        bytes.push(kind.0);
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((19 + body.len() as u32).to_le_bytes());
        bytes.extend(log_pos.to_le_bytes());
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(body);
        bytes.into()
    }

    fn event(&mut self, kind: EventKind, body: &[u8]) -> Bytes {
        self.offset += 19 + body.len() as u32;
        self.raw(kind, TIME, self.offset, body)
    }

    fn gtid(&mut self, number: u64) -> Bytes {
        let body = [&[0][..], &UUID, &number.to_le_bytes()].concat();
        self.event(EventKind::GTID, &body)
    }

    fn mariadb_gtid(&mut self, sequence: u64, flags: u8) -> Bytes {
        self.mariadb_gtid_of_alter(sequence, flags, 0)
    }

    fn mariadb_gtid_of_alter(&mut self, sequence: u64, flags: u8, extra: u8) -> Bytes {
        let body = [&sequence.to_le_bytes()[..], &0u32.to_le_bytes(), &[flags, extra], &[0; 9]].concat();
        self.event(EventKind::MARIADB_GTID, &body)
    }

    fn query(&mut self, sql: &str) -> Bytes {
        let body = [&[0; 8][..], &[4], &[0; 4], b"shop\0", sql.as_bytes()].concat();
        self.event(EventKind::QUERY, &body)
    }

    fn prepare(&mut self, name: u8, one_phase: bool) -> Bytes {
        let body = [&[u8::from(one_phase)][..], &1u32.to_le_bytes(), &1u32.to_le_bytes(), &[0; 4], &[name]].concat();
        self.event(EventKind::XA_PREPARE, &body)
    }

    fn xid(&mut self) -> Bytes {
        self.event(EventKind::XID, &[0; 8])
    }

    /// A table with the column `id int not null primary key`; `full` says so, else only its type is known.
    fn table(&mut self, id: u8, name: &str, full: bool) -> Bytes {
        let mut body = vec![id, 0, 0, 0, 0, 0, 0, 0, 4];
        body.extend(b"shop\0");
        body.push(name.len() as u8);
        body.extend(name.as_bytes());
        body.extend([0, 1, 3, 0, 0]);
        if full {
            body.extend([1, 1, 0, 4, 3, 2, b'i', b'd', 8, 1, 0]);
        }
        self.event(EventKind::TABLE_MAP, &body)
    }

    fn insert(&mut self, table: u8, ids: &[u32]) -> Bytes {
        let mut body = vec![table, 0, 0, 0, 0, 0, 1, 0, 2, 0, 1, 1];
        ids.iter().for_each(|id| {
            body.push(0);
            body.extend(id.to_le_bytes());
        });
        self.event(EventKind::WRITE_ROWS, &body)
    }

    fn heartbeat(&self, position: u32) -> Bytes {
        self.raw(EventKind::HEARTBEAT, 0, position, b"bin.000001")
    }
}

fn assembler(flavor: ServerFlavor, floor: u64) -> Assembler {
    let spec: ProducerSpec = serde_json::from_str(r#"{"host": "h", "user": "u", "tables": ["shop.item"]}"#).unwrap();
    Assembler::new(Beginning {
        scope: Scope::new(&spec, &[]),
        dialect: Dialect::new(flavor, Version(10, 11, 6)),
        server: "s".into(),
        track_gtids: true,
        collations: Collations::default(),
        decoder: Decoder::with_checksum(ChecksumAlg::Off),
        place: Place::new("bin.000001", 4),
        floor: Position::new("bin.000001", floor),
        heartbeat: Some(OwnHeartbeat { task: "copy".into(), server_id: 1 }),
        applied: Applied::new(AppliedChanges::Carry, "s".into(), Some("t".into()), vec![]),
        skip: None,
        prepared_bytes_max: Some(1000),
    })
}

fn mysql() -> Assembler {
    assembler(ServerFlavor::MySql, 4)
}

/// The changes of some events, short.
fn changes(assembler: &mut Assembler, events: &[Bytes]) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for event in events {
        assert_eq!(assembler.take(&raw(event), NOW)?, None);
        lines.extend(std::iter::from_fn(|| assembler.pop()).map(|change| line(&change)));
    }
    Ok(lines)
}

fn raw(bytes: &Bytes) -> RawEvent {
    RawEvent { bytes: bytes.clone(), part: EventPart::Whole }
}

fn line(change: &Change) -> String {
    let gtid = |gtid: &Option<Gtid>| match gtid {
        Some(Gtid::MySql(gtid)) => format!(" :{}", gtid.number),
        Some(Gtid::MariaDb(gtid)) => format!(" {gtid}"),
        None => String::new(),
    };
    match change {
        Change::Begin(start) => format!("begin {}{}", start.offset, gtid(&start.gtid)),
        Change::Rows(rows) => format!("rows {} {}+{}", rows.table.table, rows.first_row, rows.row_count),
        Change::Schema(schema) => format!("schema {}: {}", schema.database, schema.sql),
        Change::Commit(point) => format!("commit {}{}", point.offset, gtid(&point.gtid)),
        Change::Reached(point) => format!("reached {}:{}{}", point.file, point.offset, gtid(&point.gtid)),
    }
}

fn code(result: Result<Vec<String>, Failure>) -> String {
    let failure = result.unwrap_err();
    assert!(failure.class == ErrorClass::Definite && failure.reason.contains("bin.00000"), "{failure:?}");
    failure.code
}

#[test]
fn a_transaction_comes_in_parts_and_counts_at_its_end() {
    let mut log = Log::new();
    let mut assembler = mysql();
    let opening = [log.gtid(5), log.query("BEGIN"), log.table(1, "item", true)];
    assert_eq!(changes(&mut assembler, &opening).unwrap(), [""; 0]);
    let rows = [log.insert(1, &[1, 2]), log.insert(1, &[3])];
    assert_eq!(changes(&mut assembler, &rows).unwrap(), ["begin 4 :5", "rows item 0+2", "rows item 2+1"]);
    let end = log.xid();
    assert_eq!(changes(&mut assembler, &[end]).unwrap(), [format!("commit {} :5", log.offset)]);
}

/// A group from XA START to XA PREPARE with some rows.
fn prepared(log: &mut Log, gtid: u64, name: u8, inserts: usize, one_phase: bool) -> Vec<Bytes> {
    let mut events = vec![log.gtid(gtid), log.query("XA START X'0a',X'',1"), log.table(1, "item", true)];
    events.extend((0..inserts).map(|_| log.insert(1, &[1, 2])));
    events.push(log.query("XA END X'0a',X'',1"));
    events.push(log.prepare(name, one_phase));
    events
}

#[test]
fn rows_of_a_distributed_transaction_wait_for_its_outcome() {
    let mut log = Log::new();
    let mut assembler = mysql();
    let first = prepared(&mut log, 1, 10, 2, false);
    let reached = format!("reached bin.000001:{} :1", log.offset);
    assert_eq!(changes(&mut assembler, &first).unwrap(), [reached]);
    let second = prepared(&mut log, 2, 11, 1, false);
    changes(&mut assembler, &second).unwrap();
    let start = log.offset;
    let commit = [log.gtid(3), log.query("XA COMMIT X'0a', X'', 1")];
    let end = format!("commit {} :3", log.offset);
    let begin = format!("begin {start} :3");
    assert_eq!(changes(&mut assembler, &commit).unwrap(), [&begin, "rows item 0+2", "rows item 2+2", &end]);
    let rollback = [log.gtid(4), log.query("XA ROLLBACK X'0b',X'',1")];
    let reached = format!("reached bin.000001:{} :4", log.offset);
    assert_eq!(changes(&mut assembler, &rollback).unwrap(), [reached]);
    let start = log.offset;
    let one_phase = prepared(&mut log, 5, 10, 1, true);
    let expected = [format!("begin {start} :5"), "rows item 0+2".into(), format!("commit {} :5", log.offset)];
    assert_eq!(changes(&mut assembler, &one_phase).unwrap(), expected);
}

#[test]
fn what_can_not_be_held_is_wanted_again_with_its_outcome() {
    let mut log = Log::new();
    let mut assembler = mysql();
    let large = prepared(&mut log, 1, 10, 100, false);
    changes(&mut assembler, &large).unwrap();
    for (gtid, name, from) in [(2, "0a", Some(Position::new("bin.000001", 4))), (3, "0b", None)] {
        let begin = log.gtid(gtid);
        assert_eq!(changes(&mut assembler, &[begin]).unwrap(), [""; 0]);
        let commit = log.query(&format!("XA COMMIT X'{name}',X'',1"));
        let before = Position::new("bin.000001", log.offset.into());
        let wanted = WantedTransaction { xid: format!("x'{name}',x'',1"), from, before };
        assert_eq!(assembler.take(&raw(&commit), NOW).unwrap(), Some(Wanted::Transaction(wanted)));
        assert!(assembler.pop().is_none());
        assembler.end_prepared();
        let reached = format!("reached bin.000001:{} :{gtid}", log.offset);
        assert_eq!(assembler.pop().map(|change| line(&change)), Some(reached));
    }
}

#[test]
fn what_is_left_out_is_still_reached() {
    let mut log = Log::new();
    let events =
        [log.gtid(5), log.query("BEGIN"), log.table(2, "other", false), log.insert(2, &[1]), log.query("COMMIT")];
    let reached = format!("reached bin.000001:{} :5", log.offset);
    assert_eq!(changes(&mut mysql(), &events).unwrap(), [reached]);
}

#[test]
fn a_statement_is_a_transaction_of_its_own() {
    let mut log = Log::new();
    let mut assembler = mysql();
    let events = [log.gtid(1), log.query("ALTER TABLE item ADD x INT")];
    let commit = format!("commit {} :1", log.offset);
    assert_eq!(
        changes(&mut assembler, &events).unwrap(),
        ["begin 4 :1", "schema shop: ALTER TABLE item ADD x INT", &commit]
    );
    let events = [log.gtid(2), log.query("GRANT ALL ON *.* TO u")];
    assert_eq!(changes(&mut assembler, &events).unwrap(), [format!("reached bin.000001:{} :2", log.offset)]);
    // Without GTIDs, as before 5.6.
    let start = log.offset;
    let events = [log.query("TRUNCATE item")];
    let expected = [format!("begin {start}"), "schema shop: TRUNCATE item".into(), format!("commit {}", log.offset)];
    assert_eq!(changes(&mut assembler, &events).unwrap(), expected);
}

#[test]
fn what_group_replication_notes_for_itself_is_passed() {
    let mut log = Log::new();
    let mut events = vec![log.gtid(1), log.query("BEGIN")];
    events.extend([EventKind::VIEW_CHANGE, EventKind::TRANSACTION_CONTEXT].map(|kind| log.event(kind, &[7; 40])));
    events.push(log.query("COMMIT"));
    let reached = format!("reached bin.000001:{} :1", log.offset);
    assert_eq!(changes(&mut mysql(), &events).unwrap(), [reached]);
}

#[test]
fn statements_may_come_with_the_rows_of_their_transaction() {
    let mut log = Log::new();
    let create = log.gtid(1);
    let events = [
        create,
        log.query("BEGIN"),
        log.query("CREATE TABLE item (id INT) START TRANSACTION"),
        log.table(1, "item", true),
        log.insert(1, &[1]),
        log.xid(),
    ];
    let commit = format!("commit {} :1", log.offset);
    let expected = ["begin 4 :1", "schema shop: CREATE TABLE item (id INT) ", "rows item 0+1", &commit];
    assert_eq!(changes(&mut mysql(), &events).unwrap(), expected);
}

#[test]
fn a_table_that_the_log_does_not_describe_is_asked_for_once() {
    let mut log = Log::new();
    let mut assembler = mysql();
    changes(&mut assembler, &[log.gtid(1), log.query("BEGIN")]).unwrap();
    let map = log.table(1, "item", false);
    let wanted = Wanted::Table { database: "shop".into(), table: "item".into() };
    assert_eq!(assembler.take(&raw(&map), NOW).unwrap(), Some(wanted));
    let failure = assembler.define(None).unwrap_err();
    assert!(failure.code == "unknown_table" && failure.reason.contains("bin.000001"));

    assert!(assembler.take(&raw(&map), NOW).unwrap().is_some());
    let column = ColumnDefinition { nullable: false, ..ColumnDefinition::new("id", "int") };
    let (database, table) = ("shop".to_owned(), "item".to_owned());
    let definition =
        TableDefinition { database, table, columns: vec![column], key: Some(vec![0]), has_primary_key: true };
    assembler.define(Some(&definition)).unwrap();
    assert_eq!(assembler.take(&raw(&map), NOW).unwrap(), None);
    assert_eq!(changes(&mut assembler, &[log.insert(1, &[1])]).unwrap().len(), 2);
}

#[test]
fn files_and_heartbeats_move_the_place_between_transactions_only() {
    let mut log = Log::new();
    let mut assembler = assembler(ServerFlavor::MySql, 100);
    // The source looks for the start in transactions that are known.
    assert_eq!(changes(&mut assembler, &[log.heartbeat(60)]).unwrap(), [""; 0]);
    assert_eq!(changes(&mut assembler, &[log.heartbeat(100)]).unwrap(), ["reached bin.000001:100"]);
    log.offset = 100;
    let (open, begin) = (log.gtid(1), log.query("BEGIN"));
    assert_eq!(changes(&mut assembler, &[open, log.heartbeat(5000), begin, log.heartbeat(5000)]).unwrap(), [""; 0]);
    let end = log.xid();
    assert_eq!(changes(&mut assembler, &[end]).unwrap(), [format!("reached bin.000001:{} :1", log.offset)]);

    let rotate = [&4u64.to_le_bytes()[..], b"bin.000002"].concat();
    let real = log.event(EventKind::ROTATE, &rotate);
    assert_eq!(changes(&mut assembler, &[real]).unwrap(), ["reached bin.000002:4"]);
    let fake = log.raw(EventKind::ROTATE, 0, 0, &rotate);
    assert_eq!(changes(&mut assembler, &[fake, log.heartbeat(9000)]).unwrap(), [""; 0]);
    assert_eq!(*assembler.place(), Place::new("bin.000002", 4));
}

#[test]
fn what_is_not_understood_stops_with_its_place() {
    let unknown = EventKind(99);
    let mut log = Log::new();
    assert_eq!(code(changes(&mut mysql(), &[log.event(unknown, b"x")])), "event_not_understood");
    log.flags = EventHeader::IGNORABLE;
    assert_eq!(changes(&mut mysql(), &[log.event(unknown, b"x")]).unwrap(), [""; 0]);

    type Events = fn(&mut Log) -> Vec<Bytes>;
    let cases: [(&str, Events); 9] = [
        ("source_lost_events", |log| vec![log.event(EventKind::INCIDENT, &[1, 0, 1, b'x'])]),
        ("position_inside_transaction", |log| vec![log.table(1, "item", true), log.insert(1, &[1])]),
        ("position_inside_transaction", |log| vec![log.gtid(1), log.query("BEGIN"), log.insert(1, &[1])]),
        ("position_inside_transaction", |log| vec![log.xid()]),
        ("statement_format", |log| vec![log.gtid(1), log.query("BEGIN"), log.query("DELETE FROM item")]),
        ("statement_not_understood", |log| vec![log.gtid(1), log.query("FROBNICATE")]),
        ("transaction_incomplete", |log| {
            vec![log.gtid(1), log.query("BEGIN"), log.table(1, "item", true), log.insert(1, &[1]), log.gtid(2)]
        }),
        ("rollback_in_binlog", |log| {
            vec![
                log.gtid(1),
                log.query("BEGIN"),
                log.table(1, "item", true),
                log.insert(1, &[1]),
                log.query("ROLLBACK"),
            ]
        }),
        // Of another table: the number of columns says so.
        ("event_malformed", |log| {
            let partial = log.event(EventKind::PARTIAL_UPDATE_ROWS, &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 7, 0, 0]);
            vec![log.gtid(1), log.query("BEGIN"), log.table(1, "item", true), partial]
        }),
    ];
    for (expected, events) in cases {
        let mut log = Log::new();
        assert_eq!(code(changes(&mut mysql(), &events(&mut log))), expected);
    }
}

#[test]
fn inner_events_of_a_transaction_before_the_start_are_passed_over() {
    let mut log = Log::new();
    let (bytes, mut assembler) = (log.query("BEGIN"), mysql());
    let inner = RawEvent { bytes, part: EventPart::Inner };
    assert_eq!(assembler.take(&inner, NOW).unwrap(), None);
    assert!(assembler.pop().is_none() && assembler.transaction.is_none());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(kinds in proptest::collection::vec((0u8..=175, proptest::collection::vec(any::<u8>(), 0..60)), 1..12)) {
        let (mut log, mut assembler) = (Log::new(), mysql());
        for (kind, body) in kinds {
            let event = log.event(EventKind(kind), &body);
            if assembler.take(&raw(&event), NOW).is_ok_and(|wanted| wanted.is_some()) {
                let _refused = assembler.define(None);
            }
            while assembler.pop().is_some() {}
        }
    }
}

fn skip_at(offset: u64, gtid: Option<u64>) -> Option<TransactionPlace> {
    let gtid = gtid.map(|number| format!("{}:{number}", uuid::Uuid::from_bytes(UUID)));
    Some(TransactionPlace { server: "s".into(), position: Position::new("bin.000001", offset), gtid })
}

#[test]
fn the_ordered_transaction_is_left_out_whatever_is_in_it() {
    let mut log = Log::new();
    let events = [
        log.gtid(7),
        log.query("BEGIN"),
        log.query("nobody understands this"),
        log.event(EventKind(99), b"nor this"),
        log.xid(),
        log.gtid(8),
        log.query("CREATE TABLE item (id INT)"),
    ];
    let mut assembler = mysql();
    assembler.skip = skip_at(9, Some(7));
    let lines = changes(&mut assembler, &events).unwrap();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines[0].starts_with("begin") && lines[1].starts_with("commit") && lines[0].contains(":7"), "{lines:?}");
    assert!(lines[2].starts_with("begin") && lines[2].contains(":8"), "{lines:?}");
}

#[test]
fn another_transaction_than_the_ordered_one_is_not_left_out() {
    for skip in [skip_at(4, Some(9)), skip_at(400, None)] {
        let mut log = Log::new();
        let events = [log.gtid(7), log.query("CREATE TABLE item (id INT)")];
        let mut assembler = mysql();
        assembler.skip = skip;
        assert_eq!(changes(&mut assembler, &events).unwrap_err().code, "skip_mismatch");
    }
}

#[test]
fn transactions_of_others_may_come_before_the_ordered_one() {
    let mut log = Log::new();
    let other = [log.gtid(7), log.query("CREATE TABLE other.t (id INT)")];
    let offset = u64::from(log.offset);
    let ours = [log.gtid(8), log.query("CREATE TABLE item (id INT)")];
    let mut assembler = mysql();
    assembler.skip = skip_at(offset, None);
    let lines = changes(&mut assembler, &[&other[..], &ours[..]].concat()).unwrap();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(assembler.skip.is_none() && lines[2].starts_with("commit"), "{lines:?}");
}
