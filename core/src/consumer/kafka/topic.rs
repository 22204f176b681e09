//! Which topic a table's messages go to.

use replicator_model::failure::Failure;
use std::collections::HashMap;

/// Topics one task may write to; more means that the template names something it should not.
const TOPICS_MAX: usize = 100_000;

/// Kafka's own limit for the length of a topic's name.
const NAME_BYTES_MAX: usize = 249;

/// The topic template of a task and the topics it has given out.
///
/// Characters that Kafka does not allow become `_`. Two tables may share a topic only where the template says so, by
/// leaving out what tells them apart; two that come to the same name by accident are refused, for their messages could
/// not be separated again.
#[derive(Debug)]
pub(super) struct Topics {
    template: String,
    /// What the template tells apart, by topic.
    given: HashMap<String, Identity>,
}

/// The names a template uses; `None` for one it leaves out.
type Identity = (Option<String>, Option<String>);

const DATABASE: &str = "{database}";
const TABLE: &str = "{table}";

impl Topics {
    pub(super) fn new(template: &str) -> Result<Self, Failure> {
        let literal = template.replace(DATABASE, "").replace(TABLE, "");
        if let Some(unknown) = literal.chars().find(|c| !is_allowed(*c)) {
            return Err(Failure::definite(
                "topic_invalid",
                format!("`consumer.topic` is `{template}`, and `{unknown}` can't be in a topic's name"),
                "use letters, digits, `.`, `_`, `-`, {database} and {table}",
            ));
        }
        Ok(Self { template: template.into(), given: HashMap::new() })
    }

    /// The topic for a table, or, with an empty `table`, for statements about a database. A separator that would stand
    /// at the end for want of a table's name is left out.
    pub(super) fn of(&mut self, database: &str, table: &str) -> Result<String, Failure> {
        let named = self.template.replace(DATABASE, database).replace(TABLE, table);
        let mut topic: String = named.chars().map(|c| if is_allowed(c) { c } else { '_' }).collect();
        if table.is_empty() && self.template.contains(TABLE) {
            topic = topic.trim_matches(['.', '_', '-']).into();
        }
        if topic.is_empty() || topic == "." || topic == ".." || topic.len() > NAME_BYTES_MAX {
            return Err(Failure::definite(
                "topic_invalid",
                format!("{database}.{table} would go to the topic `{topic}`, a name Kafka does not allow"),
                format!("choose another `consumer.topic`; names have 1 to {NAME_BYTES_MAX} characters"),
            ));
        }
        let used = |placeholder, name: &str| self.template.contains(placeholder).then(|| name.to_owned());
        let identity = (used(DATABASE, database), used(TABLE, table));
        match self.given.get(&topic) {
            Some(holder) if *holder == identity => {}
            Some(holder) => return Err(collision(&topic, holder, database, table)),
            None if self.given.len() >= TOPICS_MAX => {
                return Err(Failure::definite(
                    "too_many_topics",
                    format!("{database}.{table} would be topic number {}", TOPICS_MAX + 1),
                    "choose a `consumer.topic` without {table}, or fewer tables",
                ));
            }
            None => {
                self.given.insert(topic.clone(), identity);
            }
        }
        Ok(topic)
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn collision(topic: &str, holder: &Identity, database: &str, table: &str) -> Failure {
    let name = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".into());
    let holder = format!("{}.{}", name(&holder.0), name(&holder.1));
    Failure::definite(
        "topic_collision",
        format!("{database}.{table} and {holder} would both go to the topic `{topic}`"),
        "choose a `consumer.topic` that tells them apart, or a fixed one for all tables",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_from_the_template() {
        let mut topics = Topics::new("{database}.{table}").unwrap();
        assert_eq!(topics.of("shop", "item").unwrap(), "shop.item");
        assert_eq!(topics.of("shop", "größe $1").unwrap(), "shop.gr__e__1");
        assert_eq!(topics.of("shop", "").unwrap(), "shop");
        assert_eq!(Topics::new("bin-{table}").unwrap().of("shop", "item").unwrap(), "bin-item");
        assert_eq!(Topics::new("bin log").unwrap_err().code, "topic_invalid");
        assert_eq!(Topics::new("{schema}").unwrap_err().code, "topic_invalid");
        assert_eq!(topics.of("d", &"t".repeat(248)).unwrap_err().code, "topic_invalid");
        assert_eq!(Topics::new("{table}").unwrap().of("d", "..").unwrap_err().code, "topic_invalid");
    }

    #[test]
    fn tables_share_a_topic_only_where_the_template_says_so() {
        let mut topics = Topics::new("{database}.{table}").unwrap();
        for (database, table) in [("a", "b.c"), ("a", "b.c"), ("shop", "x$y")] {
            topics.of(database, table).unwrap();
        }
        for (database, table) in [("a.b", "c"), ("shop", "x y")] {
            assert_eq!(topics.of(database, table).unwrap_err().code, "topic_collision");
        }
        let mut by_table = Topics::new("{table}").unwrap();
        assert_eq!(by_table.of("shop1", "item").unwrap(), by_table.of("shop2", "item").unwrap());
        let mut fixed = Topics::new("changes").unwrap();
        assert_eq!(fixed.of("a.b", "c").unwrap(), fixed.of("a", "b.c").unwrap());
    }
}
