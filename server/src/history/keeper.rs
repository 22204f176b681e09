//! Takes samples of the picture, and answers what was.

use super::archive::{Archive, KEPT_SECONDS};
use super::memory::{Batch, FINE_SECONDS, Memory, SAMPLE_SECONDS, Segment};
use super::sample::Sample;
use super::series::{series, step};
use crate::picture::keeper::Pictures;
use crate::view::{HistoryView, StateSegment, time};
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Points of a sparkline, one for each of the last minutes.
const SPARKLINE_MINUTES: i64 = 30;
/// Seconds between two looks for what is too old.
const PRUNE_SECONDS: i64 = 3600;

/// Cheap to clone; all see the same.
#[derive(Clone)]
pub(crate) struct History {
    memory: Arc<Mutex<Memory>>,
    archive: Option<Arc<Archive>>,
    /// Of the file.
    bytes_max: u64,
}

/// What of a task's history is asked for, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) points: u32,
}

impl History {
    /// Of the last hour alone, in memory.
    pub(crate) fn in_memory() -> Self {
        Self { memory: Arc::default(), archive: None, bytes_max: 0 }
    }

    /// Of a week, with a file in the folder, as far as that has room for it.
    pub(crate) fn open(folder: &Path, bytes_max: u64) -> Result<Self, String> {
        Ok(Self { memory: Arc::default(), archive: Some(Arc::new(Archive::open(folder)?)), bytes_max })
    }

    /// The lag of the last half hour, a number for each minute.
    pub(crate) fn sparkline(&self, task: &str, now_us: i64) -> Vec<Option<f64>> {
        let to = now_us.div_euclid(60_000_000) * 60;
        let from = to - 60 * (SPARKLINE_MINUTES - 1);
        let memory = self.memory.lock();
        let fine: Vec<(i64, Sample)> = memory
            .tasks
            .get(task)
            .map_or(Vec::new(), |task| task.fine.iter().filter(|(at, _)| *at >= from).copied().collect());
        drop(memory);
        let lag = series(&fine, from, to + 59, 60).lag_seconds;
        lag.into_iter().map(|(_, lag)| lag).collect()
    }

    /// What a task did. Where the file can't be read, the last hour is there all the same.
    pub(crate) async fn read(&self, task: &str, asked: Asked, now: i64) -> HistoryView {
        let (fine, segments) = match self.memory.lock().tasks.get(task) {
            Some(task) => (task.fine.iter().copied().collect(), task.segments.iter().cloned().collect()),
            None => (Vec::new(), Vec::new()),
        };
        let past = match &self.archive {
            Some(archive) => read_past(Arc::clone(archive), task.to_owned(), asked, &fine).await,
            None => (Vec::new(), Vec::new()),
        };
        answer(asked, now, past, (fine, segments))
    }

    /// Takes a sample every five seconds until `shutdown`.
    pub(crate) async fn keep(self, pictures: Pictures, shutdown: CancellationToken) {
        let mut ticks = interval(Duration::from_secs(SAMPLE_SECONDS.unsigned_abs()));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shown = pictures.subscribe();
        let mut pruned = 0;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = ticks.tick() => {}
            }
            // Without a picture nobody looked: that is the gap which is shown.
            let Ok(moment) = shown.borrow().picture.clone() else { continue };
            let batch = self.memory.lock().take(&moment);
            self.write(batch).await;
            let now = moment.at_us.div_euclid(1_000_000);
            if now - pruned >= PRUNE_SECONDS {
                pruned = now;
                let bytes_max = self.bytes_max;
                self.blocking("dropped", move |archive| archive.prune(now, bytes_max)).await;
            }
        }
        let rest = self.memory.lock().rest();
        self.write(rest).await;
    }

    async fn write(&self, batch: Batch) {
        if batch != Batch::default() {
            self.blocking("written", move |archive| archive.write(&batch)).await;
        }
    }

    async fn blocking(&self, what: &str, act: impl FnOnce(&Archive) -> Result<(), redb::Error> + Send + 'static) {
        let Some(archive) = self.archive.clone() else { return };
        match tokio::task::spawn_blocking(move || act(&archive)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the history was not {what}"),
            Err(error) => tracing::error!(%error, "the history was not {what}; report it with the log of this moment"),
        }
    }
}

type Past = (Vec<(i64, Sample)>, Vec<Segment>);

/// Of the file: what is older than what is in memory.
async fn read_past(archive: Arc<Archive>, task: String, asked: Asked, fine: &[(i64, Sample)]) -> Past {
    let memory_begins = fine.first().map_or(i64::MAX, |(at, _)| *at);
    let to = asked.to.saturating_add(1).min(memory_begins);
    let read = move || -> Result<Past, redb::Error> {
        let minutes = archive.minutes(&task, asked.from..to)?;
        let microseconds = |second: i64| second.saturating_mul(1_000_000);
        Ok((minutes, archive.segments(&task, microseconds(asked.from)..microseconds(asked.to.saturating_add(1)))?))
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(past)) => past,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the history can't be read");
            Past::default()
        }
        Err(_) => Past::default(),
    }
}

fn answer(asked: Asked, now: i64, past: Past, recent: Past) -> HistoryView {
    let finest = if asked.from >= now - FINE_SECONDS { SAMPLE_SECONDS } else { 60 };
    let step = step(asked.from, asked.to, asked.points, finest);
    let samples = [past.0, recent.0].concat();
    // A segment of the file may be known better in memory: there it goes on.
    let known_from = recent.1.first().map_or(i64::MAX, |segment| segment.from_us);
    let old = past.1.into_iter().filter(|segment| segment.from_us < known_from);
    let is_asked_for = |segment: &Segment| {
        segment.to_us >= asked.from.saturating_mul(1_000_000) && segment.from_us <= asked.to.saturating_mul(1_000_000)
    };
    let states = old.chain(recent.1).filter(is_asked_for).map(|segment| StateSegment {
        from: time(segment.from_us),
        to: time(segment.to_us),
        state: segment.state,
        core: segment.core,
    });
    HistoryView {
        step_seconds: step.unsigned_abs(),
        series: series(&samples, asked.from, asked.to, step),
        states: states.collect(),
    }
}

/// The oldest second of which anything is kept.
pub(crate) fn oldest(now: i64) -> i64 {
    now - KEPT_SECONDS
}
