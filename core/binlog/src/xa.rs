//! Two-phase commit: XA PREPARE in the log.

use std::fmt;

use crate::{cursor::Cursor, error::DecodeError};

/// Name of a distributed transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Xid<'a> {
    pub format_id: u32,
    pub gtrid: &'a [u8],
    pub bqual: &'a [u8],
}

/// As the servers write it in XA COMMIT, in lower case: `x'…',x'…',1`.
impl fmt::Display for Xid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        write!(f, "x'{}',x'{}',{}", hex(self.gtrid), hex(self.bqual), self.format_id)
    }
}

/// Ends the first group of a distributed transaction. With `one_phase` it is committed with this event; else its rows
/// take effect only with a later XA COMMIT in a group of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XaPrepare<'a> {
    pub one_phase: bool,
    pub xid: Xid<'a>,
}

impl<'a> XaPrepare<'a> {
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let one_phase = cursor.u8("XA ONE PHASE")? != 0;
        let format_id = cursor.u32("XA format")?;
        let (gtrid, bqual) = (cursor.u32("XA gtrid length")?, cursor.u32("XA bqual length")?);
        let xid = Xid {
            format_id,
            gtrid: cursor.take(gtrid as usize, "XA gtrid")?,
            bqual: cursor.take(bqual as usize, "XA bqual")?,
        };
        Ok(XaPrepare { one_phase, xid })
    }
}
