//! mysql_async's binlog stream, every value of every row decoded by mysql_common.

use futures_util::StreamExt;
use mysql_async::binlog::events::EventData;
use mysql_async::{BinlogStreamRequest, Conn, OptsBuilder};
use replicator_bench_peers::{Result, Seen, Wanted};
use std::hint::black_box;

const SERVER_ID: u32 = 3_000_000_001;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let wanted = Wanted::parse()?;
    let options = OptsBuilder::default()
        .ip_or_hostname(wanted.host.as_str())
        .tcp_port(wanted.port)
        .user(Some(wanted.user.as_str()))
        .pass(Some(wanted.password.as_str()))
        .prefer_socket(false);
    let request = BinlogStreamRequest::new(SERVER_ID)
        .with_filename(wanted.file.as_bytes())
        .with_pos(u64::from(wanted.offset));
    let mut stream = Conn::new(options).await?.get_binlog_stream(request).await?;
    let mut seen = Seen::default();
    while let Some(event) = stream.next().await {
        let event = event?;
        seen.events += 1;
        if wanted.decode
            && let Some(EventData::RowsEvent(rows)) = event.read_data()?
        {
            let table = stream.get_tme(rows.table_id()).ok_or("rows without a table")?;
            for row in rows.rows(table) {
                let (before, after) = row?;
                seen.rows += 1;
                for mut image in [before, after].into_iter().flatten() {
                    for index in 0..image.len() {
                        black_box(image.take(index));
                        seen.values += 1;
                    }
                }
            }
        }
        if event.header().log_pos() >= wanted.end {
            break;
        }
    }
    seen.print();
    Ok(())
}
