//! The binary log of MySQL (5.6 to 9.x) and MariaDB (10 to 12): bytes to events to rows.
//!
//! ```text
//! raw bytes ─ Decoder::decode ─▶ Event ─┬─ TableMapEvent ─ TableMapCache::resolve ─▶ Arc<TableMap>
//!   (checksum verified)                 ├─ RowsEvent ─ rows(&TableMap) ─ next_into ─▶ Value, Value, …
//!                                       │      └ layout() ─ queue ─ RowsLayout::view(same raw bytes) ─▶ RowsEvent
//!                                       └─ TransactionPayload ─ events(limits) ─ Decoder::decode_inner ─▶ Event
//! ```
//!
//! No I/O. Everything is borrowed from the caller's buffer; a row costs no allocation. Bytes are never trusted: sizes are
//! checked before they are used, and whatever the input, the answer is a value or a [`DecodeError`], never a panic.
//! What is not understood is an error or [`EventBody::Unknown`], never skipped in silence.
//!
//! | module | holds |
//! |---|---|
//! | `event_header`, `format_description`, `decoder`, `event` | framing, checksums, the kinds of events |
//! | `splitter` | a file's bytes, in pieces of any size, to raw events |
//! | `gtid`, `mariadb`, `xa`, `query`, `statement` | transactions and statements |
//! | `payload`, `inflater`, `deflate`, `compressed_column` | compressed transactions (MySQL), events and columns (MariaDB) |
//! | `table_map`, `optional_metadata`, `column` | what a table looks like |
//! | `rows`, `value`, `decimal`, `temporal` | rows and their values |
//! | `rows_writer` | rows written anew, with other columns |
//! | `partial_update`, `json_diff`, `json_tree` | changes inside of JSON values |
//! | `text`, `jsonb` | values as the servers print them |
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod column;
mod compressed_column;
mod cursor;
mod decimal;
mod decoder;
mod deflate;
mod error;
mod event;
mod event_header;
mod format_description;
mod gtid;
mod inflater;
mod json_diff;
mod json_tree;
pub mod jsonb;
mod mariadb;
mod old_temporal;
mod optional_metadata;
mod partial_update;
mod payload;
mod query;
mod rows;
mod rows_writer;
mod splitter;
mod statement;
mod table_map;
mod temporal;
mod text;
mod value;
mod xa;

pub use column::{BINARY_COLLATION, ColumnDef, ColumnType};
pub use compressed_column::Compressed;
pub use decimal::Decimal;
pub use decoder::{Decoder, MAX_INFLATED_EVENT};
pub use error::DecodeError;
pub use event::{Event, EventBody};
pub use event_header::{EventHeader, EventKind, HEADER_LENGTH};
pub use format_description::{ChecksumAlg, Flavor, FormatDescription};
pub use gtid::{MysqlGtid, PreviousGtidSet, PreviousGtids};
pub use inflater::PayloadInflater;
pub use json_diff::apply_json_diffs;
pub use mariadb::{MariaDbGtid, MariaDbGtidList};
pub use partial_update::PartialUpdate;
pub use payload::{InflateLimits, InnerEvents, PayloadCompression, TransactionPayload};
pub use query::{Query, SessionCharsets, SessionContext, StatusVars};
pub use rows::{Bitmap, RowChange, Rows, RowsEvent, RowsFlags, RowsKind, RowsLayout, StoredValue};
pub use rows_writer::RowsWriter;
pub use splitter::{FILE_MAGIC, FileSplitter};
pub use statement::{BeginLoadQuery, ExecuteLoadQuery, Intvar, Rand, UserVar, UserVarValue};
pub use table_map::{MAX_COLUMNS, TableMap, TableMapCache, TableMapEvent};
pub use temporal::{Date, DateTime, Time};
pub use text::write_text;
pub use value::Value;
pub use xa::{XaPrepare, Xid};
