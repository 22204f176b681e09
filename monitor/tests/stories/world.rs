//! The world of a story: rules, roster and ledger together, without a tree.
//!
//! A story is lines of `<second>s <what happens>; …` and, in between, `=> <second>s <notice>` for all that is told.
//! What happens holds until something else does; everything is evaluated every second.
//!
//! | | |
//! |---|---|
//! | `core a up`, `core a down` | a Core in group `g` |
//! | `copy started`, `copy paused`, `copy stopped`, `copy deleted` | what the operator wants |
//! | `copy restarted`, `copy handed over` | stopped and started before anybody looked, and an order that ends the lease |
//! | `copy on a`, `copy nobody` | a RUNNING instance that streams with lag 0, with STANDBYs kept; no instance at all |
//! | `copy taken by b` | the same under a new lease |
//! | `copy standby b` | one more instance |
//! | `copy lag 31`, `copy lag ?`, `copy FAILED`, `copy STARTING` … | its status |
//! | `copy unreadable` | its instances can't be read |
//! | `webhook down`, `webhook up` | whether notices get through |
//! | `copy wants 2` | a hot standby of so many instances |
//! | `copy advances`, `copy stands` | whether its checkpoint moves while its source goes on |
//! | `copy version 3`, `copy acknowledges 3` | the spec's, and the instances' |
//! | `copy keeps 3h age 1h`, `copy keeps bin.000009` | what its source keeps of its log |
//! | `copy refused 2` | the refusals that its RUNNING instance tells of |
//! | `channel ops failing`, `channel ops well`, `other late 31`, `other well` | a channel, another Monitor |
//! | `rules {…}`, `silence {…} for 60`, `acknowledge copy task_failed`, `forget` | what operators say |
//! | `monitor dies`, `monitor back` | nothing is evaluated in between; it goes on with what was kept |

use replicator_model::alert::{Alert, AlertId, CoreRoster, Severity};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::instance::{CoreInfo, InstanceInfo, Role};
use replicator_model::monitor::{LeaseMemory, MonitorInfo};
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName};
use replicator_model::position::Position;
use replicator_model::rule_settings::RuleSettings;
use replicator_model::silence::{Acknowledgement, Silence};
use replicator_model::status::{Progress, SourceLogs, Stage, TaskStatus};
use replicator_model::stored::Stored;
use replicator_model::task::Standby;
use replicator_monitor::advance::Advance;
use replicator_monitor::causes::causes;
use replicator_monitor::facts::{Facts, MonitorFacts, SpecFacts, TaskFacts};
use replicator_monitor::leases::Leases;
use replicator_monitor::ledger::{Ledger, Said};
use replicator_monitor::notify::outbox::Trouble;
use replicator_monitor::roster::Roster;
use replicator_monitor::rules::{World as Seen, evaluate};
use std::collections::BTreeMap;

const SECOND_US: i64 = 1_000_000;
/// Not zero, so that a time that was never set shows.
const BEGIN_US: i64 = 1_790_000_000 * SECOND_US;

/// What one Monitor has in mind.
struct Mind {
    ledger: Ledger,
    roster: Roster,
    leases: Leases,
}

struct World {
    facts: Facts,
    rules: RuleSettings,
    said: Said,
    now_us: i64,
    epoch: Epoch,
    monitor: Option<Mind>,
    kept: BTreeMap<AlertId, Vec<u8>>,
    kept_roster: CoreRoster,
    kept_leases: LeaseMemory,
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
        let rules = RuleSettings::default();
        let ledger = new_ledger(&rules);
        let monitor = Some(Mind { ledger, roster: Roster::default(), leases: Leases::default() });
        let facts = Facts { cores: BTreeMap::from([(group(), BTreeMap::new())]), ..Facts::default() };
        Self {
            facts,
            rules,
            said: Said::default(),
            now_us: BEGIN_US,
            epoch: Epoch::new(1),
            monitor,
            kept: BTreeMap::new(),
            kept_roster: CoreRoster::default(),
            kept_leases: LeaseMemory::default(),
            webhook: true,
            told: Vec::new(),
        }
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
            ["channel", name, state] => self.channel(name, state),
            ["other", ref words @ ..] => self.other_monitor(words),
            ["rules", json] => {
                self.rules = serde_json::from_str(json).unwrap();
                assert_eq!(self.rules.problem(), None);
            }
            ["silence", matcher, "for", seconds] => self.silence(matcher, seconds.parse().unwrap()),
            ["acknowledge", id] => self.acknowledge(id),
            ["forget"] => self.said = Said::default(),
            [task, "deleted"] => drop(self.facts.tasks.remove(&TaskName::new(task).unwrap()).unwrap()),
            [task, ref words @ ..] => {
                let mut epoch = self.epoch;
                task_changes(self.task(task), &mut epoch, words);
                self.epoch = epoch;
            }
            [] => panic!("nothing happens"),
        }
    }

    fn task(&mut self, name: &str) -> &mut TaskFacts {
        self.facts.tasks.entry(TaskName::new(name).unwrap()).or_insert_with(|| TaskFacts {
            group: Some(group()),
            spec: Ok(SpecFacts { version: 0, standby: Standby::Cold }),
            desired: Ok(None),
            instances: Ok(Vec::new()),
            status: Ok(None),
            status_age_seconds: 0.0,
            advance: Advance::Moves,
        })
    }

    fn channel(&mut self, name: &str, state: &str) {
        let name = ChannelName::new(name).unwrap();
        match state {
            "failing" => {
                let trouble = Trouble { since_us: self.now_us, problem: "it answers 500".into() };
                drop(self.facts.failing_channels.insert(name, trouble));
            }
            _ => drop(self.facts.failing_channels.remove(&name)),
        }
    }

    fn other_monitor(&mut self, words: &[&str]) {
        let age_seconds = match words {
            ["late", seconds] => seconds.parse().unwrap(),
            _ => 0.0,
        };
        let info =
            MonitorInfo { monitor: "m2".into(), version: "0".into(), since_us: 0, evaluated_us: 0, leads: false };
        let other = MonitorFacts { info: Ok(info), age_seconds, own: false };
        self.facts.monitors.insert("m2-0000000001".into(), other);
    }

    fn silence(&mut self, matcher: &str, seconds: i64) {
        let silence = Silence {
            matcher: serde_json::from_str(matcher).unwrap(),
            from_us: self.now_us,
            until_us: self.now_us + seconds * SECOND_US,
            by: "alice".into(),
            reason: String::new(),
        };
        self.said.silences.insert(format!("s{}", self.said.silences.len()), silence);
    }

    fn acknowledge(&mut self, id: &str) {
        let id = AlertId::from(id.to_owned());
        let since_us = self.monitor.as_ref().unwrap().ledger.alert(&id).unwrap().since_us;
        let (by, note) = ("alice".into(), "at it".into());
        self.said.acknowledgements.insert(id, Acknowledgement { by, at_us: self.now_us, note, since_us });
    }

    /// Another process, which has only what was kept.
    fn restart(&mut self) {
        let mut ledger = new_ledger(&self.rules);
        ledger.restore(self.kept.values().map(|bytes| Alert::from_stored(bytes).unwrap()));
        let roster = Roster::restore(Stored::from_stored(&self.kept_roster.to_stored().unwrap()).unwrap());
        let leases = Leases::restore(Stored::from_stored(&self.kept_leases.to_stored().unwrap()).unwrap());
        self.monitor = Some(Mind { ledger, roster, leases });
    }

    /// What a Monitor does every second.
    fn evaluate(&mut self, second: i64) {
        let now_us = BEGIN_US + second * SECOND_US;
        let Some(Mind { ledger, roster, leases }) = &mut self.monitor else { return };
        roster.update(&self.facts, now_us);
        leases.update(&self.facts, roster, now_us);
        ledger.set_rules(self.rules.clone());
        let (facts, settings) = (&self.facts, &self.rules);
        let findings = evaluate(Seen { facts, roster, leases, settings, now_us });
        let causes = causes(&findings, roster, leases, now_us);
        ledger.observe(now_us, &findings, &Said { causes, ..self.said.clone() });
        keep(&mut self.kept, ledger, now_us);
        (self.kept_roster, self.kept_leases) = (roster.to_stored(), leases.to_stored());
        let owed: Vec<_> = ledger.outbox().map(|(channel, notice)| (channel.to_owned(), notice.clone())).collect();
        for (channel, notice) in owed.into_iter().filter(|_| self.webhook) {
            let repeated = if notice.number > 1 && notice.state.to_string() == "firing" { " again" } else { "" };
            let joined: String = notice.joined.iter().map(|joined| format!(" +{}", joined.id)).collect();
            self.told.push(format!("{second}s {} {}{repeated}{joined}", notice.state, notice.id));
            ledger.delivered(&notice.id, &notice.key(), &channel);
        }
        keep(&mut self.kept, ledger, now_us);
    }
}

fn new_ledger(rules: &RuleSettings) -> Ledger {
    Ledger::new(rules.clone(), [("webhook".to_owned(), Severity::Info)].into())
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

fn task_changes(task: &mut TaskFacts, epoch: &mut Epoch, words: &[&str]) {
    let before = task.desired.clone().unwrap().unwrap_or(Desired::stopped());
    let order = |state| Ok(Some(before.then(state)));
    match *words {
        ["started"] => task.desired = order(DesiredState::Running),
        ["paused"] => task.desired = order(DesiredState::Paused),
        ["stopped"] => task.desired = order(DesiredState::Stopped),
        ["restarted"] => {
            task.desired = Ok(Some(before.then(DesiredState::Stopped).then(DesiredState::Running)));
        }
        ["handed", "over"] => {
            task.desired = Ok(Some(Desired { handover: Some(*epoch), ..before.then(DesiredState::Running) }));
        }
        ["nobody"] => (task.instances, task.status) = (Ok(Vec::new()), Ok(None)),
        ["unreadable"] => task.instances = Err("node /x: broken".into()),
        ["on", name] => {
            let others = task.instances.clone().unwrap_or_default().into_iter();
            let others = others.filter(|other| other.role == Role::Standby && other.core != core(name));
            task.instances = Ok([instance(name, Role::Running)].into_iter().chain(others).collect());
            task.status = Ok(Some(status(name)));
        }
        ["taken", "by", name] => {
            task_changes(task, epoch, &["on", name]);
            *epoch = epoch.next();
            task.instances.as_mut().unwrap()[0].epoch = *epoch;
            status_of(task).epoch = *epoch;
        }
        ["wants", count] => spec_of(task).standby = Standby::Hot(count.parse().unwrap()),
        ["version", version] => spec_of(task).version = version.parse().unwrap(),
        ["acknowledges", version] => {
            for instance in task.instances.as_mut().unwrap() {
                instance.spec_version = Some(version.parse().unwrap());
            }
        }
        ["advances"] => task.advance = Advance::Moves,
        ["stands"] => task.advance = Advance::Stands { seconds: 1.0 },
        ["refused", count] => task.instances.as_mut().unwrap()[0].fence_rejections = count.parse().unwrap(),
        ["keeps", oldest] => {
            status_of(task).lag_seconds = Some(1.0);
            status_of(task).checkpoint = Some(checkpoint());
            status_of(task).source_logs = Some(logs(oldest, None, 5.0));
        }
        ["keeps", retention, "age", age] => {
            let seconds = |text: &str| text.trim_end_matches('h').parse::<f64>().unwrap() * 3600.0;
            status_of(task).lag_seconds = Some(1.0);
            status_of(task).source_logs = Some(logs("bin.000001", Some(seconds(retention)), seconds(age)));
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

fn spec_of(task: &mut TaskFacts) -> &mut SpecFacts {
    task.spec.as_mut().unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        epoch: Epoch::new(1),
        server: "s".into(),
        position: Position::new("bin.000003", 4),
        gtid_set: None,
        event_time_us: 1,
        written_at_us: 1,
    }
}

fn logs(oldest: &str, retention_seconds: Option<f64>, age: f64) -> SourceLogs {
    SourceLogs { oldest: oldest.into(), retention_seconds, checkpoint_age_seconds: Some(age) }
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
        fence_rejections: 0,
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
        source_logs: None,
        lag_seconds: Some(0.0),
        lag_by: None,
        gtid_missing: None,
        progress: Progress::default(),
        failure: None,
        warnings: Vec::new(),
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
            world.now_us = BEGIN_US + second * SECOND_US;
            world.happens(what);
        }
        world.evaluate(second);
    }
    assert_eq!(world.told, expected, "in this story:\n{story}");
}
