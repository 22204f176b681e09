//! Numbers and times as people read them, the same in every language.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use replicator_model::rule::Unit;

/// `2026-09-21 14:13:20 UTC`: nobody knows the time zone of whoever reads it.
pub(super) fn time(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(at) => at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{us} µs"),
    }
}

/// How long between the two, in its two largest units: `45 s`, `2 m 5 s`, `3 h 20 m`, `2 d 4 h`.
pub(super) fn lasted(since_us: i64, until_us: i64) -> String {
    let seconds = until_us.saturating_sub(since_us).max(0) / 1_000_000;
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let first = parts.iter().position(|(amount, _)| *amount > 0).unwrap_or(parts.len() - 1);
    let shown: Vec<String> = parts[first..]
        .iter()
        .take(2)
        .enumerate()
        .filter(|(index, (amount, _))| *index == 0 || *amount > 0)
        .map(|(_, (amount, unit))| format!("{amount} {unit}"))
        .collect();
    shown.join(" ")
}

pub(super) fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if value.abs() >= 120.0 => lasted(0, (value * 1e6) as i64),
        Unit::Seconds => format!("{} s", trimmed(value)),
        Unit::Count => trimmed(value),
    }
}

/// One decimal, and none where it would be zero.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, unit, shown) in [
            (31.54, Unit::Seconds, "31.5 s"),
            (30.0, Unit::Seconds, "30 s"),
            (7200.0, Unit::Seconds, "2 h"),
            (185.0, Unit::Seconds, "3 m 5 s"),
            (-5.0, Unit::Seconds, "-5 s"),
            (4.0, Unit::Count, "4"),
        ] {
            assert_eq!(quantity(value, unit), shown);
        }
        for (seconds, shown) in [(0, "0 s"), (59, "59 s"), (60, "1 m"), (3661, "1 h 1 m"), (183_600, "2 d 3 h")] {
            assert_eq!(lasted(0, seconds * 1_000_000), shown);
        }
        assert_eq!(lasted(5_000_000, 0), "0 s", "a clock that was set back");
        assert_eq!(time(1_790_000_000_000_000), "2026-09-21 14:13:20 UTC");
    }
}
