//! The far end of a faulty store: two replicas of one tree, the sessions, and the chance that decides what goes wrong.

use super::{Faults, Link};
use crate::path::Path;
use crate::seeded::Seeded;
use crate::store::{Node, Operation, Outcome, Scope, SessionId, StoreError, Watch};
use crate::tree::watches::{Waiting, Watches};
use crate::tree::{Entry, Plan, Tree};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Which replica answers the reads and holds the watches of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replica {
    /// Makes the changes.
    Leader,
    /// Learns of them a little later.
    Follower,
}

/// What the network does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    RequestLost,
    ReplyLost,
    CutBefore,
    CutAfter,
    Late,
}

pub(super) struct Service {
    pub(super) session_timeout: Duration,
    state: Mutex<State>,
}

struct State {
    leader: Tree,
    leader_watches: Watches,
    follower: Tree,
    follower_watches: Watches,
    /// Changes that the follower has not learned of, oldest first, numbered from `behind_from`.
    behind: VecDeque<Behind>,
    behind_from: u64,
    sessions: BTreeMap<SessionId, ServedSession>,
    next_session: i64,
    random: Seeded,
    faults: Faults,
}

/// A change on its way to the follower.
struct Behind {
    after: BTreeMap<Path, Option<Entry>>,
    changes: BTreeSet<(Path, Scope)>,
}

struct ServedSession {
    last_heard: Instant,
    replica: Replica,
    link: Arc<Link>,
}

impl Service {
    pub(super) fn start(seed: u64, faults: Faults, session_timeout: Duration) -> Arc<Self> {
        let state = State {
            leader: Tree::default(),
            leader_watches: Watches::default(),
            follower: Tree::default(),
            follower_watches: Watches::default(),
            behind: VecDeque::new(),
            behind_from: 0,
            sessions: BTreeMap::new(),
            next_session: 1,
            random: Seeded::new(seed),
            faults,
        };
        let service = Arc::new(Self { session_timeout, state: Mutex::new(state) });
        tokio::spawn(expire_the_silent(Arc::downgrade(&service), session_timeout / 20));
        service
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.state.lock().faults = faults;
    }

    pub(super) fn open_session(&self, link: &Arc<Link>) -> SessionId {
        let mut state = self.state.lock();
        let session = SessionId(state.next_session);
        state.next_session += 1;
        let replica = if state.random.happens(500) { Replica::Leader } else { Replica::Follower };
        state.sessions.insert(session, ServedSession { last_heard: Instant::now(), replica, link: Arc::clone(link) });
        session
    }

    /// What happens to the next request, and how long it travels each way.
    pub(super) fn roll(&self) -> (Fate, Duration, Duration) {
        let mut state = self.state.lock();
        let State { random, faults, .. } = &mut *state;
        let there = random.duration(faults.delay_min, faults.delay_max);
        let back = random.duration(faults.delay_min, faults.delay_max);
        let chances = [
            (faults.request_lost, Fate::RequestLost),
            (faults.reply_lost, Fate::ReplyLost),
            (faults.cut_before, Fate::CutBefore),
            (faults.cut_after, Fate::CutAfter),
            (faults.late, Fate::Late),
        ];
        let fate = chances.into_iter().find(|(chance, _)| random.happens(*chance)).map_or(Fate::Arrives, |(_, f)| f);
        (fate, there, back)
    }

    /// A sign of life.
    pub(super) fn hear(&self, session: SessionId) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let served = state.sessions.get_mut(&session).ok_or(StoreError::SessionExpired)?;
        served.last_heard = Instant::now();
        Ok(())
    }

    /// A session that was cut off comes back, perhaps to the other replica, which then shows at least as much. All
    /// its watches are told, for they may have missed something.
    pub(super) fn reconnect(self: &Arc<Self>, session: SessionId) -> Result<(), StoreError> {
        self.hear(session)?;
        self.catch_up(u64::MAX);
        let mut state = self.state.lock();
        let replica = if state.random.happens(500) { Replica::Leader } else { Replica::Follower };
        if let Some(served) = state.sessions.get_mut(&session) {
            served.replica = replica;
        }
        state.leader_watches.wake_session(session);
        state.follower_watches.wake_session(session);
        Ok(())
    }

    pub(super) fn read(&self, session: SessionId, path: &Path) -> Result<Option<Node>, StoreError> {
        self.hear(session)?;
        let state = self.state.lock();
        Ok(state.tree_of(session).read(path))
    }

    pub(super) fn list(&self, session: SessionId, path: &Path) -> Result<Vec<String>, StoreError> {
        self.hear(session)?;
        let state = self.state.lock();
        state.tree_of(session).list(path)
    }

    pub(super) fn watch(&self, session: SessionId, path: Path, scope: Scope) -> Result<Watch, StoreError> {
        self.hear(session)?;
        let mut state = self.state.lock();
        Ok(match state.replica_of(session) {
            Replica::Leader => state.leader_watches.add(session, path, scope),
            Replica::Follower => state.follower_watches.add(session, path, scope),
        })
    }

    pub(super) fn sync(self: &Arc<Self>, session: SessionId) -> Result<(), StoreError> {
        self.hear(session)?;
        self.catch_up(u64::MAX);
        Ok(())
    }

    pub(super) fn change(
        self: &Arc<Self>,
        session: SessionId,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>, StoreError> {
        self.hear(session)?;
        let (plan, replica) = {
            let state = self.state.lock();
            (state.leader.plan(session, operations)?, state.replica_of(session))
        };
        let (outcomes, number) = self.carry_out(plan);
        // The answer comes through the session's replica, which has then learned of the change.
        if replica == Replica::Follower {
            self.catch_up(number);
        }
        Ok(outcomes)
    }

    pub(super) fn end(self: &Arc<Self>, session: SessionId) {
        let plan = {
            let mut state = self.state.lock();
            if state.sessions.remove(&session).is_none() {
                return;
            }
            state.leader_watches.wake_session(session);
            state.follower_watches.wake_session(session);
            state.leader.plan_end_of_session(session)
        };
        self.carry_out(plan);
    }

    /// What the tree holds, seen past the network: for the checks of a simulation.
    pub(super) fn peek(&self, path: &Path) -> Option<Node> {
        self.state.lock().leader.read(path)
    }

    pub(super) fn peek_list(&self, path: &Path) -> Vec<String> {
        self.state.lock().leader.list(path).unwrap_or_default()
    }

    /// Changes the leader now and the follower a little later; answers the number of the change.
    fn carry_out(self: &Arc<Self>, plan: Plan) -> (Vec<Outcome>, u64) {
        let mut state = self.state.lock();
        state.leader.carry_out(plan.after.clone());
        let watches = state.leader_watches.take(&plan.changes);
        let number = state.behind_from + state.behind.len() as u64;
        state.behind.push_back(Behind { after: plan.after, changes: plan.changes });
        let lag = {
            let State { random, faults, .. } = &mut *state;
            random.duration(Duration::ZERO, faults.follower_lag_max)
        };
        drop(state);
        self.deliver(watches);
        let service = Arc::clone(self);
        tokio::spawn(async move {
            sleep(lag).await;
            service.catch_up(number);
        });
        (plan.outcomes, number)
    }

    /// Lets the follower learn of everything up to change `number`.
    fn catch_up(self: &Arc<Self>, number: u64) {
        let mut watches = Vec::new();
        let mut state = self.state.lock();
        while state.behind_from <= number {
            let Some(Behind { after, changes }) = state.behind.pop_front() else { break };
            state.behind_from += 1;
            state.follower.carry_out(after);
            watches.extend(state.follower_watches.take(&changes));
        }
        drop(state);
        self.deliver(watches);
    }

    /// Tells the watchers after the time it takes, each on its own, once the way to them is open.
    fn deliver(&self, watches: Vec<Waiting>) {
        for Waiting { session, sender } in watches {
            let mut state = self.state.lock();
            let link = state.sessions.get(&session).map(|served| Arc::clone(&served.link));
            let delay = {
                let State { random, faults, .. } = &mut *state;
                random.duration(faults.delay_min, faults.delay_max)
            };
            drop(state);
            tokio::spawn(async move {
                sleep(delay).await;
                if let Some(link) = link {
                    link.wait_until_up().await;
                }
                sender.send(()).ok();
            });
        }
    }
}

impl State {
    fn replica_of(&self, session: SessionId) -> Replica {
        self.sessions.get(&session).map_or(Replica::Leader, |served| served.replica)
    }

    fn tree_of(&self, session: SessionId) -> &Tree {
        match self.replica_of(session) {
            Replica::Leader => &self.leader,
            Replica::Follower => &self.follower,
        }
    }
}

/// Ends sessions that were not heard for their timeout, looking every `tick` as ZooKeeper does.
async fn expire_the_silent(service: Weak<Service>, tick: Duration) {
    loop {
        sleep(tick).await;
        let Some(service) = service.upgrade() else { return };
        let silent: Vec<SessionId> = {
            let state = service.state.lock();
            let is_silent = |served: &ServedSession| served.last_heard.elapsed() > service.session_timeout;
            state.sessions.iter().filter(|(_, served)| is_silent(served)).map(|(session, _)| *session).collect()
        };
        silent.into_iter().for_each(|session| service.end(session));
    }
}
