//! Whose turn it is to commit: groups of source transactions are written at the same time and committed one after the
//! other, in the source's order.

use std::sync::Arc;
use tokio::sync::watch;

/// Groups are numbered from 1 without gaps. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    state: Arc<watch::Sender<State>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// All groups up to this one are durable.
    durable: u64,
    /// This group waits for a lock that a later one may hold; the server can't know that the later one waits as well.
    blocked: u64,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Over,
    /// Whoever waits holds up the group whose turn it is, and has to roll back.
    MakeWay,
}

impl Turn {
    pub(super) fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// The last group that is durable, as all before it; 0 before the first.
    pub(super) fn durable(&self) -> u64 {
        self.state.borrow().durable
    }

    pub(super) fn is_of(&self, group: u64) -> bool {
        self.durable() + 1 == group
    }

    /// Waits until all groups before this one are durable.
    pub(super) async fn come(&self, group: u64) {
        self.wait(|state| state.durable + 1 >= group).await;
    }

    /// Waits, for `group`, until `earlier` is durable, or until `group` has to make way.
    pub(super) async fn durable_or_way(&self, earlier: u64, group: u64) -> Wait {
        let state = self.wait(|state| state.durable >= earlier || state.is_in_the_way(group)).await;
        if state.durable >= earlier { Wait::Over } else { Wait::MakeWay }
    }

    /// This group, and all before it, are durable.
    pub(super) fn next(&self, group: u64) {
        self.state.send_modify(|state| state.durable = state.durable.max(group));
    }

    /// The group whose turn it is can't go on: all later ones roll back and wait.
    pub(super) fn ask_for_way(&self, group: u64) {
        self.state.send_modify(|state| state.blocked = state.blocked.max(group));
    }

    async fn wait(&self, until: impl Fn(&State) -> bool) -> State {
        let mut states = self.state.subscribe();
        // The sender lives as long as this does.
        states.wait_for(|state| until(state)).await.map(|state| *state).unwrap_or_default()
    }
}

impl State {
    fn is_in_the_way(&self, group: u64) -> bool {
        self.blocked == self.durable + 1 && group > self.blocked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn groups_come_in_their_order() {
        let turn = Turn::new();
        assert!(turn.is_of(1) && !turn.is_of(2));
        let third = tokio::spawn({
            let turn = turn.clone();
            async move { turn.come(3).await }
        });
        turn.next(1);
        tokio::task::yield_now().await;
        assert!(!third.is_finished() && turn.is_of(2));
        turn.next(2);
        third.await.unwrap();
        turn.next(1);
        assert_eq!(turn.durable(), 2, "never back");
    }

    #[tokio::test]
    async fn who_is_in_the_way_rolls_back_until_the_blocked_group_is_durable() {
        let turn = Turn::new();
        turn.next(4);
        turn.ask_for_way(5);
        assert_eq!(turn.durable_or_way(5, 7).await, Wait::MakeWay);
        turn.next(5);
        turn.next(6);
        assert_eq!(turn.durable_or_way(6, 7).await, Wait::Over);
        turn.ask_for_way(7);
        assert_eq!(turn.durable_or_way(6, 7).await, Wait::Over, "the blocked one itself is in nobody's way");
        assert_eq!(turn.durable_or_way(7, 8).await, Wait::MakeWay);
    }
}
