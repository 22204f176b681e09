//! mysql-binlog-connector-rust: its own connection and its own decoder. It has no mode without decoding.

use mysql_binlog_connector_rust::binlog_client::{BinlogClient, StartPosition};
use mysql_binlog_connector_rust::event::event_data::EventData;
use replicator_bench_peers::{Result, Seen, Wanted};
use std::hint::black_box;

const SERVER_ID: u64 = 3_000_000_002;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let wanted = Wanted::parse()?;
    let url = format!("mysql://{}:{}@{}:{}", wanted.user, wanted.password, wanted.host, wanted.port);
    let start = StartPosition::BinlogPosition(wanted.file.clone(), wanted.offset);
    let mut stream = BinlogClient::new(&url, SERVER_ID, start).connect().await?;
    let mut seen = Seen::default();
    loop {
        let (header, data) = stream.read().await?;
        seen.events += 1;
        match black_box(data) {
            EventData::WriteRows(event) => {
                for row in &event.rows {
                    seen.rows += 1;
                    seen.values += row.column_values.len() as u64;
                }
            }
            EventData::DeleteRows(event) => {
                for row in &event.rows {
                    seen.rows += 1;
                    seen.values += row.column_values.len() as u64;
                }
            }
            EventData::UpdateRows(event) => {
                for (before, after) in &event.rows {
                    seen.rows += 1;
                    seen.values += (before.column_values.len() + after.column_values.len()) as u64;
                }
            }
            _ => {}
        }
        if header.next_event_position >= wanted.end {
            break;
        }
    }
    seen.print();
    Ok(())
}
