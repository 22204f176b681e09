//! Who is not told, and when they are after all: acknowledged, silenced, told together with the cause.

use super::world::check;

#[test]
fn a_lost_core_and_what_it_held_is_one_message() {
    check(
        "0s core a up; copy started; copy on a; more started; more on a; more wants 2; more standby b
           10s core a down; copy nobody; more nobody
           => 40s firing core_gone:g:a +no_running_instance:copy +no_running_instance:more
           100s core a up; copy on a; more on a; more standby b
           => 100s resolved core_gone:g:a
           200s end",
    );
    // What is worse than what was told is told again; what is not is only shown.
    check(
        "0s core a up; core b up; copy started; copy wants 2; copy on a; copy standby b
           10s core a down; copy on b
           => 40s firing core_gone:g:a
           20s copy lag 400
           => 320s firing core_gone:g:a again +task_lag_critical:copy +standbys_missing:copy +task_lag_warning:copy
           400s core a up
           => 400s resolved core_gone:g:a
           => 400s firing standbys_missing:copy
           => 400s firing task_lag_critical:copy
           => 400s firing task_lag_warning:copy
           401s copy standby a; copy lag 0
           => 401s resolved standbys_missing:copy
           => 521s resolved task_lag_critical:copy
           => 521s resolved task_lag_warning:copy
           600s end",
    );
}

#[test]
fn what_began_long_after_a_core_went_is_told_by_itself() {
    check(
        "0s core a up; core b up; copy started; copy on a; copy standby b
           10s core a down; copy on b
           => 40s firing core_gone:g:a
           1000s copy nobody
           => 1030s firing no_running_instance:copy
           1100s end",
    );
}

#[test]
fn a_cause_that_takes_long_to_be_sure_holds_nothing_up_for_long() {
    check(
        r#"0s core a up; copy started; copy on a; rules {"defaults":{"core_gone":{"for":"1h"}}}
           10s core a down; copy nobody
           => 100s firing no_running_instance:copy
           200s end"#,
    );
}

#[test]
fn what_is_acknowledged_is_not_repeated_and_its_end_is_told() {
    check(
        "0s copy started
           => 30s firing no_running_instance:copy
           60s acknowledge no_running_instance:copy
           30000s copy stopped
           => 30000s resolved no_running_instance:copy
           30100s copy started
           => 30130s firing no_running_instance:copy
           30200s end",
    );
    // Taken back, it is repeated again.
    check(
        "0s copy started
           => 30s firing no_running_instance:copy
           60s acknowledge no_running_instance:copy
           20000s forget
           => 20000s firing no_running_instance:copy again
           20010s end",
    );
}

#[test]
fn what_is_silenced_is_told_when_the_silence_ends() {
    check(
        r#"0s copy started; silence {"task":"copy"} for 600
           => 600s firing no_running_instance:copy
           700s silence {"rule":"no_running_instance"} for 100
           => 800s firing no_running_instance:copy again
           900s silence {"severity":"critical"} for 100
           910s copy stopped
           => 910s resolved no_running_instance:copy
           1000s end"#,
    );
    // What begins and ends in a silence is told to nobody, and a silence of one task is about no other.
    check(
        r#"0s copy started; more started; silence {"task":"copy"} for 600
           => 30s firing no_running_instance:more
           500s copy stopped
           900s end"#,
    );
}

#[test]
fn quiet_outlives_a_monitor() {
    check(
        r#"0s copy started
           => 30s firing no_running_instance:copy
           60s acknowledge no_running_instance:copy
           100s monitor dies
           200s monitor back
           20000s end"#,
    );
    check(
        r#"0s copy started; silence {"task":"copy"} for 600
           100s monitor dies
           700s monitor back
           => 700s firing no_running_instance:copy
           800s end"#,
    );
}
