//! What differs between two specs, key by key. Secrets are redacted on both sides.

use serde_json::Value;
use std::collections::BTreeMap;

/// `key: old → new` for each key that differs, sorted by key.
pub(crate) fn changes(before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (flat(before), flat(after));
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter_map(|key| match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) if old == new => None,
            (Some(old), Some(new)) => Some(format!("  ~ {key}: {old} → {new}")),
            (Some(old), None) => Some(format!("  - {key}: {old}")),
            (None, Some(new)) => Some(format!("  + {key}: {new}")),
            (None, None) => None,
        })
        .collect()
}

/// `producer.port` → `3306`.
fn flat(value: &Value) -> BTreeMap<String, String> {
    fn walk(key: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    walk(&if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, value, into);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for (index, value) in items.iter().enumerate() {
                    walk(&format!("{key}[{index}]"), value, into);
                }
            }
            other => drop(into.insert(key.to_owned(), other.to_string())),
        }
    }
    let mut into = BTreeMap::new();
    walk("", value, &mut into);
    into
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_told_key_by_key() {
        let before = json!({"a": 1, "p": {"host": "x", "tables": ["s.*"]}, "route": [{"to": "a.b"}]});
        let after = json!({"a": 1, "p": {"host": "y", "tables": ["s.*", "t.*"], "port": 2}, "route": []});
        assert_eq!(
            changes(&before, &after),
            [
                "  ~ p.host: \"x\" → \"y\"",
                "  + p.port: 2",
                "  ~ p.tables: [\"s.*\"] → [\"s.*\",\"t.*\"]",
                "  + route: []",
                "  - route[0].to: \"a.b\"",
            ]
        );
        assert!(changes(&before, &before).is_empty());
    }
}
