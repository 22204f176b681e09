//! FORMAT_DESCRIPTION: what the rest of a file looks like.

use std::borrow::Cow;

use crate::{cursor::Cursor, error::DecodeError, event_header::EventKind};

/// How events end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChecksumAlg {
    /// Not known yet: four trailing bytes that are the CRC32 of what precedes them are taken for a checksum, which is
    /// wrong once in 2^32 events. Only the few events before the first FORMAT_DESCRIPTION are read this way.
    #[default]
    Unknown,
    Off,
    Crc32,
}

impl ChecksumAlg {
    /// Bytes the checksum takes at the end of an event.
    pub fn length(self) -> usize {
        if self == ChecksumAlg::Crc32 { 4 } else { 0 }
    }
}

/// Which family of servers wrote the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    MySql,
    MariaDb,
}

/// The first event of every file, as far as it matters to decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatDescription {
    pub binlog_version: u16,
    pub server_version: String,
    pub created: u32,
    pub flavor: Flavor,
    pub checksum: ChecksumAlg,
    /// Post-header length of event type n at index n-1.
    post_header_lengths: Cow<'static, [u8]>,
}

/// What MySQL 5.6 and later write, for events that precede the first FORMAT_DESCRIPTION.
const DEFAULT_POST_HEADER_LENGTHS: [u8; 42] = [
    56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 95, 0, 4, 26, 8, 0, 0, 0, 8, 8, 8, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0,
    18, 52, 0, 10, 0, 0, 0,
];

/// Event types beyond this number exist only on MariaDB.
const MYSQL_EVENT_KINDS: usize = 100;

impl Default for FormatDescription {
    fn default() -> Self {
        FormatDescription {
            binlog_version: 4,
            server_version: String::new(),
            created: 0,
            flavor: Flavor::MySql,
            checksum: ChecksumAlg::Unknown,
            post_header_lengths: Cow::Borrowed(&DEFAULT_POST_HEADER_LENGTHS),
        }
    }
}

impl FormatDescription {
    /// Bytes of the fixed part of an event, `None` where the server did not say.
    pub fn post_header_length(&self, kind: EventKind) -> Option<u8> {
        usize::from(kind.0).checked_sub(1).and_then(|index| self.post_header_lengths.get(index)).copied()
    }

    /// Six bytes since MySQL 5.1.4; four where the fixed part has only room for four.
    pub(crate) fn table_id_length(&self, kind: EventKind) -> usize {
        if self.post_header_length(kind) == Some(6) { 4 } else { 6 }
    }

    /// `cursor` stands behind the header and covers everything up to the event's end, checksum included.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<FormatDescription, DecodeError> {
        let binlog_version = cursor.u16("binlog version")?;
        if binlog_version != 4 {
            return Err(cursor.unsupported(format!("binary log version {binlog_version} (4 is wanted)")));
        }
        let version = cursor.take(50, "server version")?;
        let version = version.split(|b| *b == 0).next().unwrap_or_default();
        let server_version = String::from_utf8_lossy(version).into_owned();
        let created = cursor.u32("creation time")?;
        let header_length = cursor.u8("header length")?;
        if header_length != 19 {
            return Err(cursor.malformed("header length 19", header_length.to_string()));
        }
        let rest = cursor.take_rest();
        let (lengths, checksum) = if knows_checksums(&server_version) {
            // Algorithm byte and four bytes of checksum are there even where checksums are off.
            let Some((lengths, &[algorithm, _, _, _, _])) = rest.split_last_chunk::<5>() else {
                return Err(cursor.truncated(5, "checksum algorithm"));
            };
            (lengths, algorithm)
        } else {
            (rest, 0)
        };
        let checksum = match checksum {
            0 | 255 => ChecksumAlg::Off,
            1 => ChecksumAlg::Crc32,
            other => return Err(cursor.unsupported(format!("checksum algorithm {other}"))),
        };
        let is_mariadb = lengths.len() > MYSQL_EVENT_KINDS || server_version.to_ascii_lowercase().contains("mariadb");
        Ok(FormatDescription {
            binlog_version,
            server_version,
            created,
            flavor: if is_mariadb { Flavor::MariaDb } else { Flavor::MySql },
            checksum,
            post_header_lengths: Cow::Owned(lengths.to_vec()),
        })
    }
}

/// MySQL since 5.6.1, MariaDB since 5.3.0.
fn knows_checksums(server_version: &str) -> bool {
    let mut parts = server_version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let version = (next(), next(), next());
    let first = if server_version.to_ascii_lowercase().contains("mariadb") { (5, 3, 0) } else { (5, 6, 1) };
    version >= first
}
