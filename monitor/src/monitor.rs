//! The loop: look, judge, keep, tell; every evaluation interval.

use crate::admin;
use crate::config::Config;
use crate::health::Health;
use crate::metrics::{self, Metrics};
use crate::watch::Watch;
use replicator_coordination::session::Coordination;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Why a Monitor can't run.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    #[error("can't listen on {listen} (`admin.listen`): {problem}; choose another address")]
    Listen { listen: SocketAddr, problem: std::io::Error },
}

/// Watches everything under `/mysql_replicator` and tells people what is wrong. Made by [`Config::build`].
pub struct Monitor {
    config: Config,
    coordination: Coordination,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

impl Monitor {
    pub(crate) fn new(config: Config, coordination: Coordination) -> Self {
        let health = Arc::new(Health::new(config.evaluation.interval.duration()));
        Self { config, coordination, health, metrics: Arc::default() }
    }

    /// What `/metrics` shows, for a program that shows it itself.
    pub fn metrics_text(&self) -> impl Fn() -> String + Send + Sync + 'static {
        let (health, metrics) = (Arc::clone(&self.health), Arc::clone(&self.metrics));
        move || metrics::render(&metrics, &health).unwrap_or_default()
    }

    /// Runs until `shutdown`. A coordination service that is away is no error: it is watched too.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), MonitorError> {
        let server = self.listen(&shutdown).await?;
        tracing::info!(monitor = %self.config.name, "monitor started");
        let interval = self.config.evaluation.interval.duration();
        let mut watch = Watch::new(self.config, self.coordination, self.health, self.metrics);
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                outcome = watch.outcome() => {
                    tokio::select! { biased; () = watch.settle(outcome) => {}, () = shutdown.cancelled() => break }
                }
                _ = ticks.tick() => {
                    tokio::select! { biased; () = shutdown.cancelled() => break, () = watch.evaluate() => {} }
                }
            }
        }
        watch.close().await;
        if let Some(server) = server {
            server.await.ok();
        }
        tracing::info!("monitor stopped");
        Ok(())
    }

    async fn listen(
        &self,
        shutdown: &CancellationToken,
    ) -> Result<Option<tokio::task::JoinHandle<std::io::Result<()>>>, MonitorError> {
        let Some(admin) = &self.config.admin else { return Ok(None) };
        let listen = admin.listen;
        let listener = TcpListener::bind(listen).await.map_err(|problem| MonitorError::Listen { listen, problem })?;
        let routes = admin::routes(Arc::clone(&self.health), Arc::clone(&self.metrics));
        let shutdown = shutdown.clone().cancelled_owned();
        Ok(Some(tokio::spawn(async move { axum::serve(listener, routes).with_graceful_shutdown(shutdown).await })))
    }
}

/// Microseconds since 1970 UTC by this host's clock.
pub(crate) fn now_us() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}
