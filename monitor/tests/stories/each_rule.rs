//! Each rule that is not in the other stories: it fires, it stays quiet, it ends.

use super::world::check;

#[test]
fn a_task_that_gets_nowhere_fires_after_two_minutes() {
    check(
        "0s core a up; copy started; copy on a
           10s copy stands
           => 130s firing not_advancing:copy
           200s copy advances
           => 200s resolved not_advancing:copy
           300s copy stands
           400s copy advances
           500s end",
    );
    // What tries again and again gets nowhere either; what FAILED is another rule's.
    check(
        "0s core a up; copy started; copy on a; copy RETRYING
           => 120s firing not_advancing:copy
           200s copy FAILED
           => 200s resolved not_advancing:copy
           => 200s firing task_failed:copy
           300s end",
    );
}

#[test]
fn a_pause_that_lasts_is_told_and_its_end() {
    check(
        "0s core a up; copy started; copy on a
           10s copy paused; copy PAUSED
           1000s copy started; copy STREAMING
           1100s copy paused; copy PAUSED
           => 2900s firing paused_too_long:copy
           3000s copy stopped; copy nobody
           => 3000s resolved paused_too_long:copy
           3100s end",
    );
}

#[test]
fn missing_standbys_fire_for_hot_tasks_only() {
    check(
        "0s core a up; copy started; copy wants 2; copy on a
           => 300s firing standbys_missing:copy
           400s copy standby b
           => 400s resolved standbys_missing:copy
           500s end",
    );
    check("0s core a up; copy started; copy on a\n900s copy stopped; copy nobody\n2000s end");
}

#[test]
fn a_spec_that_is_not_in_force_everywhere_fires_after_a_minute() {
    check(
        "0s core a up; copy started; copy on a; copy standby b
           10s copy version 1
           40s copy acknowledges 1
           100s copy version 2
           => 160s firing spec_not_acknowledged:copy
           170s copy acknowledges 2
           => 170s resolved spec_not_acknowledged:copy
           200s end",
    );
}

#[test]
fn a_failover_is_told_once_and_its_end_to_nobody() {
    check(
        "0s core a up; core b up; copy started; copy taken by a; copy standby b
           10s copy taken by b
           => 10s firing failover:copy
           700s copy taken by b
           2000s end",
    );
    // What the message about the Core brought with it is no news when the Core is back.
    check(
        "0s core a up; core b up; copy started; copy taken by a; copy standby b
           10s core a down; copy taken by b
           => 40s firing core_gone:g:a +failover:copy
           100s core a up
           => 100s resolved core_gone:g:a
           2000s end",
    );
}

#[test]
fn a_task_that_changes_hands_again_and_again_is_told() {
    check(
        r#"0s core a up; core b up; copy started; copy taken by a; rules {"defaults":{"failover":{"enabled":false}}}
           10s copy taken by b
           20s copy taken by a
           30s copy taken by b
           40s copy taken by b
           => 40s firing flapping:copy
           => 630s resolved flapping:copy
           700s end"#,
    );
    check(
        r#"0s core a up; copy started; copy taken by a
           10s copy taken by a
           20s copy taken by a
           30s copy taken by a
           700s end"#,
    );
}

/// Orders are seen before they are carried out.
#[test]
fn what_operators_order_is_no_failover_and_no_flapping() {
    check(
        "0s core a up; core b up; copy started; copy taken by a; copy standby b
           10s copy handed over
           12s copy taken by b
           20s copy handed over
           22s copy taken by a
           30s copy restarted
           33s copy nobody
           35s copy taken by b
           40s copy stopped
           42s copy nobody
           45s copy started
           46s copy taken by a
           50s copy handed over
           51s copy taken by b
           200s copy taken by a
           => 200s firing failover:copy
           900s end",
    );
}

#[test]
fn a_former_owner_that_was_refused_is_told_once() {
    check(
        "0s core a up; copy started; copy on a; copy refused 3
           10s copy refused 5
           => 10s firing stale_epoch_refused:copy
           15s copy refused 6
           2000s end",
    );
}

#[test]
fn a_log_that_is_about_to_be_purged_is_told_until_there_is_time_again() {
    check(
        "0s core a up; copy started; copy on a; copy keeps 240h age 1h
           10s copy keeps 240h age 239h
           => 10s firing binlog_purge_near:copy
           20s copy keeps 240h age 237.5h
           30s copy keeps 240h age 230h
           => 30s resolved binlog_purge_near:copy
           40s copy keeps bin.000003
           50s copy keeps bin.000004
           => 50s firing binlog_purge_near:copy
           60s copy lag 0
           => 60s resolved binlog_purge_near:copy
           70s end",
    );
}

#[test]
fn a_channel_that_does_not_deliver_is_told_by_the_others() {
    check(
        "0s channel ops failing
           100s channel ops well
           200s channel ops failing
           => 500s firing channel_failing:ops
           600s channel ops well
           => 600s resolved channel_failing:ops
           700s end",
    );
}

#[test]
fn another_monitor_that_does_not_look_is_told() {
    check(
        "0s other well
           10s other late 29
           20s other late 31
           => 20s firing monitor_late:m2
           30s other late 25
           40s other well
           => 40s resolved monitor_late:m2
           50s end",
    );
}

#[test]
fn rules_are_set_for_all_and_for_one_task_while_it_runs() {
    check(
        r#"0s core a up; copy started; copy on a; copy lag 20; more started; more on a; more lag 20
           10s rules {"defaults":{"task_lag_warning":{"threshold":10,"for":"5s"}},"tasks":{"more":{"task_lag_warning":{"enabled":false}}}}
           => 15s firing task_lag_warning:copy
           50s rules {}
           => 170s resolved task_lag_warning:copy
           200s rules {"tasks":{"more":{"task_lag_warning":{"threshold":15,"for":"0s"}}}}
           => 200s firing task_lag_warning:more
           210s rules {"tasks":{"more":{"task_lag_warning":{"enabled":false}}}}
           => 210s resolved task_lag_warning:more
           300s end"#,
    );
}
