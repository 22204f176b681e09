//! "Read again whenever it may have changed, and now and then in any case."

use crate::error::CoordinationError;
use crate::layout;
use crate::path::Path;
use crate::session::Session;
use crate::store::{Scope, StoreError, Watch};
use replicator_model::name::{GroupName, TaskName};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Something that a reader of the tree depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Which tasks there are.
    Tasks,
    Spec(TaskName),
    Desired(TaskName),
    /// Who is in the line of a task; not what they say of themselves.
    Instances(TaskName),
    LastCommit(TaskName),
    Status(TaskName),
    /// Which groups there are.
    Groups,
    /// Which tasks are on a group's list.
    GroupTasks(GroupName),
    /// Which Cores are alive in a group.
    GroupCores(GroupName),
    /// Any other place.
    Node(Path),
    Children(Path),
}

impl Topic {
    fn watched(&self) -> (Path, Scope) {
        match self {
            Topic::Tasks => (layout::tasks(), Scope::Children),
            Topic::Spec(task) => (layout::task(task), Scope::Node),
            Topic::Desired(task) => (layout::desired(task), Scope::Node),
            Topic::Instances(task) => (layout::instances(task), Scope::Children),
            Topic::LastCommit(task) => (layout::last_commit(task), Scope::Node),
            Topic::Status(task) => (layout::status(task), Scope::Node),
            Topic::Groups => (layout::groups(), Scope::Children),
            Topic::GroupTasks(group) => (layout::group_tasks(group), Scope::Children),
            Topic::GroupCores(group) => (layout::group_cores(group), Scope::Children),
            Topic::Node(path) => (path.clone(), Scope::Node),
            Topic::Children(path) => (path.clone(), Scope::Children),
        }
    }
}

/// A series of moments to read again; see [`Session::changes`].
pub struct Changes {
    session: Session,
    topics: Vec<((Path, Scope), Option<Watch>)>,
    at_least_every: Duration,
    next_at_the_latest: Option<Instant>,
}

impl Session {
    /// Moments to read `topics` again: the first at once, then whenever one of them may have changed, and at least
    /// every so often. A change that comes while the reader reads is told afterwards: none is missed.
    ///
    /// ```text
    /// let mut changes = session.changes([Topic::Desired(task.clone())], Duration::from_secs(10));
    /// while changes.next().await.is_ok() {
    ///     follow(session.desired(&task).await?);
    /// }
    /// ```
    pub fn changes(&self, topics: impl IntoIterator<Item = Topic>, at_least_every: Duration) -> Changes {
        let topics = topics.into_iter().map(|topic| (topic.watched(), None)).collect();
        Changes { session: self.clone(), topics, at_least_every, next_at_the_latest: None }
    }
}

impl Changes {
    /// Waits for the next moment to read. The error is that the session has expired (or a definite refusal). Dropping
    /// the future loses nothing.
    pub async fn next(&mut self) -> Result<(), CoordinationError> {
        if let Some(at_the_latest) = self.next_at_the_latest {
            tokio::select! {
                biased;
                () = any_ready(&mut self.topics) => {}
                () = sleep_until(at_the_latest) => {}
            }
            // From here until the watches are set again, a dropped future must find that it is time.
            self.next_at_the_latest = Some(Instant::now());
        }
        while let Err(error) = self.watch_again().await {
            if !error.is_passing() {
                return Err(error.into());
            }
            sleep(self.session.timeout() / 20).await;
        }
        self.next_at_the_latest = Some(Instant::now() + self.at_least_every);
        Ok(())
    }

    /// Looks at other topics from now on; those that stay keep their watches. The next moment is at once if a topic
    /// is new.
    pub fn set_topics(&mut self, topics: impl IntoIterator<Item = Topic>) {
        let mut kept = std::mem::take(&mut self.topics);
        for watched in topics.into_iter().map(|topic| topic.watched()) {
            let watch = kept.iter_mut().find(|(other, _)| *other == watched).and_then(|(_, watch)| watch.take());
            if watch.is_none() {
                self.next_at_the_latest = None;
            }
            self.topics.push((watched, watch));
        }
    }

    async fn watch_again(&mut self) -> Result<(), StoreError> {
        for ((path, scope), watch) in &mut self.topics {
            if watch.is_none() {
                *watch = Some(self.session.store().watch(path, *scope).await?);
            }
        }
        Ok(())
    }
}

/// Ready when a watch is; those that are ready are taken out, to be set again. No topics: never.
async fn any_ready(topics: &mut [((Path, Scope), Option<Watch>)]) {
    poll_fn(|context| {
        let mut ready = false;
        for (_, watch) in topics.iter_mut() {
            if watch.as_mut().is_none_or(|watch| Pin::new(watch).poll(context).is_ready()) {
                *watch = None;
                ready = true;
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
