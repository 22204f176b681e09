//! What a task does, told from the nodes that are there. Pure: nodes in, one honest sentence out.

use crate::view::{
    AcknowledgedVersion, BlockedWord, DesiredView, EndView, FailureView, InstanceView, RunningOn, StatusView,
    TaskState, time,
};
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::{Desired, DesiredState};
use replicator_model::instance::{CoreInfo, InstanceInfo, Role};
use replicator_model::status::{Stage, TaskStatus};
use replicator_model::stored::CarriedOut;
use replicator_model::task::TaskSpec;

/// From which lag on it is asked what holds a task up. Less is the time that a batch takes.
const BEHIND_SECONDS: f64 = 5.0;

/// Everything that the tree holds of one task, and the Cores of its group.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    pub(crate) version: u64,
    pub(crate) spec: TaskSpec,
    pub(crate) desired: Desired,
    /// Node name and data, in the order in which they take over.
    pub(crate) instances: Vec<(String, InstanceInfo)>,
    /// Instances whose data can't be read: node name and why.
    pub(crate) unreadable: Vec<(String, String)>,
    pub(crate) status: Option<TaskStatus>,
    pub(crate) last_commit: Option<Checkpoint>,
    pub(crate) carried_out: CarriedOut,
    /// Needed only to say why nobody runs it.
    pub(crate) cores: Vec<CoreInfo>,
}

impl Observation {
    pub(crate) fn running(&self) -> Option<&InstanceInfo> {
        self.instances.iter().map(|(_, instance)| instance).find(|instance| instance.role == Role::Running)
    }

    /// The status, if it was written under the lease that holds now: an older one tells nothing.
    pub(crate) fn current_status(&self) -> Option<&TaskStatus> {
        let running = self.running()?;
        self.status.as_ref().filter(|status| status.core == running.core && status.epoch == running.epoch)
    }

    /// How far the target is: what the RUNNING instance says, else what is recorded.
    pub(crate) fn checkpoint(&self) -> Option<&Checkpoint> {
        self.current_status().and_then(|status| status.checkpoint.as_ref()).or(self.last_commit.as_ref())
    }

    fn stage(&self) -> Option<Stage> {
        self.current_status().map(|status| status.stage).or_else(|| self.running().map(|running| running.stage))
    }

    /// Whether the RUNNING instance has yet to carry out the last order.
    fn is_order_open(&self) -> bool {
        self.current_status().is_none_or(|status| status.desired_generation < self.desired.generation)
    }

    /// Whether the same order once more means "try again, now".
    pub(crate) fn is_in_trouble(&self) -> bool {
        matches!(self.stage(), Some(Stage::Failed | Stage::Retrying))
    }

    pub(crate) fn is_anybody_registered(&self) -> bool {
        !self.instances.is_empty() || !self.unreadable.is_empty()
    }
}

/// Joins what is wanted and what is there.
pub(crate) fn view(seen: &Observation) -> StatusView {
    let status = seen.current_status();
    let running = seen.running().map(|instance| RunningOn {
        core: instance.core.to_string(),
        host: instance.host.clone(),
        epoch: instance.epoch.get(),
        since: time(instance.since_us),
    });
    let state = state(seen);
    StatusView {
        name: seen.spec.name.to_string(),
        group: seen.spec.group.to_string(),
        version: seen.version,
        source: EndView::source(&seen.spec),
        target: EndView::target(&seen.spec),
        desired: DesiredView::with_owed(&seen.desired, seen.carried_out),
        state,
        explanation: explanation(seen, state),
        running,
        stage: seen.stage(),
        lag_seconds: status.and_then(|status| status.lag_seconds),
        lag_by: status.and_then(|status| status.lag_by),
        checkpoint_gtid_missing: status.and_then(|status| status.gtid_missing.clone()),
        progress: status.map(|status| (&status.progress).into()),
        blocked: status.and_then(|status| blocked(status, seen.spec.pipe.queue_bytes_max.get())),
        failure: status.and_then(|status| status.failure.as_ref()).map(Into::into),
        warnings: status.map_or(Vec::new(), |status| status.warnings.iter().map(Into::into).collect()),
        skipped: seen.carried_out.skipped,
        retries: status.map_or(0, |status| status.retries),
        source_head: status.and_then(|status| status.source_head.as_ref()).map(Into::into),
        checkpoint: status.and_then(|status| status.checkpoint.as_ref()).map(Into::into),
        last_commit: seen.last_commit.as_ref().map(Into::into),
        instances_wanted: seen.spec.standby.instances(),
        instances: seen.instances.iter().map(|(node, instance)| InstanceView::new(node, instance)).collect(),
        acknowledged: acknowledged(&seen.instances),
        updated_at: status.and_then(|status| time(status.updated_us)),
    }
}

fn acknowledged(instances: &[(String, InstanceInfo)]) -> Vec<AcknowledgedVersion> {
    let versions = instances.iter().filter_map(|(_, instance)| {
        Some(AcknowledgedVersion { core: instance.core.to_string(), version: instance.spec_version? })
    });
    versions.collect()
}

/// What holds a task up that is behind: told by how full the queue between the two ends is.
///
/// | lag | queue | |
/// |---|---|---|
/// | under 5 s, or not known | | nothing |
/// | 5 s or more | under 10 % | the source |
/// | | under 75 % | the queue |
/// | | 75 % or more | the target |
fn blocked(status: &TaskStatus, queue_bytes_max: u64) -> Option<BlockedWord> {
    let behind = status.lag_seconds.is_some_and(|lag| lag >= BEHIND_SECONDS);
    if status.stage != Stage::Streaming || !behind {
        return None;
    }
    let percent = status.progress.queue_bytes.saturating_mul(100) / queue_bytes_max.max(1);
    Some(match percent {
        0..10 => BlockedWord::Source,
        10..75 => BlockedWord::Queue,
        _ => BlockedWord::Target,
    })
}

/// | wanted | RUNNING instance | its stage | state |
/// |---|---|---|---|
/// | stopped | any instance left? | | stopping, else stopped |
/// | running, paused | none | | not running |
/// | | yes | FAILED under this order | failed |
/// | | yes | FAILED under an older order | starting (pausing) |
/// | | yes | RETRYING | retrying |
/// | running | yes | STREAMING | running |
/// | paused | yes | PAUSED | paused |
/// | running | yes | anything else | starting |
/// | paused | yes | anything else | pausing |
fn state(seen: &Observation) -> TaskState {
    let wanted = seen.desired.state;
    if wanted == DesiredState::Stopped {
        return if seen.is_anybody_registered() { TaskState::Stopping } else { TaskState::Stopped };
    }
    let Some(stage) = seen.stage() else {
        return TaskState::NotRunning;
    };
    match (stage, wanted) {
        (Stage::Failed, _) if !seen.is_order_open() => TaskState::Failed,
        (Stage::Retrying, _) => TaskState::Retrying,
        (Stage::Streaming, DesiredState::Running) => TaskState::Running,
        (Stage::Paused, DesiredState::Paused) => TaskState::Paused,
        (_, DesiredState::Paused) => TaskState::Pausing,
        _ => TaskState::Starting,
    }
}

fn explanation(seen: &Observation, state: TaskState) -> Option<FailureView> {
    match state {
        TaskState::Failed | TaskState::Retrying => {
            seen.current_status().and_then(|status| status.failure.as_ref()).map(Into::into)
        }
        TaskState::NotRunning => Some(why_not_running(seen)),
        _ => why_behind(seen),
    }
}

/// Why nobody runs a task that is wanted, as far as the tree shows it.
fn why_not_running(seen: &Observation) -> FailureView {
    let group = &seen.spec.group;
    if let Some((node, first)) = seen.instances.first() {
        return explain(
            "no_leader",
            format!("{} is first in line ({node}) and has not taken the lease yet", first.core),
            "it does within the session timeout; if not, look at its log",
        );
    }
    if let Some((node, problem)) = seen.unreadable.first() {
        return explain(
            "instance_unreadable",
            format!("{node} is registered, and what it says of itself can't be read: {problem}"),
            "update this Server to the version of the Core",
        );
    }
    if seen.cores.is_empty() {
        return explain(
            "no_core",
            format!("no Core is alive in group `{group}`"),
            &format!("start replicator-core with group = \"{group}\" on at least one host, and see `replicator cores`"),
        );
    }
    let names = seen.cores.iter().map(|core| core.core.as_str()).collect::<Vec<_>>().join(", ");
    if seen.cores.iter().all(|core| core.load >= core.capacity) {
        return explain(
            "no_capacity",
            format!("all Cores of group `{group}` have as many tasks as they take ({names})"),
            "add a Core to the group, or raise `capacity` of one",
        );
    }
    explain(
        "not_registered",
        format!("Cores are alive in group `{group}` ({names}), and none has registered for the task yet"),
        "they do within seconds; if not, look at their logs",
    )
}

/// Which instances have another version of the spec in force than the one that is wanted.
fn why_behind(seen: &Observation) -> Option<FailureView> {
    let behind: Vec<String> = seen
        .instances
        .iter()
        .filter_map(|(_, instance)| {
            let version = instance.spec_version.filter(|version| *version != seen.version)?;
            Some(format!("{} has version {version}", instance.core))
        })
        .collect();
    let reason = format!("version {} of the spec is not yet in force everywhere: {}", seen.version, behind.join(", "));
    (!behind.is_empty()).then(|| {
        explain("spec_behind", reason, "it comes into force at a transaction's end; if not, look at the Core's log")
    })
}

fn explain(code: &str, reason: String, hint: &str) -> FailureView {
    FailureView { code: code.to_owned(), reason, hint: hint.to_owned() }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
