//! What is in a Kafka, and what a reader that follows the documented rules makes of it.

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// (server, file, offset, index): where a message comes from.
pub(crate) type Place = (String, String, u64, u64);

/// A message of the replicator's.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) place: Place,
    pub(crate) epoch: u64,
    pub(crate) json: Value,
}

const TIMEOUT: Duration = Duration::from_secs(30);

/// Everything in topics that begin with `prefix`, each partition in its order.
pub(crate) async fn read_all(bootstrap: String, prefix: &'static str) -> Vec<Read> {
    tokio::task::spawn_blocking(move || read_blocking(&bootstrap, prefix)).await.unwrap()
}

fn read_blocking(bootstrap: &str, prefix: &str) -> Vec<Read> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("fetch.message.max.bytes", "8388608")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(None, TIMEOUT).unwrap();
    let (mut assigned, mut missing) = (TopicPartitionList::new(), 0);
    for topic in metadata.topics().iter().filter(|topic| topic.name().starts_with(prefix)) {
        for partition in topic.partitions() {
            let (low, high) = consumer.fetch_watermarks(topic.name(), partition.id(), TIMEOUT).unwrap();
            missing += high - low;
            assigned.add_partition_offset(topic.name(), partition.id(), Offset::Beginning).unwrap();
        }
    }
    consumer.assign(&assigned).unwrap();
    let mut read = Vec::new();
    while (read.len() as i64) < missing {
        let message = consumer.poll(TIMEOUT).unwrap_or_else(|| panic!("{} of {missing} messages", read.len()));
        read.push(understand(&message.unwrap()));
    }
    read
}

fn understand(message: &BorrowedMessage<'_>) -> Read {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    let headers: BTreeMap<String, String> =
        message.headers().unwrap().iter().map(|header| (header.key.to_owned(), text(header.value))).collect();
    let number = |name: &str| headers[name].parse().unwrap();
    Read {
        topic: message.topic().into(),
        partition: message.partition(),
        key: text(message.key()),
        place: (headers["server"].clone(), headers["file"].clone(), number("offset"), number("index")),
        epoch: number("epoch"),
        headers,
        json: serde_json::from_slice(message.payload().unwrap()).unwrap(),
    }
}

/// Skips what comes again, by the rule in the consumer's documentation: per partition, only what is greater counts.
pub(crate) fn without_repeats(messages: &[Read]) -> Vec<&Read> {
    let mut last: BTreeMap<(&str, i32), &Place> = BTreeMap::new();
    let mut new = Vec::new();
    for message in messages {
        let partition = (message.topic.as_str(), message.partition);
        if last.get(&partition).is_none_or(|last| message.place > **last) {
            last.insert(partition, &message.place);
            new.push(message);
        }
    }
    new
}

/// Each key must always be in the same partition, and its messages in the source's order.
pub(crate) fn assert_order(messages: &[&Read]) {
    let mut partitions: BTreeMap<(&str, &str), BTreeSet<i32>> = BTreeMap::new();
    let mut last: BTreeMap<(&str, &str), &Place> = BTreeMap::new();
    for message in messages {
        let key = (message.topic.as_str(), message.key.as_str());
        partitions.entry(key).or_default().insert(message.partition);
        if let Some(before) = last.insert(key, &message.place) {
            assert!(*before < message.place, "{key:?}: {:?} after {before:?}", message.place);
        }
    }
    for (key, partitions) in partitions {
        assert_eq!(partitions.len(), 1, "{key:?} is in several partitions");
    }
}

/// A row as its columns' texts.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// Tables built from the messages: by key, or for a table without a key as a bag of rows.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) keyed: BTreeMap<String, BTreeMap<String, Row>>,
    pub(crate) bags: BTreeMap<String, BTreeMap<Row, usize>>,
}

impl Tables {
    pub(crate) fn of(messages: &[&Read]) -> Tables {
        let mut tables = Tables::default();
        for message in messages.iter().filter(|message| message.json["isDdl"] == false) {
            let table = message.json["table"].as_str().unwrap().to_owned();
            if message.json["pkNames"].is_null() {
                apply_to_bag(tables.bags.entry(table).or_default(), &message.json);
            } else {
                apply_to_keys(tables.keyed.entry(table).or_default(), message);
            }
        }
        tables
    }

    /// All rows of a table.
    pub(crate) fn rows(&self, table: &str) -> Vec<Row> {
        let keyed = self.keyed.get(table).into_iter().flat_map(|rows| rows.values().cloned());
        let bag = self.bags.get(table).into_iter().flatten();
        let mut rows: Vec<Row> =
            keyed.chain(bag.flat_map(|(row, count)| std::iter::repeat_n(row.clone(), *count))).collect();
        rows.sort();
        rows
    }
}

fn row(json: &Value) -> Row {
    let columns = json.as_object().unwrap();
    columns.iter().map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))).collect()
}

fn apply_to_keys(rows: &mut BTreeMap<String, Row>, message: &Read) {
    let key = message.key.clone();
    let data = row(&message.json["data"][0]);
    match message.json["type"].as_str().unwrap() {
        "INSERT" => assert_eq!(rows.insert(key, data), None, "inserted twice: {message:?}"),
        "UPDATE" => {
            let before = rows.insert(key, data).unwrap_or_else(|| panic!("updated and not there: {message:?}"));
            for (column, value) in row(&message.json["old"][0]) {
                assert_eq!(before[&column], value, "{message:?}");
            }
        }
        "DELETE" => assert_eq!(rows.remove(&key), Some(data), "{message:?}"),
        other => panic!("{other}"),
    }
}

fn apply_to_bag(bag: &mut BTreeMap<Row, usize>, json: &Value) {
    let data = row(&json["data"][0]);
    let mut before = data.clone();
    let kind = json["type"].as_str().unwrap();
    if kind == "UPDATE" {
        before.extend(row(&json["old"][0]));
    }
    if kind != "INSERT" {
        let count = bag.get_mut(&before).unwrap_or_else(|| panic!("not there: {before:?}"));
        *count -= 1;
        if *count == 0 {
            bag.remove(&before);
        }
    }
    if kind != "DELETE" {
        *bag.entry(data).or_default() += 1;
    }
}
