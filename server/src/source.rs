//! Reaching the source of a stored task from here, under the same limits as any look at a server.

use crate::inspect::address::look_up;
use crate::inspect::limits::Limits;
use crate::inspect::secret::{Reach, secret};
use replicator_model::name::TaskName;
use replicator_model::task::TaskSpec;
use replicator_mysql::connect::Endpoint;
use std::sync::atomic::{AtomicU64, Ordering};

/// The source with the login of the task, or why only a Core can log in.
pub(crate) async fn endpoint(spec: &TaskSpec, limits: &Limits) -> Result<Endpoint, String> {
    let producer = &spec.producer;
    let password = secret(&producer.password, &producer.tls, Reach::Server).map_err(|elsewhere| elsewhere.why)?;
    let addresses = look_up(&producer.host, producer.port, limits).await.map_err(|failure| failure.reason)?;
    Ok(Endpoint {
        host: producer.host.clone(),
        port: producer.port,
        user: producer.user.clone(),
        password,
        tls: producer.tls.clone(),
        connect_timeout: limits.timeout.min(producer.connect_timeout.duration()),
        addresses,
    })
}

/// What tells one look at a source's log from another: replicas with the same name would end each other.
pub(crate) fn unique(task: &TaskName) -> String {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{task} {} {now} {}", std::process::id(), LOOKS.fetch_add(1, Ordering::Relaxed))
}
