//! Files written by real servers (`testdata/*.sql` on them), against what the same servers answered to SELECT.

use std::collections::BTreeMap;

use crate::dump::{events, rows_as_text};
use replicator_binlog::{
    BINARY_COLLATION, ColumnType, Decoder, EventBody, EventHeader, EventKind, Flavor, TableMap, TableMapCache,
};

const MYSQL97: &[u8] = include_bytes!("../../testdata/values_mysql97.binlog");
const MYSQL56: &[u8] = include_bytes!("../../testdata/values_mysql56.binlog");
const MARIADB1011: &[u8] = include_bytes!("../../testdata/values_mariadb1011.binlog");
const MYSQL97_KINDS: &[u8] = include_bytes!("../../testdata/kinds_mysql97.binlog");
const MARIADB118_KINDS: &[u8] = include_bytes!("../../testdata/kinds_mariadb118.binlog");

fn assert_same_rows(decoded: &[String], expected: &str) {
    let inserted: Vec<_> = decoded.iter().filter_map(|line| line.strip_prefix('+')).collect();
    let expected: Vec<_> = expected.lines().collect();
    for (decoded, expected) in inserted.iter().zip(&expected) {
        assert_eq!(decoded, expected);
    }
    assert_eq!(inserted.len(), expected.len());
}

#[test]
fn values_of_mysql_97() {
    let rows = rows_as_text(MYSQL97, |table| assert!(table.has_full_metadata()));
    assert_same_rows(&rows, include_str!("../../testdata/values_mysql97.expected"));
}

#[test]
fn values_of_mariadb_1011() {
    let rows = rows_as_text(MARIADB1011, |table| assert!(table.has_full_metadata()));
    assert_same_rows(&rows, include_str!("../../testdata/values_mariadb1011.expected"));
}

/// 5.6 sends no metadata; signedness and collations come from elsewhere, here from 9.7's identical tables.
#[test]
fn values_of_mysql_56() {
    let mut definitions = BTreeMap::new();
    rows_as_text(MYSQL97, |table| {
        definitions.insert(table.table.clone(), table.columns.clone());
    });
    let rows = rows_as_text(MYSQL56, |table| {
        assert!(!table.has_full_metadata());
        for (column, definition) in table.columns.iter_mut().zip(&definitions[&table.table]) {
            column.unsigned = definition.unsigned;
            column.collation = definition.collation;
        }
    });
    assert_same_rows(&rows, include_str!("../../testdata/values_mysql56.expected"));
}

#[test]
fn integers_are_refused_where_their_sign_is_unknown() {
    let rows = rows_as_text(MYSQL56, |_| {});
    assert!(rows[0].contains("table v.ints, column #1"), "{}", rows[0]);
    assert!(rows[0].contains("UNSIGNED"), "{}", rows[0]);
}

fn tables(file: &[u8]) -> BTreeMap<String, TableMap> {
    let mut tables = BTreeMap::new();
    rows_as_text(file, |table| {
        tables.insert(table.table.clone(), table.clone());
    });
    tables
}

#[test]
fn metadata_of_mysql_97() {
    let tables = tables(MYSQL97_KINDS);
    let inv = &tables["inv"];
    assert_eq!(inv.database, "v");
    assert_eq!(inv.primary_key.as_deref(), Some(&[(2, 3), (0, 0)][..]));
    let names: Vec<_> = inv.columns.iter().map(|column| column.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["id", "a", "b", "c"]);
    let visible: Vec<_> = inv.columns.iter().map(|column| column.visible).collect();
    assert_eq!(visible, [Some(true), Some(false), Some(true), Some(true)]);
    let collations: Vec<_> = inv.columns.iter().map(|column| column.collation).collect();
    assert_eq!(collations, [None, None, Some(46), Some(8)]);
    assert_eq!(tables["mini"].primary_key.as_deref(), Some(&[(0, 0)][..]));
    assert_eq!(tables["nopk"].primary_key, None);

    let values = self::tables(MYSQL97);
    assert_eq!(values["vec"].columns[1].vector_dimensions, Some(3));
    assert_eq!(values["strs"].columns.last().unwrap().geometry_type, Some(1));
    let members = values["strs"].columns[17].members.as_ref().unwrap();
    assert_eq!(members.iter().map(|member| &**member).collect::<Vec<_>>(), [&b"a"[..], b"b", b"\xfc"]);
}

/// MariaDB lists a collation for GEOMETRY columns too: text behind them must keep its own.
#[test]
fn collations_of_mariadb_are_not_shifted_by_geometry() {
    let tables = tables(MARIADB118_KINDS);
    let collation = |table: &str, name: &str| {
        tables[table].columns.iter().find(|column| column.name.as_deref() == Some(name)).unwrap().collation
    };
    assert_eq!(collation("geo", "c"), Some(8));
    assert_eq!(collation("geo", "t"), Some(46));
    assert_eq!(collation("geo", "g"), Some(BINARY_COLLATION));
    assert_eq!(collation("geo", "j"), Some(46));
    assert_eq!(collation("net", "u"), Some(BINARY_COLLATION));
    assert_eq!(collation("net", "t"), Some(46));
    assert_eq!(collation("comp", "y"), Some(46));
    assert_eq!(tables["net"].columns[2].kind, ColumnType::Char);
    assert_eq!(tables["net"].columns[2].declared_bytes(), Some(16));
}

#[test]
fn row_images_of_mysql_97() {
    let rows = rows_as_text(MYSQL97_KINDS, |_| {});
    let of = |table: &str| -> Vec<&str> {
        rows.iter().map(String::as_str).filter(|row| row[1..].starts_with(&format!("{table}\t"))).collect()
    };
    assert_eq!(of("fi"), ["+fi\t1\t10\t11\t20", "<fi\t1\t10\t11\t20", ">fi\t1\t20\t21\t40"]);
    assert_eq!(of("mv"), ["+mv\t1\t{\"a\": [1, 2, 3]}", "<mv\t1\t{\"a\": [1, 2, 3]}", ">mv\t1\t{\"a\": [4]}"]);
    // Logged as `JSON_REPLACE(j, '$.b', 2)`.
    let long = "x".repeat(200);
    let (before, after) =
        (format!("<pj\t1\t{{\"a\": \"{long}\", \"b\": 1}}"), format!(">pj\t1\t{{\"a\": \"{long}\", \"b\": 2}}"));
    assert_eq!(of("pj")[1..], [before, after]);
    let mini = of("mini");
    assert_eq!(
        mini[..8],
        [
            "+mini\t1\t1\tABSENT\tABSENT",
            "<mini\t1\tABSENT\tABSENT\tABSENT",
            ">mini\tABSENT\tABSENT\t78\tABSENT",
            "<mini\t1\tABSENT\tABSENT\tABSENT",
            ">mini\tABSENT\tABSENT\tNULL\tABSENT",
            "-mini\t1\tABSENT\tABSENT\tABSENT",
            "+mini\t2\t1\t74\tNULL",
            "<mini\t2\t1\tABSENT\tNULL",
        ]
    );
    // From inside a compressed transaction.
    assert!(mini.iter().any(|row| row.starts_with(">mini\t3\t78\t7A7A") && row.len() == 131_070 + 16));
}

#[test]
fn row_images_of_mariadb_118() {
    let rows = rows_as_text(MARIADB118_KINDS, |_| {});
    let hello = "68656C6C6F".repeat(1000);
    for row in [
        "+net\t1\t61\t123E4567E89B12D3A456426655440000\t20010DB8000000000000FF0000428329\t0A000001\t78",
        "+oldt\t1\t-838:59:59\t9999-12-31 23:59:59\t2038-01-19 03:14:07",
        "+oldt\t2\t12:34:56\t2020-00-00 00:00:00\t1970-01-01 00:00:01",
        "+oldt\t3\t00:00:00\t0000-00-00 00:00:00\t0000-00-00 00:00:00",
        "+newer\t1\t2106-02-07 06:28:15",
        "+vecm\t1\t0000803F0000004000004040",
        &format!("+comp\t1\t78\t{}\t{}\t79", "61".repeat(500), "62".repeat(500)),
        // log_bin_compress
        &format!("+lb\t1\t{hello}\t4294967295"),
        &format!("<lb\t1\t{hello}\t4294967295"),
        &format!(">lb\t1\t{hello}\t4294967294"),
        &format!("-lb\t1\t{hello}\t4294967294"),
    ] {
        assert!(rows.iter().any(|decoded| decoded == row), "{row:.100}");
    }
}

/// What follows the TABLE_MAP of a row crosses a queue as raw bytes and a small `Copy` struct.
#[test]
fn a_rows_event_is_borrowed_again_from_its_layout() {
    let mut seen = 0;
    for file in [MYSQL97, MARIADB118_KINDS, MYSQL56] {
        let mut decoder = Decoder::new();
        for raw in events(file) {
            if let EventBody::Rows(rows) = decoder.decode(raw).unwrap().body {
                let layout = rows.layout();
                let queued = raw.to_vec();
                assert_eq!(layout.view(&queued).unwrap(), rows);
                assert!(layout.view(&queued[..queued.len() - 5]).is_err());
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

fn kinds(file: &[u8]) -> BTreeMap<EventKind, usize> {
    let mut kinds = BTreeMap::new();
    for raw in events(file) {
        *kinds.entry(EventHeader::parse(raw).unwrap().kind).or_default() += 1;
    }
    kinds
}

#[test]
fn transactions_of_mysql_97() {
    let mut decoder = Decoder::new();
    let mut tagged = Vec::new();
    let mut xa = Vec::new();
    let mut variables = Vec::new();
    for raw in events(MYSQL97_KINDS) {
        match decoder.decode(raw).unwrap().body {
            EventBody::Gtid(gtid) => {
                assert!(gtid.gno > 0 && gtid.sequence_number > gtid.last_committed);
                assert!(gtid.immediate_commit_timestamp_us.unwrap() > 1_790_000_000_000_000);
                assert_eq!(gtid.immediate_commit_timestamp_us, gtid.original_commit_timestamp_us);
                assert_eq!(gtid.immediate_server_version, Some(90_704));
                assert!(gtid.transaction_length.unwrap() > 100);
                if !gtid.tag.is_empty() {
                    tagged.push((gtid.uuid[0], gtid.tag.to_owned(), gtid.gno));
                }
            }
            EventBody::XaPrepare(prepare) => {
                xa.push((
                    prepare.one_phase,
                    prepare.xid.format_id,
                    prepare.xid.gtrid.to_vec(),
                    prepare.xid.bqual.to_vec(),
                ));
            }
            EventBody::Query(query) => {
                let session = query.status.parse().unwrap();
                assert_eq!(session.unknown, None);
                assert_eq!(session.charsets.unwrap().client, 255);
                assert_eq!(query.database, b"v");
            }
            EventBody::Intvar(value) => variables.push(format!("{} {}", value.variable, value.value)),
            EventBody::UserVar(value) => variables.push(format!("{:?} {:?}", value.name, value.value.map(|v| v.bytes))),
            EventBody::Unknown(_) => panic!("{raw:?}"),
            _ => {}
        }
    }
    assert_eq!(tagged.len(), 2);
    assert_eq!(tagged[0], (0xaa, "mytag".to_owned(), 5));
    assert_eq!((&*tagged[1].1, tagged[1].2), ("other", 1));
    let name = |text: &str| text.as_bytes().to_vec();
    assert_eq!(xa, [(false, 7, name("g"), name("b")), (true, 1, name("o"), name(""))]);
    assert!(variables.contains(&"[117] Some([5, 0, 0, 0, 0, 0, 0, 0])".to_owned()), "{variables:?}");
    assert!(variables.contains(&"[110] None".to_owned()), "{variables:?}");
    let kinds = kinds(MYSQL97_KINDS);
    for kind in [EventKind::PARTIAL_UPDATE_ROWS, EventKind::ROWS_QUERY, EventKind::TRANSACTION_PAYLOAD, EventKind::RAND]
    {
        assert_eq!(kinds.get(&kind), Some(&1), "{kind}");
    }
}

#[test]
fn transactions_of_mariadb_118() {
    let mut decoder = Decoder::new();
    let (mut last, mut xids, mut annotations, mut compressed) = (0, Vec::new(), Vec::new(), 0);
    for raw in events(MARIADB118_KINDS) {
        let event = decoder.decode(raw).unwrap();
        match event.body {
            EventBody::MariaDbGtid(gtid) => {
                assert!(gtid.sequence > last);
                last = gtid.sequence;
                assert_eq!((gtid.domain_id, gtid.server_id), (0, event.header.server_id));
                xids.extend(gtid.xid.map(|xid| (gtid.flags & 0xc0, xid.gtrid.to_vec(), xid.bqual.to_vec())));
            }
            EventBody::MariaDbAnnotateRows(sql) => annotations.push(String::from_utf8_lossy(sql).into_owned()),
            EventBody::Query(query) => {
                assert_eq!(query.status.parse().unwrap().unknown, None);
                if event.header.kind == EventKind::MARIADB_QUERY_COMPRESSED {
                    compressed += 1;
                    assert!(query.sql.starts_with(b"CREATE TABLE lb"), "{:?}", query.sql);
                    assert!(query.sql.ends_with(b")"), "{:?}", query.sql);
                }
            }
            EventBody::MariaDbBinlogCheckpoint(file) => assert!(file.starts_with(b"binlog.0")),
            EventBody::FormatDescription(format) => assert_eq!(format.flavor, Flavor::MariaDb),
            EventBody::Unknown(_) => panic!("{event:?}"),
            _ => {}
        }
    }
    let name = |text: &str| text.as_bytes().to_vec();
    assert_eq!(xids, [(0x40, name("g"), name("b")), (0x80, name("g"), name("b"))]);
    assert!(annotations.iter().any(|sql| sql.starts_with("INSERT INTO geo")));
    assert!(compressed > 0);
}

#[test]
fn a_flipped_bit_is_noticed_and_a_table_is_parsed_once() {
    let mut decoder = Decoder::new();
    let mut tables = TableMapCache::default();
    let mut parsed = 0;
    for raw in events(MYSQL97) {
        let mut damaged = raw.to_vec();
        damaged[25] ^= 4;
        if raw[4] != EventKind::FORMAT_DESCRIPTION.0 {
            let error = decoder.decode(&damaged).unwrap_err().to_string();
            assert!(error.contains("checksum"), "{error}");
        }
        if let EventBody::TableMap(map) = decoder.decode(raw).unwrap().body {
            let count = |_: &mut TableMap| -> Result<(), replicator_binlog::DecodeError> {
                parsed += 1;
                Ok(())
            };
            tables.resolve(&map, decoder.format(), count).unwrap();
        }
    }
    assert_eq!(parsed, 6);
}
