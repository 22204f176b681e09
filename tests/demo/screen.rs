//! A line a second.

use crate::rest::Status;
use crate::writers::Written;

/// After so many lines the heading comes again.
const LINES_PER_HEADING: u64 = 20;

#[derive(Default)]
pub(crate) struct Screen {
    lines: u64,
    before: Written,
}

impl Screen {
    pub(crate) fn new() -> Screen {
        Screen::default()
    }

    /// Call it once a second: rates at the source are what came since the last time.
    pub(crate) fn show(&mut self, written: Written, status: &Status) {
        if self.lines.is_multiple_of(LINES_PER_HEADING) {
            println!("{}", heading());
        }
        let since = (self.lines > 0).then_some(written.transactions.saturating_sub(self.before.transactions));
        self.lines += 1;
        self.before = written;
        println!("{}", line(self.lines, written, since, status));
        if let Some(reason) = status.retrying() {
            println!("        tries again: {reason}");
        }
    }
}

fn heading() -> String {
    format!(
        "{:>6}  {:>12} {:>7}  {:>10} {:>12} {:>9}  {:>7}  {:<10} {}",
        "second", "committed tx", "tx/s", "applied tx", "applied rows", "rows/s", "lag", "stage", "applied up to"
    )
}

fn line(second: u64, written: Written, since: Option<u64>, status: &Status) -> String {
    let progress = status.progress.as_ref();
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".into());
    format!(
        "{second:>6}  {:>12} {:>7}  {:>10} {:>12} {:>9}  {:>7}  {:<10} {}",
        counted(written.transactions),
        or_dash(since.map(counted)),
        or_dash(progress.map(|progress| counted(progress.transactions))),
        or_dash(progress.map(|progress| counted(progress.rows))),
        or_dash(progress.map(|progress| counted(progress.rows_per_second.round() as u64))),
        or_dash(status.lag_seconds.map(|lag| format!("{lag:.1} s"))),
        status.stage.as_deref().unwrap_or(status.state()),
        or_dash(status.checkpoint.as_ref().map(|it| format!("{}:{}", it.position.file, it.position.offset))),
    )
}

/// A number as people read it: `1,234,567`.
pub(crate) fn counted(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(counted(number), text);
        }
    }
}
