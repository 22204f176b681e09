//! How fast a receiver may be told: at most so many messages in any minute.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Pace {
    per_minute_max: Option<u32>,
    /// When the last messages went, oldest first.
    sent: VecDeque<Instant>,
}

impl Pace {
    pub(super) fn new(per_minute_max: Option<u32>) -> Self {
        Self { per_minute_max, sent: VecDeque::new() }
    }

    /// When the next message may go.
    pub(super) fn next(&self, now: Instant) -> Instant {
        let Some(most) = self.per_minute_max else { return now };
        match self.sent.front() {
            Some(oldest) if self.sent.len() >= most as usize => (*oldest + WINDOW).max(now),
            _ => now,
        }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        let Some(most) = self.per_minute_max else { return };
        self.sent.push_back(now);
        while self.sent.len() > most as usize {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_than_so_many() {
        let (start, mut pace, mut sent) = (Instant::now(), Pace::new(Some(3)), Vec::new());
        for _ in 0..10 {
            tokio::time::sleep_until(pace.next(Instant::now())).await;
            pace.sent(Instant::now());
            sent.push(start.elapsed().as_secs());
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        assert_eq!(sent, [0, 5, 10, 60, 65, 70, 120, 125, 130, 180]);
        assert_eq!(Pace::new(None).next(start), start);
    }
}
