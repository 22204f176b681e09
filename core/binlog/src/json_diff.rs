//! Changes inside of JSON documents, as `binlog_row_value_options=PARTIAL_JSON` logs them: applied to the document
//! before. Format and meaning: `json_diff.cc` in MySQL's sources.

use crate::{
    cursor::Cursor,
    error::DecodeError,
    event_header::EventKind,
    json_tree::{self, Key, Node},
    jsonb::malformed,
};

const REPLACE: u8 = 0;
const INSERT: u8 = 1;
const REMOVE: u8 = 2;

/// Appends the document that results from the changes `diffs` to `document`, both in MySQL's binary form. On an error
/// `out` is as before.
///
/// Errors: bytes that are no document or no changes; a change of something that is not there, which says that the two
/// do not belong together.
pub fn apply_json_diffs(document: &[u8], diffs: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut root = json_tree::read(document)?;
    let mut cursor = Cursor::new(diffs, 0, EventKind::PARTIAL_UPDATE_ROWS);
    while !cursor.is_empty() {
        let operation = cursor.u8("JSON operation")?;
        let path = cursor.lenenc_bytes("JSON path")?;
        let value = match operation {
            REPLACE | INSERT => Some(json_tree::read(cursor.lenenc_bytes("JSON value")?)?),
            REMOVE => None,
            other => return Err(cursor.malformed("REPLACE, INSERT or REMOVE", other.to_string())),
        };
        change(&mut root, operation, path, value)?;
    }
    let start = out.len();
    root.write(out).inspect_err(|_| out.truncate(start))
}

fn change<'a>(root: &mut Node<'a>, operation: u8, path: &'a [u8], value: Option<Node<'a>>) -> Result<(), DecodeError> {
    let mut legs = legs(path)?;
    let absent = || malformed("JSON path that is in the document", String::from_utf8_lossy(path).into_owned());
    let Some(last) = legs.pop() else {
        // The whole document.
        return match (operation, value) {
            (REPLACE, Some(value)) => {
                *root = value;
                Ok(())
            }
            _ => Err(absent()),
        };
    };
    let parent = legs.iter().try_fold(root, |node, leg| child(node, leg)).ok_or_else(absent)?;
    match (operation, value) {
        (REPLACE, Some(value)) => *child(parent, &last).ok_or_else(absent)? = value,
        (INSERT, Some(value)) => match (parent, last) {
            (Node::Array(elements), Leg::Index(index)) => elements.insert(index.min(elements.len()), value),
            (Node::Object(members), Leg::Member(key)) => match place(members, &key) {
                Err(at) => members.insert(at, (key, value)),
                Ok(_) => return Err(malformed("JSON path that is free", String::from_utf8_lossy(path).into_owned())),
            },
            _ => return Err(absent()),
        },
        _ => match (parent, last) {
            (Node::Array(elements), Leg::Index(index)) if index < elements.len() => {
                elements.remove(index);
            }
            (Node::Object(members), Leg::Member(key)) => {
                members.remove(place(members, &key).map_err(|_| absent())?);
            }
            _ => return Err(absent()),
        },
    }
    Ok(())
}

fn child<'n, 'a>(node: &'n mut Node<'a>, leg: &Leg<'_>) -> Option<&'n mut Node<'a>> {
    match (node, leg) {
        (Node::Array(elements), Leg::Index(index)) => elements.get_mut(*index),
        (Node::Object(members), Leg::Member(key)) => {
            let at = place(members, key).ok()?;
            members.get_mut(at).map(|(_, node)| node)
        }
        _ => None,
    }
}

/// Where a key is, or belongs: shorter keys first, then by their bytes.
fn place(members: &[(Key<'_>, Node<'_>)], key: &[u8]) -> Result<usize, usize> {
    members.binary_search_by(|(other, _)| other.len().cmp(&key.len()).then_with(|| (**other).cmp(key)))
}

#[derive(Debug, Clone, PartialEq)]
enum Leg<'a> {
    Member(Key<'a>),
    Index(usize),
}

/// The legs of a path such as `$.a[3]."two words"`.
fn legs(path: &[u8]) -> Result<Vec<Leg<'_>>, DecodeError> {
    let wrong = || malformed("JSON path", String::from_utf8_lossy(path).into_owned());
    let mut rest = path.strip_prefix(b"$").ok_or_else(wrong)?;
    let mut legs = Vec::new();
    while let Some((mark, behind)) = rest.split_first() {
        rest = match mark {
            b'[' => {
                let end = behind.iter().position(|byte| *byte == b']').ok_or_else(wrong)?;
                let (digits, behind) = behind.split_at(end);
                let index = std::str::from_utf8(digits).ok().and_then(|digits| digits.trim().parse().ok());
                legs.push(Leg::Index(index.ok_or_else(wrong)?));
                behind.get(1..).unwrap_or_default()
            }
            b'.' if behind.first() == Some(&b'"') => {
                let quoted = behind.get(1..).unwrap_or_default();
                let end = closing_quote(quoted).ok_or_else(wrong)?;
                let (key, behind) = quoted.split_at(end);
                legs.push(Leg::Member(unescaped(key).ok_or_else(wrong)?));
                behind.get(1..).unwrap_or_default()
            }
            b'.' => {
                let end = behind.iter().position(|byte| matches!(byte, b'.' | b'[')).unwrap_or(behind.len());
                let (key, behind) = behind.split_at(end);
                legs.push(Leg::Member(Key::Borrowed(key)));
                behind
            }
            _ => return Err(wrong()),
        };
    }
    Ok(legs)
}

fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| match byte {
        _ if escaped => {
            escaped = false;
            false
        }
        b'\\' => {
            escaped = true;
            false
        }
        byte => *byte == b'"',
    })
}

/// A JSON string without its quotes. The server escapes what has to be escaped, and control characters as `\u00nn`.
fn unescaped(text: &[u8]) -> Option<Key<'_>> {
    if !text.contains(&b'\\') {
        return Some(Key::Borrowed(text));
    }
    let mut key = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, behind) = rest.split_at(at);
        key.extend_from_slice(plain);
        let (escape, mut behind) = behind.get(1..)?.split_first()?;
        match escape {
            b'b' => key.push(8),
            b'f' => key.push(12),
            b'n' => key.push(b'\n'),
            b'r' => key.push(b'\r'),
            b't' => key.push(b'\t'),
            b'u' => {
                let (digits, after) = behind.split_at_checked(4)?;
                let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
                key.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut [0; 4]).as_bytes());
                behind = after;
            }
            other => key.push(*other),
        }
        rest = behind;
    }
    key.extend_from_slice(rest);
    Some(Key::Owned(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonb::{INT16, LITERAL, STRING, text};

    fn document() -> Vec<u8> {
        let array = Node::Array(vec![Node::Scalar(INT16, &[1, 0]), Node::Scalar(INT16, &[2, 0])]);
        let members =
            vec![(Key::Borrowed(&b"a"[..]), array), (Key::Borrowed(b"two words"), Node::Scalar(STRING, &[1, b'x']))];
        let mut document = Vec::new();
        Node::Object(members).write(&mut document).unwrap();
        document
    }

    fn diff(operation: u8, path: &str, value: Option<&[u8]>) -> Vec<u8> {
        let mut diff = vec![operation, path.len() as u8];
        diff.extend(path.as_bytes());
        if let Some(value) = value {
            diff.push(value.len() as u8);
            diff.extend(value);
        }
        diff
    }

    #[test]
    fn each_operation_at_each_kind_of_path() {
        let truth: &[u8] = &[LITERAL, 1];
        for (operation, path, value, expected) in [
            (REPLACE, "$", Some(truth), "true"),
            (REPLACE, "$.a", Some(truth), r#"{"a": true, "two words": "x"}"#),
            (REPLACE, "$.a[1]", Some(truth), r#"{"a": [1, true], "two words": "x"}"#),
            (REPLACE, r#"$."two words""#, Some(truth), r#"{"a": [1, 2], "two words": true}"#),
            (INSERT, "$.a[0]", Some(truth), r#"{"a": [true, 1, 2], "two words": "x"}"#),
            (INSERT, "$.a[99]", Some(truth), r#"{"a": [1, 2, true], "two words": "x"}"#),
            (INSERT, "$.b", Some(truth), r#"{"a": [1, 2], "b": true, "two words": "x"}"#),
            (INSERT, r#"$."q\"\u0001""#, Some(truth), r#"{"a": [1, 2], "q\"\u0001": true, "two words": "x"}"#),
            (REMOVE, "$.a[0]", None, r#"{"a": [2], "two words": "x"}"#),
            (REMOVE, "$.a", None, r#"{"two words": "x"}"#),
        ] {
            let mut out = Vec::new();
            apply_json_diffs(&document(), &diff(operation, path, value), &mut out).unwrap();
            assert_eq!(text(&out), expected, "{operation} {path}");
        }
    }

    #[test]
    fn a_change_of_what_is_not_there_is_refused() {
        let truth: &[u8] = &[LITERAL, 1];
        for (operation, path, value) in [
            (REPLACE, "$.b", Some(truth)),
            (REPLACE, "$.a[2]", Some(truth)),
            (REPLACE, "$.a.a", Some(truth)),
            (INSERT, "$.a", Some(truth)),
            (INSERT, "$", Some(truth)),
            (INSERT, "$.a.b", Some(truth)),
            (REMOVE, "$", None),
            (REMOVE, "$.c", None),
            (REMOVE, "$.a[2]", None),
            (REPLACE, "a", Some(truth)),
            (REPLACE, "$x", Some(truth)),
            (REPLACE, "$[", Some(truth)),
            (REPLACE, r#"$.""#, Some(truth)),
            (9, "$.a", Some(truth)),
        ] {
            let mut out = b"kept".to_vec();
            let applied = apply_json_diffs(&document(), &diff(operation, path, value), &mut out);
            assert!(applied.is_err(), "{operation} {path}");
            assert_eq!(out, b"kept");
        }
    }
}
