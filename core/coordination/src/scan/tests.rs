use super::*;
use proptest::prelude::*;

const PATIENCE: Duration = Duration::from_secs(5);

fn core(name: &str) -> CoreName {
    CoreName::new(name).unwrap()
}

fn task(name: &str) -> TaskName {
    TaskName::new(name).unwrap()
}

/// `tasks` as (name, wanted, line), `cores` as (name, capacity).
fn view(tasks: &[(&str, u32, &[&str])], cores: &[(&str, u32)]) -> GroupView {
    let listed = |wanted, line: &[&str]| ListedTask {
        wanted,
        line: line.iter().map(|name| Some(core(name))).collect(),
        short_for: Duration::ZERO,
    };
    GroupView {
        tasks: tasks.iter().map(|(name, wanted, line)| (task(name), listed(*wanted, line))).collect(),
        capacities: cores.iter().map(|(name, capacity)| (core(name), *capacity)).collect(),
    }
}

/// What each Core does, as text: `+task` joins, `-task` leaves.
fn steps(view: &GroupView, own: &str) -> String {
    let text = |step: &Step| match step {
        Step::Join { task } => format!("+{task}"),
        Step::Leave { task, reason } => format!("-{task}:{reason:?}"),
    };
    decide(view, &core(own), PATIENCE).iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_least_loaded_joins_and_the_others_hold_back() {
    let group = view(&[("t1", 1, &["a"]), ("t2", 1, &[])], &[("a", 9), ("b", 9), ("c", 9)]);
    assert_eq!(["a", "b", "c"].map(|own| steps(&group, own)), ["", "+t2", ""]);
    let group = view(&[("t1", 2, &["b"])], &[("a", 9), ("b", 9), ("c", 9)]);
    assert_eq!(["a", "b", "c"].map(|own| steps(&group, own)), ["+t1", "", ""]);
}

#[test]
fn several_tasks_are_dealt_out_evenly() {
    let group = view(&[("t1", 1, &[]), ("t2", 1, &[]), ("t3", 1, &[])], &[("a", 9), ("b", 9)]);
    assert_eq!(["a", "b"].map(|own| steps(&group, own)), ["+t1 +t3", "+t2"]);
}

#[test]
fn who_came_too_late_leaves() {
    let group = view(&[("t1", 1, &["b", "a"]), ("t2", 2, &["c", "a", "b"])], &[("a", 9), ("b", 9), ("c", 9)]);
    assert_eq!(["a", "b", "c"].map(|own| steps(&group, own)), ["-t1:Surplus", "-t2:Surplus", ""]);
}

#[test]
fn a_stopped_task_wants_nobody() {
    let group = view(&[("t1", 0, &["a", "b"])], &[("a", 9), ("b", 9)]);
    assert_eq!(["a", "b"].map(|own| steps(&group, own)), ["-t1:NotWanted", "-t1:NotWanted"]);
}

#[test]
fn nobody_takes_more_than_its_capacity() {
    let group = view(&[("t1", 1, &["a"]), ("t2", 1, &[]), ("t3", 1, &[])], &[("a", 1), ("b", 1)]);
    assert_eq!(["a", "b"].map(|own| steps(&group, own)), ["", "+t2"]);
    assert_eq!(steps(&view(&[("t1", 1, &[])], &[("b", 1)]), "a"), "", "who is not seen alive takes nothing");
}

#[test]
fn the_next_joins_when_the_first_choice_does_not() {
    let mut group = view(&[("t1", 1, &[])], &[("a", 9), ("b", 9), ("c", 9)]);
    for (seconds, joining) in [(4, "a"), (5, "ab"), (9, "ab"), (10, "abc")] {
        group.tasks.get_mut(&task("t1")).unwrap().short_for = Duration::from_secs(seconds);
        let joins: String = ["a", "b", "c"].into_iter().filter(|own| steps(&group, own) == "+t1").collect();
        assert_eq!(joins, joining, "after {seconds} s");
    }
}

#[test]
fn a_newcomer_is_given_the_fewest_tasks_and_standbys_first() {
    let tasks: [(&str, u32, &[&str]); 4] =
        [("t1", 2, &["a", "b"]), ("t2", 2, &["b", "a"]), ("t3", 1, &["a"]), ("t4", 1, &["b"])];
    let group = view(&tasks, &[("a", 9), ("b", 9), ("c", 9)]);
    assert_eq!(["a", "b", "c"].map(|own| steps(&group, own)), ["-t2:Balance", "-t1:Balance", ""]);
    let even = view(&[("t1", 1, &["a"]), ("t2", 1, &["b"]), ("t3", 1, &["b"])], &[("a", 9), ("b", 9)]);
    assert_eq!(["a", "b"].map(|own| steps(&even, own)), ["", ""], "a difference of one is even");
}

#[test]
fn nothing_is_moved_while_something_is_short() {
    let group = view(&[("t1", 1, &["a"]), ("t2", 1, &["a"]), ("t3", 1, &[])], &[("a", 9), ("b", 9)]);
    assert_eq!(["a", "b"].map(|own| steps(&group, own)), ["", "+t3"]);
}

#[test]
fn shortages_are_counted_from_when_they_were_seen() {
    let (mut shortages, start) = (Shortages::default(), Instant::now());
    let mut short = view(&[("t1", 1, &[])], &[]);
    let mut full = view(&[("t1", 1, &["a"])], &[]);
    let mut after = |view: &mut GroupView, seconds| {
        shortages.note(view, start + Duration::from_secs(seconds));
        view.tasks[&task("t1")].short_for.as_secs()
    };
    assert_eq!((after(&mut short, 1), after(&mut short, 4)), (0, 3));
    assert_eq!((after(&mut full, 5), after(&mut short, 6)), (0, 0), "it begins anew");
}

/// Lets all Cores take their steps at once, from the same view, until nobody has any; answers the number of moves
/// made for balance.
fn settle(view: &mut GroupView) -> usize {
    let cores: Vec<CoreName> = view.capacities.keys().cloned().collect();
    let mut moves = 0;
    for _ in 0..100 {
        let steps: Vec<(CoreName, Step)> = cores
            .iter()
            .flat_map(|own| decide(view, own, PATIENCE).into_iter().map(|step| (own.clone(), step)))
            .collect();
        if steps.is_empty() {
            return moves;
        }
        for (own, step) in steps {
            match step {
                Step::Join { task } => view.tasks.get_mut(&task).unwrap().line.push(Some(own)),
                Step::Leave { task, reason } => {
                    moves += usize::from(reason == LeaveReason::Balance);
                    view.tasks.get_mut(&task).unwrap().line.retain(|other| other.as_ref() != Some(&own));
                }
            }
        }
    }
    panic!("does not settle: {view:?}");
}

proptest! {
    #[test]
    fn a_group_settles_with_every_task_staffed_and_the_load_even(
        wanted in prop::collection::vec(0u32..4, 1..12),
        joined in prop::collection::vec(prop::collection::vec(0usize..6, 0..5), 12),
        core_count in 1usize..6,
    ) {
        let names: Vec<CoreName> = (0..core_count).map(|i| core(&format!("c{i}"))).collect();
        let mut group = GroupView {
            capacities: names.iter().map(|name| (name.clone(), 100)).collect(),
            ..GroupView::default()
        };
        for (i, wanted) in wanted.iter().enumerate() {
            let mut line: Vec<Option<CoreName>> = Vec::new();
            for name in joined[i].iter().filter_map(|i| names.get(*i)) {
                if !line.contains(&Some(name.clone())) {
                    line.push(Some(name.clone()));
                }
            }
            let listed = ListedTask { wanted: *wanted, line, short_for: Duration::ZERO };
            group.tasks.insert(task(&format!("t{i}")), listed);
        }
        settle(&mut group);
        for listed in group.tasks.values() {
            prop_assert_eq!(listed.line.len(), (listed.wanted as usize).min(core_count));
        }
        let loads = group.loads();
        let (least, most) = (loads.values().min().unwrap(), loads.values().max().unwrap());
        prop_assert!(most - least <= 1, "{loads:?}");
    }

    #[test]
    fn a_newcomer_costs_no_more_moves_than_it_is_given(tasks in 1usize..30, before in 1usize..6) {
        let mut group = GroupView::default();
        for i in 0..tasks {
            group.tasks.insert(task(&format!("t{i}")), ListedTask { wanted: 1, line: vec![], short_for: Duration::ZERO });
        }
        group.capacities = (0..before).map(|i| (core(&format!("c{i}")), 100)).collect();
        prop_assert_eq!(settle(&mut group), 0);
        group.capacities.insert(core("newcomer"), 100);
        let moves = settle(&mut group);
        prop_assert_eq!(moves, tasks / (before + 1));
    }
}
