//! Keys that statements add, under the names that the server gives them.

use crate::column::ColumnSpec;
use crate::column_type::Doubt;
use crate::effect::{KeyKind, KeySpec};
use crate::table::{Key, PRIMARY, TableSchema, same};

/// The keys that a column's own definition asks for.
pub(super) fn of_column(spec: &ColumnSpec) -> impl Iterator<Item = KeySpec> {
    let key = |kind| KeySpec { kind, name: None, parts: vec![Some(spec.name.clone())], partial: false };
    let primary = spec.primary.then(|| key(KeyKind::Primary));
    let unique = spec.unique.then(|| key(KeyKind::Unique));
    let foreign = spec.references.is_some().then(|| key(KeyKind::Foreign));
    [primary, unique, foreign].into_iter().flatten()
}

/// Adds keys in the order of the statement; those that foreign keys need come last, where nothing serves them.
pub(super) fn add(schema: &mut TableSchema, wanted: &[KeySpec]) -> Result<(), Doubt> {
    let (foreign, own): (Vec<_>, Vec<_>) = wanted.iter().partition(|key| key.kind == KeyKind::Foreign);
    for spec in own.into_iter().chain(foreign) {
        if spec.kind == KeyKind::Foreign && is_served(schema, spec) {
            continue;
        }
        if let Some(missing) = spec.parts.iter().flatten().find(|part| schema.column(part).is_none()) {
            return Err(format!("a key is about a column `{missing}` that is not known"));
        }
        let name = match (&spec.name, spec.kind) {
            (_, KeyKind::Primary) => PRIMARY.to_owned(),
            (Some(name), _) => name.clone(),
            (None, _) => made_up(schema, spec),
        };
        if schema.key(&name).is_some() {
            if spec.kind == KeyKind::Foreign {
                continue;
            }
            return Err(format!("it was given a second key `{name}`"));
        }
        let unique = matches!(spec.kind, KeyKind::Primary | KeyKind::Unique);
        // As the column writes itself.
        let own = |part: &String| schema.column(part).map(|index| schema.columns[index].name.clone());
        let parts = spec.parts.iter().map(|part| part.as_ref().and_then(own)).collect();
        schema.keys.push(Key { name, unique, partial: spec.partial, parts });
    }
    Ok(())
}

/// Whether a foreign key finds a key that begins with its columns.
fn is_served(schema: &TableSchema, spec: &KeySpec) -> bool {
    let begins = |key: &Key| {
        key.parts.len() >= spec.parts.len()
            && key.parts.iter().zip(&spec.parts).all(|(own, wanted)| match (own, wanted) {
                (Some(own), Some(wanted)) => same(own, wanted),
                _ => false,
            })
    };
    schema.keys.iter().any(begins)
}

/// After the first column; with a number where that name is taken.
fn made_up(schema: &TableSchema, spec: &KeySpec) -> String {
    const NUMBERS_MAX: u32 = 100;
    let first = spec.parts.first().and_then(Option::as_deref);
    let column = first.and_then(|name| schema.column(name)).and_then(|index| schema.columns.get(index));
    let first = column.map_or("functional_index", |column| column.name.as_str());
    if schema.key(first).is_none() && !same(first, PRIMARY) {
        return first.to_owned();
    }
    let numbered = (2..NUMBERS_MAX).map(|number| format!("{first}_{number}"));
    numbered.into_iter().find(|name| schema.key(name).is_none()).unwrap_or_default()
}
