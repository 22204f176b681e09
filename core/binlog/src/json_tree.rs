//! MySQL's binary JSON as a tree that can be changed and written again. Only changes inside of documents need it: reading
//! goes without (see [`crate::jsonb`]).

use crate::{
    error::DecodeError,
    jsonb::{
        self, DOUBLE, INT16, INT32, INT64, LARGE_ARRAY, LARGE_OBJECT, LITERAL, MAX_DEPTH, OPAQUE, SMALL_ARRAY,
        SMALL_OBJECT, STRING, UINT16, UINT32, UINT64, Width, malformed, slice, variable_end,
    },
};

/// A value, its bytes borrowed from where it was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    /// Keys in stored order: shorter ones first, then by their bytes.
    Object(Vec<(Key<'a>, Node<'a>)>),
    Array(Vec<Node<'a>>),
    /// The type and the value's own bytes.
    Scalar(u8, &'a [u8]),
}

/// A key of a document, or of a path, where escapes may have been resolved.
pub(crate) type Key<'a> = std::borrow::Cow<'a, [u8]>;

/// Reads a document: type byte and value. An empty one is `null`, as for the server.
pub(crate) fn read(document: &[u8]) -> Result<Node<'_>, DecodeError> {
    let mut reader = Reader { visits_left: document.len() };
    match document.split_first() {
        None => Ok(Node::Scalar(LITERAL, &[0])),
        Some((kind, data)) => reader.value(*kind, data, 0),
    }
}

struct Reader {
    /// Each value has bytes of its own; more values than bytes means that offsets point to shared bytes.
    visits_left: usize,
}

impl Reader {
    fn value<'a>(&mut self, kind: u8, data: &'a [u8], depth: usize) -> Result<Node<'a>, DecodeError> {
        match kind {
            SMALL_OBJECT => self.container(data, Width::Small, true, depth),
            LARGE_OBJECT => self.container(data, Width::Large, true, depth),
            SMALL_ARRAY => self.container(data, Width::Small, false, depth),
            LARGE_ARRAY => self.container(data, Width::Large, false, depth),
            _ => scalar(kind, data),
        }
    }

    fn container<'a>(
        &mut self,
        data: &'a [u8],
        width: Width,
        object: bool,
        depth: usize,
    ) -> Result<Node<'a>, DecodeError> {
        if depth >= MAX_DEPTH {
            return Err(malformed("at most 100 levels", "more"));
        }
        let container = jsonb::Container::read(data, width, object)?;
        self.visits_left = match self.visits_left.checked_sub(container.count) {
            Some(left) => left,
            None => return Err(malformed("values with bytes of their own", "overlapping values")),
        };
        let value = |reader: &mut Self, index: usize| {
            let (kind, bytes, inlined) = container.entry(index)?;
            if inlined { scalar(kind, bytes) } else { reader.value(kind, bytes, depth + 1) }
        };
        if object {
            let member = |index: usize| Ok((Key::Borrowed(container.key(index)?), value(self, index)?));
            return Ok(Node::Object((0..container.count).map(member).collect::<Result<_, DecodeError>>()?));
        }
        Ok(Node::Array((0..container.count).map(|index| value(self, index)).collect::<Result<_, DecodeError>>()?))
    }
}

fn scalar(kind: u8, data: &[u8]) -> Result<Node<'_>, DecodeError> {
    let length = match kind {
        LITERAL => 1,
        INT16 | UINT16 => 2,
        INT32 | UINT32 => 4,
        INT64 | UINT64 | DOUBLE => 8,
        STRING => variable_end(data, 0)?,
        OPAQUE => variable_end(data, 1)?,
        other => return Err(malformed("type of a JSON value", other.to_string())),
    };
    Ok(Node::Scalar(kind, slice(data, 0, length)?))
}

impl Node<'_> {
    /// Appends type byte and value.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let at = out.len();
        out.push(0);
        let kind = self.write_value(out, 0)?;
        if let Some(place) = out.get_mut(at) {
            *place = kind;
        }
        Ok(())
    }

    /// Appends the value alone, and answers its type.
    fn write_value(&self, out: &mut Vec<u8>, depth: usize) -> Result<u8, DecodeError> {
        let (small, large) = match self {
            Node::Scalar(kind, bytes) => {
                out.extend_from_slice(bytes);
                return Ok(*kind);
            }
            Node::Object(_) => (SMALL_OBJECT, LARGE_OBJECT),
            Node::Array(_) => (SMALL_ARRAY, LARGE_ARRAY),
        };
        if depth >= MAX_DEPTH {
            return Err(malformed("at most 100 levels", "more"));
        }
        let keys: Vec<&[u8]> = match self {
            Node::Object(members) => members.iter().map(|(key, _)| key.as_ref()).collect(),
            _ => Vec::new(),
        };
        let mut values = Vec::new();
        let mut ends = Vec::new();
        let mut write = |node: &Node<'_>| {
            let kind = node.write_value(&mut values, depth + 1)?;
            ends.push((kind, values.len()));
            Ok::<(), DecodeError>(())
        };
        match self {
            Node::Object(members) => members.iter().try_for_each(|(_, node)| write(node))?,
            Node::Array(elements) => elements.iter().try_for_each(&mut write)?,
            Node::Scalar(..) => {}
        }
        let body = Body { keys: &keys, values: &values, ends: &ends };
        if body.append(Width::Small, out)? {
            return Ok(small);
        }
        match body.append(Width::Large, out)? {
            true => Ok(large),
            false => Err(malformed("a document below 4 GB", "a larger one")),
        }
    }
}

/// The parts of a container that is put together; no keys where it is an array.
struct Body<'a> {
    keys: &'a [&'a [u8]],
    values: &'a [u8],
    /// Type and end in `values` of each value.
    ends: &'a [(u8, usize)],
}

impl Body<'_> {
    /// False, with nothing appended, where it does not fit the width.
    fn append(&self, width: Width, out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        let unit = width.bytes();
        let count = self.ends.len();
        let keys_at = 2 * unit + self.keys.len() * (unit + 2) + count * (1 + unit);
        let key_bytes: usize = self.keys.iter().map(|key| key.len()).sum();
        let values_at = keys_at + key_bytes;
        let spans = || {
            let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
            starts.zip(self.ends).map(|(start, (kind, end))| (*kind, start, *end))
        };
        let inlined: usize = spans().filter(|(kind, ..)| width.holds(*kind)).map(|(_, start, end)| end - start).sum();
        let size = values_at + self.values.len() - inlined;
        if size > width.most() {
            return Ok(false);
        }
        width.push(out, count);
        width.push(out, size);
        let mut at = keys_at;
        for key in self.keys {
            let length = u16::try_from(key.len()).map_err(|_| malformed("key below 64 KB", "a longer one"))?;
            width.push(out, at);
            out.extend_from_slice(&length.to_le_bytes());
            at += key.len();
        }
        for (kind, start, end) in spans() {
            out.push(kind);
            if width.holds(kind) {
                let bytes = slice(self.values, start, end - start)?;
                out.extend_from_slice(bytes);
                out.extend(std::iter::repeat_n(0, unit.saturating_sub(bytes.len())));
            } else {
                width.push(out, at);
                at += end - start;
            }
        }
        self.keys.iter().for_each(|key| out.extend_from_slice(key));
        for (_, start, end) in spans().filter(|(kind, ..)| !width.holds(*kind)) {
            out.extend_from_slice(slice(self.values, start, end - start)?);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonb::text;

    #[test]
    fn what_is_read_and_written_again_says_the_same() {
        let long = vec![b'x'; 70_000];
        let mut long_string = vec![0xf0, 0xa2, 0x04];
        long_string.extend(&long);
        for (node, expected) in [
            (Node::Array(vec![]), "[]".to_owned()),
            (Node::Object(vec![]), "{}".to_owned()),
            (Node::Array(vec![Node::Scalar(LITERAL, &[1]), Node::Scalar(INT16, &[255, 255])]), "[true, -1]".to_owned()),
            (
                Node::Object(vec![
                    (Key::Borrowed(b"a"), Node::Scalar(INT32, &[0, 0, 1, 0])),
                    (Key::Borrowed(b"bb"), Node::Array(vec![Node::Scalar(STRING, &[1, b'x'])])),
                ]),
                r#"{"a": 65536, "bb": ["x"]}"#.to_owned(),
            ),
            // Too large for offsets of two bytes, and with an integer that then is in its entry.
            (
                Node::Array(vec![Node::Scalar(STRING, &long_string), Node::Scalar(INT32, &[0, 0, 1, 0])]),
                format!(r#"["{}", 65536]"#, "x".repeat(70_000)),
            ),
        ] {
            let mut document = Vec::new();
            node.write(&mut document).unwrap();
            assert_eq!(text(&document), expected);
            assert_eq!(read(&document).unwrap(), node);
        }
    }
}
