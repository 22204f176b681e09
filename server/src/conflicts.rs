//! What a task recorded at its target because a row was not what a change of it expected.

use crate::inspect::address::look_up;
use crate::inspect::limits::Limits;
use crate::inspect::mysql::within;
use crate::inspect::secret::{Reach, secret};
use crate::problem::ApiError;
use crate::tasks;
use crate::view::{ConflictList, ConflictView, time};
use replicator_coordination::session::Session;
use replicator_model::name::TaskName;
use replicator_model::task::{ConsumerSpec, MySqlTargetSpec};
use replicator_mysql::conflicts::{self, RecordedConflict};
use replicator_mysql::connect::Endpoint;

/// The newest conflicts before `before`, asked of the target.
pub(crate) async fn list(
    session: &Session,
    limits: &Limits,
    name: &TaskName,
    before: Option<u64>,
    limit: u32,
) -> Result<ConflictList, ApiError> {
    let seen = tasks::observe(session, name).await?;
    let ConsumerSpec::Mysql(target) = &seen.spec.consumer else {
        return Ok(unknown("the target is no database: it has no rows that a change could conflict with".to_owned()));
    };
    let _place = limits.place().await;
    let endpoint = match endpoint(target, limits).await {
        Ok(endpoint) => endpoint,
        Err(why) => return Ok(unknown(format!("The target can't be asked from here: {why}."))),
    };
    let asking = async {
        let mut conn = endpoint.connect(&[&limits.session()]).await?;
        conflicts::recorded(&mut conn, name, before, limit).await
    };
    match within(limits, asking).await {
        Ok((recorded, found)) => {
            let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id);
            Ok(ConflictList {
                recorded: Some(recorded),
                conflicts: found.into_iter().map(view).collect(),
                next,
                explanation: None,
            })
        }
        Err(failure) => Ok(unknown(format!("The target could not be asked: {}.", failure.reason))),
    }
}

fn unknown(why: String) -> ConflictList {
    ConflictList { recorded: None, conflicts: Vec::new(), next: None, explanation: Some(why) }
}

async fn endpoint(target: &MySqlTargetSpec, limits: &Limits) -> Result<Endpoint, String> {
    let password = secret(&target.password, &target.tls, Reach::Server).map_err(|elsewhere| elsewhere.why)?;
    let addresses = look_up(&target.host, target.port, limits).await.map_err(|failure| failure.reason)?;
    Ok(Endpoint {
        host: target.host.clone(),
        port: target.port,
        user: target.user.clone(),
        password,
        tls: target.tls.clone(),
        connect_timeout: limits.timeout.min(target.connect_timeout.duration()),
        addresses,
    })
}

fn view(conflict: RecordedConflict) -> ConflictView {
    ConflictView {
        id: conflict.id,
        found_at: time(conflict.found_at.saturating_mul(1_000_000)),
        position: (&conflict.position).into(),
        table: format!("{}.{}", conflict.database, conflict.table),
        reason: conflict.reason,
        action: conflict.action,
        // Kept as text where it is no JSON: somebody changed it.
        change: serde_json::from_str(&conflict.change).unwrap_or(serde_json::Value::String(conflict.change)),
    }
}
