//! What brokers say about the messages: acknowledgements, refusals, their own state.

use super::ledger::Ledger;
use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use replicator_model::failure::Failure;
use tokio::sync::Notify;

/// Shared between the consumer and librdkafka's threads, which report here.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    state: Mutex<State>,
    /// Something was acknowledged or refused. One waits: the consumer.
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    /// The first message that could not be delivered; after it nothing counts.
    refusal: Option<Refusal>,
    /// The last thing that was wrong with a connection, until a message goes through again.
    trouble: Option<Trouble>,
}

/// A message that could not be delivered.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: RDKafkaErrorCode,
    pub(super) topic: String,
    pub(super) bytes: usize,
}

/// An error of the client as a whole.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) code: RDKafkaErrorCode,
    pub(super) text: String,
}

impl Deliveries {
    /// Reads or writes the ledger. Never across an await.
    pub(super) fn ledger<T>(&self, with: impl FnOnce(&mut Ledger) -> T) -> T {
        with(&mut self.state.lock().ledger)
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.state.lock().refusal.clone()
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.state.lock().trouble.clone()
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, message),
            // A broker that went away is an error to librdkafka; whether it is one for the task, the task says.
            _ => tracing::info!(target: "librdkafka", facility, message),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else { return };
        let mut state = self.state.lock();
        // A refused login closes the connection, which is reported as well and says less.
        let known = state.trouble.as_ref().is_some_and(|trouble| is_authentication(trouble.code));
        if !known {
            state.trouble = Some(Trouble { code, text: reason.chars().take(300).collect() });
        }
        drop(state);
        self.changed.notify_one();
    }
}

impl ProducerContext for Deliveries {
    /// The number of the message's transaction in the ledger.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, transaction: usize) {
        let mut state = self.state.lock();
        match result {
            Ok(_) => {
                state.trouble = None;
                // What is acknowledged after a refusal comes again.
                if state.refusal.is_none() {
                    state.ledger.acknowledged(transaction as u64);
                }
            }
            Err((error, message)) if state.refusal.is_none() => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
                let bytes = message.payload_len() + message.key_len();
                state.refusal = Some(Refusal { code, topic: message.topic().into(), bytes });
            }
            Err(_) => {}
        }
        drop(state);
        self.changed.notify_one();
    }
}

fn is_authentication(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(code, Code::Authentication | Code::SaslAuthenticationFailed)
}

/// Brokers can't be reached, or not any more.
pub(super) fn unreachable(brokers: &str, what: &str, trouble: Option<&Trouble>) -> Failure {
    match trouble {
        Some(trouble) if is_authentication(trouble.code) => Failure::definite(
            "access_denied",
            format!("Kafka at {brokers} refused the login: {}", trouble.text),
            "check `consumer.properties.\"sasl.username\"`, `sasl.mechanism` and `consumer.sasl_password`",
        ),
        _ => Failure::transient(
            "kafka_unreachable",
            format!(
                "Kafka at {brokers}: {what}{}",
                trouble.map_or(String::new(), |trouble| format!(": {}", trouble.text))
            ),
            "check that the brokers run and can be reached from this host at the addresses they advertise",
        ),
    }
}

/// Why a message was not delivered, and whether trying again can help.
pub(super) fn failure(refusal: &Refusal, brokers: &str, trouble: Option<&Trouble>) -> Failure {
    use RDKafkaErrorCode as Code;
    let Refusal { code, topic, bytes } = refusal;
    let said = |what: &str| format!("topic `{topic}` of Kafka at {brokers}: {what} ({code})");
    match code {
        Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge => Failure::definite(
            "message_too_large",
            said(&format!("a message of {bytes} bytes is larger than the broker takes")),
            "raise the topic's `max.message.bytes`, or leave the table out of `tables`",
        ),
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => Failure::definite(
            "access_denied",
            said("the task may not write"),
            "grant the task's Kafka user WRITE and DESCRIBE on the topic and IDEMPOTENT_WRITE on the cluster",
        ),
        Code::Authentication | Code::SaslAuthenticationFailed => {
            let trouble = Trouble { code: *code, text: code.to_string() };
            unreachable(brokers, "", Some(&trouble))
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::InvalidTopic => {
            Failure::definite(
                "unknown_topic",
                said("there is no such topic and the brokers did not create it"),
                "create the topic, or set `auto.create.topics.enable` on the brokers",
            )
        }
        Code::PolicyViolation
        | Code::InvalidRecord
        | Code::InvalidConfig
        | Code::InvalidRequiredAcks
        | Code::UnsupportedForMessageFormat
        | Code::UnsupportedCompressionType
        | Code::UnsupportedVersion => Failure::definite(
            "message_refused",
            said("the broker does not take the message"),
            "see the topic's settings and the broker's log",
        ),
        Code::MessageTimedOut => {
            unreachable(brokers, &format!("a message to `{topic}` was not acknowledged in time"), trouble)
        }
        _ => unreachable(brokers, &format!("a message to `{topic}` was not delivered ({code})"), trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_go_away_by_itself_is_tried_again() {
        use RDKafkaErrorCode as Code;
        let down = Trouble { code: Code::AllBrokersDown, text: "1/1 brokers are down".into() };
        let login = Trouble { code: Code::Authentication, text: "SASL PLAIN: wrong password".into() };
        for (code, trouble, expected, transient) in [
            (Code::MessageTimedOut, Some(&down), "kafka_unreachable", true),
            (Code::MessageTimedOut, Some(&login), "access_denied", false),
            (Code::NotEnoughReplicas, None, "kafka_unreachable", true),
            (Code::GaplessGuarantee, None, "kafka_unreachable", true),
            (Code::MessageSizeTooLarge, None, "message_too_large", false),
            (Code::TopicAuthorizationFailed, None, "access_denied", false),
            (Code::UnknownTopic, Some(&down), "unknown_topic", false),
            (Code::PolicyViolation, None, "message_refused", false),
        ] {
            let refusal = Refusal { code, topic: "shop.item".into(), bytes: 7 };
            let failure = failure(&refusal, "k1:9092", trouble);
            assert_eq!((failure.code.as_str(), failure.is_transient()), (expected, transient), "{failure}");
            assert!(failure.reason.contains("k1:9092"), "{failure}");
        }
    }
}
