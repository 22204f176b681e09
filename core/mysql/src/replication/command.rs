//! What is asked of a source before it sends its log, to bytes.

use super::{Dump, DumpFrom, ReplicaIdentity};
use crate::facts::ServerFlavor;
use bytes::BufMut;
use replicator_model::gtid::MySqlGtidSet;

const QUERY: u8 = 0x03;
const BINLOG_DUMP: u8 = 0x12;
const REGISTER_REPLICA: u8 = 0x15;
const BINLOG_DUMP_GTID: u8 = 0x1e;

/// MySQL: heartbeats of version 2, with 64 bits for the position. MariaDB: the statements behind row events too.
const DUMP_FLAGS: u16 = 1 << 1;

/// Where the first event of a file begins.
const FILE_START: u32 = 4;

/// How long the source waits for a replica that does not read, in seconds: a target may stand still for a while.
const NET_WRITE_TIMEOUT_S: u32 = 3600;

pub(super) fn query(sql: &str) -> Vec<u8> {
    let mut message = vec![QUERY];
    message.extend_from_slice(sql.as_bytes());
    message
}

/// What the source looks up in the session when it begins to send.
pub(super) fn settings(dump: &Dump) -> String {
    let (uuid, period) = (&dump.identity.uuid, dump.heartbeat.as_nanos());
    let mut sql = format!(
        "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum, \
         @master_heartbeat_period = {period}, @source_heartbeat_period = {period}, @slave_uuid = '{uuid}', \
         @replica_uuid = '{uuid}', SESSION net_write_timeout = {NET_WRITE_TIMEOUT_S}"
    );
    if dump.flavor == ServerFlavor::MariaDb {
        // Without this capability MariaDB replaces its GTIDs by events that older replicas know.
        sql.push_str(", @mariadb_slave_capability = 4");
    }
    if let DumpFrom::MariaDbGtids(set) = &dump.from {
        sql.push_str(&format!(
            ", @slave_connect_state = '{set}', @slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0"
        ));
    }
    sql
}

/// Makes the connection a replica's, which the source lists. The host that it lists is the uuid: MariaDB lists none else.
pub(super) fn register(identity: &ReplicaIdentity) -> Vec<u8> {
    let mut message = vec![REGISTER_REPLICA];
    message.put_u32_le(identity.server_id);
    message.put_u8(u8::try_from(identity.uuid.len()).unwrap_or(0));
    message.extend_from_slice(identity.uuid.as_bytes());
    // Neither user nor password nor port, rank, or the source's id.
    message.put_bytes(0, 1 + 1 + 2 + 4 + 4);
    message
}

/// Asks for the log.
pub(super) fn dump(dump: &Dump) -> Vec<u8> {
    let server_id = dump.identity.server_id;
    match &dump.from {
        DumpFrom::Position { file, offset } => by_position(file, *offset, server_id),
        DumpFrom::MariaDbGtids(_) => by_position("", FILE_START, server_id),
        DumpFrom::MySqlGtids(set) => by_gtids(set, server_id),
    }
}

fn by_position(file: &str, offset: u32, server_id: u32) -> Vec<u8> {
    let mut message = vec![BINLOG_DUMP];
    message.put_u32_le(offset);
    message.put_u16_le(DUMP_FLAGS);
    message.put_u32_le(server_id);
    message.extend_from_slice(file.as_bytes());
    message
}

fn by_gtids(set: &MySqlGtidSet, server_id: u32) -> Vec<u8> {
    let set = encode_set(set);
    let mut message = vec![BINLOG_DUMP_GTID];
    message.put_u16_le(DUMP_FLAGS);
    message.put_u32_le(server_id);
    // No file: the source looks for it.
    message.put_u32_le(0);
    message.put_u64_le(FILE_START.into());
    message.put_u32_le(u32::try_from(set.len()).unwrap_or(u32::MAX));
    message.extend_from_slice(&set);
    message
}

/// As `Gtid_set::encode` in `sql/rpl_gtid_set.cc` writes it. Tags need a form that servers before 8.3 do not know, so it is
/// taken only where there are some.
fn encode_set(set: &MySqlGtidSet) -> Vec<u8> {
    let streams: Vec<_> = set.streams().collect();
    let is_tagged = streams.iter().any(|(_, tag, _)| !tag.is_empty());
    let count = streams.len() as u64;
    let mut bytes = Vec::new();
    bytes.put_u64_le(if is_tagged { 1 << 56 | count << 8 } else { count });
    for (uuid, tag, intervals) in streams {
        bytes.extend_from_slice(uuid.as_bytes());
        if is_tagged {
            // A number of variable length; a tag has 32 characters at most.
            bytes.put_u8(u8::try_from(tag.len() << 1).unwrap_or(0));
            bytes.extend_from_slice(tag.as_bytes());
        }
        bytes.put_u64_le(intervals.len() as u64);
        for interval in intervals {
            bytes.put_u64_le(interval.first);
            bytes.put_u64_le(interval.last.saturating_add(1));
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn encoded(set: &str) -> String {
        hex(&encode_set(&set.parse().unwrap()))
    }

    #[test]
    fn gtid_sets_are_written_as_the_servers_do() {
        let uuid = UUID.replace('-', "");
        assert_eq!(encoded(""), "0000000000000000");
        assert_eq!(
            encoded(&format!("{UUID}:1-5:7")),
            format!(
                "0100000000000000{uuid}0200000000000000\
                 01000000000000000600000000000000\
                 07000000000000000800000000000000"
            )
        );
        assert_eq!(
            encoded(&format!("{UUID}:1-5:shop:3")),
            format!(
                "0002000000000001{uuid}00010000000000000001000000000000000600000000000000\
                 {uuid}0873686f70010000000000000003000000000000000400000000000000"
            )
        );
    }

    #[test]
    fn requests_for_the_log() {
        assert_eq!(hex(&by_position("b.1", 4, 7)), "12040000000200070000006 22e31".replace(' ', ""));
        assert_eq!(
            hex(&by_gtids(&MySqlGtidSet::default(), 7)),
            "1e0200070000000000000004000000000000000800000000000000 00000000".replace(' ', "")
        );
        let identity = ReplicaIdentity { server_id: 7, uuid: UUID.into() };
        let message = register(&identity);
        assert_eq!(message.len(), 1 + 4 + 1 + 36 + 1 + 1 + 2 + 4 + 4);
        assert_eq!(&message[..6], [REGISTER_REPLICA, 7, 0, 0, 0, 36]);
    }
}
