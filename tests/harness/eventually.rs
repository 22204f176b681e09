//! Waiting for a state instead of sleeping for a time.

use std::fmt::Display;
use std::time::{Duration, Instant};

use crate::{Error, Result};

const POLL_EVERY: Duration = Duration::from_millis(50);

/// What a probe answers: the value, or the state in which things are instead.
pub trait Probe {
    type Value;
    fn found(self) -> std::result::Result<Self::Value, String>;
}

impl<T> Probe for Option<T> {
    type Value = T;
    fn found(self) -> std::result::Result<T, String> {
        self.ok_or_else(|| "not yet".to_owned())
    }
}

/// The error says what the probe saw, and ends up in the message when time is up.
impl<T, E: Display> Probe for std::result::Result<T, E> {
    type Value = T;
    fn found(self) -> std::result::Result<T, String> {
        self.map_err(|state| state.to_string())
    }
}

/// Asks `probe` every 50 ms until it gives a value: `Some`, or `Ok`. After `timeout` the error names `what` was waited
/// for and what the last probe saw (the text of its `Err`).
///
/// # Errors
/// When `timeout` has passed. A probe that hangs is cut off at the timeout too.
#[expect(clippy::disallowed_methods, reason = "servers take real time, whatever the clock of a test says")]
pub async fn eventually<P: Probe>(
    what: &str,
    timeout: Duration,
    mut probe: impl AsyncFnMut() -> P,
) -> Result<P::Value> {
    let started = Instant::now();
    let mut last_state = "the first probe did not answer".to_owned();
    while let Some(left) = timeout.checked_sub(started.elapsed()) {
        match tokio::time::timeout(left, probe()).await.map(P::found) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(state)) => last_state = state,
            Err(_) => last_state = format!("{last_state}; then a probe did not answer any more"),
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
    Err(Error::new(format!("waited {timeout:?} for: {what}. Last seen: {last_state}")))
}
