//! Settings of rules: one document for all, changed as a whole or for one task.

use super::problem::AlertingError;
use crate::problem::ApiError;
use crate::view::RuleList;
use replicator_coordination::channels::Edit;
use replicator_coordination::session::Session;
use replicator_model::name::TaskName;
use replicator_model::rule_settings::{RuleSetting, RuleSettings};
use std::collections::BTreeMap;

/// How often one task's settings are written anew when somebody else's change came between.
const ATTEMPTS_MAX: u32 = 10;

pub(crate) async fn list(session: &Session) -> Result<RuleList, ApiError> {
    let (settings, version) = read(session).await?.map_or((RuleSettings::default(), 0), |(set, node)| (set, node + 1));
    Ok(RuleList::new(&settings, version))
}

async fn read(session: &Session) -> Result<Option<(RuleSettings, u64)>, ApiError> {
    Ok(session.rule_settings().await?)
}

/// Replaces all settings. Versions seen from outside begin at 1, so that 0 is "nothing was ever set".
pub(crate) async fn update(session: &Session, expected: u64, settings: RuleSettings) -> Result<RuleList, ApiError> {
    admit(&settings)?;
    let stale = |found| AlertingError::Stale { what: "the settings of rules".to_owned(), expected, found };
    match session.put_rule_settings(&settings, expected.checked_sub(1)).await? {
        Edit::Done(version) => {
            tracing::info!(version = version + 1, "settings of rules changed");
            Ok(RuleList::new(&settings, version + 1))
        }
        Edit::Stale(found) => Err(stale(found + 1).into()),
        Edit::Exists => Err(stale(read(session).await?.map_or(0, |(_, version)| version + 1)).into()),
        Edit::Gone => Err(stale(0).into()),
    }
}

/// Replaces the settings for one task; none at all take its own away.
pub(crate) async fn update_task(
    session: &Session,
    task: &TaskName,
    rules: BTreeMap<String, RuleSetting>,
) -> Result<RuleList, ApiError> {
    session.task(task).await?;
    for _ in 0..ATTEMPTS_MAX {
        let found = read(session).await?;
        let (mut settings, version) = found.map_or((RuleSettings::default(), None), |(set, node)| (set, Some(node)));
        if rules.is_empty() {
            settings.tasks.remove(task);
        } else {
            settings.tasks.insert(task.clone(), rules.clone());
        }
        admit(&settings)?;
        if let Edit::Done(version) = session.put_rule_settings(&settings, version).await? {
            tracing::info!(%task, "settings of rules changed for a task");
            return Ok(RuleList::new(&settings, version + 1));
        }
    }
    Err(AlertingError::Stale { what: "the settings of rules".to_owned(), expected: 0, found: 0 }.into())
}

fn admit(settings: &RuleSettings) -> Result<(), ApiError> {
    settings.problem().map_or(Ok(()), |(key, problem)| Err(AlertingError::RulesInvalid { key, problem }.into()))
}
