//! The target's own replication, between the same two servers.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use replicator_tests::{Error, MysqlServer, Result};

/// A replica that is set up and not started.
pub(crate) struct Native {
    conn: Conn,
}

impl Native {
    /// The target becomes a replica that goes on behind the transactions in `applied`.
    pub(crate) async fn prepare(source: &MysqlServer, target: &MysqlServer, applied: &str) -> Result<Native> {
        let mut conn = target.connect().await?;
        let (port, user, password) = (source.port(), source.user(), source.password());
        // Not encrypted, as the other systems' connections.
        let statements = match target.flavor().is_mariadb() {
            true => [
                format!("SET GLOBAL gtid_slave_pos = '{applied}'"),
                format!(
                    "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = '{user}', \
                     MASTER_PASSWORD = '{password}', MASTER_USE_GTID = slave_pos"
                ),
            ],
            false => [
                format!("SET GLOBAL gtid_purged = '+{applied}'"),
                format!(
                    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, SOURCE_USER = '{user}', \
                     SOURCE_PASSWORD = '{password}', SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1"
                ),
            ],
        };
        for statement in statements {
            conn.query_drop(statement).await?;
        }
        Ok(Native { conn })
    }

    pub(crate) async fn start(&mut self) -> Result<()> {
        Ok(self.conn.query_drop("START REPLICA").await?)
    }

    /// # Errors
    /// When replication has stopped.
    pub(crate) async fn check(&mut self) -> Result<()> {
        let status: Option<Row> = self.conn.query_first("SHOW REPLICA STATUS").await?;
        let status = status.ok_or_else(|| Error::new("the target says that it is no replica"))?;
        for column in ["Last_IO_Error", "Last_SQL_Error"] {
            let error = status.get::<Option<String>, _>(column).flatten();
            if let Some(error) = error.filter(|error| !error.is_empty()) {
                return Err(Error::new(format!("the native replica has stopped: {error}")));
            }
        }
        Ok(())
    }
}
