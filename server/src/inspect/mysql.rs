//! The steps to a MySQL or MariaDB server.

use super::address::{knock, listed, look_up};
use super::limits::Limits;
use super::secret::Elsewhere;
use super::stage::{Stage, StageName, StageState, Stages};
use replicator_model::failure::Failure;
use replicator_model::secret::Secret;
use replicator_model::task::{MySqlTargetSpec, ProducerSpec, REPLICATOR_DATABASE, Tls, TlsMode};
use replicator_mysql::connect::{Connection, Endpoint};
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::privileges::Privileges;
use std::future::Future;

/// What a server is to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

/// A server that was reached.
pub(crate) struct Reached {
    pub(crate) conn: Connection,
    pub(crate) facts: ServerFacts,
    pub(crate) privileges: Privileges,
}

/// A server and what is known of how to log in.
#[derive(Debug, Clone)]
pub struct Login {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub tls: Tls,
    pub password: Result<Secret, Elsewhere>,
}

impl Login {
    /// The servers that a task may read from, the preferred first.
    pub(crate) fn of_source(spec: &ProducerSpec, password: &Result<Secret, Elsewhere>) -> Vec<Self> {
        let login = |(host, port): (&str, u16)| {
            let (user, tls, password) = (spec.user.clone(), spec.tls.clone(), password.clone());
            Self { host: host.to_owned(), port, user, tls, password }
        };
        spec.hosts().map(login).collect()
    }

    pub(crate) fn of_target(spec: &MySqlTargetSpec, password: Result<Secret, Elsewhere>) -> Self {
        let (host, port, user, tls) = (spec.host.clone(), spec.port, spec.user.clone(), spec.tls.clone());
        Self { host, port, user, tls, password }
    }
}

/// As [`approach`], to the server that a task would read from: the first without a failed step, else the first that was
/// reached, else the first.
pub(crate) async fn approach_source(logins: &[Login], limits: &Limits) -> (Vec<Stage>, Option<Reached>) {
    let mut best: Option<(Vec<Stage>, Option<Reached>)> = None;
    let mut passed_over = Vec::new();
    for login in logins {
        let (mut stages, reached) = approach(login, Side::Source, limits).await;
        let failed = stages.iter().find(|stage| stage.state == StageState::Failed).map(|stage| stage.detail.clone());
        if let (Some(first), false) = (stages.first_mut(), passed_over.is_empty()) {
            let instead = passed_over.join("; ");
            first.detail = format!("{}; {}:{} is read instead of {instead}", first.detail, login.host, login.port);
        }
        let Some(failed) = failed else { return (stages, reached) };
        passed_over.push(format!("{}:{} ({failed})", login.host, login.port));
        match &best {
            Some((_, None)) if reached.is_some() => best = Some((stages, reached)),
            Some(_) => {}
            None => best = Some((stages, reached)),
        }
    }
    best.unwrap_or_else(|| (Stage::none("the task names no source"), None))
}

/// Takes one step after the other; the first that fails is the last that is taken.
pub(crate) async fn approach(login: &Login, side: Side, limits: &Limits) -> (Vec<Stage>, Option<Reached>) {
    let mut stages = Stages::begin();
    let addresses = match look_up(&login.host, login.port, limits).await {
        Ok(addresses) => addresses,
        Err(failure) => {
            stages.failed(StageName::Address, &failure);
            return (stages.rest("the address is not known"), None);
        }
    };
    stages.passed(StageName::Address, listed(&addresses));
    if let Err(failure) = knock(&addresses, login.port, limits).await {
        stages.failed(StageName::Connect, &failure);
        return (stages.rest("nothing was connected to"), None);
    }
    stages.passed(StageName::Connect, format!("something listens on port {}", login.port));
    let password = match &login.password {
        Ok(password) => password.clone(),
        Err(Elsewhere { why }) => return (stages.rest(&format!("not tried here: {why} [secret_elsewhere]")), None),
    };
    let endpoint = Endpoint {
        host: login.host.clone(),
        port: login.port,
        user: login.user.clone(),
        password,
        tls: login.tls.clone(),
        connect_timeout: limits.timeout,
        addresses,
    };
    enter(stages, &endpoint, side, limits).await
}

async fn enter(mut stages: Stages, endpoint: &Endpoint, side: Side, limits: &Limits) -> (Vec<Stage>, Option<Reached>) {
    let is_plain = endpoint.tls.mode == TlsMode::Off;
    let connected = endpoint.connect(&[&limits.session()]).await;
    let tls_failed = connected.as_ref().err().filter(|failure| failure.code.starts_with("tls_"));
    match tls_failed {
        Some(failure) => stages.failed(StageName::Tls, failure),
        None if is_plain => stages.skipped(StageName::Tls, "not asked for: `tls.mode` is \"off\""),
        None if connected.is_ok() => stages.passed(StageName::Tls, "the connection is encrypted"),
        None => {}
    }
    let mut conn = match connected {
        Ok(conn) => conn,
        Err(failure) if failure.code.starts_with("tls_") => return (stages.rest("no encrypted connection"), None),
        Err(failure) => {
            stages.failed(StageName::Login, &failure);
            return (stages.rest("not logged in"), None);
        }
    };
    stages.passed(StageName::Login, format!("`{}` is let in", endpoint.user));
    let facts = match within(limits, ServerFacts::ask(&mut conn)).await {
        Ok(facts) => facts,
        Err(failure) => {
            stages.failed(StageName::Version, &failure);
            return (stages.rest("the server did not say what it is"), None);
        }
    };
    stages.passed(StageName::Version, format!("{} {}", facts.flavor, facts.version_text));
    let privileges = match within(limits, Privileges::ask(&mut conn)).await {
        Ok(privileges) => privileges,
        Err(failure) => {
            stages.failed(StageName::Grants, &failure);
            return (stages.rest(""), None);
        }
    };
    match missing(side, &privileges) {
        None => stages.passed(StageName::Grants, format!("{} has what it needs", privileges.account)),
        Some(failure) => stages.failed(StageName::Grants, &failure),
    }
    (stages.rest(""), Some(Reached { conn, facts, privileges }))
}

/// The answer, or a failure that says how long it was waited for.
pub(crate) async fn within<T>(limits: &Limits, asking: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limits.timeout, asking).await.unwrap_or_else(|_| {
        Err(Failure::transient(
            "no_answer",
            format!("the server did not answer within {:?}", limits.timeout),
            "look at what it is busy with, or raise [inspect] timeout",
        ))
    })
}

/// What the user lacks whatever the tables: the first thing, with the statement that gives it.
fn missing(side: Side, privileges: &Privileges) -> Option<Failure> {
    let lacks = |what: &str, statement: String| {
        Failure::definite("privilege_missing", format!("{} has no {what}", privileges.account), statement)
    };
    let account = &privileges.account;
    match side {
        Side::Source => ["REPLICATION SLAVE", "REPLICATION CLIENT"]
            .into_iter()
            .find(|privilege| !privileges.globally(privilege))
            .map(|privilege| lacks(privilege, format!("GRANT {privilege} ON *.* TO {account}"))),
        Side::Target => ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE"]
            .into_iter()
            .find(|privilege| !privileges.on_database(privilege, REPLICATOR_DATABASE))
            .map(|privilege| {
                let on = format!("{privilege} on the replicator's own database `{REPLICATOR_DATABASE}`");
                lacks(&on, format!("GRANT ALL ON `{REPLICATOR_DATABASE}`.* TO {account}"))
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_its_statement() {
        let held = |grant: &str| Privileges::read("r@%", [grant]);
        let source = |grant: &str| missing(Side::Source, &held(grant)).map(|failure| failure.hint);
        assert_eq!(source("GRANT ALL PRIVILEGES ON *.* TO `r`@`%`"), None);
        assert_eq!(source("GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `r`@`%`"), None);
        assert_eq!(
            source("GRANT REPLICATION SLAVE ON *.* TO `r`@`%`").as_deref(),
            Some("GRANT REPLICATION CLIENT ON *.* TO 'r'@'%'")
        );
        let target = |grant: &str| missing(Side::Target, &held(grant)).map(|failure| failure.hint);
        assert_eq!(target("GRANT ALL PRIVILEGES ON `mysql\\_replicator`.* TO `r`@`%`"), None);
        assert_eq!(
            target("GRANT USAGE ON *.* TO `r`@`%`").as_deref(),
            Some("GRANT ALL ON `mysql_replicator`.* TO 'r'@'%'")
        );
    }
}
