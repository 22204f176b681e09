//! Decodes log files, every value of every row, and says how many there were: the shortest program over this crate, and
//! what to profile it with.
//!
//! `cargo run --release -p replicator-binlog --example count_values -- FILE…`; with `--skip` in front, no table is
//! wanted and no row decoded.

use replicator_binlog::{DecodeError, Decoder, Event, EventBody, FileSplitter, InflateLimits, TableMapCache, Value};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;

const LIMITS: InflateLimits = InflateLimits { event_bytes: 1 << 30, total_bytes: u64::MAX };

#[derive(Default)]
struct Count {
    tables: TableMapCache,
    skip: bool,
    events: u64,
    rows: u64,
    values: u64,
    absent: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut count = Count::default();
    for path in std::env::args().skip(1) {
        if path == "--skip" {
            count.skip = true;
            continue;
        }
        let (mut file, mut piece) = (File::open(&path)?, vec![0; 256 << 10]);
        let (mut splitter, mut decoder) = (FileSplitter::new(1 << 30), Decoder::new());
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            splitter.push(piece.get(..read).unwrap_or_default());
            while let Some((_, raw)) = splitter.next_event()? {
                let event = decoder.decode(raw)?;
                count.event(&event, &decoder)?;
            }
        }
    }
    let Count { events, rows, values, absent, .. } = count;
    println!("{events} events, {rows} rows, {values} values, {absent} absent");
    Ok(())
}

impl Count {
    fn event(&mut self, event: &Event<'_>, decoder: &Decoder) -> Result<(), DecodeError> {
        self.events += 1;
        match &event.body {
            EventBody::TableMap(map) if !self.skip => {
                self.tables.resolve(map, decoder.format(), |_| Ok::<_, DecodeError>(()))?;
            }
            EventBody::TransactionPayload(payload) => {
                let mut inner = payload.events(LIMITS)?;
                while let Some(raw) = inner.next_event() {
                    self.event(&decoder.decode_inner(raw?)?, decoder)?;
                }
            }
            EventBody::Rows(rows) => {
                let Some(table) = self.tables.get(rows.table_id()) else { return Ok(()) };
                let (mut before, mut after) = (Vec::new(), Vec::new());
                let mut walk = rows.rows(table)?;
                while walk.next_into(&mut before, &mut after)? {
                    self.rows += 1;
                    for value in before.iter().chain(&after) {
                        self.values += 1;
                        self.absent += u64::from(*black_box(value) == Value::Absent);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
