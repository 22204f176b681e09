//! `replicator standalone`: Core, Server and Monitor in one process over a tree in a folder.

use crate::arguments::Standalone;
use crate::exit::{Exit, Failed};
use crate::metrics::joined;
use crate::output::write;
use replicator_coordination::config::CoordinationConfig;
use replicator_coordination::key_file::{self, SecretsConfig};
use replicator_coordination::session::Coordination;
use replicator_core::config::{AdminConfig, Config as CoreConfig};
use replicator_core::instance::{Core, shut_down_on_signals};
use replicator_model::secret::{EnvSource, SecretSource};
use replicator_model::span::Span;
use replicator_monitor::{Config as MonitorConfig, Monitor};
use replicator_server::config::{AccessConfig, HistoryConfig, HttpConfig, Settings, TlsConfig};
use replicator_server::server::Server;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Most tasks of the one Core.
const CAPACITY: u32 = 1000;

/// How often the Core here walks through its tasks when nothing says that they changed.
const SCAN_PERIOD: Span = Span::from_secs(5);

/// The one-time token with which the first user is made, where it is not to be made up: for automation.
const SETUP_TOKEN: &str = "REPLICATOR_SETUP_TOKEN";

/// The three roles, ready to run.
struct Roles {
    coordination: Coordination,
    server: Server,
    core: Core,
    monitor: Monitor,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(wanted: Standalone) -> Result<(), Failed> {
    let roles = build(&wanted)?;
    let url = roles.server.url();
    let first = match roles.coordination.connect().await {
        // While there is no user, the link with which the first is made is all that matters.
        Ok(session) if !session.has_users().await.unwrap_or(true) => {
            let link = roles.server.setup_link().map(|link| format!(": open {link}"));
            format!("  users  none yet{}\n", link.unwrap_or_default())
        }
        _ => String::new(),
    };
    write(&format!(
        "replicator is ready\n  REST   {url}/api/v1\n  data   {}\n{first}  next   replicator --server {url} task apply -f \
         task.toml --start\n",
        wanted.data.display()
    ));
    let shutdown = CancellationToken::new();
    shut_down_on_signals(shutdown.clone());
    run_roles(roles, shutdown).await
}

fn build(wanted: &Standalone) -> Result<Roles, Failed> {
    make_private(&wanted.data)?;
    let config = CoordinationConfig::Embedded { dir: wanted.data.join("coordination") };
    let key_file = wanted.data.join("secrets.key");
    let keys = key_file::read_or_make(&key_file).map_err(|error| not_started("secrets", &error))?;
    let coordination = Coordination::open(&config).map_err(|error| error.failure())?.with_keys(Arc::new(keys));
    let files = wanted.tls_cert.clone().zip(wanted.tls_key.clone());
    let tls = files.map(|(certificate, key)| TlsConfig { certificate, key });
    let (listen, allow_insecure) = (wanted.listen, wanted.allow_insecure);
    let http = HttpConfig { listen, allow_insecure, tls, ..HttpConfig::default() };
    let history = HistoryConfig { folder: Some(wanted.data.join("history")), ..HistoryConfig::default() };
    let core = CoreConfig {
        group: wanted.group.clone(),
        name: None,
        capacity: CAPACITY,
        scan_period: SCAN_PERIOD,
        coordination: config.clone(),
        admin: AdminConfig { listen: wanted.core_admin },
        secrets: SecretsConfig::default(),
    };
    let monitor = MonitorConfig { admin: None, ..MonitorConfig::new(config) };
    let given = std::env::var_os(SETUP_TOKEN).map(|_| SecretSource::Env(EnvSource { env: SETUP_TOKEN.to_owned() }));
    let access = AccessConfig { setup_token: given, ..AccessConfig::default() };
    let settings = Settings { http, access, history, ..Settings::default() };
    let server = Server::new(settings, coordination.clone()).map_err(|error| not_started("server", &error))?;
    let core = core.build_over(coordination.clone()).map_err(|error| not_started("core", &error))?;
    let monitor = monitor.build_with(coordination.clone()).map_err(|error| not_started("monitor", &error))?;
    let (of_core, of_monitor) = (core.metrics(), monitor.metrics_text());
    server.show_metrics_by(move |of_server| joined(&[of_server, of_core.text(), of_monitor()]));
    Ok(Roles { coordination, server, core, monitor })
}

/// Keys of passwords are in it: a folder that is made here is nobody else's to read.
fn make_private(folder: &Path) -> Result<(), Failed> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        let detail = format!("the folder {} can't be made: {error}", folder.display());
        Failed::new(Exit::Failed, "data_folder", detail, "give another with --data, or mend its permissions")
    })
}

fn not_started(role: &str, error: &dyn std::fmt::Display) -> Failed {
    Failed::new(Exit::Failed, "not_started", format!("{role}: {error}"), "mend what it names, then start again")
}

/// A role that ends by itself takes the others along.
async fn run_roles(roles: Roles, shutdown: CancellationToken) -> Result<(), Failed> {
    let Roles { coordination: _, server, core, monitor } = roles;
    let mut running: JoinSet<Result<(), Failed>> = JoinSet::new();
    let token = shutdown.clone();
    running.spawn(async move { server.run(token).await.map_err(|error| not_started("server", &error)) });
    let token = shutdown.clone();
    running.spawn(async move { core.run(token).await.map_err(|error| not_started("core", &error)) });
    let token = shutdown.clone();
    running.spawn(async move { monitor.run(token).await.map_err(|error| not_started("monitor", &error)) });
    let mut result = Ok(());
    while let Some(ended) = running.join_next().await {
        shutdown.cancel();
        let ended = ended.unwrap_or_else(|error| Err(not_started("replicator", &error)));
        result = result.and(ended);
    }
    result
}
