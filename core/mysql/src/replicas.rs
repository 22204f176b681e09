//! A server among others: whether it follows another, and who follows it.

use crate::answer;
use crate::facts::{ServerFacts, ServerFlavor, Version};
use crate::replication::ReplicaIdentity;
use mysql_async::Conn;
use replicator_model::failure::Failure;

/// A replica that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedReplica {
    pub server_id: u32,
    pub host: String,
    /// MySQL's; MariaDB shows none.
    pub uuid: Option<String>,
}

impl ConnectedReplica {
    /// Whether it is a connection of this identity. Our connections name themselves as host, for MariaDB shows no uuid.
    pub fn is(&self, identity: &ReplicaIdentity) -> bool {
        *self.uuid.as_ref().unwrap_or(&self.host) == identity.uuid
    }
}

/// MySQL took new words in 8.0.22 and dropped the old ones in 8.4.
fn has_new_words(facts: &ServerFacts) -> bool {
    facts.flavor == ServerFlavor::MySql && facts.version >= Version(8, 0, 22)
}

/// Who follows this server. Needs REPLICATION SLAVE; MariaDB since 10.5 wants REPLICATION MASTER ADMIN.
pub async fn connected(conn: &mut Conn, facts: &ServerFacts) -> Result<Vec<ConnectedReplica>, Failure> {
    let sql = if has_new_words(facts) { "SHOW REPLICAS" } else { "SHOW SLAVE HOSTS" };
    let mut replicas = Vec::new();
    for mut row in answer::rows(conn, sql).await? {
        let uuid = match row.named("Replica_UUID")? {
            Some(uuid) => Some(uuid),
            None => row.named("Slave_UUID")?,
        };
        let server_id = row.named("Server_id")?.and_then(|id| id.parse().ok()).unwrap_or(0);
        replicas.push(ConnectedReplica { server_id, host: row.named("Host")?.unwrap_or_default(), uuid });
    }
    Ok(replicas)
}

/// The servers that this one follows, by host. Needs REPLICATION CLIENT; MariaDB since 10.5 wants SLAVE MONITOR.
pub async fn followed(conn: &mut Conn, facts: &ServerFacts) -> Result<Vec<String>, Failure> {
    let sql = match facts.flavor {
        ServerFlavor::MariaDb => "SHOW ALL SLAVES STATUS",
        ServerFlavor::MySql if has_new_words(facts) => "SHOW REPLICA STATUS",
        ServerFlavor::MySql => "SHOW SLAVE STATUS",
    };
    let mut hosts = Vec::new();
    for mut row in answer::rows(conn, sql).await? {
        let host = match row.named("Source_Host")? {
            Some(host) => Some(host),
            None => row.named("Master_Host")?,
        };
        hosts.push(host.unwrap_or_default());
    }
    Ok(hosts)
}
