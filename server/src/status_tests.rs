use super::*;
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::name::{CoreName, GroupName};
use replicator_model::status::{LagBy, Progress};
use serde_json::json;

fn observation(wanted: DesiredState) -> Observation {
    let spec = json!({
        "name": "copy", "group": "g1", "producer": {"host": "db1", "user": "r"},
        "consumer": {"kind": "mysql", "host": "db2", "user": "r"},
    });
    Observation {
        version: 2,
        spec: TaskSpec::from_json(spec.to_string().as_bytes()).unwrap(),
        desired: Desired { state: wanted, generation: 3, once: None, handover: None },
        instances: Vec::new(),
        unreadable: Vec::new(),
        status: None,
        last_commit: None,
        carried_out: CarriedOut::default(),
        cores: Vec::new(),
    }
}

fn core(number: u32, load: u32) -> CoreInfo {
    CoreInfo {
        core: CoreName::new(format!("core{number}")).unwrap(),
        host: format!("host{number}"),
        group: GroupName::new("g1").unwrap(),
        version: "0.1.0".into(),
        capacity: 2,
        load,
        admin: None,
        since_us: 1,
    }
}

fn instance(number: u32, role: Role, stage: Stage) -> (String, InstanceInfo) {
    let info = InstanceInfo {
        core: CoreName::new(format!("core{number}")).unwrap(),
        host: format!("host{number}"),
        role,
        epoch: if role == Role::Running { Epoch::new(7) } else { Epoch::NONE },
        spec_version: Some(2),
        since_us: 1_790_000_000_000_000,
        stage,
        fence_rejections: 0,
        guid: "x".into(),
    };
    (format!("host{number}-000000000{number}"), info)
}

fn status(stage: Stage, generation: u64, failure: Option<Failure>) -> TaskStatus {
    TaskStatus {
        core: CoreName::new("core1").unwrap(),
        epoch: Epoch::new(7),
        stage,
        spec_version: 2,
        desired_generation: generation,
        checkpoint: None,
        source_head: None,
        source_logs: None,
        lag_seconds: Some(1.5),
        lag_by: Some(LagBy::Heartbeat),
        gtid_missing: Some("0-1-9".into()),
        progress: Progress { rows_per_second: 12.0, ..Progress::default() },
        failure,
        warnings: vec![Failure::transient("heartbeat_not_written", "db1: no right", "grant it")],
        failed_transaction: None,
        skipped: 0,
        retries: 0,
        since_us: 1,
        updated_us: 1_790_000_000_000_000,
    }
}

fn running(wanted: DesiredState, stage: Stage, generation: u64) -> Observation {
    let failure = Failure::definite("access_denied", "db1 refused", "check the password");
    let failure = matches!(stage, Stage::Failed | Stage::Retrying).then_some(failure);
    Observation {
        instances: vec![instance(1, Role::Running, stage), instance(2, Role::Standby, Stage::Standby)],
        status: Some(status(stage, generation, failure)),
        ..observation(wanted)
    }
}

#[test]
fn the_state_joins_what_is_wanted_and_what_is_there() {
    use DesiredState::{Paused, Running, Stopped};
    for (wanted, stage, generation, state) in [
        (Running, Stage::Streaming, 3, TaskState::Running),
        (Running, Stage::Starting, 3, TaskState::Starting),
        (Running, Stage::Retrying, 3, TaskState::Retrying),
        (Running, Stage::Failed, 3, TaskState::Failed),
        (Running, Stage::Failed, 2, TaskState::Starting),
        (Running, Stage::Paused, 2, TaskState::Starting),
        (Running, Stage::Stopping, 3, TaskState::Starting),
        (Paused, Stage::Streaming, 2, TaskState::Pausing),
        (Paused, Stage::Paused, 3, TaskState::Paused),
        (Paused, Stage::Failed, 3, TaskState::Failed),
        (Stopped, Stage::Streaming, 2, TaskState::Stopping),
    ] {
        let view = view(&running(wanted, stage, generation));
        assert_eq!(view.state, state, "{wanted} {stage} at generation {generation}");
    }
    assert_eq!(view(&observation(Stopped)).state, TaskState::Stopped);
}

#[test]
fn a_running_task_shows_who_runs_it_and_how_far_it_is() {
    let view = view(&running(DesiredState::Running, Stage::Streaming, 3));
    assert_eq!(view.running.map(|running| (running.core, running.epoch)), Some(("core1".into(), 7)));
    assert_eq!((view.lag_seconds, view.progress.unwrap().rows_per_second), (Some(1.5), 12.0));
    assert_eq!((view.lag_by, view.checkpoint_gtid_missing.as_deref()), (Some(LagBy::Heartbeat), Some("0-1-9")));
    assert_eq!(view.warnings.iter().map(|why| why.code.as_str()).collect::<Vec<_>>(), ["heartbeat_not_written"]);
    let nodes: Vec<&str> = view.instances.iter().map(|instance| instance.node.as_str()).collect();
    assert_eq!(nodes, ["host1-0000000001", "host2-0000000002"]);
    assert_eq!(view.explanation, None);
    assert_eq!(view.updated_at.as_deref(), Some("2026-09-21T14:13:20Z"));
}

#[test]
fn a_failed_task_says_why_and_what_to_do() {
    let explanation = view(&running(DesiredState::Running, Stage::Failed, 3)).explanation.unwrap();
    assert_eq!((explanation.code.as_str(), explanation.hint.as_str()), ("access_denied", "check the password"));
}

#[test]
fn a_status_of_an_older_lease_tells_nothing() {
    let mut seen = running(DesiredState::Running, Stage::Streaming, 3);
    seen.status = Some(TaskStatus { epoch: Epoch::new(6), ..status(Stage::Streaming, 3, None) });
    seen.instances[0].1.stage = Stage::Starting;
    let view = view(&seen);
    assert_eq!((view.state, view.lag_seconds), (TaskState::Starting, None));
}

#[test]
fn a_wanted_task_without_a_running_instance_says_why() {
    let wanted = || observation(DesiredState::Running);
    let standby = || vec![instance(1, Role::Standby, Stage::Standby)];
    let unreadable = || vec![("host9-0000000009".to_owned(), "version 99".to_owned())];
    for (seen, code, named) in [
        (wanted(), "no_core", "g1"),
        (Observation { cores: vec![core(1, 2), core(2, 2)], ..wanted() }, "no_capacity", "core1, core2"),
        (Observation { cores: vec![core(1, 2), core(2, 1)], ..wanted() }, "not_registered", "core1, core2"),
        (Observation { instances: standby(), ..wanted() }, "no_leader", "host1-0000000001"),
        (Observation { unreadable: unreadable(), ..wanted() }, "instance_unreadable", "version 99"),
    ] {
        let view = view(&seen);
        let explanation = view.explanation.unwrap();
        assert_eq!((view.state, explanation.code.as_str()), (TaskState::NotRunning, code));
        assert!(explanation.reason.contains(named) && !explanation.hint.is_empty(), "{explanation:?}");
    }
}

#[test]
fn instances_that_lag_behind_the_spec_are_named() {
    let mut seen = running(DesiredState::Running, Stage::Streaming, 3);
    seen.instances[1].1.spec_version = Some(1);
    let view = view(&seen);
    assert_eq!(view.state, TaskState::Running);
    assert!(view.explanation.unwrap().reason.contains("core2 has version 1"));
}
