//! Whether this Monitor does its work: a Monitor that hangs must not look like one that finds nothing wrong.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// An evaluation may take this long before it counts as late, however short the interval.
const LATE_MIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Health {
    interval: Duration,
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    evaluated: Instant,
    /// Why the last evaluation saw nothing; `None` if it saw the tree.
    problem: Option<String>,
}

impl Health {
    pub fn new(interval: Duration) -> Self {
        let problem = Some("nothing has been evaluated yet".to_owned());
        Self { interval, last: Mutex::new(Last { evaluated: Instant::now(), problem }) }
    }

    /// An evaluation has ended; `problem` says why it saw nothing, if it did.
    pub fn evaluated(&self, problem: Option<String>) {
        *self.last.lock() = Last { evaluated: Instant::now(), problem };
    }

    /// How long ago the last evaluation ended, if that is too long: ten intervals, and at least ten seconds.
    pub fn late(&self) -> Option<Duration> {
        let ago = self.last.lock().evaluated.elapsed();
        (ago > (self.interval * 10).max(LATE_MIN)).then_some(ago)
    }

    /// Why nothing is seen, if nothing is.
    pub fn problem(&self) -> Option<String> {
        self.last.lock().problem.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_evaluation_that_does_not_end_shows() {
        let health = Health::new(Duration::from_secs(1));
        assert_eq!((health.late(), health.problem().is_some()), (None, true));
        health.evaluated(None);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!((health.late(), health.problem()), (None, None));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(health.late(), Some(Duration::from_secs(11)));
        health.evaluated(Some("away".into()));
        assert_eq!((health.late(), health.problem()), (None, Some("away".into())));
    }
}
