//! Points of a chart from samples. Pure.

use super::sample::{Sample, Summary};
use crate::view::HistorySeries;
use std::collections::BTreeMap;

/// How many seconds each point stands for: as few as `points` allow, whole multiples of what there is.
pub(super) fn step(from: i64, to: i64, points: u32, finest: i64) -> i64 {
    let span = to.saturating_sub(from).max(1);
    let wanted = span.div_euclid(i64::from(points.max(1))) + i64::from(span % i64::from(points.max(1)) != 0);
    let multiples = (wanted + finest - 1) / finest;
    multiples.max(1) * finest
}

/// A point for each step from `from` to `to`, at the beginning of its step; nothing where no sample is.
pub(super) fn series(samples: &[(i64, Sample)], from: i64, to: i64, step: i64) -> HistorySeries {
    let first = from.div_euclid(step) * step;
    let mut summaries: BTreeMap<i64, Summary> = BTreeMap::new();
    for (at, sample) in samples.iter().filter(|(at, _)| (first..=to).contains(at)) {
        summaries.entry(at.div_euclid(step) * step).or_default().add(*sample);
    }
    let mut series = HistorySeries::default();
    let mut at = first;
    while at <= to {
        let sample = summaries.get(&at).map_or(Sample::NONE, Summary::sample);
        let lists = [
            &mut series.lag_seconds,
            &mut series.rows_per_second,
            &mut series.transactions_per_second,
            &mut series.bytes_per_second,
            &mut series.queue_bytes,
        ];
        for (list, number) in lists.into_iter().zip(sample.numbers()) {
            list.push((at, (!number.is_nan()).then(|| f64::from(number))));
        }
        at += step;
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_multiples_of_what_there_is() {
        for (from, to, points, finest, expected) in [
            (0, 3600, 720, 5, 5),
            (0, 3600, 100, 5, 40),
            (0, 3600, 10_000, 5, 5),
            (0, 86_400, 288, 60, 300),
            (0, 86_400, 300, 60, 300),
            (0, 0, 0, 60, 60),
            (10, 5, 100, 5, 5),
        ] {
            assert_eq!(step(from, to, points, finest), expected, "{from} to {to} in {points}");
        }
    }

    #[test]
    fn a_gap_is_null_and_nothing_is_made_up() {
        let sample = |lag| Sample::of([lag, 1.0, 1.0, 1.0, 1.0]);
        let samples = [(100, sample(1.0)), (105, sample(4.0)), (130, sample(f32::NAN))];
        let series = series(&samples, 100, 139, 10);
        assert_eq!(series.lag_seconds, [(100, Some(4.0)), (110, None), (120, None), (130, None)]);
        assert_eq!(series.rows_per_second, [(100, Some(1.0)), (110, None), (120, None), (130, Some(1.0))]);
    }
}
