//! Somebody who works on the source: one transaction after another, at a steady rate.

use mysql_async::prelude::Queryable;
use replicator_tests::{MysqlServer, Result};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

/// Writes until it is dropped, or until the source does not answer.
pub(crate) struct Writer(AbortHandle);

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Writer {
    pub(crate) async fn start(source: &MysqlServer, transactions_per_second: f64) -> Result<Writer> {
        let mut connection = source.connect().await?;
        let mut ticks = interval(Duration::from_secs_f64(1.0 / transactions_per_second.clamp(0.01, 1000.0)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let write = async move {
            loop {
                ticks.tick().await;
                let insert = "INSERT INTO shop.orders (item, count) VALUES (1 + FLOOR(RAND() * 100), 1), (7, 2)";
                if connection.query_drop(insert).await.is_err() {
                    return;
                }
            }
        };
        Ok(Writer(tokio::spawn(write).abort_handle()))
    }
}
