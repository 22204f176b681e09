//! How long a look at another server may take, how much it may bring, and how many there may be at a time.

use replicator_model::networks::{Forbidden, Networks, allowed};
use replicator_model::span::Span;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Settings of connection tests, of inspections and of preflight.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InspectConfig {
    /// Longest time for one step: looking a name up, connecting, logging in, one question. Too short, and a distant
    /// server counts as away; too long, and the request ends before its answer.
    pub timeout: Span,
    /// Most tables that are listed or compared. A list that was cut says so.
    pub tables_max: usize,
    /// Most looks at a time; whoever comes then waits.
    pub at_once_max: usize,
}

impl Default for InspectConfig {
    fn default() -> Self {
        Self { timeout: Span::from_secs(5), tables_max: 10_000, at_once_max: 8 }
    }
}

impl InspectConfig {
    /// What is wrong, if anything: key, problem, what to do.
    pub fn check(&self) -> Result<(), String> {
        if !(Span::from_millis(100)..=Span::from_secs(60)).contains(&self.timeout) {
            return Err(format!("`inspect.timeout` is {}; it can be 100ms to 1m", self.timeout));
        }
        if !(1..=100_000).contains(&self.tables_max) {
            return Err(format!("`inspect.tables_max` is {}; it can be 1 to 100000", self.tables_max));
        }
        if !(1..=1_000).contains(&self.at_once_max) {
            return Err(format!("`inspect.at_once_max` is {}; it can be 1 to 1000", self.at_once_max));
        }
        Ok(())
    }
}

/// The limits in force. Cheap to clone; all share the places.
#[derive(Debug, Clone)]
pub struct Limits {
    pub timeout: Duration,
    pub tables_max: usize,
    /// Which addresses may be connected to for a caller; `None`: any, for a program that somebody runs by hand.
    networks: Option<Networks>,
    places: Arc<Semaphore>,
}

impl Limits {
    pub fn new(config: &InspectConfig, networks: Option<Networks>) -> Self {
        Self {
            timeout: config.timeout.duration(),
            tables_max: config.tables_max,
            networks,
            places: Arc::new(Semaphore::new(config.at_once_max)),
        }
    }

    /// A place for one look, held while it is kept. Waits until there is one.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.places.acquire().await.ok()
    }

    pub(crate) fn permit(&self, address: IpAddr) -> Result<(), Forbidden> {
        self.networks.as_ref().map_or(Ok(()), |networks| allowed(networks, address))
    }

    /// Ends statements that take longer on the server too: whoever gives up here leaves nothing running there.
    pub(crate) fn session(&self) -> String {
        let (millis, seconds) = (self.timeout.as_millis(), self.timeout.as_secs_f64());
        format!(
            "SET @replicator_look = 1 /*!50708 , SESSION max_execution_time = {millis} */ \
             /*M!100101 , SESSION max_statement_time = {seconds:.3} */"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused_by_key() {
        InspectConfig::default().check().unwrap();
        for (config, key) in [
            (InspectConfig { timeout: Span::from_millis(1), ..InspectConfig::default() }, "inspect.timeout"),
            (InspectConfig { tables_max: 0, ..InspectConfig::default() }, "inspect.tables_max"),
            (InspectConfig { at_once_max: 0, ..InspectConfig::default() }, "inspect.at_once_max"),
        ] {
            assert!(config.check().unwrap_err().contains(key), "{key}");
        }
    }
}
