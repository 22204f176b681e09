//! The password for a look at a server: given, kept with a task, or out of reach here.

use replicator_model::secret::{Secret, SecretSource};
use replicator_model::task::{ConsumerSpec, ProducerSpec, TaskSpec, Tls};

/// Why a login can't be tried in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    pub why: String,
}

/// Whether environment and files of this process may be read for the asker. A Server reads nothing of its own for a
/// caller of its API; a program that somebody runs by hand does it for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Server,
    Own,
}

/// What a caller sent as `********` and nobody knows any more, because the end that it was for is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeededAgain {
    pub(crate) key: &'static str,
}

/// The secret itself, if it can be had here.
pub fn secret(source: &SecretSource, tls: &Tls, reach: Reach) -> Result<Secret, Elsewhere> {
    let elsewhere = |what: String| Elsewhere { why: format!("{what}, which is read on the Core that runs the task") };
    if let (Reach::Server, Some(file)) = (reach, tls.files().next()) {
        return Err(elsewhere(format!("certificates or keys are in the file {}", file.display())));
    }
    match (source, reach) {
        (SecretSource::Literal(secret), _) => Ok(secret.clone()),
        (SecretSource::Env(env), Reach::Server) => {
            Err(elsewhere(format!("the password is in the environment variable `{}`", env.env)))
        }
        (SecretSource::File(file), Reach::Server) => {
            Err(elsewhere(format!("the password is in the file {}", file.file.display())))
        }
        (source @ SecretSource::Sealed(_), Reach::Server) | (source, Reach::Own) => {
            source.resolve_here().map_err(|error| Elsewhere { why: error.to_string() })
        }
    }
}

fn is_redacted(source: &SecretSource) -> bool {
    matches!(source, SecretSource::Literal(secret) if secret.is_redacted())
}

/// Takes the stored password where `********` was sent. It is for the server and the user that it was stored for, and
/// for no other: else whoever may test connections could have it sent to a host of their own.
pub(crate) fn keep_source(producer: &mut ProducerSpec, stored: Option<&TaskSpec>) -> Result<(), NeededAgain> {
    if !is_redacted(&producer.password) {
        return Ok(());
    }
    match stored.map(|task| &task.producer) {
        Some(kept)
            if (&kept.host, kept.port, &kept.user) == (&producer.host, producer.port, &producer.user)
                && kept.fallback_hosts == producer.fallback_hosts
                && kept.tls == producer.tls =>
        {
            producer.password = kept.password.clone();
            Ok(())
        }
        _ => Err(NeededAgain { key: "producer.password" }),
    }
}

/// The same for a target.
pub(crate) fn keep_target(consumer: &mut ConsumerSpec, stored: Option<&TaskSpec>) -> Result<(), NeededAgain> {
    let kept = stored.map(|task| &task.consumer);
    match (consumer, kept) {
        (ConsumerSpec::Mysql(target), kept) if is_redacted(&target.password) => match kept {
            Some(ConsumerSpec::Mysql(kept))
                if (&kept.host, kept.port, &kept.user) == (&target.host, target.port, &target.user)
                    && kept.tls == target.tls =>
            {
                target.password = kept.password.clone();
                Ok(())
            }
            _ => Err(NeededAgain { key: "consumer.password" }),
        },
        (ConsumerSpec::Kafka(kafka), kept) if kafka.sasl_password.as_ref().is_some_and(is_redacted) => match kept {
            Some(ConsumerSpec::Kafka(kept)) if kept.brokers == kafka.brokers && kept.properties == kafka.properties => {
                kafka.sasl_password = kept.sasl_password.clone();
                Ok(())
            }
            _ => Err(NeededAgain { key: "consumer.sasl_password" }),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn task(producer: &Value, consumer: &Value) -> TaskSpec {
        let text = json!({"name": "t", "group": "g", "producer": producer, "consumer": consumer});
        TaskSpec::from_json(text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_stored_password_goes_to_the_server_it_was_stored_for() {
        let stored = task(
            &json!({"host": "db1", "user": "r", "password": "canary"}),
            &json!({"kind": "mysql", "host": "db2", "user": "r", "password": "canary"}),
        );
        for (producer, kept) in [
            (json!({"host": "db1", "user": "r", "password": "********"}), true),
            (json!({"host": "db9", "user": "r", "password": "********"}), false),
            (json!({"host": "db1", "fallback_hosts": ["db9"], "user": "r", "password": "********"}), false),
            (json!({"host": "db1", "port": 3307, "user": "r", "password": "********"}), false),
            (json!({"host": "db1", "user": "other", "password": "********"}), false),
            (json!({"host": "db1", "user": "r", "password": "********", "tls": {"mode": "required"}}), false),
            (json!({"host": "db9", "user": "r", "password": "new"}), true),
        ] {
            let mut sent: ProducerSpec = serde_json::from_value(producer.clone()).unwrap();
            assert_eq!(keep_source(&mut sent, Some(&stored)).is_ok(), kept, "{producer}");
        }
        let mut sent: ConsumerSpec =
            serde_json::from_value(json!({"kind": "mysql", "host": "db2", "user": "r", "password": "********"}))
                .unwrap();
        assert!(keep_target(&mut sent, None).is_err());
        keep_target(&mut sent, Some(&stored)).unwrap();
        assert_eq!(sent, stored.consumer);
    }

    #[test]
    fn a_server_reads_neither_its_environment_nor_its_files_for_a_caller() {
        for source in [json!({"env": "PATH"}), json!({"file": "/etc/hostname"})] {
            let source: SecretSource = serde_json::from_value(source).unwrap();
            assert!(secret(&source, &Tls::default(), Reach::Server).is_err());
            assert!(secret(&source, &Tls::default(), Reach::Own).is_ok());
        }
        let tls = Tls { ca: Some("/etc/hostname".into()), ..Tls::default() };
        assert!(secret(&SecretSource::literal("x"), &tls, Reach::Server).is_err());
    }
}
