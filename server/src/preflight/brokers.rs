//! Checks of Kafka's topics.

use super::finding::{Finding, Verdict, known, listed, statements};
use super::ground::{Ground, KafkaBrokers};
use crate::inspect::kafka::Settings;
use replicator_model::task::{ConsumerSpec, KafkaSpec};
use std::collections::BTreeSet;

/// Kafka's own limit for the length of a topic's name.
const NAME_BYTES_MAX: usize = 249;

fn spec(ground: &Ground) -> Option<&KafkaSpec> {
    match &ground.spec.consumer {
        ConsumerSpec::Kafka(kafka) => Some(kafka),
        _ => None,
    }
}

/// The topics that the task sends to, as far as its tables are known.
pub(super) fn topics(ground: &Ground) -> BTreeSet<String> {
    let Some(kafka) = spec(ground) else { return BTreeSet::new() };
    let named = |database: &str, table: &str| topic(&kafka.topic, database, table);
    match &ground.source.reached {
        Some(source) => ground.pairs(source).iter().map(|((database, table), _)| named(database, table)).collect(),
        None if !kafka.topic.contains('{') => BTreeSet::from([kafka.topic.clone()]),
        None => ground
            .spec
            .producer
            .tables
            .iter()
            .filter_map(|pattern| pattern.literal())
            .map(|(database, table)| named(database, table))
            .collect(),
    }
}

/// As the Core names them: what Kafka does not allow becomes `_`.
fn topic(template: &str, database: &str, table: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let named = template.replace("{database}", database).replace("{table}", table);
    named.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

pub(crate) fn names(_: &KafkaBrokers, ground: &Ground) -> Finding {
    let topics = topics(ground);
    let wrong: Vec<String> = topics
        .iter()
        .filter(|topic| topic.is_empty() || matches!(topic.as_str(), "." | "..") || topic.len() > NAME_BYTES_MAX)
        .cloned()
        .collect();
    match wrong.is_empty() {
        true => Finding::passed(format!("{} topics", topics.len())),
        false => Finding::failed(
            format!("names that Kafka does not allow: {}", listed(&wrong)),
            "[consumer]\ntopic = \"{database}\"",
        ),
    }
}

fn setting<'a>(brokers: &'a KafkaBrokers, topic: &str, name: &str) -> Option<&'a str> {
    let settings: Option<&Settings> = brokers.settings.as_ref().ok().and_then(|all| all.get(topic));
    settings.and_then(|settings| settings.get(name)).map(String::as_str)
}

fn bootstrap(ground: &Ground) -> String {
    spec(ground).map(|kafka| kafka.brokers.join(",")).unwrap_or_default()
}

pub(crate) fn exist(brokers: &KafkaBrokers, ground: &Ground) -> Finding {
    let mut missing: Vec<String> = topics(ground).into_iter().collect();
    missing.retain(|topic| !brokers.topics.contains_key(topic));
    if missing.is_empty() {
        return Finding::passed("every topic is there");
    }
    let found = format!("missing: {}", listed(&missing));
    if let Err(finding) = known(&brokers.settings) {
        return Finding { found: format!("{found}; {}", finding.found), ..finding };
    }
    if setting(brokers, "", "auto.create.topics.enable") == Some("true") {
        return Finding::passed(format!("{found}; the brokers make them with the first message"));
    }
    let bootstrap = bootstrap(ground);
    let fixes: Vec<String> = missing
        .iter()
        .map(|topic| format!("kafka-topics.sh --bootstrap-server {bootstrap} --create --topic {topic}"))
        .collect();
    Finding::failed(format!("{found}; the brokers make none by themselves"), statements(&fixes))
}

/// A topic's setting as a number, against what it has to be; the fix sets it.
fn short(
    brokers: &KafkaBrokers,
    ground: &Ground,
    is_short: impl Fn(&str) -> Option<(String, String)>,
) -> Option<(String, String)> {
    let there = topics(ground).into_iter().filter(|topic| brokers.topics.contains_key(topic));
    let (mut found, mut fixes) = (Vec::new(), Vec::new());
    for topic in there {
        if let Some((problem, setting)) = is_short(&topic) {
            found.push(format!("{topic}: {problem}"));
            fixes.push(format!(
                "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {topic} --add-config {setting}",
                bootstrap(ground)
            ));
        }
    }
    (!found.is_empty()).then(|| (listed(&found), statements(&fixes)))
}

pub(crate) fn in_sync(brokers: &KafkaBrokers, ground: &Ground) -> Finding {
    if let Err(finding) = known(&brokers.settings) {
        return finding;
    }
    let problem = short(brokers, ground, |topic| {
        let wanted: usize = setting(brokers, topic, "min.insync.replicas")?.parse().ok()?;
        let facts = brokers.topics.get(topic)?;
        (facts.in_sync < wanted).then(|| {
            let found = format!("{} replicas in sync, min.insync.replicas is {wanted}", facts.in_sync);
            (found, format!("min.insync.replicas={}", facts.in_sync.max(1)))
        })
    });
    match problem {
        Some((found, fix)) => Finding::failed(found, fix),
        None => Finding::passed("every topic has the replicas that it wants"),
    }
}

pub(crate) fn message_bytes(brokers: &KafkaBrokers, ground: &Ground) -> Finding {
    if let Err(finding) = known(&brokers.settings) {
        return finding;
    }
    let Some(kafka) = spec(ground) else { return Finding::skipped("the target is not Kafka") };
    let wanted = kafka.message_bytes_max.get();
    let problem = short(brokers, ground, |topic| {
        let most: u64 = setting(brokers, topic, "max.message.bytes")?.parse().ok()?;
        (most < wanted).then(|| {
            (format!("takes {most} bytes, the task sends up to {wanted}"), format!("max.message.bytes={wanted}"))
        })
    });
    match problem {
        Some((found, fix)) => Finding::warning(found, fix),
        None => Finding::passed(format!("every topic takes messages of {wanted} bytes")),
    }
}

pub(crate) fn replicas(brokers: &KafkaBrokers, ground: &Ground) -> Finding {
    let single: Vec<String> = topics(ground)
        .into_iter()
        .filter(|topic| brokers.topics.get(topic).is_some_and(|facts| facts.replicas < 2))
        .collect();
    match single.is_empty() {
        true => Finding::passed("no topic lives on one broker alone"),
        false => Finding::without_fix(Verdict::Warning, format!("on one broker alone: {}", listed(&single))),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn topics_are_named_as_the_core_names_them() {
        for (template, name) in [("{database}.{table}", "shop.or_der"), ("all", "all"), ("x-{table}", "x-or_der")] {
            assert_eq!(super::topic(template, "shop", "or der"), name);
        }
    }
}
