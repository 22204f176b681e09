//! What happens, second by second, and what people are told. Rules, roster and ledger together, without a tree.
//!
//! A story is lines of `<second>s <what happens>; …` and, in between, `=> <second>s <notice>` for all that is told.
//! What happens holds until something else does; everything is evaluated every second.
//!
//! | | |
//! |---|---|
//! | `core a up`, `core a down` | a Core in group `g` |
//! | `copy started`, `copy paused`, `copy stopped`, `copy deleted` | what the operator wants |
//! | `copy on a`, `copy nobody` | a RUNNING instance that streams with lag 0, with STANDBYs kept; no instance at all |
//! | `copy standby b` | one more instance |
//! | `copy lag 31`, `copy lag ?`, `copy FAILED`, `copy STARTING` … | its status |
//! | `copy unreadable` | its instances can't be read |
//! | `webhook down`, `webhook up` | whether notices get through |
//! | `monitor dies`, `monitor back` | nothing is evaluated in between; it goes on with what was kept |

#![allow(clippy::unwrap_used)]

use replicator_model::alert::{Alert, AlertId};
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::instance::{CoreInfo, InstanceInfo, Role};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::status::{Progress, Stage, TaskStatus};
use replicator_model::stored::Stored;
use replicator_monitor::facts::{Facts, TaskFacts};
use replicator_monitor::ledger::Ledger;
use replicator_monitor::roster::Roster;
use replicator_monitor::rules::{Rules, evaluate};
use std::collections::BTreeMap;
use std::time::Duration;

const SECOND_US: i64 = 1_000_000;
/// Not zero, so that a time that was never set shows.
const BEGIN_US: i64 = 1_790_000_000 * SECOND_US;

struct World {
    facts: Facts,
    rules: Rules,
    monitor: Option<(Ledger, Roster)>,
    kept: BTreeMap<AlertId, Vec<u8>>,
    kept_roster: Vec<u8>,
    webhook: bool,
    told: Vec<String>,
}

fn group() -> GroupName {
    GroupName::new("g").unwrap()
}

fn core(name: &str) -> CoreName {
    CoreName::new(name).unwrap()
}

impl World {
    fn new() -> Self {
        let rules = Rules::default();
        let monitor = Some((new_ledger(&rules), Roster::default()));
        let facts = Facts { tasks: BTreeMap::new(), cores: BTreeMap::from([(group(), BTreeMap::new())]) };
        Self { facts, rules, monitor, kept: BTreeMap::new(), kept_roster: Vec::new(), webhook: true, told: Vec::new() }
    }

    fn happens(&mut self, what: &str) {
        match what.split_whitespace().collect::<Vec<_>>()[..] {
            ["core", name, "up"] => {
                let info = CoreInfo {
                    core: core(name),
                    host: format!("host-{name}"),
                    group: group(),
                    version: "0".into(),
                    capacity: 10,
                    load: 0,
                    admin: None,
                    since_us: 0,
                };
                self.facts.cores.get_mut(&group()).unwrap().insert(core(name), Ok(info));
            }
            ["core", name, "down"] => {
                self.facts.cores.get_mut(&group()).unwrap().remove(&core(name)).unwrap().unwrap();
            }
            ["webhook", state] => self.webhook = state == "up",
            ["monitor", "dies"] => self.monitor = None,
            ["monitor", "back"] => self.restart(),
            ["end"] => {}
            [task, "deleted"] => drop(self.facts.tasks.remove(&TaskName::new(task).unwrap()).unwrap()),
            [task, ref words @ ..] => task_changes(self.task(task), words),
            [] => panic!("nothing happens"),
        }
    }

    fn task(&mut self, name: &str) -> &mut TaskFacts {
        self.facts.tasks.entry(TaskName::new(name).unwrap()).or_insert_with(|| TaskFacts {
            group: Some(group()),
            desired: Ok(None),
            instances: Ok(Vec::new()),
            status: Ok(None),
            status_age_seconds: 0.0,
        })
    }

    /// Another process, which has only what was kept.
    fn restart(&mut self) {
        let mut ledger = new_ledger(&self.rules);
        ledger.restore(self.kept.values().map(|bytes| Alert::from_stored(bytes).unwrap()));
        let roster = match self.kept_roster.is_empty() {
            true => Roster::default(),
            false => Roster::restore(Stored::from_stored(&self.kept_roster).unwrap()),
        };
        self.monitor = Some((ledger, roster));
    }

    /// What a Monitor does every second.
    fn evaluate(&mut self, second: i64) {
        let now_us = BEGIN_US + second * SECOND_US;
        let Some((ledger, roster)) = &mut self.monitor else { return };
        roster.update(&self.facts, now_us, self.rules.core_gone.forget_after.duration());
        ledger.observe(now_us, &evaluate(&self.facts, roster, &self.rules, now_us));
        keep(&mut self.kept, ledger, now_us);
        self.kept_roster = roster.to_stored().to_stored().unwrap();
        let owed: Vec<_> = ledger.outbox().map(|(channel, notice)| (channel.to_owned(), notice.clone())).collect();
        for (channel, notice) in owed.into_iter().filter(|_| self.webhook) {
            let repeated = if notice.number > 1 && notice.state.to_string() == "firing" { " again" } else { "" };
            self.told.push(format!("{second}s {} {}{repeated}", notice.state, notice.id));
            ledger.delivered(&notice.id, &notice.key(), &channel);
        }
        keep(&mut self.kept, ledger, now_us);
    }
}

fn new_ledger(rules: &Rules) -> Ledger {
    Ledger::new(rules.policies(), Duration::from_secs(4 * 3600), ["webhook".to_owned()].into())
}

fn keep(kept: &mut BTreeMap<AlertId, Vec<u8>>, ledger: &mut Ledger, now_us: i64) {
    for (id, alert) in ledger.unsaved(now_us) {
        match alert {
            Some(alert) => drop(kept.insert(id.clone(), alert.to_stored().unwrap())),
            None => drop(kept.remove(&id)),
        }
        ledger.saved(&id, now_us);
    }
}

fn task_changes(task: &mut TaskFacts, words: &[&str]) {
    let order = |state| Ok(Some(Desired { state, generation: 1, rewind: None }));
    match *words {
        ["started"] => task.desired = order(DesiredState::Running),
        ["paused"] => task.desired = order(DesiredState::Paused),
        ["stopped"] => task.desired = order(DesiredState::Stopped),
        ["nobody"] => (task.instances, task.status) = (Ok(Vec::new()), Ok(None)),
        ["unreadable"] => task.instances = Err("node /x: broken".into()),
        ["on", name] => {
            let others = task.instances.clone().unwrap_or_default().into_iter();
            let others = others.filter(|other| other.role == Role::Standby && other.core != core(name));
            task.instances = Ok([instance(name, Role::Running)].into_iter().chain(others).collect());
            task.status = Ok(Some(status(name)));
        }
        ["standby", name] => task.instances.as_mut().unwrap().push(instance(name, Role::Standby)),
        ["lag", "?"] => status_of(task).lag_seconds = None,
        ["lag", seconds] => status_of(task).lag_seconds = Some(seconds.parse().unwrap()),
        [stage] => {
            let stage: Stage = serde_json::from_value(stage.to_lowercase().into()).unwrap();
            let failure = Failure::definite("access_denied", "db2: user `r` was refused", "check the password");
            let status = status_of(task);
            (status.stage, status.failure) = (stage, (stage == Stage::Failed).then_some(failure));
        }
        _ => panic!("what is `{words:?}`?"),
    }
}

fn status_of(task: &mut TaskFacts) -> &mut TaskStatus {
    task.status.as_mut().unwrap().as_mut().unwrap()
}

fn instance(name: &str, role: Role) -> InstanceInfo {
    InstanceInfo {
        core: core(name),
        host: format!("host-{name}"),
        role,
        epoch: Epoch::new(1),
        spec_version: Some(0),
        since_us: 0,
        stage: Stage::Streaming,
        guid: name.into(),
    }
}

fn status(name: &str) -> TaskStatus {
    TaskStatus {
        core: core(name),
        epoch: Epoch::new(1),
        stage: Stage::Streaming,
        spec_version: 0,
        desired_generation: 1,
        checkpoint: None,
        source_head: None,
        lag_seconds: Some(0.0),
        progress: Progress::default(),
        failure: None,
        retries: 0,
        since_us: 0,
        updated_us: 0,
    }
}

fn check(story: &str) {
    let (mut script, mut expected) = (BTreeMap::<i64, Vec<&str>>::new(), Vec::new());
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(notice) = line.strip_prefix("=>") {
            expected.push(notice.trim().to_owned());
            continue;
        }
        let (at, what) = line.split_once("s ").unwrap();
        script.entry(at.parse().unwrap()).or_default().extend(what.split(';').map(str::trim));
    }
    let mut world = World::new();
    for second in 0..=*script.keys().last().unwrap() {
        for what in script.get(&second).into_iter().flatten() {
            world.happens(what);
        }
        world.evaluate(second);
    }
    assert_eq!(world.told, expected, "in this story:\n{story}");
}

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
