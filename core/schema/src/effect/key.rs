//! Keys as statements define them.

use super::Element;
use crate::column::references;
use crate::reader::Reader;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Primary,
    Unique,
    /// Also FULLTEXT and SPATIAL: what tells no rows apart.
    Plain,
    /// The index that a foreign key needs.
    Foreign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    pub(crate) kind: KeyKind,
    /// `None`: the server makes one up.
    pub(crate) name: Option<String>,
    pub(crate) parts: Vec<Option<String>>,
    pub(crate) partial: bool,
}

/// Takes a key or another constraint with all of its options, if one comes next. `None`: not understood.
pub(super) fn element(reader: &mut Reader<'_>) -> Option<Option<Element>> {
    let constraint = if reader.accept("CONSTRAINT") {
        let is_named = !["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"].iter().any(|word| reader.next_is(word));
        Some(if is_named { Some(reader.identifier()?) } else { None })
    } else {
        None
    };
    let name = constraint.clone().flatten();
    let mark = reader.mark();
    let is_key = |reader: &Reader<'_>| reader.next_is("KEY") || reader.next_is("INDEX");
    let found = match reader.word().as_deref() {
        Some("PRIMARY") if reader.accept("KEY") => key(KeyKind::Primary, None, reader)?,
        Some("UNIQUE") => {
            reader.accept_any(&["KEY", "INDEX"]);
            key(KeyKind::Unique, name, reader)?
        }
        Some("KEY" | "INDEX") => key(KeyKind::Plain, None, reader)?,
        Some("FULLTEXT" | "SPATIAL") => {
            reader.accept_any(&["KEY", "INDEX"]);
            key(KeyKind::Plain, None, reader)?
        }
        Some("VECTOR") if is_key(reader) => {
            reader.skip();
            key(KeyKind::Plain, None, reader)?
        }
        Some("FOREIGN") if reader.accept("KEY") => foreign(name, reader)?,
        Some("CHECK") => {
            reader.skip_parentheses().then_some(())?;
            options(reader);
            Element::Nothing
        }
        Some("PERIOD") if reader.accept("FOR") => {
            options(reader);
            Element::Doubt("it has a period")
        }
        _ if constraint.is_some() => return None,
        _ => {
            reader.back_to(mark);
            return Some(None);
        }
    };
    Some(Some(found))
}

/// From behind the word KEY: a name, the columns, options. `constraint` names it where the key itself has no name.
pub(super) fn key(kind: KeyKind, constraint: Option<String>, reader: &mut Reader<'_>) -> Option<Element> {
    reader.accept_all(&["IF", "NOT", "EXISTS"]);
    let mut name = None;
    if !reader.next_is_symbol('(') && !reader.next_is("USING") && !is_type(reader) {
        name = Some(reader.identifier()?);
    }
    if reader.accept_any(&["USING", "TYPE"]) {
        reader.skip();
    }
    let name = if kind == KeyKind::Primary { None } else { name.or(constraint) };
    let (parts, partial, overlaps) = parts(reader)?;
    options(reader);
    if overlaps {
        return Some(Element::Doubt("it has a period"));
    }
    Some(Element::Key(KeySpec { kind, name, parts, partial }))
}

/// `TYPE BTREE`, not a key called type.
fn is_type(reader: &mut Reader<'_>) -> bool {
    let mark = reader.mark();
    let is_type = reader.accept("TYPE") && reader.accept_any(&["BTREE", "HASH", "RTREE"]);
    reader.back_to(mark);
    is_type
}

/// The columns in parentheses; whether one counts with only its beginning; whether it is about a period.
pub(super) fn parts(reader: &mut Reader<'_>) -> Option<(Vec<Option<String>>, bool, bool)> {
    let (mut parts, mut partial, mut overlaps) = (Vec::new(), false, false);
    reader.accept_symbol('(').then_some(())?;
    loop {
        if reader.next_is_symbol('(') {
            reader.skip_parentheses().then_some(())?;
            parts.push(None);
        } else {
            parts.push(Some(reader.column_name()?));
            partial |= reader.skip_parentheses();
        }
        reader.accept_any(&["ASC", "DESC"]);
        overlaps |= reader.accept_all(&["WITHOUT", "OVERLAPS"]);
        if reader.accept_symbol(')') {
            return Some((parts, partial, overlaps));
        }
        reader.accept_symbol(',').then_some(())?;
    }
}

fn foreign(constraint: Option<String>, reader: &mut Reader<'_>) -> Option<Element> {
    reader.accept_all(&["IF", "NOT", "EXISTS"]);
    let index = if reader.next_is_symbol('(') { None } else { Some(reader.identifier()?) };
    let (parts, partial, _) = parts(reader)?;
    reader.accept("REFERENCES").then_some(())?;
    references(reader)?;
    Some(Element::Key(KeySpec { kind: KeyKind::Foreign, name: constraint.or(index), parts, partial }))
}

/// Passes over options, up to a comma or the closing parenthesis around.
pub(super) fn options(reader: &mut Reader<'_>) {
    while !reader.is_empty() && !reader.next_is_symbol(',') && !reader.next_is_symbol(')') {
        if !reader.skip_parentheses() {
            reader.skip();
        }
    }
}
