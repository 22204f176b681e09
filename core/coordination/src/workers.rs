//! Who runs what goes on in the background.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts workers of one process. Comes from outside, so that a simulation can stop all of a process's workers for a
/// while, or for ever, as a signal would.
#[derive(Clone)]
pub struct Workers(Arc<dyn Fn(Work) + Send + Sync>);

impl Workers {
    /// Workers of the Tokio runtime that the caller runs in.
    pub fn tokio() -> Self {
        Self::new(|work| drop(tokio::spawn(work)))
    }

    pub fn new(start: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Self(Arc::new(start))
    }

    /// Starts `work`, which ends by itself.
    pub fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        (self.0)(Box::pin(work));
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workers")
    }
}
