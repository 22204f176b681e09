//! From a task's spec to librdkafka's settings.

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use replicator_model::failure::Failure;
use replicator_model::name::TaskName;
use replicator_model::task::{Compression, Delivery, KafkaSpec};

/// librdkafka refuses a message by its payload and key together, and its own framing counts against the queue.
const FRAMING_BYTES: u64 = 64 << 10;

/// Properties that the promises of this consumer rest on or that have a key of their own in the spec, and that key.
const GOVERNED: [(&str, &str); 21] = [
    ("acks", ""),
    ("request.required.acks", ""),
    ("enable.idempotence", ""),
    ("enable.gapless.guarantee", ""),
    ("partitioner", ""),
    ("transactional.id", "delivery"),
    ("bootstrap.servers", "brokers"),
    ("metadata.broker.list", "brokers"),
    ("compression.codec", "compression"),
    ("compression.type", "compression"),
    ("linger.ms", "linger"),
    ("queue.buffering.max.ms", "linger"),
    ("delivery.timeout.ms", "delivery_timeout"),
    ("message.timeout.ms", "delivery_timeout"),
    ("message.max.bytes", "message_bytes_max"),
    ("queue.buffering.max.kbytes", "unacknowledged_bytes_max"),
    ("queue.buffering.max.messages", "unacknowledged_messages_max"),
    ("sasl.password", "sasl_password"),
    ("retries", "delivery_timeout"),
    ("message.send.max.retries", "delivery_timeout"),
    ("message.copy.max.bytes", ""),
];

/// Errors: a property that is not the task's to set, a secret that can't be found.
pub(super) fn client_config(task: &TaskName, spec: &KafkaSpec) -> Result<ClientConfig, Failure> {
    if spec.delivery == Delivery::ExactlyOnce {
        return Err(Failure::definite(
            "not_built",
            "`consumer.delivery` is exactly_once, which is not built yet",
            "use \"at_least_once\"",
        ));
    }
    let mut config = ClientConfig::new();
    for (property, value) in &spec.properties {
        if let Some((_, key)) = GOVERNED.iter().find(|(governed, _)| governed == property) {
            return Err(governed(property, key));
        }
        config.set(property, value);
    }
    let message_bytes = spec.message_bytes_max.get().saturating_add(FRAMING_BYTES);
    // A message that does not fit into the empty queue would wait for ever.
    let queue_kib = spec.unacknowledged_bytes_max.get().max(message_bytes).div_ceil(1024);
    config
        .set("bootstrap.servers", spec.brokers.join(","))
        .set("client.id", format!("mysql_replicator-{task}"))
        .set("acks", "all")
        .set("enable.idempotence", "true")
        // What follows a message that could not be delivered is not delivered either, so that no key sees a gap.
        .set("enable.gapless.guarantee", "true")
        // Java's partitioner: consumers that join topics by key find theirs where they expect them.
        .set("partitioner", "murmur2_random")
        .set("compression.codec", codec(spec.compression))
        .set("linger.ms", spec.linger.duration().as_millis().to_string())
        .set("message.timeout.ms", spec.delivery_timeout.duration().as_millis().to_string())
        .set("message.max.bytes", message_bytes.to_string())
        .set("queue.buffering.max.kbytes", queue_kib.to_string())
        .set("queue.buffering.max.messages", spec.unacknowledged_messages_max.max(1).to_string());
    if let Some(password) = &spec.sasl_password {
        let secret = password.resolve_here().map_err(|error| error.failure("consumer.sasl_password"))?;
        config.set("sasl.password", secret.expose());
    }
    Ok(config)
}

/// What librdkafka has against the settings.
pub(super) fn refused(error: &KafkaError) -> Failure {
    let (place, problem) = match error {
        // Not the value: it may be a secret.
        KafkaError::ClientConfig(_, description, property, _) => {
            (format!("`consumer.properties.{property}`"), description.clone())
        }
        KafkaError::ClientCreation(problem) => ("`consumer.properties`".into(), problem.clone()),
        other => ("`consumer`".into(), other.to_string()),
    };
    Failure::definite(
        "kafka_settings",
        format!("{place}: librdkafka says: {problem}"),
        "see CONFIGURATION.md of librdkafka 2.12 for names and values",
    )
}

fn governed(property: &str, key: &str) -> Failure {
    let hint = match key {
        "" => format!("leave `{property}` out: no message may be lost or overtake another of the same key"),
        key => format!("use `consumer.{key}` instead"),
    };
    Failure::definite("kafka_settings", format!("`consumer.properties.{property}` can't be set by a task"), hint)
}

const fn codec(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Lz4 => "lz4",
        Compression::Snappy => "snappy",
        Compression::Zstd => "zstd",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::producer::BaseProducer;

    fn spec(extra: &str) -> KafkaSpec {
        serde_json::from_str(&format!(r#"{{"brokers":["127.0.0.1:1"]{extra}}}"#)).unwrap()
    }

    fn created(extra: &str) -> Result<(), Failure> {
        let config = client_config(&TaskName::new("copy").unwrap(), &spec(extra))?;
        config.create::<BaseProducer>().map(drop).map_err(|error| refused(&error))
    }

    #[test]
    fn librdkafka_takes_the_defaults_and_further_properties() {
        created("").unwrap();
        created(r#","message_bytes_max":"64 MiB","compression":"lz4","properties":{"socket.keepalive.enable":"true"}"#)
            .unwrap();
    }

    #[test]
    fn a_property_that_cannot_be_is_named() {
        for (extra, named) in [
            (r#","properties":{"socket.keepalive":"true"}"#, "`consumer.properties.socket.keepalive`"),
            (r#","properties":{"socket.timeout.ms":"never"}"#, "`consumer.properties.socket.timeout.ms`"),
            (r#","properties":{"acks":"1"}"#, "`consumer.properties.acks`"),
            (r#","properties":{"linger.ms":"1"}"#, "`consumer.properties.linger.ms`"),
            (r#","sasl_password":{"env":"NO_SUCH_VARIABLE"}"#, "`consumer.sasl_password`"),
            (r#","delivery":"exactly_once""#, "`consumer.delivery`"),
            (r#","properties":{"security.protocol":"ssl","ssl.ca.location":"/no/such/file"}"#, "`consumer.properties`"),
        ] {
            let failure = created(extra).unwrap_err();
            assert!(!failure.is_transient() && failure.reason.contains(named), "{failure}");
        }
    }
}
