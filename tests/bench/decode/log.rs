//! The log that is decoded: one file.

use crate::workload::{self, Shape};
use replicator_tests::{Error, Flavor, MysqlServer, Result};

/// A server whose log has one file that is read.
pub(crate) struct Log {
    pub(super) server: MysqlServer,
    pub(super) file: String,
    /// Where the file's last event ends.
    pub(super) end: u64,
    pub(crate) rows: u64,
}

impl Log {
    pub(crate) async fn write(shape: Shape, scale: f64) -> Result<Log> {
        let options = ["--innodb-buffer-pool-size=512M", "--innodb-redo-log-capacity=1G", "--max-binlog-size=1G"];
        let server = MysqlServer::start_with(Flavor::MySql97, &options).await?;
        server.exec(&format!("{} FLUSH BINARY LOGS", workload::schema())).await?;
        let rows = shape.fill(&server, scale).await?;
        let status = server.query_strings("SHOW BINARY LOG STATUS").await?;
        let cell = |index: usize| status.first().and_then(|row| row.get(index)).cloned().flatten();
        let (Some(file), Some(end)) = (cell(0), cell(1).and_then(|end| end.parse().ok())) else {
            return Err(Error::new("the server does not say where its log ends"));
        };
        if !file.ends_with("000002") {
            return Err(Error::new(format!("the log goes on in {file}, and one file is read: make the scale smaller")));
        }
        Ok(Log { server, file, end, rows })
    }
}
