//! The ZooKeeper store keeps the same contract as the others, and the recipes stand on a real ensemble through what a
//! simulation can't show: servers that die, that hang, and answers that get lost on a real connection.

use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::contract;
use replicator_coordination::lease::Lease;
use replicator_coordination::path::Path;
use replicator_coordination::session::{Coordination, Session};
use replicator_coordination::standby::{Candidate, GoneReason, RoleChange};
use replicator_coordination::store::{Connector, CreateMode, SessionState, StoreError};
use replicator_coordination::tasks::Author;
use replicator_coordination::zookeeper::ZooKeeper as ZooKeeperStore;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::name::{CoreName, TaskName};
use replicator_model::position::Position;
use replicator_model::span::Span;
use replicator_model::task::TaskSpec;
use replicator_tests::{Error, Result, ZooKeeper, eventually};
use std::time::Duration;
use tokio::time::Instant;

const SESSION_TIMEOUT: Duration = Duration::from_secs(4);
/// More than any call may take.
const BOUND: Duration = Duration::from_secs(4);

fn connector(tiers: &[Vec<String>], chroot: Option<&str>) -> ZooKeeperStore {
    ZooKeeperStore::new(tiers.to_vec(), SESSION_TIMEOUT, chroot.map(str::to_owned))
}

fn coordination(zookeeper: &ZooKeeper) -> Result<Coordination> {
    coordination_with(zookeeper, SESSION_TIMEOUT)
}

fn coordination_with(zookeeper: &ZooKeeper, session_timeout: Duration) -> Result<Coordination> {
    let config = CoordinationConfig::Zookeeper {
        tiers: vec![zookeeper.addresses()],
        session_timeout: Span::from_secs(session_timeout.as_secs()),
        chroot: None,
    };
    Coordination::open(&config).map_err(|error| Error::new(error.to_string()))
}

fn task(number: usize) -> TaskName {
    TaskName::new(format!("task{number}")).unwrap()
}

fn core(name: &str) -> CoreName {
    CoreName::new(name).unwrap()
}

async fn create_task(session: &Session, number: usize) {
    let text = format!(
        r#"{{"name":"task{number}","group":"g1","producer":{{"host":"db1","user":"r","password":{{"env":"P"}}}},
        "consumer":{{"kind":"stdout"}}}}"#
    );
    let spec = TaskSpec::from_json(text.as_bytes()).unwrap();
    session.create_task(&spec, Author { by: "test", reason: "a test" }).await.unwrap();
}

fn checkpoint(lease: &Lease, offset: u64) -> Checkpoint {
    Checkpoint {
        epoch: lease.epoch(),
        server: "db1".into(),
        position: Position::new("bin.000001", offset),
        gtid_set: None,
        event_time_us: 0,
        written_at_us: 0,
    }
}

async fn running(candidate: &mut Candidate, within: Duration) -> Lease {
    let role = async {
        loop {
            match candidate.next().await {
                RoleChange::Running(lease) => return lease,
                RoleChange::Standby { .. } => {}
                RoleChange::Gone { reason } => panic!("gone: {reason}"),
            }
        }
    };
    tokio::time::timeout(within, role).await.expect("RUNNING in time")
}

#[tokio::test]
async fn the_zookeeper_store_keeps_the_contract() -> Result<()> {
    let zookeeper = ZooKeeper::start(3).await?;
    let connector = connector(&[zookeeper.addresses()], None);
    contract::check(&connector, async |store| store.close().await).await;
    Ok(())
}

#[tokio::test]
async fn the_next_tier_is_used_when_none_of_the_nearer_answers_and_a_chroot_is_made() -> Result<()> {
    let zookeeper = ZooKeeper::start(1).await?;
    let nobody = vec![format!("127.0.0.1:{}", replicator_tests::free_port())];
    let below = connector(&[nobody.clone(), zookeeper.addresses()], Some("/production/eu")).connect().await.unwrap();
    below.create(&Path::new("/a").unwrap(), "x".into(), CreateMode::Persistent).await.unwrap();
    let plain = connector(&[zookeeper.addresses()], None).connect().await.unwrap();
    plain.sync().await.unwrap();
    assert!(plain.read(&Path::new("/production/eu/a").unwrap()).await.unwrap().is_some());
    let began = Instant::now();
    let refused = connector(std::slice::from_ref(&nobody), None).connect().await.map(|store| store.session());
    let Err(StoreError::Unreachable { reason }) = refused else { panic!("{refused:?}") };
    assert!(reason.contains(&nobody[0]), "the error names the server: {reason}");
    assert!(began.elapsed() < SESSION_TIMEOUT * 2, "{:?}", began.elapsed());
    Ok(())
}

#[tokio::test]
async fn every_call_answers_in_bounded_time_while_a_server_hangs() -> Result<()> {
    let zookeeper = ZooKeeper::start(1).await?;
    let store = connector(&[zookeeper.addresses()], None).connect().await.unwrap();
    let node = Path::new("/a").unwrap();
    store.create(&node, "x".into(), CreateMode::Ephemeral).await.unwrap();
    zookeeper.sigstop(0);
    let hung = Instant::now();
    while hung.elapsed() < SESSION_TIMEOUT * 3 {
        let asked = Instant::now();
        let read = store.read(&node).await;
        assert!(matches!(read, Err(StoreError::Unreachable { .. } | StoreError::SessionExpired)), "{read:?}");
        let written = store.write(&node, "y".into(), replicator_coordination::store::Expected::Any).await;
        assert!(written.is_err(), "{written:?}");
        assert!(asked.elapsed() < BOUND * 2, "two calls took {:?}", asked.elapsed());
        if read == Err(StoreError::SessionExpired) {
            break;
        }
    }
    assert_eq!(store.state().get(), SessionState::Expired, "the session is given up in the end");
    assert_eq!(store.read(&node).await, Err(StoreError::SessionExpired));
    zookeeper.sigcont(0);
    Ok(())
}

#[tokio::test]
async fn a_lease_goes_on_when_the_leader_of_the_ensemble_is_killed() -> Result<()> {
    let mut zookeeper = ZooKeeper::start(3).await?;
    let (a, b) = (coordination(&zookeeper)?, coordination(&zookeeper)?);
    let (a, b) = (a.connect().await.unwrap(), b.connect().await.unwrap());
    create_task(&a, 1).await;
    let mut first = Candidate::enter(&a, &task(1), &core("a"), "a");
    let lease = running(&mut first, BOUND).await;
    lease.commit(&checkpoint(&lease, 1)).await.unwrap();
    let mut second = Candidate::enter(&b, &task(1), &core("b"), "b");
    let leader = zookeeper.leader().await?;
    zookeeper.kill9(leader).await;
    // Whoever runs it in the end goes on from where the first one was, under a larger epoch if it changed hands.
    let mut lease = lease;
    eventually("a checkpoint after the leader's death", Duration::from_secs(40), async || {
        loop {
            tokio::select! {
                biased;
                RoleChange::Running(next) = first.next() => lease = next,
                RoleChange::Running(next) = second.next() => lease = next,
                () = tokio::time::sleep(Duration::from_millis(10)) => break,
            }
        }
        lease.commit(&checkpoint(&lease, 2)).await.map_err(|error| error.to_string())
    })
    .await?;
    zookeeper.restart(leader).await?;
    b.store().sync().await.unwrap();
    assert_eq!(b.last_commit(&task(1)).await.unwrap(), Some(checkpoint(&lease, 2)));
    assert_eq!(b.epoch(&task(1)).await.unwrap(), lease.epoch());
    Ok(())
}

#[tokio::test]
async fn a_standby_takes_over_at_once_after_a_clean_leave() -> Result<()> {
    let zookeeper = ZooKeeper::start(1).await?;
    let (a, b) = (coordination(&zookeeper)?, coordination(&zookeeper)?);
    let (a, b) = (a.connect().await.unwrap(), b.connect().await.unwrap());
    create_task(&a, 1).await;
    let mut first = Candidate::enter(&a, &task(1), &core("a"), "a");
    let lease = running(&mut first, BOUND).await;
    lease.commit(&checkpoint(&lease, 77)).await.unwrap();
    let mut second = Candidate::enter(&b, &task(1), &core("b"), "b");
    assert!(matches!(second.next().await, RoleChange::Standby { predecessor: Some(_) }));
    let began = Instant::now();
    first.leave().await;
    let next = running(&mut second, BOUND).await;
    println!("take-over after a clean leave: {:?}, promised 1s", began.elapsed());
    assert!(began.elapsed() < SESSION_TIMEOUT, "it was handed over, not missed: {:?}", began.elapsed());
    assert_eq!(next.last_commit().await.map(|checkpoint| checkpoint.position.offset), Some(77));
    assert!(next.epoch() > lease.epoch() && !lease.clock().may_commit());
    Ok(())
}

/// Of creates that end without an answer most have happened: an instance must find the node that it made.
#[tokio::test]
async fn nobody_joins_a_line_twice_when_answers_get_lost() -> Result<()> {
    const TASKS: usize = 40;
    let mut zookeeper = ZooKeeper::start(1).await?;
    // Long enough for a server to restart on a busy machine: the session has to outlive that.
    let session = coordination_with(&zookeeper, Duration::from_secs(30))?.connect().await.unwrap();
    for number in 0..TASKS {
        create_task(&session, number).await;
    }
    let mut candidates: Vec<Candidate> =
        (0..TASKS).map(|number| Candidate::enter(&session, &task(number), &core("a"), "a")).collect();
    tokio::time::sleep(Duration::from_millis(15)).await;
    zookeeper.kill9(0).await;
    zookeeper.restart(0).await?;
    for candidate in &mut candidates {
        let role = async {
            loop {
                match candidate.next().await {
                    RoleChange::Standby { .. } => {}
                    role => return role,
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), role).await.expect("a role in time") {
            RoleChange::Gone { reason: GoneReason::SessionExpired } => {
                panic!("the session should outlive the restart")
            }
            role => assert!(matches!(role, RoleChange::Running(_)), "{role:?}"),
        }
    }
    for number in 0..TASKS {
        assert_eq!(session.instances(&task(number)).await.unwrap().len(), 1, "task{number}");
    }
    Ok(())
}
