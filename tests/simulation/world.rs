//! One run: processes, the coordination service and the targets, and what goes wrong between them, all from one seed.

use crate::history::{Event, History};
use crate::member::{Member, transactions_at};
use crate::process::Process;
use crate::target::{Server, TASKS};
use parking_lot::Mutex;
use replicator_coordination::faulty::{Faults, Faulty, Link};
use replicator_coordination::layout;
use replicator_coordination::lease_clock::LeaseClock;
use replicator_coordination::seeded::Seeded;
use replicator_coordination::session::{Coordination, Session, Surroundings};
use replicator_coordination::signal::Signal;
use replicator_coordination::tasks::Author;
use replicator_coordination::workers::Workers;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::DesiredState;
use replicator_model::epoch::Epoch;
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::stored::Stored;
use replicator_model::task::TaskSpec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
const PROCESSES: usize = 3;
const FAULTS_FOR: Duration = Duration::from_secs(90);
/// After the last fault every task runs again within this time: sessions of the dead expire, a scan or two, and the
/// turns that the scan leaves to Cores that should have joined.
const RUNS_AGAIN_WITHIN: Duration = Duration::from_secs(30);
/// Transactions younger than this at the end need not be applied yet.
const STILL_UNDER_WAY: Duration = Duration::from_secs(3);

/// A defect planted to prove that the invariants notice it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    Nothing,
    /// A pipe goes on applying whatever its lease's clock says.
    IgnoresTheClock,
    /// A pipe outlives its lease and writes `lastCommit` without its epoch.
    WritesPastTheLease,
    /// As [`Plant::IgnoresTheClock`], and the target that keeps checkpoints does not look at epochs.
    TargetChecksNoEpoch,
    /// A pipe records a checkpoint before the target is durable.
    CommitsBeforeItApplies,
}

pub(crate) fn group() -> GroupName {
    name(GroupName::new("group"))
}

pub(crate) fn core_name(process: usize) -> CoreName {
    name(CoreName::new(format!("core{process}")))
}

pub(crate) fn task_name(task: usize) -> TaskName {
    name(TaskName::new(format!("task{task}")))
}

fn name<T, E: std::fmt::Debug>(name: Result<T, E>) -> T {
    name.expect("a valid name")
}

/// Runs one seed and answers what happened.
pub(crate) fn run(seed: u64, plant: Plant) -> Vec<(Duration, Event)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut world = World::start(seed, plant).await;
        world.disturb().await;
        world.calm_down().await;
        world.history.events()
    })
}

struct World {
    random: Seeded,
    plant: Plant,
    expires_early: bool,
    faulty: Faulty,
    history: History,
    servers: Arc<Vec<Server>>,
    hosts: Vec<Host>,
    clocks: Arc<Mutex<Vec<(usize, Epoch, LeaseClock)>>>,
    operator: Session,
    registrations: Arc<AtomicU64>,
}

/// Where a process runs, over all of its lives.
struct Host {
    link: Arc<Link>,
    process: Process,
    shutdown: Signal<bool>,
}

impl World {
    async fn start(seed: u64, plant: Plant) -> Self {
        let mut random = Seeded::new(seed);
        let faulty = Faulty::start(random.number(), Faults::NONE, SESSION_TIMEOUT);
        let history = History::start();
        let checks_epoch = plant != Plant::TargetChecksNoEpoch;
        let servers: Vec<Server> =
            (0..TASKS.len()).map(|task| Server::start(task, &history, random.split(), checks_epoch)).collect();
        let registrations = Arc::new(AtomicU64::new(0));
        let operator = coordination(&faulty, &Link::new(), &Workers::tokio(), &registrations).connect().await;
        let operator = operator.expect("a session while nothing is wrong");
        for task in 0..TASKS.len() {
            create_task(&operator, task).await;
        }
        let plant = if plant == Plant::TargetChecksNoEpoch { Plant::IgnoresTheClock } else { plant };
        let mut world = Self {
            expires_early: random.happens(250),
            random,
            plant,
            faulty,
            history,
            servers: Arc::new(servers),
            hosts: Vec::new(),
            clocks: Arc::default(),
            operator,
            registrations,
        };
        for host in 0..PROCESSES {
            let (process, shutdown) = (Process::start(), Signal::new(false));
            world.hosts.push(Host { link: Link::new(), process, shutdown });
            world.start_process(host);
        }
        world.observe();
        world
    }

    fn start_process(&mut self, host: usize) {
        let (process, shutdown) = (Process::start(), Signal::new(false));
        let workers = process.workers();
        let member = Member {
            process: host,
            coordination: coordination(&self.faulty, &self.hosts[host].link, &workers, &self.registrations),
            servers: Arc::clone(&self.servers),
            history: self.history.clone(),
            plant: self.plant,
            clocks: Arc::clone(&self.clocks),
            shutdown: shutdown.clone(),
        };
        workers.start(member.run());
        (self.hosts[host].process, self.hosts[host].shutdown) = (process, shutdown);
    }

    /// Looks at everything from outside, now and then: `lastCommit` and the clocks of all leases.
    fn observe(&self) {
        let (faulty, history, clocks) = (self.faulty.clone(), self.history.clone(), Arc::clone(&self.clocks));
        tokio::spawn(async move {
            let mut last_seen = vec![None; TASKS.len()];
            loop {
                for (task, last_seen) in last_seen.iter_mut().enumerate() {
                    let node = faulty.peek(&layout::last_commit(&task_name(task)));
                    let version = node.as_ref().map(|node| node.version);
                    if let Some(checkpoint) = node.filter(|_| version != *last_seen) {
                        let checkpoint = name(Checkpoint::from_stored(&checkpoint.data));
                        let (epoch, offset) = (checkpoint.epoch, checkpoint.position.offset);
                        history.record(Event::LastCommit { task, epoch, offset });
                        *last_seen = version;
                    }
                    let mut clocks = clocks.lock();
                    clocks.retain(|(_, _, clock)| clock.may_commit());
                    let trusted: Vec<Epoch> =
                        clocks.iter().filter(|(of, _, _)| *of == task).map(|(_, epoch, _)| *epoch).collect();
                    if let [one, other, ..] = trusted[..] {
                        history.record(Event::TwoTrusted { task, epochs: (one, other) });
                    }
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
    }

    async fn disturb(&mut self) {
        self.faulty.set_faults(Faults::ROUGH);
        let end = Instant::now() + FAULTS_FOR;
        while Instant::now() < end {
            let pause = self.random.duration(Duration::from_millis(100), Duration::from_secs(9));
            sleep(pause).await;
            let host = self.random.below(PROCESSES as u64) as usize;
            self.fault(host);
        }
    }

    fn fault(&mut self, host: usize) {
        let scale = SESSION_TIMEOUT * (1 + self.random.below(30) as u32) / 10;
        let task = self.random.below(TASKS.len() as u64) as usize;
        // In one run of four the service breaks its promise on how long a session lives.
        let what = self.random.below(if self.expires_early { 9 } else { 8 });
        let Host { link, process, shutdown } = &self.hosts[host];
        if !process.is_alive() || shutdown.get() {
            self.history.record(Event::Fault(format!("start {host}")));
            process.kill();
            return self.start_process(host);
        }
        let fault = match what {
            0 | 1 => {
                process.kill();
                format!("kill -9 {host}")
            }
            2 | 3 => {
                let process = process.clone();
                process.stop();
                tokio::spawn(async move {
                    sleep(scale).await;
                    process.resume();
                });
                format!("stop {host} for {scale:?}")
            }
            4 | 5 => {
                let link = Arc::clone(link);
                link.cut();
                tokio::spawn(async move {
                    sleep(scale / 2).await;
                    link.heal();
                });
                format!("cut {host} off for {:?}", scale / 2)
            }
            6 => {
                shutdown.set(true);
                format!("shut {host} down")
            }
            7 => {
                self.servers[task].down_for(scale / 3);
                format!("target {task} is down for {:?}", scale / 3)
            }
            _ => self.expire_someone(task),
        };
        self.history.record(Event::Fault(fault));
    }

    /// Ends the session of whoever is in a task's line first, before its time.
    fn expire_someone(&self, task: usize) -> String {
        let line = self.faulty.peek_list(&layout::instances(&task_name(task)));
        let first = replicator_coordination::election::in_order(line).into_iter().next();
        let owner = first.and_then(|first| self.faulty.peek(&layout::instance(&task_name(task), &first))?.owner);
        if let Some(owner) = owner {
            self.history.record(Event::EarlyExpiry);
            self.faulty.expire(owner);
        }
        format!("expire the first in line of task {task}")
    }

    async fn calm_down(&mut self) {
        self.faulty.set_faults(Faults::NONE);
        self.servers.iter().for_each(Server::calm);
        for host in 0..PROCESSES {
            let Host { link, process, shutdown } = &self.hosts[host];
            link.heal();
            process.resume();
            if !process.is_alive() || shutdown.get() {
                process.kill();
                self.start_process(host);
            }
        }
        self.history.record(Event::Calm);
        sleep(RUNS_AGAIN_WITHIN).await;
        for (process, host) in self.hosts.iter().enumerate() {
            if host.process.has_panicked() {
                self.history.record(Event::Panic { process });
            }
        }
        for task in 0..TASKS.len() {
            let line = self.faulty.peek_list(&layout::instances(&task_name(task)));
            self.history.record(Event::Line { task, line });
        }
        let transactions = transactions_at(self.history.time().saturating_sub(STILL_UNDER_WAY));
        self.history.record(Event::End { transactions });
        self.operator.close().await;
    }
}

fn coordination(faulty: &Faulty, link: &Arc<Link>, workers: &Workers, registrations: &Arc<AtomicU64>) -> Coordination {
    let registrations = Arc::clone(registrations);
    let surroundings = Surroundings {
        workers: workers.clone(),
        wall_clock_us: Arc::new(|| 0),
        unique: Arc::new(move || registrations.fetch_add(1, Ordering::Relaxed).to_string()),
    };
    Coordination::new(Arc::new(faulty.connector(link, workers)), surroundings)
}

async fn create_task(operator: &Session, task: usize) {
    let standby = if task == 0 { r#"{"hot":2}"# } else { r#""cold""# };
    let text = format!(
        r#"{{"name":"task{task}","group":"group","standby":{standby},
        "producer":{{"host":"db","user":"r","password":{{"env":"P"}}}},"consumer":{{"kind":"stdout"}}}}"#
    );
    let spec = name(TaskSpec::from_json(text.as_bytes()));
    name(operator.create_task(&spec, Author { by: "simulation", reason: "a run" }).await);
    name(operator.order(&spec.name, DesiredState::Running, None).await);
}
