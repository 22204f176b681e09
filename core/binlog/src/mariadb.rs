//! Events only MariaDB writes: its transaction identifiers, checkpoints and the announcement of encryption.

use crate::{cursor::Cursor, error::DecodeError, xa::Xid};

/// What opens a transaction (or stands before a single statement) on MariaDB. There is no BEGIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MariaDbGtid<'a> {
    pub domain_id: u32,
    /// From the event's header.
    pub server_id: u32,
    pub sequence: u64,
    pub flags: u8,
    /// Transactions with the same id were committed together on the source.
    pub commit_id: Option<u64>,
    /// The prepared transaction this group prepares or completes.
    pub xid: Option<Xid<'a>>,
    /// Second byte of flags, MariaDB 10.8 and later.
    pub extra_flags: u8,
}

impl<'a> MariaDbGtid<'a> {
    /// One statement without COMMIT follows (DDL mostly).
    pub const STANDALONE: u8 = 1;
    pub const GROUP_COMMIT_ID: u8 = 2;
    /// Everything in it can be rolled back.
    pub const TRANSACTIONAL: u8 = 4;
    pub const ALLOW_PARALLEL: u8 = 8;
    pub const WAITED: u8 = 16;
    pub const DDL: u8 = 32;
    /// XA PREPARE ends the group.
    pub const PREPARED_XA: u8 = 64;
    /// XA COMMIT or XA ROLLBACK of an earlier group.
    pub const COMPLETED_XA: u8 = 128;

    /// Extra flags: the three events of an ALTER in two phases (`binlog_alter_two_phase`). Each has the statement behind it.
    pub const START_ALTER: u8 = 2;
    pub const COMMIT_ALTER: u8 = 4;
    pub const ROLLBACK_ALTER: u8 = 8;

    pub fn is_standalone(&self) -> bool {
        self.flags & Self::STANDALONE != 0
    }

    pub fn is_ddl(&self) -> bool {
        self.flags & Self::DDL != 0
    }

    /// The statement behind it is one that was only announced, or has failed after that: it changes nothing.
    pub fn is_without_effect(&self) -> bool {
        self.extra_flags & (Self::START_ALTER | Self::ROLLBACK_ALTER) != 0
    }

    pub(crate) fn parse(cursor: &mut Cursor<'a>, server_id: u32) -> Result<Self, DecodeError> {
        let sequence = cursor.u64("GTID sequence")?;
        let domain_id = cursor.u32("GTID domain")?;
        let flags = cursor.u8("GTID flags")?;
        let commit_id = if flags & Self::GROUP_COMMIT_ID != 0 { Some(cursor.u64("group commit id")?) } else { None };
        let xid = if flags & (Self::PREPARED_XA | Self::COMPLETED_XA) != 0 {
            let format_id = cursor.u32("XA format")?;
            let (gtrid, bqual) = (cursor.u8("XA gtrid length")?, cursor.u8("XA bqual length")?);
            Some(Xid {
                format_id,
                gtrid: cursor.take(gtrid.into(), "XA gtrid")?,
                bqual: cursor.take(bqual.into(), "XA bqual")?,
            })
        } else {
            None
        };
        // Short events are padded with zeros, which read as "no extra flags".
        let extra_flags = if cursor.is_empty() { 0 } else { cursor.u8("GTID extra flags")? };
        Ok(MariaDbGtid { domain_id, server_id, sequence, flags, commit_id, xid, extra_flags })
    }
}

/// Last transaction of every domain and server in earlier files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MariaDbGtidList {
    pub flags: u8,
    /// (domain, server, sequence)
    pub gtids: Vec<(u32, u32, u64)>,
}

impl MariaDbGtidList {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let head = cursor.u32("number of GTIDs")?;
        let mut gtids = Vec::new();
        for _ in 0..head & 0x0fff_ffff {
            gtids.push((cursor.u32("GTID domain")?, cursor.u32("GTID server")?, cursor.u64("GTID sequence")?));
        }
        Ok(MariaDbGtidList { flags: (head >> 28) as u8, gtids })
    }
}
