//! How fast the target takes the final rows from ordinary clients, in statements of many rows: nothing reads a log, keeps
//! a position or an order, and of a row that changes only the last state is written. No replicator reaches it.

use crate::workload::{DATABASE, Shape, finish};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, Value};
use replicator_tests::{Error, MysqlServer, Result};
use tokio::task::JoinSet;

pub(crate) const CLIENTS: usize = 4;

/// Rows of one statement, which commits by itself.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Connections, and what each is to run.
pub(crate) struct Clients {
    waiting: Vec<(Conn, Vec<String>)>,
    running: JoinSet<Result<()>>,
    last: Option<Conn>,
}

impl Clients {
    /// Whether the rows of a shape can be written as they are shown: texts and numbers.
    pub(crate) fn can(shape: Shape) -> bool {
        matches!(shape, Shape::Sysbench | Shape::Huge)
    }

    /// Connects, and keeps all statements in memory.
    pub(crate) async fn prepare(source: &MysqlServer, target: &MysqlServer) -> Result<Clients> {
        let mut shares: Vec<Vec<String>> = vec![Vec::new(); CLIENTS];
        let mut reading = source.connect().await?;
        let tables: Vec<String> = reading.query(format!("SHOW TABLES FROM {DATABASE}")).await?;
        for table in tables.into_iter().filter(|table| table != "finished") {
            let rows: Vec<Row> = reading.query(format!("SELECT * FROM {DATABASE}.{table}")).await?;
            for (number, rows) in rows.chunks(ROWS_PER_STATEMENT).enumerate() {
                let rows: Vec<String> = rows.iter().map(literal).collect();
                shares[number % CLIENTS].push(format!("INSERT INTO {DATABASE}.{table} VALUES {}", rows.join(",")));
            }
        }
        reading.disconnect().await?;
        let mut waiting = Vec::new();
        for share in shares {
            waiting.push((target.connect().await?, share));
        }
        Ok(Clients { waiting, running: JoinSet::new(), last: Some(target.connect().await?) })
    }

    pub(crate) fn start(&mut self) {
        for (mut conn, statements) in self.waiting.drain(..) {
            self.running.spawn(async move {
                for statement in statements {
                    conn.query_drop(statement).await?;
                }
                Ok(conn.disconnect().await?)
            });
        }
    }

    /// Waits for all of them, and says so in the table that everybody waits for.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        while let Some(client) = self.running.join_next().await {
            client.map_err(|error| Error::new(format!("a client has ended: {error}")))??;
        }
        if let Some(mut conn) = self.last.take() {
            conn.query_drop(finish()).await?;
        }
        Ok(())
    }
}

fn literal(row: &Row) -> String {
    let values = (0..row.len()).map(|column| row.as_ref(column).unwrap_or(&Value::NULL).as_sql(false));
    format!("({})", values.collect::<Vec<_>>().join(","))
}
