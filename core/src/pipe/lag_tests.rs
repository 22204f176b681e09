use super::*;
use replicator_model::epoch::Epoch;
use replicator_model::position::Position;

const SECOND: i64 = 1_000_000;

fn checkpoint(offset: u64, set: Option<&str>) -> Checkpoint {
    Checkpoint {
        epoch: Epoch::NONE,
        server: "a".into(),
        position: Position::new("bin.000001", offset),
        gtid_set: set.map(|text| GtidSet::parse(text).unwrap()),
        event_time_us: 5 * SECOND,
        written_at_us: 0,
    }
}

/// Everything was read up to here, and the oldest of what is not durable was committed then.
fn points(offset: u64, oldest_s: Option<i64>) -> Points {
    Points {
        reached: Some(checkpoint(offset, None)),
        oldest_unapplied_us: oldest_s.map(|seconds| seconds * SECOND),
        ..Points::default()
    }
}

fn head(offset: u64, now_s: i64) -> SourceHead {
    SourceHead { position: Position::new("bin.000001", offset), gtid_set: None, now_us: now_s * SECOND }
}

fn observe(lag: &mut Lag, points: &Points, head: &SourceHead, age_ms: i64) -> Option<f64> {
    lag.observe(Observed { points, head, age_us: age_ms * 1_000 })
}

#[test]
fn an_idle_source_has_no_lag_however_old_its_last_change_is() {
    assert_eq!(observe(&mut Lag::default(), &points(100, None), &head(100, 86_400), 900), Some(0.0));
}

#[test]
fn what_is_read_and_not_applied_counts_from_its_commit() {
    let lag = observe(&mut Lag::default(), &points(100, Some(20)), &head(100, 60), 500);
    assert_eq!(lag, Some(40.5));
}

#[test]
fn what_is_not_even_read_counts_from_when_nothing_was_left() {
    let mut lag = Lag::default();
    assert_eq!(observe(&mut lag, &points(100, None), &head(100, 50), 0), Some(0.0));
    assert_eq!(observe(&mut lag, &points(100, None), &head(900, 53), 300), Some(3.3));
}

/// The newest of what is known counts, whatever it is.
#[test]
fn the_newest_time_since_which_something_may_be_missing_counts() {
    for (oldest, last_commit, heartbeat, expected) in [
        (None, None, None, 50.0),
        (None, Some(57), None, 3.0),
        (Some(55), Some(57), None, 5.0),
        (Some(5), None, None, 50.0),
        (Some(55), None, Some(58), 2.0),
        (None, Some(20), Some(59), 1.0),
        (Some(70), None, None, 0.0),
    ] {
        let mut lag = Lag::default();
        observe(&mut lag, &points(100, None), &head(100, 10), 0);
        let now = Points {
            last_commit_us: last_commit.map(|seconds: i64| seconds * SECOND),
            heartbeat_us: heartbeat.map(|seconds: i64| seconds * SECOND),
            ..points(200, oldest)
        };
        let seen = observe(&mut lag, &now, &head(900, 59), 1_000);
        assert_eq!(seen, Some(expected), "{oldest:?} {last_commit:?} {heartbeat:?}");
    }
}

#[test]
fn the_end_of_the_log_may_be_on_its_way_once() {
    let mut lag = Lag::default();
    let points = points(100, None);
    assert_eq!(observe(&mut lag, &points, &head(100, 50), 900), Some(0.0));
    assert_eq!(observe(&mut lag, &points, &head(200, 51), 100), Some(0.0));
    assert_eq!(observe(&mut lag, &points, &head(200, 51), 300), Some(1.3));
    assert_eq!(
        observe(&mut lag, &points, &head(300, 52), 100),
        Some(2.1),
        "a target that stands still never looks level"
    );
}

#[test]
fn batches_that_are_durable_count_while_others_wait() {
    let mut lag = Lag::default();
    let durable = |offset| Points { durable: Some(checkpoint(offset, None)), ..points(500, Some(50)) };
    assert_eq!(observe(&mut lag, &durable(100), &head(200, 60), 0), Some(10.0));
    let mut elsewhere = durable(300);
    elsewhere.durable.as_mut().unwrap().server = "b".into();
    assert_eq!(observe(&mut lag, &elsewhere, &head(200, 60), 0), Some(10.0), "a position of another server");
    assert_eq!(observe(&mut lag, &durable(300), &head(200, 60), 500), Some(0.5), "the head itself is durable");
}

#[test]
fn after_a_restart_it_counts_from_the_last_applied_commit() {
    assert_eq!(observe(&mut Lag::default(), &points(100, None), &head(900, 65), 0), Some(60.0));
    let mut fresh = points(100, None);
    fresh.reached.as_mut().unwrap().event_time_us = 0;
    assert_eq!(observe(&mut Lag::default(), &fresh, &head(900, 65), 0), None);
    assert_eq!(observe(&mut Lag::default(), &Points::default(), &head(900, 65), 0), None);
}

#[test]
fn sets_are_covered_whatever_the_position() {
    let with = |set| SourceHead { gtid_set: Some(GtidSet::parse(set).unwrap()), ..head(900, 60) };
    let points = Points { reached: Some(checkpoint(100, Some("0-1-7"))), ..Points::default() };
    assert_eq!(observe(&mut Lag::default(), &points, &with("0-1-7"), 0), Some(0.0));
    assert_eq!(observe(&mut Lag::default(), &points, &with("0-1-8"), 0), Some(55.0));
}

#[test]
fn heartbeats_count_while_they_are_written_and_come_back() {
    let beating = Points { heartbeat_us: Some(1), ..Points::default() };
    let refused = || Err(Failure::transient("heartbeat_not_written", "", ""));
    for (points, heartbeats, by) in [
        (&beating, Ok(true), LagBy::Heartbeat),
        (&beating, refused(), LagBy::Head),
        (&Points::default(), Ok(true), LagBy::Head),
        (&Points::default(), Ok(false), LagBy::Head),
    ] {
        assert_eq!(lag_by(points, &heartbeats), by, "{heartbeats:?}");
    }
}

#[test]
fn what_is_missing_is_the_source_s_without_the_target_s() {
    let uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    let of = |set: Option<&str>| Checkpoint { ..checkpoint(100, set) };
    for (head_set, durable, reached, oldest, expected) in [
        (Some("UUID:1-9"), Some("UUID:1-4"), Some("UUID:1-9"), Some(1), Some("UUID:5-9")),
        (Some("UUID:1-9"), Some("UUID:1-4"), Some("UUID:1-9"), None, Some("")),
        (Some("0-1-9,1-1-3"), Some("0-1-4,1-1-3"), None, Some(1), Some("0-1-9")),
        (Some("UUID:1-9"), None, None, Some(1), None),
        (None, Some("UUID:1-4"), None, Some(1), None),
    ] {
        let full = |set: Option<&str>| set.map(|set: &str| set.replace("UUID", uuid));
        let (head_set, durable, reached, expected) = (full(head_set), full(durable), full(reached), full(expected));
        let points = Points {
            durable: durable.as_deref().map(|set| of(Some(set))),
            reached: reached.as_deref().map(|set| of(Some(set))),
            oldest_unapplied_us: oldest,
            ..Points::default()
        };
        let head = SourceHead { gtid_set: head_set.map(|set| GtidSet::parse(&set).unwrap()), ..head(900, 60) };
        assert_eq!(missing(&points, &head).map(|set| set.to_string()), expected);
    }
}
