//! The model's one-word values for the OpenAPI document, so that a client's generator makes enumerations of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is wanted of a task.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DesiredWord {
    Running,
    Paused,
    Stopped,
}

/// What a pipe is doing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageWord {
    Standby,
    Starting,
    Streaming,
    Retrying,
    Paused,
    Failed,
    Stopping,
}

/// What a lag is told by: the heartbeat rows of the task, or the end of the source's binary log.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LagByWord {
    Heartbeat,
    Head,
}

/// What an instance does for its task.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum InstanceRoleWord {
    Running,
    Standby,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StandbyWord {
    /// One RUNNING, one STANDBY.
    Hot,
    Cold,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StartWord {
    Latest,
    Earliest,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProducerWord {
    Mysql,
}

/// What becomes of changes that tasks applied at the source.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppliedWord {
    Carry,
    LeaveOut,
}

/// What a column may become.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CastWord {
    Char,
    Signed,
    Unsigned,
}

/// What is demanded of a server's certificate.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TlsModeWord {
    Off,
    Required,
    Verify,
}

/// What happens to schema changes of replicated tables.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DdlWord {
    Apply,
    Ignore,
    Stop,
}

/// What happens where the row to update or delete is not there, or the one to insert is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnConflictWord {
    Stop,
    Overwrite,
    Skip,
    Newest,
}

/// What a row of the target has to agree in with the one that the source changed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompareWord {
    Key,
    Row,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormatWord {
    CanalJson,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryWord {
    AtLeastOnce,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompressionWord {
    None,
    Gzip,
    Lz4,
    Snappy,
    Zstd,
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeverityWord {
    Info,
    Warning,
    Critical,
}

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertStateWord {
    Pending,
    Firing,
    Resolved,
}

/// What a rule's value is measured in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitWord {
    Seconds,
    Count,
}

/// What a channel's messages are written in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanguageWord {
    En,
    Zh,
}

/// How the way to a mail server is protected.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurityWord {
    Starttls,
    Tls,
    None,
}

#[cfg(test)]
mod tests {
    use super::*;
    use replicator_model::alert::{AlertState, Severity};
    use replicator_model::channel::{Language, MailSecurity};
    use replicator_model::desired::DesiredState;
    use replicator_model::instance::Role;
    use replicator_model::rule::Unit;
    use replicator_model::status::{LagBy, Stage};
    use serde::de::DeserializeOwned;

    /// What the model writes, the word reads and writes the same.
    fn check<Word: DeserializeOwned + Serialize>(values: &[impl Serialize]) {
        for value in values {
            let written = serde_json::to_value(value).unwrap();
            let word: Word = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(word).unwrap(), written);
        }
    }

    #[test]
    fn the_words_are_the_models() {
        check::<DesiredWord>(&[DesiredState::Running, DesiredState::Paused, DesiredState::Stopped]);
        check::<InstanceRoleWord>(&[Role::Running, Role::Standby]);
        check::<LagByWord>(&[LagBy::Heartbeat, LagBy::Head]);
        check::<SeverityWord>(&[Severity::Info, Severity::Warning, Severity::Critical]);
        check::<AlertStateWord>(&[AlertState::Pending, AlertState::Firing, AlertState::Resolved]);
        check::<UnitWord>(&[Unit::Seconds, Unit::Count]);
        check::<LanguageWord>(&[Language::En, Language::Zh]);
        check::<MailSecurityWord>(&[MailSecurity::Starttls, MailSecurity::Tls, MailSecurity::None]);
        let stages = [Stage::Standby, Stage::Starting, Stage::Streaming, Stage::Retrying];
        check::<StageWord>(&[&stages[..], &[Stage::Paused, Stage::Failed, Stage::Stopping]].concat());
    }
}
