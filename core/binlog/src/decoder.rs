//! Raw event bytes to [`Event`]s.

use crate::{
    cursor::Cursor,
    deflate,
    error::DecodeError,
    event::{Event, EventBody},
    event_header::{EventHeader, EventKind, HEADER_LENGTH},
    format_description::{ChecksumAlg, FormatDescription},
    gtid::{MysqlGtid, PreviousGtids},
    mariadb::{MariaDbGtid, MariaDbGtidList},
    partial_update::PartialUpdate,
    payload::TransactionPayload,
    query::Query,
    rows::RowsEvent,
    statement::{BeginLoadQuery, ExecuteLoadQuery, Intvar, Rand, UserVar},
    table_map::TableMapEvent,
    xa::XaPrepare,
};

/// Most bytes a MariaDB compressed event may inflate to: the servers' largest `max_allowed_packet`.
pub const MAX_INFLATED_EVENT: u32 = 1 << 30;

/// Decodes the events of one connection or file in order. Keeps the format the last FORMAT_DESCRIPTION announced and
/// nothing else; a new connection wants a new decoder.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    format: FormatDescription,
}

impl Decoder {
    /// For the start of a connection or file: checksums are recognised by their value until the first
    /// FORMAT_DESCRIPTION says whether there are any.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Decoder::new`] where it is known how events end.
    pub fn with_checksum(checksum: ChecksumAlg) -> Self {
        let mut decoder = Self::default();
        decoder.format.checksum = checksum;
        decoder
    }

    /// The format in force.
    pub fn format(&self) -> &FormatDescription {
        &self.format
    }

    /// Decodes one event: `raw` is header, body and checksum, exactly. The checksum is verified where there is one.
    pub fn decode<'a>(&mut self, raw: &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let header = whole_header(raw)?;
        if header.kind == EventKind::FORMAT_DESCRIPTION {
            return self.format_description(header, raw);
        }
        let raw = without_checksum(raw, header.kind, self.format.checksum)?;
        self.body(header, raw)
    }

    /// Decodes an event from inside a TRANSACTION_PAYLOAD: without checksum, and never a payload itself.
    pub fn decode_inner<'a>(&self, raw: &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let header = whole_header(raw)?;
        if matches!(header.kind, EventKind::TRANSACTION_PAYLOAD | EventKind::FORMAT_DESCRIPTION) {
            return Err(Cursor::new(raw, 0, header.kind).malformed("event of a transaction", "another"));
        }
        self.body(header, raw)
    }

    fn format_description<'a>(&mut self, header: EventHeader, raw: &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let mut cursor = Cursor::new(raw, 0, header.kind);
        cursor.take(HEADER_LENGTH, "event header")?;
        let format = FormatDescription::parse(&mut cursor)?;
        if format.checksum == ChecksumAlg::Crc32 {
            verify_format_description(raw)?;
        }
        self.format = format.clone();
        Ok(Event { header, body: EventBody::FormatDescription(format) })
    }

    /// `raw` ends before the checksum.
    fn body<'a>(&self, header: EventHeader, raw: &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let mut cursor = Cursor::new(raw, 0, header.kind);
        cursor.take(HEADER_LENGTH, "event header")?;
        let c = &mut cursor;
        let body = match header.kind {
            EventKind::WRITE_ROWS_V1
            | EventKind::UPDATE_ROWS_V1
            | EventKind::DELETE_ROWS_V1
            | EventKind::WRITE_ROWS
            | EventKind::UPDATE_ROWS
            | EventKind::DELETE_ROWS
            | EventKind::MARIADB_WRITE_ROWS_COMPRESSED_V1
            | EventKind::MARIADB_UPDATE_ROWS_COMPRESSED_V1
            | EventKind::MARIADB_DELETE_ROWS_COMPRESSED_V1
            | EventKind::MARIADB_WRITE_ROWS_COMPRESSED
            | EventKind::MARIADB_UPDATE_ROWS_COMPRESSED
            | EventKind::MARIADB_DELETE_ROWS_COMPRESSED => {
                EventBody::Rows(RowsEvent::parse(raw, header.kind, &self.format, MAX_INFLATED_EVENT)?)
            }
            EventKind::TABLE_MAP => EventBody::TableMap(TableMapEvent::parse(c, &self.format)?),
            EventKind::XID => EventBody::Xid(c.u64("transaction number")?),
            EventKind::QUERY => EventBody::Query(Query::parse(c, None)?),
            EventKind::GTID => EventBody::Gtid(MysqlGtid::parse(c)?),
            EventKind::ANONYMOUS_GTID => EventBody::AnonymousGtid(MysqlGtid::parse(c)?),
            EventKind::GTID_TAGGED => EventBody::Gtid(MysqlGtid::parse_tagged(c)?),
            EventKind::ROWS_QUERY => {
                // A length byte that says nothing: texts may be longer.
                c.u8("length of the statement")?;
                EventBody::RowsQuery(c.take_rest())
            }
            EventKind::TRANSACTION_PAYLOAD => EventBody::TransactionPayload(TransactionPayload::parse(c)?),
            EventKind::XA_PREPARE => EventBody::XaPrepare(XaPrepare::parse(c)?),
            EventKind::PARTIAL_UPDATE_ROWS => EventBody::PartialUpdate(PartialUpdate::parse(raw, &self.format)?),
            EventKind(160..) => mariadb_body(c, &header)?,
            _ => control_body(c, &header)?,
        };
        Ok(Event { header, body })
    }
}

/// Events that carry no data: files, heartbeats, statement context, group replication.
fn control_body<'a>(c: &mut Cursor<'a>, header: &EventHeader) -> Result<EventBody<'a>, DecodeError> {
    Ok(match header.kind {
        EventKind::ROTATE => EventBody::Rotate { position: c.u64("position")?, file: c.take_rest() },
        EventKind::STOP => EventBody::Stop,
        EventKind::INCIDENT => EventBody::Incident {
            number: c.u16("incident number")?,
            message: if c.is_empty() { b"" } else { c.short_bytes("incident message")? },
        },
        EventKind::HEARTBEAT => EventBody::Heartbeat { position: header.log_pos.into(), file: c.take_rest() },
        EventKind::HEARTBEAT_V2 => heartbeat(c)?,
        EventKind::PREVIOUS_GTIDS => EventBody::PreviousGtids(PreviousGtids::parse(c)?),
        EventKind::INTVAR => EventBody::Intvar(Intvar::parse(c)?),
        EventKind::RAND => EventBody::Rand(Rand::parse(c)?),
        EventKind::USER_VAR => EventBody::UserVar(UserVar::parse(c)?),
        EventKind::BEGIN_LOAD_QUERY => EventBody::BeginLoadQuery(BeginLoadQuery::parse(c)?),
        EventKind::EXECUTE_LOAD_QUERY => EventBody::ExecuteLoadQuery(ExecuteLoadQuery::parse(c)?),
        EventKind::TRANSACTION_CONTEXT => EventBody::TransactionContext(c.take_rest()),
        EventKind::VIEW_CHANGE => EventBody::ViewChange(c.take_rest()),
        EventKind::IGNORABLE => EventBody::Ignorable(c.take_rest()),
        _ => EventBody::Unknown(c.take_rest()),
    })
}

fn mariadb_body<'a>(c: &mut Cursor<'a>, header: &EventHeader) -> Result<EventBody<'a>, DecodeError> {
    Ok(match header.kind {
        EventKind::MARIADB_GTID => EventBody::MariaDbGtid(MariaDbGtid::parse(c, header.server_id)?),
        EventKind::MARIADB_GTID_LIST => EventBody::MariaDbGtidList(MariaDbGtidList::parse(c)?),
        EventKind::MARIADB_ANNOTATE_ROWS => EventBody::MariaDbAnnotateRows(c.take_rest()),
        EventKind::MARIADB_BINLOG_CHECKPOINT => {
            let length = c.u32("length of the file name")?;
            EventBody::MariaDbBinlogCheckpoint(c.take(length as usize, "file name")?)
        }
        EventKind::MARIADB_START_ENCRYPTION => EventBody::MariaDbStartEncryption {
            scheme: c.u8("encryption scheme")?,
            key_version: c.u32("key version")?,
            nonce: c.array("nonce")?,
        },
        EventKind::MARIADB_QUERY_COMPRESSED => {
            EventBody::Query(Query::parse(c, Some(deflate::Limit(MAX_INFLATED_EVENT.into())))?)
        }
        _ => EventBody::Unknown(c.take_rest()),
    })
}

/// Version 2: (number, length, value) fields up to number 0; 1 is the file, 2 the position.
fn heartbeat<'a>(c: &mut Cursor<'a>) -> Result<EventBody<'a>, DecodeError> {
    let (mut file, mut position) = (None, None);
    while !c.is_empty() {
        let field = c.lenenc("heartbeat field")?;
        if field == 0 {
            break;
        }
        let length = c.lenenc("length of a heartbeat field")?;
        let mut value = c.sub(usize::try_from(length).unwrap_or(usize::MAX), "heartbeat field")?;
        match field {
            1 => file = Some(value.take_rest()),
            2 => position = Some(value.lenenc("position")?),
            _ => {}
        }
    }
    match (file, position) {
        (Some(file), Some(position)) => Ok(EventBody::Heartbeat { file, position }),
        _ => Err(c.malformed("file and position", "neither or only one of them")),
    }
}

/// The header, after checking that `raw` is as long as it says.
fn whole_header(raw: &[u8]) -> Result<EventHeader, DecodeError> {
    let header = EventHeader::parse(raw)?;
    if header.event_size as usize != raw.len() {
        let found = format!("{} bytes", raw.len());
        let cursor = Cursor::new(raw, 0, header.kind);
        return if raw.len() < header.event_size as usize {
            Err(cursor.truncated(header.event_size as usize, "whole event"))
        } else {
            Err(cursor.malformed("as many bytes as the header says", found))
        };
    }
    Ok(header)
}

fn without_checksum(raw: &[u8], kind: EventKind, checksum: ChecksumAlg) -> Result<&[u8], DecodeError> {
    if checksum == ChecksumAlg::Off {
        return Ok(raw);
    }
    let Some((body, stored)) = raw.split_last_chunk::<4>() else {
        return Ok(raw);
    };
    let stored = u32::from_le_bytes(*stored);
    let computed = crc32fast::hash(body);
    match checksum {
        ChecksumAlg::Crc32 if stored != computed => Err(DecodeError::Checksum { kind, stored, computed }),
        ChecksumAlg::Unknown if stored != computed => Ok(raw),
        _ => Ok(body),
    }
}

/// As any event's checksum, except that the bit that says "file in use" is taken for zero: the server flips it in place.
fn verify_format_description(raw: &[u8]) -> Result<(), DecodeError> {
    const FLAGS: usize = 17;
    let kind = EventKind::FORMAT_DESCRIPTION;
    let Some((body, stored)) = raw.split_last_chunk::<4>() else {
        return Err(Cursor::new(raw, 0, kind).truncated(4, "checksum"));
    };
    let mut copy = body.to_vec();
    if let Some(flags) = copy.get_mut(FLAGS) {
        *flags &= !(EventHeader::IN_USE as u8);
    }
    let (stored, computed) = (u32::from_le_bytes(*stored), crc32fast::hash(&copy));
    if stored == computed { Ok(()) } else { Err(DecodeError::Checksum { kind, stored, computed }) }
}
