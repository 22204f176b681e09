//! What is measured of a task at a time.

use crate::view::StatusView;

/// Numbers of one sample, in the order in which they are stored.
pub(super) const NUMBERS: usize = 5;

/// What is not known is NaN; all of it is NaN where nobody looked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(super) lag_seconds: f32,
    pub(super) rows_per_second: f32,
    pub(super) transactions_per_second: f32,
    pub(super) bytes_per_second: f32,
    pub(super) queue_bytes: f32,
}

impl Sample {
    pub(super) const NONE: Sample = Sample::of([f32::NAN; NUMBERS]);

    pub(super) const fn of(numbers: [f32; NUMBERS]) -> Self {
        let [lag_seconds, rows_per_second, transactions_per_second, bytes_per_second, queue_bytes] = numbers;
        Self { lag_seconds, rows_per_second, transactions_per_second, bytes_per_second, queue_bytes }
    }

    pub(super) const fn numbers(self) -> [f32; NUMBERS] {
        [self.lag_seconds, self.rows_per_second, self.transactions_per_second, self.bytes_per_second, self.queue_bytes]
    }

    pub(super) fn take(task: &StatusView) -> Self {
        let progress = task.progress.as_ref();
        let rate =
            |of: fn(&crate::view::ProgressView) -> f64| progress.map_or(f32::NAN, |progress| of(progress) as f32);
        Self {
            lag_seconds: task.lag_seconds.map_or(f32::NAN, |lag| lag as f32),
            rows_per_second: rate(|progress| progress.rows_per_second),
            transactions_per_second: rate(|progress| progress.transactions_per_second),
            bytes_per_second: rate(|progress| progress.bytes_per_second),
            queue_bytes: rate(|progress| progress.queue_bytes as f64),
        }
    }
}

/// Several samples as one: the largest lag and queue, since a chart must not hide them; the mean of the rates.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    sums: [f64; NUMBERS],
    counts: [u32; NUMBERS],
    largest: [f32; NUMBERS],
}

impl Summary {
    pub(super) fn add(&mut self, sample: Sample) {
        for (index, number) in sample.numbers().into_iter().enumerate().filter(|(_, number)| !number.is_nan()) {
            self.largest[index] = if self.counts[index] == 0 { number } else { self.largest[index].max(number) };
            self.sums[index] += f64::from(number);
            self.counts[index] += 1;
        }
    }

    pub(super) fn sample(&self) -> Sample {
        let mut numbers = [f32::NAN; NUMBERS];
        for (index, number) in numbers.iter_mut().enumerate().filter(|(index, _)| self.counts[*index] > 0) {
            let is_level = index == 0 || index == NUMBERS - 1;
            *number = match is_level {
                true => self.largest[index],
                false => (self.sums[index] / f64::from(self.counts[index])) as f32,
            };
        }
        Sample::of(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_keep_their_largest_and_rates_their_mean() {
        let mut summary = Summary::default();
        assert!(summary.sample().numbers().iter().all(|number| number.is_nan()));
        summary.add(Sample::of([1.0, 10.0, 1.0, 100.0, 7.0]));
        summary.add(Sample::of([f32::NAN, 20.0, 3.0, 300.0, 5.0]));
        summary.add(Sample::NONE);
        assert_eq!(summary.sample(), Sample::of([1.0, 15.0, 2.0, 200.0, 7.0]));
    }
}
