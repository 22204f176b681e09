//! Who else has a task's replica id.

use replicator_model::failure::Failure;
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::replicas;
use replicator_mysql::replication::ReplicaIdentity;

/// The failure with the name of whoever took the replica id, as far as the source tells.
pub(super) async fn named(failure: Failure, endpoint: &Endpoint, identity: &ReplicaIdentity) -> Failure {
    let Ok(mut conn) = endpoint.connect(&[]).await else { return failure };
    let Ok(facts) = ServerFacts::ask(&mut conn).await else { return failure };
    let Ok(replicas) = replicas::connected(&mut conn, &facts).await else { return failure };
    let Some(other) = replicas.iter().find(|other| other.server_id == identity.server_id) else { return failure };
    let who = match other.is(identity) {
        true => "this same task, running elsewhere".to_owned(),
        false => format!("a replica on `{}`", other.host),
    };
    Failure { reason: format!("{}; the one with id {} is {who}", failure.reason, other.server_id), ..failure }
}
