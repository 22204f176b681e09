//! Reaching the source of a stored task from here, under the same limits as any look at a server.

use crate::inspect::address::look_up;
use crate::inspect::limits::Limits;
use crate::inspect::secret::{Reach, secret};
use replicator_model::name::TaskName;
use replicator_model::task::TaskSpec;
use replicator_mysql::connect::Endpoint;
use std::sync::atomic::{AtomicU64, Ordering};

/// The source that the task would read from, with its login: the first of its hosts that lets it in. Or why there is none,
/// or why only a Core can log in.
pub(crate) async fn endpoint(spec: &TaskSpec, limits: &Limits) -> Result<Endpoint, String> {
    let mut endpoints = endpoints(spec, limits).await?;
    if endpoints.len() == 1 {
        return Ok(endpoints.remove(0));
    }
    let mut refused = Vec::new();
    for endpoint in endpoints {
        match endpoint.connect(&[]).await {
            Ok(_) => return Ok(endpoint),
            Err(failure) => refused.push(format!("{}: {}", endpoint.address(), failure.reason)),
        }
    }
    Err(refused.join("; "))
}

/// The hosts of a task's source whose names lead somewhere, the preferred first: at least one.
pub(crate) async fn endpoints(spec: &TaskSpec, limits: &Limits) -> Result<Vec<Endpoint>, String> {
    let producer = &spec.producer;
    let password = secret(&producer.password, &producer.tls, Reach::Server).map_err(|elsewhere| elsewhere.why)?;
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (host, port) in producer.hosts() {
        match look_up(host, port, limits).await {
            Ok(addresses) => found.push(Endpoint {
                host: host.to_owned(),
                port,
                user: producer.user.clone(),
                password: password.clone(),
                tls: producer.tls.clone(),
                connect_timeout: limits.timeout.min(producer.connect_timeout.duration()),
                addresses,
            }),
            Err(failure) => unknown.push(failure.reason),
        }
    }
    if found.is_empty() { Err(unknown.join("; ")) } else { Ok(found) }
}

/// What tells one look at a source's log from another: replicas with the same name would end each other.
pub(crate) fn unique(task: &TaskName) -> String {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{task} {} {now} {}", std::process::id(), LOOKS.fetch_add(1, Ordering::Relaxed))
}
