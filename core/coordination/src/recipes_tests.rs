//! The recipes over a store without faults: what each of them promises, read as a story.

use crate::election::parse_instance_name;
use crate::error::CoordinationError;
use crate::faulty::{Faults, Faulty, Link};
use crate::layout;
use crate::session::{Coordination, Session, Surroundings};
use crate::standby::{Candidate, GoneReason, RoleChange};
use crate::store::{Expected, SessionState};
use crate::tasks::Author;
use crate::watching::Topic;
use crate::workers::Workers;
use parking_lot::Mutex;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{DesiredState, OnceOrder};
use replicator_model::epoch::Epoch;
use replicator_model::instance::{CoreInfo, Role};
use replicator_model::name::{CoreName, GroupName, TaskName};
use replicator_model::position::Position;
use replicator_model::status::Stage;
use replicator_model::stored::CarriedOut;
use replicator_model::task::{Start, TaskSpec};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const TIMEOUT: Duration = Duration::from_secs(9);
const AUTHOR: Author<'_> = Author { by: "alice", reason: "a test" };

struct Service {
    faulty: Faulty,
}

impl Service {
    fn start() -> Self {
        Self { faulty: Faulty::start(7, Faults::NONE, TIMEOUT) }
    }

    async fn session(&self) -> (Session, Arc<Link>) {
        let (link, count) = (Link::new(), AtomicU64::new(0));
        let connector = Arc::new(self.faulty.connector(&link, &Workers::tokio()));
        let surroundings = Surroundings {
            workers: Workers::tokio(),
            wall_clock_us: Arc::new(|| 0),
            unique: Arc::new(move || count.fetch_add(1, Ordering::Relaxed).to_string()),
        };
        (Coordination::new(connector, surroundings).connect().await.unwrap(), link)
    }
}

fn task() -> TaskName {
    TaskName::new("copy").unwrap()
}

fn core(name: &str) -> CoreName {
    CoreName::new(name).unwrap()
}

fn spec(text_in: &str) -> TaskSpec {
    let text = format!(
        r#"{{"name":"copy","group":"{text_in}","producer":{{"host":"db1","user":"r","password":{{"env":"P"}}}},
        "consumer":{{"kind":"stdout"}}}}"#
    );
    TaskSpec::from_json(text.as_bytes()).unwrap()
}

fn checkpoint(epoch: Epoch, offset: u64) -> Checkpoint {
    Checkpoint {
        epoch,
        server: "db1".into(),
        position: Position::new("bin.000001", offset),
        gtid_set: None,
        event_time_us: 0,
        written_at_us: 0,
    }
}

async fn next(candidate: &mut Candidate) -> RoleChange {
    timeout(TIMEOUT * 3, candidate.next()).await.expect("a role in time")
}

async fn running(candidate: &mut Candidate) -> crate::lease::Lease {
    loop {
        match next(candidate).await {
            RoleChange::Running(lease) => return lease,
            RoleChange::Standby { .. } => {}
            RoleChange::Gone { reason } => panic!("gone: {reason}"),
        }
    }
}

async fn standby(candidate: &mut Candidate) {
    let role = next(candidate).await;
    assert!(matches!(role, RoleChange::Standby { predecessor: Some(_) }), "{role:?}");
}

#[tokio::test(start_paused = true)]
async fn the_next_in_line_takes_over_at_once_when_the_first_leaves() {
    let service = Service::start();
    let (a, _) = service.session().await;
    let (b, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut first = Candidate::enter(&a, &task(), &core("a"), "host-a");
    let lease = running(&mut first).await;
    assert_eq!((lease.epoch(), lease.last_commit().await), (Epoch::new(1), None));
    let mut second = Candidate::enter(&b, &task(), &core("b"), "host-b");
    standby(&mut second).await;
    lease.commit(&checkpoint(Epoch::new(1), 100)).await.unwrap();
    let line = b.instances(&task()).await.unwrap();
    let roles: Vec<Role> = line.iter().map(|instance| instance.info.as_ref().unwrap().role).collect();
    assert_eq!(roles, [Role::Running, Role::Standby]);
    assert!(parse_instance_name(&line[0].name).is_some_and(|(host, _)| host == "host-a"));
    let start = Instant::now();
    first.leave().await;
    let lease = running(&mut second).await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(lease.epoch(), Epoch::new(2));
    assert_eq!(lease.last_commit().await, Some(checkpoint(Epoch::new(1), 100)));
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_while_it_joins_leaves_nothing_in_the_line() {
    for seed in 0..100 {
        let service = Service { faulty: Faulty::start(seed, Faults::NONE, TIMEOUT) };
        let (a, _) = service.session().await;
        a.create_task(&spec("g1"), AUTHOR).await.unwrap();
        service.faulty.set_faults(Faults { reply_lost: 300, cut_after: 300, late: 100, ..Faults::ROUGH });
        let candidate = Candidate::enter(&a, &task(), &core("a"), "a");
        sleep(Duration::from_millis(seed * 100)).await;
        candidate.leave().await;
        sleep(TIMEOUT / 2).await;
        if a.state() != SessionState::Expired {
            assert!(service.faulty.peek_list(&layout::instances(&task())).is_empty(), "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_writes_forward_only_and_nothing_after_it_is_lost() {
    let service = Service::start();
    let (a, link) = service.session().await;
    let (b, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut first = Candidate::enter(&a, &task(), &core("a"), "a");
    let old = running(&mut first).await;
    old.commit(&checkpoint(old.epoch(), 100)).await.unwrap();
    old.commit(&checkpoint(old.epoch(), 100)).await.unwrap();
    let backwards = old.commit(&checkpoint(old.epoch(), 99)).await;
    assert!(matches!(backwards, Err(CoordinationError::Backwards { .. })), "{backwards:?}");
    let mut second = Candidate::enter(&b, &task(), &core("b"), "b");
    standby(&mut second).await;
    link.cut();
    let cut = Instant::now();
    old.clock().lost().await;
    assert!(cut.elapsed() <= TIMEOUT * 2 / 3, "{:?}: stops by itself in two thirds of the timeout", cut.elapsed());
    let new = running(&mut second).await;
    assert!(cut.elapsed() > TIMEOUT * 2 / 3, "and before another one starts");
    new.commit(&checkpoint(new.epoch(), 200)).await.unwrap();
    link.heal();
    let refused = old.commit(&checkpoint(old.epoch(), 300)).await;
    assert!(matches!(refused, Err(CoordinationError::LeaseLost { .. })), "{refused:?}");
    assert_eq!(b.last_commit(&task()).await.unwrap(), Some(checkpoint(new.epoch(), 200)));
    loop {
        match next(&mut first).await {
            RoleChange::Gone { reason } => break assert_eq!(reason, GoneReason::SessionExpired),
            RoleChange::Standby { .. } => {}
            RoleChange::Running(lease) => panic!("{lease:?} though the session is over"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_silence_costs_the_lease_its_epoch_but_not_its_place() {
    let service = Service::start();
    let (a, link) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut only = Candidate::enter(&a, &task(), &core("a"), "a");
    let first = running(&mut only).await;
    link.cut();
    sleep(TIMEOUT * 3 / 4).await;
    link.heal();
    let second = running(&mut only).await;
    assert_eq!((first.clock().may_commit(), second.clock().may_commit()), (false, true));
    assert!(second.epoch() > first.epoch());
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_node_is_removed_is_told() {
    let service = Service::start();
    let (a, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut candidate = Candidate::enter(&a, &task(), &core("a"), "a");
    let lease = running(&mut candidate).await;
    let own = a.instances(&task()).await.unwrap()[0].name.clone();
    a.store().remove(&layout::instance(&task(), &own), Expected::Any).await.unwrap();
    lease.clock().lost().await;
    let refused = lease.commit(&checkpoint(lease.epoch(), 1)).await;
    assert!(matches!(refused, Err(CoordinationError::LeaseLost { .. })), "{refused:?}");
    loop {
        match next(&mut candidate).await {
            RoleChange::Gone { reason } => break assert_eq!(reason, GoneReason::Removed),
            RoleChange::Standby { .. } => {}
            RoleChange::Running(_) => panic!("runs without a node"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_task_lets_its_instances_go_and_its_epoch_outlives_it() {
    let service = Service::start();
    let (a, _) = service.session().await;
    let (b, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut candidates =
        [Candidate::enter(&a, &task(), &core("a"), "a"), Candidate::enter(&b, &task(), &core("b"), "b")];
    let lease = running(&mut candidates[0]).await;
    lease.commit(&checkpoint(lease.epoch(), 1)).await.unwrap();
    standby(&mut candidates[1]).await;
    b.delete_task(&task(), Some(0)).await.unwrap();
    for candidate in &mut candidates {
        while !matches!(next(candidate).await, RoleChange::Gone { .. }) {}
    }
    assert!(b.tasks().await.unwrap().is_empty() && b.tasks_of_group(&spec("g1").group).await.unwrap().is_empty());
    assert!(matches!(b.task(&task()).await, Err(CoordinationError::NoSuchTask { .. })));
    b.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut again = Candidate::enter(&b, &task(), &core("b"), "b");
    let lease = running(&mut again).await;
    assert!(lease.epoch() > Epoch::new(1) && lease.last_commit().await.is_none());
    let mut never = Candidate::enter(&b, &TaskName::new("never").unwrap(), &core("b"), "b");
    assert!(matches!(next(&mut never).await, RoleChange::Gone { reason: GoneReason::TaskDeleted }));
}

#[tokio::test(start_paused = true)]
async fn a_rewind_moves_back_once() {
    let service = Service::start();
    let (a, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut candidate = Candidate::enter(&a, &task(), &core("a"), "a");
    let lease = running(&mut candidate).await;
    lease.commit(&checkpoint(lease.epoch(), 100)).await.unwrap();
    let order = a.order(&task(), DesiredState::Running, Some(OnceOrder::Rewind(Start::Earliest))).await.unwrap();
    assert!(lease.carried_out().await.generation < order.generation);
    lease.rewind(&checkpoint(lease.epoch(), 4), order.generation).await.unwrap();
    lease.commit(&checkpoint(lease.epoch(), 50)).await.unwrap();
    lease.rewind(&checkpoint(lease.epoch(), 4), order.generation).await.unwrap();
    assert_eq!(a.last_commit(&task()).await.unwrap(), Some(checkpoint(lease.epoch(), 50)), "the order was carried out");
    assert_eq!(a.order(&task(), DesiredState::Running, None).await.unwrap().once, None);
}

#[tokio::test(start_paused = true)]
async fn a_skipped_transaction_is_counted_once() {
    let service = Service::start();
    let (a, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut candidate = Candidate::enter(&a, &task(), &core("a"), "a");
    let lease = running(&mut candidate).await;
    for (generation, skipped) in [(3, 1), (3, 1), (5, 2)] {
        lease.skipped(generation).await.unwrap();
        assert_eq!(a.carried_out(&task()).await.unwrap(), CarriedOut { generation, skipped });
    }
    lease.rewind(&checkpoint(lease.epoch(), 4), 6).await.unwrap();
    assert_eq!(lease.carried_out().await, CarriedOut { generation: 6, skipped: 2 }, "a rewind leaves the count alone");
}

#[tokio::test(start_paused = true)]
async fn an_order_to_hand_over_names_the_lease_and_keeps_what_is_owed() {
    let service = Service::start();
    let (a, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let owed = a.order(&task(), DesiredState::Running, Some(OnceOrder::Rewind(Start::Latest))).await.unwrap();
    let order = a.order_handover(&task(), Epoch::new(7)).await.unwrap();
    assert_eq!((order.generation, order.handover, &order.once), (2, Some(Epoch::new(7)), &owed.once));
    assert_eq!(a.order(&task(), DesiredState::Paused, None).await.unwrap().handover, None);
}

#[tokio::test(start_paused = true)]
async fn specs_have_versions_and_a_stale_update_is_refused() {
    let service = Service::start();
    let (a, _) = service.session().await;
    let (b, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let twice = b.create_task(&spec("g1"), AUTHOR).await;
    assert!(matches!(twice, Err(CoordinationError::TaskExists { .. })), "{twice:?}");
    let moved = a.update_task(&spec("g2"), 0, Author { by: "bob", reason: "moved" }).await.unwrap();
    assert_eq!(moved.version, 1);
    let stale = b.update_task(&spec("g3"), 0, AUTHOR).await;
    assert!(matches!(stale, Err(CoordinationError::Stale { found: 1, expected: 0, .. })), "{stale:?}");
    b.store().sync().await.unwrap();
    assert_eq!(b.task(&task()).await.unwrap(), moved);
    assert!(b.tasks_of_group(&spec("g1").group).await.unwrap().is_empty());
    assert_eq!(b.tasks_of_group(&spec("g2").group).await.unwrap(), [task()]);
    assert_eq!(b.task_versions(&task()).await.unwrap(), [0, 1]);
    let first = b.task_version(&task(), 0).await.unwrap().unwrap();
    assert_eq!((first.by.as_str(), first.spec), ("alice", spec("g1")));
}

#[tokio::test(start_paused = true)]
async fn a_core_is_shown_while_its_session_lives() {
    let service = Service::start();
    let (a, _) = service.session().await;
    let (b, _) = service.session().await;
    let group = GroupName::new("g1").unwrap();
    let info = CoreInfo {
        core: core("a"),
        host: "host".into(),
        group: group.clone(),
        version: "0.1.0".into(),
        capacity: 10,
        load: 0,
        admin: None,
        since_us: 0,
    };
    a.register_core(&info).await.unwrap();
    a.register_core(&CoreInfo { load: 3, ..info.clone() }).await.unwrap();
    assert_eq!(a.cores(&group).await.unwrap()[0].load, 3);
    b.store().sync().await.unwrap();
    let taken = b.register_core(&info).await;
    assert!(matches!(taken, Err(CoordinationError::CoreNameInUse { .. })), "{taken:?}");
    a.close().await;
    b.store().sync().await.unwrap();
    b.register_core(&info).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn readers_are_told_of_every_change_and_now_and_then() {
    let service = Service::start();
    let (a, _) = service.session().await;
    let (b, link) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (session, sees) = (b.clone(), Arc::clone(&seen));
    tokio::spawn(async move {
        let mut changes = session.changes([Topic::Desired(task())], Duration::from_secs(60));
        while changes.next().await.is_ok() {
            let generation = session.desired(&task()).await.map(|desired| desired.generation).ok();
            sees.lock().push(generation);
        }
        sees.lock().push(None);
    });
    for generation in 1..=3 {
        sleep(Duration::from_secs(5)).await;
        a.order(&task(), DesiredState::Running, None).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        assert_eq!(seen.lock().last(), Some(&Some(generation)));
    }
    let moments = seen.lock().len();
    sleep(Duration::from_secs(100)).await;
    assert!(seen.lock().len() > moments, "now and then in any case");
    link.cut();
    a.order(&task(), DesiredState::Stopped, None).await.unwrap();
    sleep(TIMEOUT / 2).await;
    link.heal();
    sleep(TIMEOUT / 2).await;
    assert_eq!(seen.lock().last(), Some(&Some(4)), "a change during a disconnection is told after it");
    b.close().await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(seen.lock().last(), Some(&None), "it ends with the session");
}

#[tokio::test(start_paused = true)]
async fn what_an_instance_says_of_itself_is_shown() {
    let service = Service::start();
    let (a, _) = service.session().await;
    let (b, _) = service.session().await;
    a.create_task(&spec("g1"), AUTHOR).await.unwrap();
    let mut first = Candidate::enter(&a, &task(), &core("a"), "a");
    running(&mut first).await;
    let mut second = Candidate::enter(&b, &task(), &core("b"), "b");
    standby(&mut second).await;
    first.update_info(Some(3), Stage::Streaming, 0).await;
    second.update_info(Some(2), Stage::Standby, 1).await;
    sleep(Duration::from_secs(1)).await;
    let line = a.instances(&task()).await.unwrap();
    let shown: Vec<_> = line.iter().map(|i| i.info.as_ref().unwrap()).map(|i| (i.spec_version, i.stage)).collect();
    assert_eq!(shown, [(Some(3), Stage::Streaming), (Some(2), Stage::Standby)]);
    drop(second);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(a.instances(&task()).await.unwrap().len(), 1, "a dropped candidate leaves the line");
}
