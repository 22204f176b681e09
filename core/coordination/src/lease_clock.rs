//! How long a lease may be trusted, by this process's own clock.
//!
//! The service gives a session up one timeout after it last heard from it, and a new lease can begin then. This side
//! counts from before the request that was confirmed last was sent, and only two thirds of the timeout: whatever
//! begins before that is over, or fenced, before anybody else runs. The clock is monotonic and goes on while the
//! process is stopped, so a process that wakes up late finds its lease lapsed.

use crate::signal::Signal;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The part of the session timeout that a confirmation lasts.
const TRUSTED_NUMERATOR: u32 = 2;
const TRUSTED_DENOMINATOR: u32 = 3;

/// A handle on one lease's clock. Cheap to clone and to ask.
#[derive(Debug, Clone)]
pub struct LeaseClock {
    state: Signal<State>,
    lasts: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    TrustedUntil(Instant),
    Lost(&'static str),
}

impl LeaseClock {
    /// A clock confirmed by a request that was sent at `sent`.
    pub(crate) fn start(session_timeout: Duration, sent: Instant) -> Self {
        let lasts = session_timeout * TRUSTED_NUMERATOR / TRUSTED_DENOMINATOR;
        Self { state: Signal::new(State::TrustedUntil(sent + lasts)), lasts }
    }

    /// Whether something may be begun now that others would see. Ask right before every commit at the target.
    pub fn may_commit(&self) -> bool {
        self.remaining() > Duration::ZERO
    }

    /// How long the lease may still be trusted if nothing confirms it any more; zero once it is lost.
    pub fn remaining(&self) -> Duration {
        match self.state.get() {
            State::TrustedUntil(until) => until.saturating_duration_since(Instant::now()),
            State::Lost(_) => Duration::ZERO,
        }
    }

    /// Waits until the lease is lost: lapsed, taken by another, or given up. It never comes back; answers why.
    pub async fn lost(&self) -> &'static str {
        let listener = self.state.listen();
        loop {
            let changes = listener.changes();
            match self.state.get() {
                State::Lost(reason) => return reason,
                State::TrustedUntil(_) if !self.may_commit() => self.revoke("it was not confirmed in time"),
                State::TrustedUntil(until) => {
                    tokio::select! {
                        biased;
                        () = listener.changed_since(changes) => {}
                        () = sleep_until(until) => {}
                    }
                }
            }
        }
    }

    /// A request sent at `sent` proved the lease. Too late for one that lapsed meanwhile: somebody may have acted on it.
    pub(crate) fn confirm(&self, sent: Instant) {
        let now = Instant::now();
        let lasts = self.lasts;
        self.state.update(|state| match state {
            State::TrustedUntil(until) if now < until => State::TrustedUntil(until.max(sent + lasts)),
            State::TrustedUntil(_) => State::Lost("it was not confirmed in time"),
            lost @ State::Lost(_) => lost,
        });
    }

    /// The lease is over.
    pub(crate) fn revoke(&self, reason: &'static str) {
        self.state.update(|state| match state {
            State::TrustedUntil(_) => State::Lost(reason),
            lost @ State::Lost(_) => lost,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, sleep, timeout};

    const TIMEOUT: Duration = Duration::from_secs(9);

    #[tokio::test(start_paused = true)]
    async fn trust_lasts_two_thirds_of_the_timeout_from_the_sending() {
        let sent = Instant::now();
        advance(Duration::from_secs(1)).await;
        let clock = LeaseClock::start(TIMEOUT, sent);
        assert_eq!(clock.remaining(), Duration::from_secs(5));
        advance(Duration::from_millis(4_999)).await;
        assert!(clock.may_commit());
        advance(Duration::from_millis(1)).await;
        assert!(!clock.may_commit());
    }

    #[tokio::test(start_paused = true)]
    async fn a_confirmation_extends_and_an_old_one_does_not_shorten() {
        let clock = LeaseClock::start(TIMEOUT, Instant::now());
        let early = Instant::now();
        advance(Duration::from_secs(3)).await;
        clock.confirm(Instant::now());
        clock.confirm(early);
        assert_eq!(clock.remaining(), Duration::from_secs(6));
        let lost = clock.lost();
        assert!(timeout(Duration::from_millis(5_900), lost).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lapsed_lease_never_comes_back() {
        let clock = LeaseClock::start(TIMEOUT, Instant::now());
        let sent = Instant::now() + Duration::from_secs(5);
        advance(Duration::from_secs(7)).await;
        clock.confirm(sent);
        assert!(!clock.may_commit());
        assert!(clock.lost().await.contains("in time"));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_hears_of_lapse_and_of_revocation() {
        let clock = LeaseClock::start(TIMEOUT, Instant::now());
        let renewing = clock.clone();
        tokio::spawn(async move {
            for _ in 0..3 {
                sleep(Duration::from_secs(2)).await;
                renewing.confirm(Instant::now());
            }
        });
        let start = Instant::now();
        clock.lost().await;
        assert_eq!(start.elapsed(), Duration::from_secs(12));
        let clock = LeaseClock::start(TIMEOUT, Instant::now());
        clock.revoke("taken");
        assert_eq!(clock.lost().await, "taken");
    }
}
