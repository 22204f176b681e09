//! Every path of the coordination tree, and nowhere else. `testdata/layout.txt` shows them.
//!
//! Beyond DESIGN §3 there are `epochs/<task>`, which outlives its task so that a task deleted and made again under the
//! same name does not meet a larger epoch at its target, and `carriedOut`, which says which rewind is done.

use crate::path::Path;
use replicator_model::alert::AlertId;
use replicator_model::name::{ChannelName, CoreName, GroupName, TaskName, UserName};

/// Below this everything lies.
pub const ROOT: &str = "mysql_replicator";

pub fn root() -> Path {
    Path::root().join(ROOT)
}

pub fn tasks() -> Path {
    root().join("tasks")
}

/// Its data: the `TaskSpec`; its version is the spec's version.
pub fn task(task: &TaskName) -> Path {
    tasks().join(task.as_str())
}

/// The line of instances, smallest sequence first.
pub fn instances(task: &TaskName) -> Path {
    self::task(task).join("instances")
}

/// What a new instance's name begins with; the store appends the sequence.
pub fn instance_prefix(task: &TaskName, host: &str) -> Path {
    instances(task).join(&format!("{}-", host_in_name(host)))
}

/// `name` as listed under [`instances`]. Its data: `InstanceInfo`; ephemeral.
pub fn instance(task: &TaskName, name: &str) -> Path {
    instances(task).join(name)
}

/// Its data: `Checkpoint`.
pub fn last_commit(task: &TaskName) -> Path {
    self::task(task).join("lastCommit")
}

/// Its data: `CarriedOut`, written together with [`last_commit`].
pub fn carried_out(task: &TaskName) -> Path {
    self::task(task).join("carriedOut")
}

/// Its data: `Desired`.
pub fn desired(task: &TaskName) -> Path {
    self::task(task).join("desired")
}

/// Its data: `TaskStatus`; ephemeral, of the RUNNING instance.
pub fn status(task: &TaskName) -> Path {
    self::task(task).join("status")
}

/// What the source's tables looked like, in parts; written by the RUNNING instance.
pub fn schemas(task: &TaskName) -> Path {
    self::task(task).join("schemas")
}

/// Its data: a part of `replicator_schema::stored`.
pub fn schema_part(task: &TaskName, part: &str) -> Path {
    schemas(task).join(part)
}

pub fn versions(task: &TaskName) -> Path {
    self::task(task).join("versions")
}

/// Its data: `SpecVersion`.
pub fn version(task: &TaskName, version: u64) -> Path {
    versions(task).join(&version.to_string())
}

pub fn epochs() -> Path {
    root().join("epochs")
}

/// Its data: `EpochNode`; its version is checked by everything that is written under a lease.
pub fn epoch(task: &TaskName) -> Path {
    epochs().join(task.as_str())
}

pub fn groups() -> Path {
    root().join("groups")
}

pub fn group(group: &GroupName) -> Path {
    groups().join(group.as_str())
}

pub fn group_tasks(group: &GroupName) -> Path {
    self::group(group).join("tasks")
}

/// Empty: it stands for the task in its group's list.
pub fn group_task(group: &GroupName, task: &TaskName) -> Path {
    group_tasks(group).join(task.as_str())
}

pub fn group_cores(group: &GroupName) -> Path {
    self::group(group).join("cores")
}

/// Its data: `CoreInfo`; ephemeral.
pub fn group_core(group: &GroupName, core: &CoreName) -> Path {
    group_cores(group).join(core.as_str())
}

/// A line of Servers, smallest first.
pub fn servers() -> Path {
    root().join("servers")
}

/// What a Server's name begins with; the store appends the sequence.
pub fn server_prefix(name: &str) -> Path {
    servers().join(&format!("{}-", host_in_name(name)))
}

/// `name` as listed under [`servers`]; its data: `ServerInfo`; ephemeral.
pub fn server(name: &str) -> Path {
    servers().join(name)
}

/// A line of Monitors, smallest first.
pub fn monitors() -> Path {
    root().join("monitors")
}

/// What a Monitor's name begins with; the store appends the sequence.
pub fn monitor_prefix(name: &str) -> Path {
    monitors().join(&format!("{}-", host_in_name(name)))
}

/// `name` as listed under [`monitors`]; ephemeral.
pub fn monitor(name: &str) -> Path {
    monitors().join(name)
}

pub fn alerts() -> Path {
    root().join("alerts")
}

pub fn alert_states() -> Path {
    alerts().join("state")
}

/// Its data: `Alert`, written by the leading Monitor.
pub fn alert_state(id: &AlertId) -> Path {
    alert_states().join(id.as_str())
}

/// Its data: `CoreRoster`, written by the leading Monitor.
pub fn alert_roster() -> Path {
    alerts().join("roster")
}

/// Its data: `LeaseMemory`, written by the leading Monitor.
pub fn alert_leases() -> Path {
    alerts().join("leases")
}

/// Its data: `RuleSettings`.
pub fn alert_rules() -> Path {
    alerts().join("rules")
}

pub fn alert_acknowledgements() -> Path {
    alerts().join("acknowledged")
}

/// Its data: `Acknowledgement`.
pub fn alert_acknowledgement(id: &AlertId) -> Path {
    alert_acknowledgements().join(id.as_str())
}

pub fn alert_silences() -> Path {
    alerts().join("silences")
}

/// Its data: `Silence`.
pub fn alert_silence(id: &str) -> Path {
    alert_silences().join(id)
}

pub fn alert_histories() -> Path {
    alerts().join("history")
}

/// What ended on a day of UTC, such as `2026-11-22`. Its data: `AlertHistory`, written by the leading Monitor.
pub fn alert_history(day: &str) -> Path {
    alert_histories().join(day)
}

pub fn alert_channels() -> Path {
    alerts().join("channels")
}

/// Its data: `ChannelSpec`; its version is the channel's version.
pub fn alert_channel(channel: &ChannelName) -> Path {
    alert_channels().join(channel.as_str())
}

/// Its data: `Deliveries`, written by the leading Monitor.
pub fn alert_deliveries(channel: &ChannelName) -> Path {
    alerts().join("deliveries").join(channel.as_str())
}

pub fn alert_tests() -> Path {
    alerts().join("tests")
}

/// Its data: `ChannelTest`, made by a Server and answered by the leading Monitor.
pub fn alert_test(id: &str) -> Path {
    alert_tests().join(id)
}

pub fn users() -> Path {
    root().join("users")
}

/// Its data: `User`.
pub fn user(user: &UserName) -> Path {
    users().join(user.as_str())
}

pub fn tokens() -> Path {
    root().join("tokens")
}

/// Its data: `ApiToken`.
pub fn token(id: &str) -> Path {
    tokens().join(id)
}

pub fn sign_ins() -> Path {
    root().join("sessions")
}

/// Its data: `SignIn`. The name is the SHA-256 of what the browser holds, so that the tree opens no door.
pub fn sign_in(hash: &str) -> Path {
    sign_ins().join(hash)
}

/// Written when the first user is made, so that only one is. Below it: the hashes of one-time tokens.
pub fn setup() -> Path {
    root().join("setup")
}

/// What the node of a one-time token begins with; the store appends a sequence, because Servers that were given the
/// same token all show it. Ephemeral and empty.
pub fn setup_token_prefix(hash: &str) -> Path {
    setup().join(&format!("{hash}-"))
}

/// `name` as listed under [`setup`].
pub fn setup_token(name: &str) -> Path {
    setup().join(name)
}

/// Its data: `SetupReset`, while an operator of a host lets an admin be made although there are users.
pub fn setup_reset() -> Path {
    setup().join("reset")
}

pub fn audit() -> Path {
    root().join("audit")
}

/// `day` as `2026-11-22`.
pub fn audit_day(day: &str) -> Path {
    audit().join(day)
}

/// Its data: `AuditEntry`.
pub fn audit_entry(day: &str, entry: &str) -> Path {
    audit_day(day).join(entry)
}

/// The persistent nodes that are there before anything else.
pub fn foundation() -> [Path; 10] {
    [root(), tasks(), epochs(), groups(), servers(), monitors(), alerts(), users(), tokens(), audit()]
}

/// A host's name as part of a node's name: what is not a letter, digit, `.`, `_` or `-` becomes `_`.
fn host_in_name(host: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let host: String = host.chars().take(64).map(|c| if allowed(c) { c } else { '_' }).collect();
    if host.is_empty() { "host".to_owned() } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::alert::Subject;

    #[test]
    fn the_layout_is_as_the_golden_file_shows() {
        let (task, group, core) = (
            TaskName::new("copy_hot_item").unwrap(),
            GroupName::new("group1").unwrap(),
            CoreName::new("core1").unwrap(),
        );
        let mut paths = foundation().to_vec();
        paths.extend([
            super::task(&task),
            instances(&task),
            instance_prefix(&task, "db-host/1"),
            instance(&task, "db-host_1-0000000007"),
            last_commit(&task),
            carried_out(&task),
            desired(&task),
            status(&task),
            schemas(&task),
            schema_part(&task, "07"),
            versions(&task),
            version(&task, 3),
            epoch(&task),
            super::group(&group),
            group_tasks(&group),
            group_task(&group, &task),
            group_cores(&group),
            group_core(&group, &core),
            server_prefix("server/1"),
            server("server_1-0000000007"),
            monitor_prefix("monitor/1"),
            monitor("monitor_1-0000000007"),
            alert_states(),
            alert_state(&AlertId::of("task_failed", &Subject::Task(task))),
            alert_roster(),
            alert_leases(),
            alert_rules(),
            alert_acknowledgement(&AlertId::of("coordination_away", &Subject::Coordination)),
            alert_silence("s1"),
            alert_history("2026-11-22"),
            alert_channel(&ChannelName::new("ops").unwrap()),
            alert_deliveries(&ChannelName::new("ops").unwrap()),
            alert_test("t1"),
            user(&UserName::new("alice").unwrap()),
            token("5f3a"),
            sign_in("9f86d081"),
            setup(),
            setup_token_prefix("9f86d081"),
            setup_token("9f86d081-0000000003"),
            setup_reset(),
            audit_day("2026-11-22"),
            audit_entry("2026-11-22", "1790000000000000-5f3a"),
        ]);
        let text: String = paths.iter().map(|path| format!("{path}\n")).collect();
        let golden = format!("{}/testdata/layout.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("REPLICATOR_BLESS").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(&golden).unwrap(), "processes of two versions would not meet");
        assert!(paths.iter().all(|path| Path::new(path.as_str()).is_ok()));
    }
}
