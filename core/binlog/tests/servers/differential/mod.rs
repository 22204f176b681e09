//! Random tables with random rows on every server: what the decoder makes of the log is what SELECT answered at that
//! moment, and what `mysqlbinlog -vv` prints of the same file.
//!
//! `REPLICATOR_DECODE_TABLES` sets how many tables each server gets, `REPLICATOR_DECODE_SEED` with which seed they begin.

mod columns;
mod old_temporals;
mod printed;
mod random;

use crate::dump;
use crate::values::binlog_files;
use columns::Table;
use random::Random;
use replicator_binlog::{
    BINARY_COLLATION, ColumnType, DecodeError, Decoder, EventBody, FileSplitter, InflateLimits, RowsKind, TableMap,
    TableMapCache,
};
use replicator_tests::{Flavor, MysqlServer, log_printer};
use std::collections::BTreeMap;

const TABLES: u64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn mysql_97() {
    check(Flavor::MySql97).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_56() {
    check(Flavor::MySql56).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_1011() {
    check(Flavor::MariaDb1011).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_114() {
    check(Flavor::MariaDb114).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_118() {
    check(Flavor::MariaDb118).await;
}

/// The rows of a table at one moment, in the form of [`dump`]: values separated by tabs, by their id.
type Rows = BTreeMap<String, String>;

async fn check(flavor: Flavor) {
    let server = started(flavor).await;
    let (mut tables, mut moments) = (BTreeMap::new(), Vec::new());
    for seed in seeds(TABLES) {
        let mut random = Random::of_seed(seed);
        let table = Table::random(flavor, seed, &mut random);
        if flavor.is_mariadb() {
            let compress = if seed % 2 == 0 { "ON" } else { "OFF" };
            let sql = format!("SET GLOBAL log_bin_compress = {compress}, log_bin_compress_min_len = 10");
            server.exec(&sql).await.unwrap();
        }
        moments.extend(changed(&server, &table, &mut random, moments.len()).await);
        tables.insert(table.name.clone(), table);
    }
    let mut replay = Replay::new(&tables, &moments);
    for file in binlog_files(&server) {
        let bytes = std::fs::read(&file).unwrap();
        let decoded = replay.file(&bytes);
        let printer =
            log_printer(flavor).unwrap().args(["-vv", "--base64-output=DECODE-ROWS"]).arg(&file).output().unwrap();
        assert!(printer.status.success(), "{}", String::from_utf8_lossy(&printer.stderr));
        printed::compare(flavor, &printer.stdout, &decoded);
    }
    assert_eq!(replay.seen, moments.len(), "{flavor}");
    let has_all = replay.compressed > 0 && replay.partial > 0;
    assert_eq!(has_all, flavor == Flavor::MySql97, "{} compressed, {} partial", replay.compressed, replay.partial);
}

fn seeds(count: u64) -> std::ops::Range<u64> {
    let variable = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let first = variable("REPLICATOR_DECODE_SEED").unwrap_or(1);
    first..first + variable("REPLICATOR_DECODE_TABLES").unwrap_or(count)
}

async fn started(flavor: Flavor) -> MysqlServer {
    let server = MysqlServer::start_with(flavor, &["--default-time-zone=+00:00"]).await.unwrap();
    server.exec("CREATE DATABASE d; CREATE TABLE d.mark (number INT PRIMARY KEY)").await.unwrap();
    server
}

/// Makes a table, fills and changes it. What it holds at each of the next moments.
async fn changed(server: &MysqlServer, table: &Table, random: &mut Random, before: usize) -> Vec<(String, Rows)> {
    server.exec(&table.create()).await.unwrap();
    let mut moments = Vec::new();
    for phase in [table.inserts(random), table.updates(random), table.deletes(random)] {
        let number = before + moments.len();
        server.exec(&format!("{phase}; INSERT INTO d.mark VALUES ({number})")).await.unwrap();
        moments.push((table.name.clone(), select(server, table).await));
    }
    moments
}

async fn select(server: &MysqlServer, table: &Table) -> Rows {
    let answered = server.query_strings(&table.select()).await.unwrap();
    let row = |row: Vec<Option<String>>| {
        let values: Vec<_> = row.into_iter().map(|value| value.unwrap_or("NULL".to_owned())).collect();
        (values[0].clone(), values.join("\t"))
    };
    answered.into_iter().map(row).collect()
}

/// A row image with what decoded it.
pub(crate) struct Image {
    pub(crate) table: String,
    /// The number of its rows event; a compressed transaction has many at one place.
    pub(crate) event: usize,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub(crate) verb: &'static str,
    /// The values before and after as `mysqlbinlog` prints them; none where there is no such image.
    pub(crate) parts: Vec<Vec<printed::Expected>>,
}

/// The log carried out in memory.
struct Replay<'a> {
    tables: &'a BTreeMap<String, Table>,
    moments: &'a [(String, Rows)],
    rows: BTreeMap<String, Rows>,
    /// Moments that came by.
    seen: usize,
    /// Compressed transactions, and events with changes inside of JSON values.
    compressed: usize,
    partial: usize,
    /// Rows events so far.
    events: usize,
}

impl<'a> Replay<'a> {
    fn new(tables: &'a BTreeMap<String, Table>, moments: &'a [(String, Rows)]) -> Self {
        Replay { tables, moments, rows: BTreeMap::new(), seen: 0, compressed: 0, partial: 0, events: 0 }
    }
}

impl Replay<'_> {
    fn file(&mut self, bytes: &[u8]) -> Vec<Image> {
        let (mut splitter, mut decoder) = (FileSplitter::new(1 << 24), Decoder::new());
        let (mut cache, mut images) = (TableMapCache::default(), Vec::new());
        splitter.push(bytes);
        while let Some((_, raw)) = splitter.next_event().unwrap() {
            let event = decoder.decode(raw).unwrap();
            self.event(&event.body, &decoder, &mut cache, &mut images);
        }
        images
    }

    fn event(&mut self, event: &EventBody<'_>, decoder: &Decoder, cache: &mut TableMapCache, images: &mut Vec<Image>) {
        match event {
            EventBody::TableMap(map) => {
                let fill = |map: &mut TableMap| {
                    complete(map, self.tables.get(&map.table));
                    Ok::<_, DecodeError>(())
                };
                let resolved = cache.resolve(map, decoder.format(), fill);
                resolved.unwrap_or_else(|error| panic!("{error}: {:02x?}", map.body));
            }
            EventBody::TransactionPayload(payload) => {
                let mut inner = payload.events(InflateLimits { event_bytes: 1 << 20, total_bytes: 1 << 24 }).unwrap();
                while let Some(raw) = inner.next_event() {
                    let event = decoder.decode_inner(raw.unwrap()).unwrap();
                    self.event(&event.body, decoder, cache, images);
                }
                self.compressed += 1;
            }
            EventBody::PartialUpdate(update) => {
                let whole = update.expand(cache.get(update.table_id).unwrap(), 1 << 24).unwrap();
                let event = decoder.decode_inner(&whole).unwrap();
                self.event(&event.body, decoder, cache, images);
                self.partial += 1;
            }
            EventBody::Rows(event) => {
                self.events += 1;
                let map = cache.get(event.table_id()).unwrap();
                for change in event.rows(map).unwrap() {
                    let change = change.unwrap_or_else(|error| panic!("{error}"));
                    let line = |values: &Vec<_>| dump::values(map, values);
                    self.change(map, event.kind(), change.before.as_ref().map(line), change.after.as_ref().map(line));
                    let verb = match event.kind() {
                        RowsKind::Insert => "INSERT",
                        RowsKind::Update => "UPDATE",
                        RowsKind::Delete => "DELETE",
                    };
                    let parts = [change.before, change.after].into_iter().flatten();
                    let parts = parts.map(|values| printed::image(&values, &map.columns)).collect();
                    images.push(Image { table: map.table.clone(), event: self.events, verb, parts });
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, map: &TableMap, kind: RowsKind, before: Option<String>, after: Option<String>) {
        let rows = self.rows.entry(map.table.clone()).or_default();
        let id = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        // Columns without a value in an INSERT have their default, which is NULL here.
        let mut held = vec!["NULL".to_owned(); map.columns.len()].join("\t");
        if let Some(before) = &before {
            held = rows.remove(&id(before)).expect("a row that is there");
            assert_eq!(over(&held, before), held, "{kind:?} of {}", map.table);
        }
        if let Some(after) = after {
            let after = over(&held, &after);
            assert_eq!(rows.insert(id(&after), after), None, "{kind:?} of {}", map.table);
        }
        if map.table == "mark" && kind == RowsKind::Insert {
            let (table, expected) = &self.moments[self.seen];
            let held = self.rows.get(table).cloned().unwrap_or_default();
            for (id, row) in expected {
                assert_eq!(held.get(id), Some(row), "{}", self.tables[table].create());
            }
            assert_eq!(held.len(), expected.len(), "{table}");
            self.seen += 1;
        }
    }
}

/// A row with what an image says of it: columns that the image does not hold stay as they were.
fn over(held: &str, image: &str) -> String {
    let values = held.split('\t').zip(image.split('\t'));
    values.map(|(held, value)| if value == "ABSENT" { held } else { value }).collect::<Vec<_>>().join("\t")
}

/// What the log does not say, or 5.6 does not; the others have to agree.
fn complete(map: &mut TableMap, table: Option<&Table>) {
    let has_metadata = map.has_full_metadata();
    for (index, column) in map.columns.iter_mut().enumerate() {
        // The first column is the id, and `mark` has no other.
        let kind = index.checked_sub(1).and_then(|index| table?.columns.get(index));
        column.kind = match kind {
            Some(columns::Kind::Uuid) => ColumnType::Uuid,
            Some(columns::Kind::Inet6) => ColumnType::Inet6,
            Some(columns::Kind::Inet4) => ColumnType::Inet4,
            _ => column.kind,
        };
        if let (Some(digits), ColumnType::OldTime | ColumnType::OldDateTime | ColumnType::OldTimestamp) =
            (kind.and_then(columns::Kind::fraction), column.kind)
        {
            column.meta = digits as u16;
        }
        let unsigned = kind.is_some_and(columns::Kind::is_unsigned);
        if has_metadata {
            assert!(!column.kind.is_integer() || column.unsigned == Some(unsigned), "{:?}", column.name);
            continue;
        }
        column.unsigned = Some(unsigned);
        let is_binary = matches!(kind, Some(columns::Kind::Binary(_)));
        column.collation = Some(if is_binary { BINARY_COLLATION } else { 0 });
    }
}
