//! Inputs to begin with: events of the captured logs, documents from their rows, and the kept corpus.

use std::path::PathBuf;

use replicator_binlog::{
    ColumnType, Decoder, Event, EventBody, EventHeader, EventKind, FormatDescription, InflateLimits, TableMap, Value,
};

pub(crate) const FILES: [&[u8]; 5] = [
    include_bytes!("../../testdata/values_mysql97.binlog"),
    include_bytes!("../../testdata/kinds_mysql97.binlog"),
    include_bytes!("../../testdata/values_mysql56.binlog"),
    include_bytes!("../../testdata/values_mariadb1011.binlog"),
    include_bytes!("../../testdata/kinds_mariadb118.binlog"),
];

/// A captured log: its decoder behind the FORMAT_DESCRIPTION, and its tables with signs where they are missing.
pub(crate) struct Captured {
    pub(crate) decoder: Decoder,
    pub(crate) tables: Vec<TableMap>,
    /// The same with what a MariaDB's definition would say of columns that the log does not tell apart.
    pub(crate) told: Vec<TableMap>,
    /// Raw events without their checksums, those inside of payloads too.
    pub(crate) events: Vec<Vec<u8>>,
}

pub(crate) fn captured() -> Vec<Captured> {
    FILES.iter().map(|file| Captured::read(file)).collect()
}

fn told(table: &TableMap) -> TableMap {
    use ColumnType::*;
    let mut table = table.clone();
    for (index, column) in table.columns.iter_mut().enumerate() {
        match (column.kind, column.meta) {
            (Char, 16) => column.kind = [Uuid, Inet6][index % 2],
            (Char, 4) => column.kind = Inet4,
            (OldTime | OldDateTime | OldTimestamp, _) => column.meta = (index % 7) as u16,
            _ => {}
        }
    }
    table
}

impl Captured {
    fn read(file: &[u8]) -> Self {
        let mut captured =
            Captured { decoder: Decoder::new(), tables: Vec::new(), told: Vec::new(), events: Vec::new() };
        let mut rest = &file[4..];
        while !rest.is_empty() {
            let size = EventHeader::parse(rest).unwrap().event_size as usize;
            let (raw, behind) = rest.split_at(size);
            rest = behind;
            let mut decoder = captured.decoder.clone();
            let event = decoder.decode(raw).unwrap();
            captured.decoder = decoder.clone();
            captured.keep(&event, &raw[..raw.len() - decoder.format().checksum.length()]);
            if let EventBody::TransactionPayload(payload) = &event.body {
                let limits = InflateLimits { event_bytes: 1 << 20, total_bytes: 1 << 22 };
                let mut inner = payload.events(limits).unwrap();
                while let Some(raw) = inner.next_event() {
                    let raw = raw.unwrap().to_vec();
                    captured.keep(&decoder.decode_inner(&raw).unwrap(), &raw);
                }
            }
        }
        captured.tables.dedup_by_key(|table| table.table_id);
        captured.told = captured.tables.iter().map(told).collect();
        captured
    }

    fn keep(&mut self, event: &Event<'_>, raw: &[u8]) {
        if let EventBody::TableMap(map) = &event.body {
            let mut table = TableMap::parse(map.body, self.decoder.format()).unwrap();
            table.columns.iter_mut().for_each(|column| column.unsigned = column.unsigned.or(Some(false)));
            self.tables.push(table);
        }
        const LONGEST_SEED: usize = 20_000;
        if raw.len() <= LONGEST_SEED {
            self.events.push(with_own_size(raw.to_vec()));
        }
    }

    pub(crate) fn format(&self) -> &FormatDescription {
        self.decoder.format()
    }
}

/// The header says how long the event is now.
pub(crate) fn with_own_size(mut raw: Vec<u8>) -> Vec<u8> {
    let size = (raw.len() as u32).to_le_bytes();
    if let Some(field) = raw.get_mut(9..13) {
        field.copy_from_slice(&size);
    }
    raw
}

/// Events of these kinds, of all logs.
pub(crate) fn events_of(kinds: &[EventKind]) -> Vec<Vec<u8>> {
    let all = captured().into_iter().flat_map(|captured| captured.events);
    all.filter(|raw| kinds.contains(&EventKind(raw[4]))).collect()
}

/// Values of all rows, as the bytes that `choose` wants of them.
pub(crate) fn values(choose: fn(&Value<'_>) -> Option<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut chosen = Vec::new();
    for captured in captured() {
        for raw in &captured.events {
            let EventBody::Rows(rows) =
                captured.decoder.decode_inner(raw).map(|event| event.body).unwrap_or(EventBody::Stop)
            else {
                continue;
            };
            let Some(table) = captured.tables.iter().find(|table| table.table_id == rows.table_id()) else { continue };
            for row in rows.rows(table).into_iter().flatten().flatten() {
                let values = [row.before, row.after].into_iter().flatten().flatten();
                chosen.extend(values.filter_map(|value| choose(&value)));
            }
        }
    }
    assert!(!chosen.is_empty());
    chosen
}

/// Puts a few of the seeds into an empty corpus.
pub(crate) fn keep_some(target: &str, seeds: &[Vec<u8>]) {
    const KEPT: usize = 4;
    let folder = folder(target);
    if folder.exists() {
        return;
    }
    std::fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().step_by(seeds.len().div_ceil(KEPT)).enumerate() {
        std::fs::write(folder.join(format!("real-{number}")), seed).unwrap();
    }
}

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/corpus").join(target)
}

/// What once failed, and a few inputs that must never be lost.
pub(crate) fn kept(target: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder(target)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}
