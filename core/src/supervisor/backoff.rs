//! How long to wait before a transient failure is tried again. Pure.

use replicator_model::task::PipeSpec;
use std::time::Duration;

/// Doubles from the task's shortest wait to its longest. Begins anew after a run that lasted longer than the longest
/// wait: what fails again then is a new trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    retries: u32,
}

impl Backoff {
    pub(super) fn new(spec: &PipeSpec) -> Self {
        Self { min: spec.retry_backoff_min.duration(), max: spec.retry_backoff_max.duration(), retries: 0 }
    }

    /// The wait after a run that lasted so long and failed.
    pub(super) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted > self.max {
            self.retries = 0;
        }
        let wait = self.min.saturating_mul(1_u32.checked_shl(self.retries.min(31)).unwrap_or(u32::MAX)).min(self.max);
        self.retries = self.retries.saturating_add(1);
        wait
    }

    /// How often it was tried again without lasting.
    pub(super) fn retries(&self) -> u32 {
        self.retries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_long_run() {
        let mut backoff = Backoff::new(&PipeSpec::default());
        let waits: Vec<u128> = (0..9).map(|_| backoff.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff.retries(), 9);
        assert_eq!(backoff.after(Duration::from_secs(31)).as_millis(), 250);
        for _ in 0..100 {
            assert!(backoff.after(Duration::ZERO) <= Duration::from_secs(30));
        }
    }
}
