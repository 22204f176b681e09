//! A page of the task list, from the picture. Pure.

use super::moment::Moment;
use crate::view::{TaskList, TaskSort, TaskState, TaskSummary, UnreadableTask};
use replicator_model::name::GroupName;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Which tasks of a list, and in which order.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListFilter {
    pub(crate) group: Option<GroupName>,
    pub(crate) state: Option<TaskState>,
    /// Only names that contain this.
    pub(crate) name: String,
    pub(crate) sort: TaskSort,
    /// Only what comes after this, as `next` of the page before.
    pub(crate) after: String,
    pub(crate) limit: usize,
}

pub(crate) fn list(moment: &Moment, filter: &ListFilter) -> TaskList {
    let is_asked_for = |task: &TaskSummary| {
        task.name.contains(&filter.name) && filter.group.as_ref().is_none_or(|group| group.as_str() == task.group)
    };
    let all = moment.tasks.values().map(|task| &task.summary).filter(|task| is_asked_for(task));
    let mut counts: BTreeMap<TaskState, u64> = BTreeMap::new();
    let mut found = Vec::new();
    for task in all {
        *counts.entry(task.state).or_default() += 1;
        if filter.state.is_none_or(|state| state == task.state) {
            found.push(task);
        }
    }
    let total = found.len();
    found.sort_by(|one, other| order(filter.sort, &key(one), &key(other)));
    let after = Cursor::read(&filter.after);
    let rest = found
        .into_iter()
        .filter(|task| after.as_ref().is_none_or(|after| order(filter.sort, &key(task), after).is_gt()))
        .collect::<Vec<_>>();
    let page = &rest[..rest.len().min(filter.limit)];
    let next = page.last().filter(|_| rest.len() > filter.limit).map(|last| key(last).text());
    // They stand in no order, so they are all on the first page.
    let unreadable =
        moment.unreadable.iter().filter(|(name, _)| after.is_none() && name.as_str().contains(&filter.name));
    TaskList {
        tasks: page.iter().map(|task| (*task).clone()).collect(),
        next,
        unreadable: unreadable
            .map(|(name, reason)| UnreadableTask { name: name.to_string(), reason: reason.clone() })
            .collect(),
        total: u64::try_from(total).unwrap_or(u64::MAX),
        counts,
    }
}

/// Where a task stands in any order, so that a page goes on where the last one ended though tasks come and go.
#[derive(Debug, PartialEq)]
struct Cursor {
    state: u8,
    lag: Option<f64>,
    name: String,
}

fn key(task: &TaskSummary) -> Cursor {
    Cursor { state: task.state as u8, lag: task.lag_seconds, name: task.name.clone() }
}

/// By name; or by state, the worst first; or by lag, the largest first and what is not known last. Then by name.
fn order(sort: TaskSort, one: &Cursor, other: &Cursor) -> Ordering {
    let lag = |cursor: &Cursor| cursor.lag.unwrap_or(-1.0);
    let first = match sort {
        TaskSort::Name => Ordering::Equal,
        TaskSort::State => one.state.cmp(&other.state),
        TaskSort::Lag => lag(other).total_cmp(&lag(one)),
    };
    first.then_with(|| one.name.cmp(&other.name))
}

impl Cursor {
    /// `state/lag/name`.
    fn text(&self) -> String {
        let lag = self.lag.map(|lag| lag.to_string()).unwrap_or_default();
        format!("{}/{lag}/{}", self.state, self.name)
    }

    /// A name alone is a cursor too, of a list by name.
    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let whole = |name: &str| Self { state: 0, lag: None, name: name.to_owned() };
        let mut parts = text.splitn(3, '/');
        Some(match (parts.next(), parts.next(), parts.next()) {
            (Some(state), Some(lag), Some(name)) => {
                Self { state: state.parse().unwrap_or(0), lag: lag.parse().ok(), name: name.to_owned() }
            }
            _ => whole(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::moment::sample;
    use replicator_model::name::TaskName;
    use std::sync::Arc;

    fn moment(tasks: &[(&str, TaskState, Option<f64>)]) -> Moment {
        let tasks = tasks
            .iter()
            .map(|(name, state, lag)| (TaskName::new(*name).unwrap(), Arc::new(sample(name, *state, *lag))));
        Moment { tasks: tasks.collect(), ..Moment::default() }
    }

    fn names(list: &TaskList) -> Vec<&str> {
        list.tasks.iter().map(|task| task.name.as_str()).collect()
    }

    #[test]
    fn pages_follow_each_other_in_every_order() {
        use TaskState::{Failed, Paused, Running};
        let moment = moment(&[
            ("a", Running, Some(1.0)),
            ("b", Failed, None),
            ("c", Running, Some(30.0)),
            ("d", Paused, None),
            ("e", Running, Some(1.0)),
        ]);
        for (sort, expected) in [
            (TaskSort::Name, ["a", "b", "c", "d", "e"]),
            (TaskSort::State, ["b", "a", "c", "e", "d"]),
            (TaskSort::Lag, ["c", "a", "e", "b", "d"]),
        ] {
            for limit in 1..=5 {
                let mut filter = ListFilter { sort, limit, ..ListFilter::default() };
                let mut seen = Vec::new();
                loop {
                    let page = list(&moment, &filter);
                    seen.extend(names(&page).into_iter().map(str::to_owned));
                    assert_eq!(page.total, 5);
                    match page.next {
                        Some(next) => filter.after = next,
                        None => break,
                    }
                }
                assert_eq!(seen, expected, "{sort:?} by {limit}");
            }
        }
        let by_name = list(&moment, &ListFilter { after: "c".into(), limit: 9, ..ListFilter::default() });
        assert_eq!(names(&by_name), ["d", "e"]);
    }

    #[test]
    fn counts_are_of_all_states_and_the_total_of_the_one_asked_for() {
        use TaskState::{Failed, Running};
        let moment = moment(&[("a1", Running, None), ("a2", Failed, None), ("b1", Running, None)]);
        let filter = ListFilter { state: Some(Running), name: "a".into(), limit: 9, ..ListFilter::default() };
        let found = list(&moment, &filter);
        assert_eq!((names(&found), found.total), (vec!["a1"], 1));
        assert_eq!(found.counts, BTreeMap::from([(Failed, 1), (Running, 1)]));
    }
}
