//! Two texts compared, as people read it.

use replicator_model::secret::{SecretKey, SecretSource};

/// Unchanged lines that are shown around a change.
const CONTEXT_LINES: usize = 3;

/// A unified diff; empty if both are the same.
pub(crate) fn unified((from, old): (&str, &str), (to, new): (&str, &str)) -> String {
    if old == new {
        return String::new();
    }
    similar::TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(from, to)
        .missing_newline_hint(false)
        .to_string()
}

/// The keys whose secrets differ, though both are shown as `********`.
pub(crate) fn secrets_changed(
    old: &[(SecretKey, &mut SecretSource)],
    new: &[(SecretKey, &mut SecretSource)],
) -> Vec<String> {
    let differs = |key: &str, new: &SecretSource| {
        let old = old.iter().find(|(name, _)| *name == key).map(|(_, old)| &**old);
        matches!((old, new), (Some(SecretSource::Literal(old)), SecretSource::Literal(new)) if old != new)
    };
    new.iter().filter(|(key, new)| differs(key, new)).map(|(key, _)| key.to_string()).collect()
}
