//! The last hour of each task, and what is to go into the file. Pure.

use super::sample::{Sample, Summary};
use crate::picture::moment::Moment;
use crate::view::TaskState;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Seconds between two samples.
pub(super) const SAMPLE_SECONDS: i64 = 5;
/// Seconds that samples are kept as they were taken.
pub(super) const FINE_SECONDS: i64 = 3600;
/// Whoever was not looked at for so long was not looked at: no segment goes on over it.
const GAP_SECONDS: i64 = 4 * SAMPLE_SECONDS;
/// Tasks of which a history is kept: by the minute for a week, each takes 200 to 800 KB of the file.
pub(super) const TASKS_MAX: usize = 5000;
/// State segments of a task that are kept in memory.
const SEGMENTS_MAX: usize = 1000;

/// A time in which a task was in one state on one Core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) from_us: i64,
    pub(super) to_us: i64,
    pub(super) state: TaskState,
    pub(super) core: Option<String>,
}

/// What one task did in the last hour.
#[derive(Debug, Default)]
pub(super) struct TaskMemory {
    /// Seconds since 1970, and what was seen then.
    pub(super) fine: VecDeque<(i64, Sample)>,
    pub(super) segments: VecDeque<Segment>,
    /// The minute that is being summed up, in minutes since 1970.
    minute: Option<(i64, Summary)>,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) tasks: BTreeMap<String, TaskMemory>,
}

/// What goes into the file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Batch {
    /// Task, minute since 1970, what it was.
    pub(super) minutes: Vec<(String, i64, Sample)>,
    pub(super) segments: Vec<(String, Segment)>,
}

impl Memory {
    /// Takes a sample of every task. Answers the minutes that are over now.
    pub(super) fn take(&mut self, moment: &Moment) -> Batch {
        let now = moment.at_us.div_euclid(1_000_000);
        let mut batch = Batch::default();
        for (name, task) in &moment.tasks {
            if !self.tasks.contains_key(name.as_str()) && self.tasks.len() >= TASKS_MAX {
                continue;
            }
            let memory = self.tasks.entry(name.to_string()).or_default();
            let sample = Sample::take(&task.status);
            if let Some((minute, sample)) = memory.add(now, sample) {
                batch.minutes.push((name.to_string(), minute, sample));
                // The segment with it, so that the file knows until when it went on.
                batch.segments.extend(memory.segments.back().map(|segment| (name.to_string(), segment.clone())));
            }
            let core = task.status.running.as_ref().map(|running| running.core.clone());
            let ended = memory.see(moment.at_us, task.status.state, core);
            batch.segments.extend(ended.map(|segment| (name.to_string(), segment)));
        }
        self.tasks.retain(|_, memory| memory.forget(now));
        batch
    }

    /// What is not over yet, for the end of the process.
    pub(super) fn rest(&self) -> Batch {
        let mut batch = Batch::default();
        for (name, memory) in &self.tasks {
            batch.minutes.extend(memory.minute.map(|(minute, summary)| (name.clone(), minute, summary.sample())));
            batch.segments.extend(memory.segments.back().map(|segment| (name.clone(), segment.clone())));
        }
        batch
    }
}

impl TaskMemory {
    fn add(&mut self, now: i64, sample: Sample) -> Option<(i64, Sample)> {
        self.fine.push_back((now, sample));
        let minute = now.div_euclid(60);
        let over = self.minute.take_if(|(of, _)| *of != minute).map(|(of, summary)| (of, summary.sample()));
        self.minute.get_or_insert_with(|| (minute, Summary::default())).1.add(sample);
        over
    }

    /// Goes on with the segment, or begins another; answers the one that ended.
    fn see(&mut self, now_us: i64, state: TaskState, core: Option<String>) -> Option<Segment> {
        let gap_us = GAP_SECONDS * 1_000_000;
        if let Some(last) = self.segments.back_mut() {
            let is_seamless = now_us.saturating_sub(last.to_us) <= gap_us;
            if is_seamless {
                last.to_us = now_us;
            }
            if is_seamless && last.state == state && last.core == core {
                return None;
            }
        }
        let ended = self.segments.back().cloned();
        self.segments.push_back(Segment { from_us: now_us, to_us: now_us, state, core });
        if self.segments.len() > SEGMENTS_MAX {
            self.segments.pop_front();
        }
        ended
    }

    /// Drops what is older than an hour; answers whether anything is left.
    fn forget(&mut self, now: i64) -> bool {
        let since = now - FINE_SECONDS;
        while self.fine.front().is_some_and(|(at, _)| *at < since) {
            self.fine.pop_front();
        }
        while self.segments.front().is_some_and(|segment| segment.to_us < since * 1_000_000) {
            self.segments.pop_front();
        }
        !self.fine.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::moment::sample;
    use replicator_model::name::TaskName;
    use std::sync::Arc;

    const START: i64 = 1_790_000_040;

    fn moment(second: i64, state: TaskState, lag: f64) -> Moment {
        let task = Arc::new(sample("copy", state, Some(lag)));
        let at_us = (START + second) * 1_000_000;
        Moment { at_us, tasks: [(TaskName::new("copy").unwrap(), task)].into(), ..Moment::default() }
    }

    #[test]
    fn minutes_are_handed_on_when_they_are_over() {
        let mut memory = Memory::default();
        for second in (0..60).step_by(5) {
            assert_eq!(memory.take(&moment(second, TaskState::Running, second as f64)), Batch::default());
        }
        let batch = memory.take(&moment(60, TaskState::Running, 0.0));
        let (task, minute, sample) = &batch.minutes[0];
        assert_eq!((task.as_str(), *minute, sample.lag_seconds), ("copy", START / 60, 55.0));
        assert_eq!(batch.segments.len(), 1, "and until when the state was the same");
        assert_eq!(memory.rest().minutes.len(), 1);
    }

    #[test]
    fn a_segment_ends_with_its_state_and_with_a_gap() {
        let mut memory = Memory::default();
        for (second, state) in
            [(0, TaskState::Starting), (5, TaskState::Running), (10, TaskState::Running), (100, TaskState::Running)]
        {
            memory.take(&moment(second, state, 0.0));
        }
        let seconds: Vec<(i64, i64, TaskState)> = memory.tasks["copy"]
            .segments
            .iter()
            .map(|segment| (segment.from_us / 1_000_000 - START, segment.to_us / 1_000_000 - START, segment.state))
            .collect();
        let expected = [(0, 5, TaskState::Starting), (5, 10, TaskState::Running), (100, 100, TaskState::Running)];
        assert_eq!(seconds, expected);
    }

    #[test]
    fn an_hour_is_kept() {
        let mut memory = Memory::default();
        for second in (0..2 * FINE_SECONDS).step_by(5) {
            memory.take(&moment(second, TaskState::Running, 0.0));
        }
        assert!(memory.tasks["copy"].fine.len() <= 721);
        memory.take(&Moment { at_us: (START + 5 * FINE_SECONDS) * 1_000_000, ..Moment::default() });
        assert!(memory.tasks.is_empty(), "a task that is gone is forgotten");
    }
}
