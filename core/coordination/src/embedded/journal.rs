//! The persistent nodes of an embedded tree in one file of checksummed records.
//!
//! Layout: the line [`MAGIC`], then records. A record is `length: u32`, `crc32(length): u32`, `crc32(payload): u32`
//! and `payload`, little endian. A payload is the outcome of one change or one `multi`: entries of `tag: u8` (1 put,
//! 2 removed), `path length: u16`, `path`, and for a put `version: i32`, `next sequence: u32`, `data length: u32`,
//! `data`. Every record is on the disk before the change is answered, so only the last one can be torn.

use crate::path::Path;
use crate::store::Version;
use crate::tree::Entry;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path as FilePath, PathBuf};

const MAGIC: &[u8] = b"replicator tree 1\n";
const HEADER_BYTES: usize = 12;

/// The journal is written anew, without what was overwritten, when it is longer than this and than
/// [`COMPACT_FACTOR`] times what it would then be.
const COMPACT_BYTES_MIN: u64 = 1 << 20;
const COMPACT_FACTOR: u64 = 4;

/// A nonsensical length is not read into memory.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// What became of nodes, by path; `None` for one that is gone.
pub(super) type Changes = BTreeMap<Path, Option<Entry>>;

/// An open journal, positioned at its end.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    length: u64,
    /// Length after the last compaction.
    compacted_length: u64,
    /// Set when it is not known what the file holds: nothing may be written any more.
    broken: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} is damaged at byte {offset}: {problem}")]
    Damaged { path: PathBuf, offset: u64, problem: &'static str },
}

impl Journal {
    /// Reads what is there, cuts off a torn last record, and answers the nodes.
    pub(super) fn open(path: &FilePath) -> Result<(Self, Changes), JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(io)?;
        let (nodes, length) = if content.len() < MAGIC.len() && MAGIC.starts_with(&content) {
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            file.write_all(MAGIC).map_err(io)?;
            (Changes::new(), MAGIC.len())
        } else {
            replay(&content).map_err(|(offset, problem)| JournalError::Damaged {
                path: path.to_owned(),
                offset,
                problem,
            })?
        };
        if length < content.len() {
            tracing::warn!(file = %path.display(), bytes = content.len() - length, "cut a torn record off the journal");
        }
        let length = length as u64;
        file.set_len(length).map_err(io)?;
        file.sync_all().map_err(io)?;
        sync_folder(path).map_err(io)?;
        file.seek(SeekFrom::Start(length)).map_err(io)?;
        Ok((Self { file, path: path.to_owned(), length, compacted_length: length, broken: None }, nodes))
    }

    /// Puts a change on the disk. After an error nothing of it is there.
    pub(super) fn append(&mut self, changes: &Changes) -> Result<(), String> {
        if let Some(problem) = &self.broken {
            return Err(format!("{problem}; nothing is written until a restart"));
        }
        let record = encode_record(changes.iter().map(|(path, entry)| (path, entry.as_ref())));
        let written = self.file.write_all(&record);
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // After a failed fsync nobody knows what is on the disk; cutting the record off again is the best attempt.
            let cut = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            let cut = cut.and_then(|_| self.file.sync_all());
            let problem = format!("{}: {error}", self.path.display());
            if cut.is_err() {
                self.broken = Some(problem.clone());
            }
            return Err(problem);
        }
        self.length += record.len() as u64;
        Ok(())
    }

    pub(super) fn wants_compaction(&self) -> bool {
        self.length > COMPACT_BYTES_MIN && self.length > COMPACT_FACTOR * self.compacted_length
    }

    /// Writes a new journal of `nodes` alone and puts it in the place of the old one in one step.
    pub(super) fn compact<'a>(&mut self, nodes: impl Iterator<Item = (&'a Path, &'a Entry)>) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&fresh)?;
        let mut length = MAGIC.len() as u64;
        file.write_all(MAGIC)?;
        for (path, entry) in nodes {
            let record = encode_record(std::iter::once((path, Some(entry))));
            file.write_all(&record)?;
            length += record.len() as u64;
        }
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        sync_folder(&self.path)?;
        (self.file, self.length, self.compacted_length) = (file, length, length);
        Ok(())
    }
}

fn sync_folder(file: &FilePath) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The nodes that a journal describes and how many of its bytes are whole records.
fn replay(content: &[u8]) -> Result<(Changes, usize), (u64, &'static str)> {
    if !content.starts_with(MAGIC) {
        return Err((0, "it is not a journal of this program"));
    }
    let (mut nodes, mut at) = (Changes::new(), MAGIC.len());
    while let Some(rest) = content.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(payload) = record(rest) else {
            if (at + 1..content.len()).any(|later| content.get(later..).and_then(record).is_some()) {
                return Err((at as u64, "a record is broken and whole ones follow"));
            }
            break;
        };
        let changes = decode_payload(payload).ok_or((at as u64, "a whole record makes no sense"))?;
        for (path, entry) in changes {
            match entry {
                Some(entry) => nodes.insert(path, Some(entry)),
                None => nodes.remove(&path),
            };
        }
        at += HEADER_BYTES + payload.len();
    }
    Ok((nodes, at))
}

/// The payload of the record that `bytes` start with, if it is whole.
fn record(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader(bytes);
    let length_bytes = reader.take(4)?;
    let length = u32::from_le_bytes(length_bytes.try_into().ok()?) as usize;
    if reader.u32()? != crc32fast::hash(length_bytes) || length > RECORD_BYTES_MAX {
        return None;
    }
    let checksum = reader.u32()?;
    let payload = reader.take(length)?;
    (crc32fast::hash(payload) == checksum).then_some(payload)
}

fn encode_record<'a>(changes: impl Iterator<Item = (&'a Path, Option<&'a Entry>)>) -> Vec<u8> {
    let mut payload = Vec::new();
    for (path, entry) in changes {
        payload.push(if entry.is_some() { 1 } else { 2 });
        payload.extend((path.as_str().len() as u16).to_le_bytes());
        payload.extend(path.as_str().as_bytes());
        if let Some(entry) = entry {
            payload.extend(entry.version.0.to_le_bytes());
            payload.extend(entry.next_sequence.to_le_bytes());
            payload.extend((entry.data.len() as u32).to_le_bytes());
            payload.extend(&entry.data);
        }
    }
    let length = (payload.len() as u32).to_le_bytes();
    let mut record = Vec::with_capacity(HEADER_BYTES + payload.len());
    record.extend(length);
    record.extend(crc32fast::hash(&length).to_le_bytes());
    record.extend(crc32fast::hash(&payload).to_le_bytes());
    record.extend(payload);
    record
}

fn decode_payload(payload: &[u8]) -> Option<Vec<(Path, Option<Entry>)>> {
    let mut reader = Reader(payload);
    let mut changes = Vec::new();
    while !reader.0.is_empty() {
        let tag = reader.take(1)?[0];
        let path_length = u16::from_le_bytes(reader.take(2)?.try_into().ok()?);
        let path = std::str::from_utf8(reader.take(path_length.into())?).ok()?;
        let path = Path::new(path).ok()?;
        let entry = match tag {
            1 => {
                let version = Version(reader.u32()? as i32);
                let next_sequence = reader.u32()?;
                let data_length = reader.u32()? as usize;
                let data = Bytes::copy_from_slice(reader.take(data_length)?);
                Some(Entry { data, version, owner: None, next_sequence })
            }
            2 => None,
            _ => return None,
        };
        changes.push((path, entry));
    }
    Some(changes)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(data: &str) -> Option<Entry> {
        let data = Bytes::copy_from_slice(data.as_bytes());
        Some(Entry { data, version: Version(3), owner: None, next_sequence: 7 })
    }

    fn change(path: &str, entry: Option<Entry>) -> Changes {
        Changes::from([(Path::new(path).unwrap(), entry)])
    }

    /// A journal of three records in a temporary folder.
    fn journal() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tree.journal");
        let (mut journal, nodes) = Journal::open(&path).unwrap();
        assert!(nodes.is_empty());
        journal.append(&change("/a", entry("first"))).unwrap();
        journal.append(&change("/b", entry("second"))).unwrap();
        journal.append(&change("/a", None)).unwrap();
        let content = std::fs::read(&path).unwrap();
        (folder, path, content)
    }

    #[test]
    fn what_was_appended_is_read_back() {
        let (_folder, path, _) = journal();
        let (_, nodes) = Journal::open(&path).unwrap();
        assert_eq!(nodes, change("/b", entry("second")));
    }

    #[test]
    fn a_last_record_torn_at_any_byte_is_cut_off_and_the_rest_kept() {
        let (_folder, path, content) = journal();
        let last = encode_record(change("/a", None).keys().map(|path| (path, None))).len();
        for kept in content.len() - last..content.len() {
            std::fs::write(&path, &content[..kept]).unwrap();
            let (mut journal, nodes) = Journal::open(&path).unwrap();
            assert_eq!(nodes.len(), 2, "torn after {kept} bytes");
            journal.append(&change("/c", entry("third"))).unwrap();
            assert_eq!(Journal::open(&path).unwrap().1.len(), 3);
        }
    }

    #[test]
    fn a_bit_that_flipped_before_the_last_record_is_an_error_and_never_a_silent_loss() {
        let (_folder, path, content) = journal();
        let last = encode_record(change("/a", None).keys().map(|path| (path, None))).len();
        for byte in 0..content.len() - last {
            let mut broken = content.clone();
            broken[byte] ^= 0x10;
            std::fs::write(&path, &broken).unwrap();
            assert!(matches!(Journal::open(&path), Err(JournalError::Damaged { .. })), "byte {byte}");
        }
    }

    #[test]
    fn compaction_keeps_the_nodes_and_sheds_the_history() {
        let (_folder, path, content) = journal();
        let (mut journal, nodes) = Journal::open(&path).unwrap();
        journal.compact(nodes.iter().filter_map(|(path, entry)| Some((path, entry.as_ref()?)))).unwrap();
        journal.append(&change("/c", entry("third"))).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < content.len() as u64);
        let (_, nodes) = Journal::open(&path).unwrap();
        assert_eq!(nodes.keys().map(Path::as_str).collect::<Vec<_>>(), ["/b", "/c"]);
    }
}
