//! What happens, second by second, and what people are told.

#![allow(clippy::unwrap_used)]

mod each_rule;
mod quiet;
mod world;

use world::check;

#[test]
fn a_healthy_task_and_an_idle_core_are_no_news() {
    check(
        "0s core a up; copy started; copy on a; other stopped
           9999s end",
    );
}

#[test]
fn a_takeover_within_thirty_seconds_wakes_nobody_for_the_task() {
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s copy nobody; copy standby b
           39s copy on b
           200s end",
    );
}

#[test]
fn a_started_task_that_nobody_runs_fires_once_and_resolves() {
    check(
        "0s core a up; copy started; copy on a
           10s copy nobody
           => 40s firing no_running_instance:copy
           100s copy on a
           => 100s resolved no_running_instance:copy
           500s end",
    );
    check(
        "0s copy started
           => 30s firing no_running_instance:copy
           50s copy stopped
           => 50s resolved no_running_instance:copy
           500s end",
    );
}

#[test]
fn paused_and_stopped_tasks_may_lag_and_be_run_by_nobody() {
    check(
        "0s core a up; copy paused; copy on a; copy PAUSED; copy lag 9999
           1000s copy stopped; copy nobody
           2000s end",
    );
}

#[test]
fn what_cannot_be_read_neither_fires_nor_resolves() {
    check(
        "0s core a up; copy started; copy on a
           10s copy unreadable
           500s copy nobody
           => 530s firing no_running_instance:copy
           600s copy unreadable
           900s copy on a
           => 900s resolved no_running_instance:copy
           950s end",
    );
}

#[test]
fn a_failed_task_is_told_at_once_and_once_over_takeover_and_restart_in_vain() {
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s copy FAILED
           => 10s firing task_failed:copy
           20s copy nobody
           25s copy on b; copy STARTING
           27s copy FAILED
           60s copy STARTING
           62s copy STREAMING
           => 62s resolved task_failed:copy
           500s end",
    );
    check(
        "0s core a up; copy started; copy on a; copy FAILED
           => 0s firing task_failed:copy
           60s copy deleted
           => 60s resolved task_failed:copy
           90s end",
    );
}

#[test]
fn lag_over_the_threshold_fires_after_its_time_in_two_severities() {
    check(
        "0s core a up; copy started; copy on a
           10s copy lag 31
           => 130s firing task_lag_warning:copy
           200s copy lag 301
           => 500s firing task_lag_critical:copy
           600s copy lag 0
           => 720s resolved task_lag_critical:copy
           => 720s resolved task_lag_warning:copy
           800s end",
    );
}

#[test]
fn a_lag_that_comes_and_goes_is_no_alert_and_one_that_swings_is_one() {
    check(
        "0s core a up; copy started; copy on a
           10s copy lag 31
           100s copy lag 29
           101s copy lag 31
           200s copy lag 10
           400s end",
    );
    check(
        "0s core a up; copy started; copy on a; copy lag 40
           => 120s firing task_lag_warning:copy
           200s copy lag 10
           300s copy lag 40
           400s copy lag 25
           900s copy lag 23
           => 1020s resolved task_lag_warning:copy
           1100s end",
    );
}

#[test]
fn an_unknown_lag_is_neither_zero_nor_too_much() {
    check(
        "0s core a up; copy started; copy on a; copy lag ?
           500s copy lag 40
           => 620s firing task_lag_warning:copy
           700s copy lag ?
           9000s copy lag 0
           => 9120s resolved task_lag_warning:copy
           9200s end",
    );
    // For two minutes nobody could say that it lasted.
    check(
        "0s core a up; copy started; copy on a; copy lag 40
           100s copy lag ?
           220s copy lag 40
           339s copy lag 0
           400s end",
    );
}

#[test]
fn a_core_that_goes_with_tasks_is_missed_until_it_is_back() {
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s core a down; copy on b
           => 40s firing core_gone:g:a
           90s core a up
           => 90s resolved core_gone:g:a
           200s end",
    );
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s core b down; copy nobody; copy on a
           39s core b up
           200s end",
    );
}

#[test]
fn a_core_that_stops_holding_nothing_is_not_missed() {
    check(
        "0s core a up; core b up; copy started; copy on a
           10s copy nobody; copy on b
           12s core a down
           200s end",
    );
}

#[test]
fn a_core_that_never_comes_back_is_forgotten_after_a_day() {
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s core a down; copy on b
           => 40s firing core_gone:g:a
           => 14440s firing core_gone:g:a again
           => 28840s firing core_gone:g:a again
           => 43240s firing core_gone:g:a again
           => 57640s firing core_gone:g:a again
           => 72040s firing core_gone:g:a again
           => 86410s resolved core_gone:g:a
           90000s end",
    );
}

#[test]
fn a_monitor_that_dies_neither_loses_nor_repeats() {
    // While pending: the time that it has held counts on.
    check(
        "0s core a up; copy started; copy on a; copy lag 40
           60s monitor dies
           80s monitor back
           => 120s firing task_lag_warning:copy
           130s end",
    );
    // While firing: not told again, and what ends meanwhile is told.
    check(
        "0s core a up; copy started; copy on a
           10s copy nobody
           => 40s firing no_running_instance:copy
           50s monitor dies
           5000s monitor back
           5100s monitor dies
           5200s copy on a
           5300s monitor back
           => 5300s resolved no_running_instance:copy
           6000s end",
    );
    // A Core that goes while nobody looks is missed.
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s monitor dies
           20s core a down; copy on b
           100s monitor back
           => 130s firing core_gone:g:a
           150s end",
    );
    // A pending time that nobody watched does not count.
    check(
        "0s core a up; copy started; copy on a; copy lag 40
           100s monitor dies
           5000s monitor back
           => 5120s firing task_lag_warning:copy
           5200s end",
    );
}

#[test]
fn what_a_channel_missed_it_gets_later_in_order_even_from_the_next_monitor() {
    check(
        "0s core a up; copy started; copy on a; webhook down
           10s copy nobody
           100s copy on a
           150s monitor dies
           160s monitor back
           300s webhook up
           => 300s firing no_running_instance:copy
           => 300s resolved no_running_instance:copy
           400s copy nobody
           => 430s firing no_running_instance:copy
           500s end",
    );
}

#[test]
fn a_channel_that_is_away_for_long_gets_the_latest() {
    let mut story = "0s core a up; copy started; copy on a; webhook down\n".to_owned();
    for episode in 1..=10 {
        story += &format!("{}s copy nobody\n{}s copy on a\n", episode * 100, episode * 100 + 50);
    }
    story += "2000s webhook up\n";
    for _ in 0..4 {
        story += "=> 2000s firing no_running_instance:copy\n=> 2000s resolved no_running_instance:copy\n";
    }
    check(&(story + "2100s end"));
}
