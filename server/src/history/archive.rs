//! The file of the history: minutes in blocks of an hour, and segments of states. Everything here blocks.

use super::memory::{Batch, Segment};
use super::sample::{NUMBERS, Sample};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// How long it is kept.
pub(super) const KEPT_SECONDS: i64 = 7 * 24 * 3600;
/// Segments that one answer gives; older ones are left out.
const SEGMENTS_MAX: usize = 1000;

const MINUTES_OF_HOUR: usize = 60;
const SAMPLE_BYTES: usize = NUMBERS * size_of::<f32>();
const BLOCK_BYTES: usize = MINUTES_OF_HOUR * SAMPLE_BYTES;
/// What the file keeps of an entry beside its task and its value, about.
const ENTRY_BYTES: usize = 32;

/// Task and hour since 1970: sixty samples, one after the other.
const MINUTES: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("minutes");
/// Task and when it began in microseconds: a segment as JSON.
const SEGMENTS: TableDefinition<'_, (&str, i64), &[u8]> = TableDefinition::new("segments");

pub(super) struct Archive {
    database: Database,
}

impl Archive {
    /// Opens `history.redb` in the folder, which is made if it is not there. One process at a time has it.
    pub(super) fn open(folder: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let file = folder.join("history.redb");
        let told = |problem: String| format!("{}: {problem}", file.display());
        let database = Database::create(&file).map_err(|error| told(error.to_string()))?;
        let archive = Self { database };
        archive.write(&Batch::default()).map_err(|error| told(error.to_string()))?;
        Ok(archive)
    }

    pub(super) fn write(&self, batch: &Batch) -> Result<(), redb::Error> {
        let writing = self.database.begin_write()?;
        {
            let mut minutes = writing.open_table(MINUTES)?;
            for (task, minute, sample) in &batch.minutes {
                let Some((hour, place)) = place(*minute) else { continue };
                let key = (task.as_str(), hour);
                let mut block = match minutes.get(key)? {
                    Some(found) if found.value().len() == BLOCK_BYTES => found.value().to_vec(),
                    _ => f32::NAN.to_le_bytes().repeat(MINUTES_OF_HOUR * NUMBERS),
                };
                for (bytes, number) in block[place].chunks_exact_mut(size_of::<f32>()).zip(sample.numbers()) {
                    bytes.copy_from_slice(&number.to_le_bytes());
                }
                minutes.insert(key, block.as_slice())?;
            }
            let mut segments = writing.open_table(SEGMENTS)?;
            for (task, segment) in &batch.segments {
                let text = serde_json::to_vec(segment).unwrap_or_default();
                segments.insert((task.as_str(), segment.from_us), text.as_slice())?;
            }
        }
        writing.commit()?;
        Ok(())
    }

    /// Drops what is older than a week, and the oldest hours that are too much for the file.
    pub(super) fn prune(&self, now: i64, bytes_max: u64) -> Result<(), redb::Error> {
        let first_of_week = hour_of(now - KEPT_SECONDS);
        let writing = self.database.begin_write()?;
        {
            let (mut minutes, mut segments) = (writing.open_table(MINUTES)?, writing.open_table(SEGMENTS)?);
            let mut hours = Hours::new();
            for entry in minutes.iter()? {
                let (key, block) = entry?;
                let (task, hour) = key.value();
                *hours.entry(hour).or_default() += bytes_of(task, block.value());
            }
            for entry in segments.iter()? {
                let (key, text) = entry?;
                let (task, from_us) = key.value();
                *hours.entry(hour_of(from_us.div_euclid(1_000_000))).or_default() += bytes_of(task, text.value());
            }
            let first = first_that_fits(&hours, bytes_max).max(first_of_week);
            minutes.retain(|(_, hour), _| hour >= first)?;
            let since_us = i64::from(first) * 3_600_000_000;
            let is_kept = |text: &[u8]| read_segment(text).is_some_and(|segment| segment.to_us >= since_us);
            segments.retain(|_, text| is_kept(text))?;
        }
        writing.commit()?;
        Ok(())
    }

    /// The minutes of a task that begin in the seconds given, in order.
    pub(super) fn minutes(&self, task: &str, seconds: Range<i64>) -> Result<Vec<(i64, Sample)>, redb::Error> {
        let reading = self.database.begin_read()?;
        let minutes = reading.open_table(MINUTES)?;
        let mut found = Vec::new();
        for block in minutes.range((task, hour_of(seconds.start))..=(task, hour_of(seconds.end)))? {
            let (key, block) = block?;
            let first = i64::from(key.value().1) * 3600;
            for (index, sample) in block.value().chunks_exact(SAMPLE_BYTES).map(read_sample).enumerate() {
                let at = first + 60 * i64::try_from(index).unwrap_or(0);
                if seconds.contains(&at) && sample.numbers().iter().any(|number| !number.is_nan()) {
                    found.push((at, sample));
                }
            }
        }
        Ok(found)
    }

    /// The segments of a task that touch the time given, the newest thousand, in order.
    pub(super) fn segments(&self, task: &str, microseconds: Range<i64>) -> Result<Vec<Segment>, redb::Error> {
        let reading = self.database.begin_read()?;
        let segments = reading.open_table(SEGMENTS)?;
        let mut found = Vec::new();
        for entry in segments.range((task, i64::MIN)..(task, microseconds.end))?.rev() {
            let (_, text) = entry?;
            let Some(segment) = read_segment(text.value()) else { continue };
            if segment.to_us < microseconds.start || found.len() == SEGMENTS_MAX {
                break;
            }
            found.push(segment);
        }
        found.reverse();
        Ok(found)
    }
}

/// Bytes of the file by hour since 1970.
type Hours = BTreeMap<u32, u64>;

fn hour_of(second: i64) -> u32 {
    u32::try_from(second.div_euclid(3600)).unwrap_or(0)
}

/// What an entry takes of the file at worst: pages are half empty, and the file grows by doubling.
fn bytes_of(task: &str, value: &[u8]) -> u64 {
    let bytes = task.len() + value.len() + ENTRY_BYTES;
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(4)
}

/// The oldest hour that can stay, when the newest are kept first.
fn first_that_fits(hours: &Hours, bytes_max: u64) -> u32 {
    let mut bytes: u64 = 0;
    for (hour, of_hour) in hours.iter().rev() {
        bytes = bytes.saturating_add(*of_hour);
        if bytes > bytes_max {
            return hour.saturating_add(1);
        }
    }
    0
}

fn place(minute: i64) -> Option<(u32, Range<usize>)> {
    let hour = u32::try_from(minute.div_euclid(60)).ok()?;
    let index = usize::try_from(minute.rem_euclid(60)).ok()?;
    Some((hour, index * SAMPLE_BYTES..(index + 1) * SAMPLE_BYTES))
}

fn read_sample(bytes: &[u8]) -> Sample {
    let mut numbers = [f32::NAN; NUMBERS];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(size_of::<f32>())) {
        *number = bytes.try_into().map_or(f32::NAN, f32::from_le_bytes);
    }
    Sample::of(numbers)
}

fn read_segment(text: &[u8]) -> Option<Segment> {
    serde_json::from_slice(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::TaskState;

    fn lag(seconds: f32) -> Sample {
        Sample::of([seconds, 1.0, 2.0, 3.0, 4.0])
    }

    #[test]
    fn what_is_written_is_there_after_it_was_closed_and_goes_after_a_week() {
        let folder = tempfile::tempdir().unwrap();
        let start = 500_000 * 3600;
        let segment = |from: i64, to: i64| Segment {
            from_us: from * 1_000_000,
            to_us: to * 1_000_000,
            state: TaskState::Running,
            core: Some("core1".into()),
        };
        let minutes = [start / 60, start / 60 + 59, start / 60 + 60];
        let batch = Batch {
            minutes: minutes.iter().map(|minute| ("copy".to_owned(), *minute, lag(*minute as f32))).collect(),
            segments: vec![
                ("copy".into(), segment(start, start + 60)),
                ("copy".into(), segment(start + 60, start + 70)),
            ],
        };
        Archive::open(folder.path()).unwrap().write(&batch).unwrap();

        let archive = Archive::open(folder.path()).unwrap();
        let read = archive.minutes("copy", start..start + 3601).unwrap();
        assert_eq!(read.iter().map(|(at, _)| *at - start).collect::<Vec<_>>(), [0, 3540, 3600]);
        assert_eq!(read[0].1, lag(minutes[0] as f32));
        assert!(archive.minutes("copz", start..start + 3601).unwrap().is_empty());
        let second = archive.segments("copy", (start + 61) * 1_000_000..i64::MAX).unwrap();
        assert_eq!(second, [segment(start + 60, start + 70)]);
        assert!(Archive::open(folder.path()).is_err(), "two processes would spoil it");

        archive.prune(start + KEPT_SECONDS + 3600, u64::MAX).unwrap();
        assert_eq!(archive.minutes("copy", start..start + 7200).unwrap().len(), 1);
        assert!(archive.segments("copy", 0..i64::MAX).unwrap().is_empty());
    }

    #[test]
    fn the_newest_hours_that_fit_are_kept() {
        let hours = Hours::from([(10, 4), (11, 3), (13, 2)]);
        for (bytes_max, first) in [(9, 0), (8, 11), (5, 11), (4, 12), (2, 12), (1, 14), (0, 14)] {
            assert_eq!(first_that_fits(&hours, bytes_max), first, "{bytes_max}");
        }
        assert_eq!(first_that_fits(&Hours::new(), 0), 0);
    }

    /// Ten times as much is written as fits.
    #[test]
    fn the_file_stays_as_small_as_it_is_told_and_loses_the_oldest() {
        use std::os::unix::fs::MetadataExt;
        const BYTES_MAX: u64 = 8 << 20;
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let first = 500_000;
        for hour in first..first + 80 {
            let minutes = (0..200).map(|task| (format!("task{task}"), hour * 60, lag(1.0))).collect();
            archive.write(&Batch { minutes, segments: Vec::new() }).unwrap();
            archive.prune((hour + 1) * 3600, BYTES_MAX).unwrap();
            let bytes = std::fs::metadata(folder.path().join("history.redb")).unwrap().blocks() * 512;
            assert!(bytes <= BYTES_MAX, "{bytes} bytes after {} hours", hour + 1 - first);
        }
        let kept = archive.minutes("task7", first * 3600..(first + 80) * 3600).unwrap();
        assert!((5..=20).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last().unwrap().0, (first + 79) * 3600, "the newest is there");
    }
}
