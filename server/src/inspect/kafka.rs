//! Asking Kafka's brokers: the steps to them, their topics, their settings.
//!
//! librdkafka goes on to the addresses that the brokers themselves advertise; those can't be checked beforehand. It
//! speaks nothing but Kafka's protocol with them, and nothing of what they say is answered but names and counts.

use super::address::{knock, listed, look_up};
use super::limits::Limits;
use super::secret::{Elsewhere, Reach, secret};
use super::stage::{Stage, StageName, Stages};
use parking_lot::Mutex;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::metadata::Metadata;
use replicator_model::failure::Failure;
use replicator_model::secret::Secret;
use replicator_model::task::{KafkaSpec, Tls};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Properties that a look at brokers takes over from a task: none that names a file or a program of this host.
const PROPERTIES: [&str; 8] = [
    "security.protocol",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "enable.ssl.certificate.verification",
    "ssl.endpoint.identification.algorithm",
    "broker.address.family",
    "client.id",
];

/// Properties that say nothing about how to connect; they are left to the Core.
const HARMLESS: [&str; 8] = [
    "batch.size",
    "batch.num.messages",
    "socket.keepalive.enable",
    "socket.timeout.ms",
    "request.timeout.ms",
    "compression.level",
    "statistics.interval.ms",
    "topic.metadata.refresh.interval.ms",
];

/// What a topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicFacts {
    pub(crate) partitions: usize,
    /// Fewest replicas, and fewest of them in sync, that a partition has.
    pub(crate) replicas: usize,
    pub(crate) in_sync: usize,
}

/// The brokers and their topics.
pub(crate) struct Cluster {
    client: Arc<AdminClient<Listener>>,
    pub(crate) brokers: Vec<i32>,
    pub(crate) topics: BTreeMap<String, TopicFacts>,
}

/// Keeps the last thing that librdkafka said was wrong: its error codes alone do not tell.
#[derive(Default)]
struct Listener {
    last: Arc<Mutex<Option<String>>>,
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if matches!(facility, "FAIL" | "ERROR" | "SASL") || (level as i32) <= (RDKafkaLogLevel::Error as i32) {
            *self.last.lock() = Some(message.chars().take(300).collect());
        }
    }
}

/// Takes one step after the other; the first that fails is the last that is taken.
pub(crate) async fn approach(spec: &KafkaSpec, reach: Reach, limits: &Limits) -> (Vec<Stage>, Option<Cluster>) {
    let mut stages = Stages::begin();
    let mut bootstrap = Vec::new();
    let mut refusals = Vec::new();
    for broker in &spec.brokers {
        match broker_address(broker, limits).await {
            Ok((host, port, found)) => bootstrap.push((host, port, found)),
            Err(failure) => refusals.push(failure),
        }
    }
    // One that may not be connected to is not passed over for another that may.
    let forbidden = refusals.iter().position(|failure| !failure.is_transient());
    let refusal = match forbidden {
        Some(index) => Some(refusals.swap_remove(index)),
        None if bootstrap.is_empty() => refusals.pop(),
        None => None,
    };
    if let Some(failure) = refusal {
        stages.failed(StageName::Address, &failure);
        return (stages.rest("the address is not known"), None);
    }
    let shown: Vec<String> = bootstrap.iter().map(|(host, _, found)| format!("{host} is {}", listed(found))).collect();
    stages.passed(StageName::Address, shown.join("; "));
    let mut failed = None;
    let mut is_open = false;
    for (_, port, found) in &bootstrap {
        match knock(found, *port, limits).await {
            Ok(()) => is_open = true,
            Err(failure) => failed = Some(failure),
        }
    }
    if let (false, Some(failure)) = (is_open, failed) {
        stages.failed(StageName::Connect, &failure);
        return (stages.rest("nothing was connected to"), None);
    }
    stages.passed(StageName::Connect, "a broker listens");
    let config = match client_config(spec, &bootstrap, reach) {
        Ok(config) => config,
        Err(Elsewhere { why }) => return (stages.rest(&format!("not tried here: {why} [secret_elsewhere]")), None),
    };
    enter(stages, spec, config, limits).await
}

type Broker = (String, u16, Vec<std::net::IpAddr>);

async fn broker_address(broker: &str, limits: &Limits) -> Result<Broker, Failure> {
    let parsed = broker.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let Some((host, port)) = parsed else {
        return Err(Failure::definite("bad_address", format!("`{broker}` is no broker"), "write it as host:9092"));
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    let found = look_up(&host, port, limits).await?;
    Ok((host, port, found))
}

fn security(spec: &KafkaSpec) -> String {
    spec.properties.get("security.protocol").map_or_else(|| "plaintext".to_owned(), |value| value.to_lowercase())
}

fn client_config(spec: &KafkaSpec, bootstrap: &[Broker], reach: Reach) -> Result<ClientConfig, Elsewhere> {
    let mut config = ClientConfig::new();
    for (property, value) in &spec.properties {
        let is_known = PROPERTIES.contains(&property.as_str());
        if !is_known && !HARMLESS.contains(&property.as_str()) && reach == Reach::Server {
            let why = format!("`consumer.properties.{property}` is taken on the Core that runs the task alone");
            return Err(Elsewhere { why });
        }
        if is_known || reach == Reach::Own {
            config.set(property, value);
        }
    }
    // A certificate is made for a name; without one the checked addresses are used.
    let is_encrypted = security(spec).contains("ssl");
    let places: Vec<String> = bootstrap
        .iter()
        .flat_map(|(host, port, found)| match is_encrypted {
            true => vec![format!("{host}:{port}")],
            false => found.iter().map(|address| SocketAddr::new(*address, *port).to_string()).collect(),
        })
        .collect();
    config.set("bootstrap.servers", places.join(",")).set("client.id", "mysql_replicator-look");
    if let Some(password) = &spec.sasl_password {
        let password: Secret = secret(password, &Tls::default(), reach)?;
        config.set("sasl.password", password.expose());
    }
    Ok(config)
}

async fn enter(
    mut stages: Stages,
    spec: &KafkaSpec,
    config: ClientConfig,
    limits: &Limits,
) -> (Vec<Stage>, Option<Cluster>) {
    let protocol = security(spec);
    let wait = limits.timeout;
    let listener = Listener::default();
    let last = Arc::clone(&listener.last);
    let asked = tokio::task::spawn_blocking(move || ask(&config, listener, wait)).await;
    let cluster = match asked {
        Ok(Ok(cluster)) => cluster,
        Ok(Err(problem)) => {
            let said = last.lock().take().unwrap_or_default();
            let failure = Failure::transient(
                "kafka_refused",
                format!(
                    "the brokers did not answer as Kafka: {problem}{}{said}",
                    if said.is_empty() { "" } else { ": " }
                ),
                "check the port, `security.protocol`, `sasl.mechanism`, user and password, and the broker's log",
            );
            stages.failed(StageName::Login, &failure);
            return (stages.rest("not logged in"), None);
        }
        Err(_) => return (stages.rest("the question was given up"), None),
    };
    match protocol.contains("ssl") {
        true => stages.passed(StageName::Tls, "the connection is encrypted"),
        false => stages.skipped(StageName::Tls, "not asked for: `security.protocol` has no ssl"),
    }
    match protocol.starts_with("sasl") {
        true => stages.passed(StageName::Login, "the user is let in"),
        false => stages.passed(StageName::Login, "the brokers let in without a login"),
    }
    let (brokers, topics) = (cluster.brokers.len(), cluster.topics.len());
    stages.passed(StageName::Version, format!("Kafka: {brokers} brokers, {topics} topics"));
    (stages.rest("brokers do not tell what a user may do; preflight looks at the topics"), Some(cluster))
}

fn ask(config: &ClientConfig, listener: Listener, wait: Duration) -> Result<Cluster, String> {
    let client: AdminClient<Listener> = config.create_with_context(listener).map_err(|error| error.to_string())?;
    let metadata = client.inner().fetch_metadata(None, wait).map_err(|error| error.to_string())?;
    let brokers = metadata.brokers().iter().map(rdkafka::metadata::MetadataBroker::id).collect();
    Ok(Cluster { brokers, topics: topics(&metadata), client: Arc::new(client) })
}

fn topics(metadata: &Metadata) -> BTreeMap<String, TopicFacts> {
    let facts = |topic: &rdkafka::metadata::MetadataTopic| TopicFacts {
        partitions: topic.partitions().len(),
        replicas: topic.partitions().iter().map(|partition| partition.replicas().len()).min().unwrap_or(0),
        in_sync: topic.partitions().iter().map(|partition| partition.isr().len()).min().unwrap_or(0),
    };
    metadata.topics().iter().map(|topic| (topic.name().to_owned(), facts(topic))).collect()
}

/// Settings by name.
pub(crate) type Settings = BTreeMap<String, String>;

impl Cluster {
    /// The settings of topics, and of one broker under the empty name. What may not be seen is left out.
    pub(crate) async fn settings(
        &self,
        topics: &[String],
        limits: &Limits,
    ) -> Result<BTreeMap<String, Settings>, Failure> {
        let mut asked: Vec<ResourceSpecifier<'_>> =
            topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        asked.extend(self.brokers.first().map(|id| ResourceSpecifier::Broker(*id)));
        let options = AdminOptions::new().request_timeout(Some(limits.timeout)).operation_timeout(Some(limits.timeout));
        let answers = self.client.describe_configs(&asked, &options).await.map_err(|error| {
            Failure::transient(
                "kafka_refused",
                format!("the brokers' settings can't be read: {error}"),
                "see the broker's log",
            )
        })?;
        let mut all = BTreeMap::new();
        for answer in answers.into_iter().flatten() {
            let settings = answer.entries.iter().filter_map(|entry| Some((entry.name.clone(), entry.value.clone()?)));
            let name = match &answer.specifier {
                rdkafka::admin::OwnedResourceSpecifier::Topic(topic) => topic.clone(),
                _ => String::new(),
            };
            all.insert(name, settings.collect());
        }
        Ok(all)
    }
}

impl Drop for Cluster {
    /// Ending a client waits for its threads.
    fn drop(&mut self) {
        let client = Arc::clone(&self.client);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(client));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_that_name_files_are_left_to_the_core() {
        let config = |properties: &str, reach| {
            let spec = format!(r#"{{"brokers":["k:9092"],"properties":{{{properties}}}}}"#);
            client_config(&serde_json::from_str(&spec).unwrap(), &[], reach)
        };
        assert!(
            config(r#""security.protocol":"sasl_plaintext","sasl.username":"r","batch.size":"100""#, Reach::Server)
                .is_ok()
        );
        for property in ["ssl.ca.location", "plugin.library.paths", "ssl.key.location", "ssl.providers"] {
            let text = format!(r#""{property}":"/etc/hostname""#);
            let Err(elsewhere) = config(&text, Reach::Server) else { panic!("{property} was taken") };
            assert!(elsewhere.why.contains(property));
        }
    }
}
