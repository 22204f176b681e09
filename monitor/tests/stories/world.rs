//! The world of a story: rules, roster and ledger together, without a tree.
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
        let facts = Facts { cores: BTreeMap::from([(group(), BTreeMap::new())]), ..Facts::default() };
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
    Ledger::new(
        rules.policies(),
        Duration::from_secs(4 * 3600),
        [("webhook".to_owned(), replicator_model::alert::Severity::Info)].into(),
    )
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
    let order = |state| Ok(Some(Desired { state, generation: 1, once: None, handover: None }));
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
        failed_transaction: None,
        skipped: 0,
        retries: 0,
        since_us: 0,
        updated_us: 0,
    }
}

/// Runs a story and compares what was told.
pub(crate) fn check(story: &str) {
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
