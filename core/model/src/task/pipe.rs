//! Limits of what flows between the two ends of a task.

use crate::span::{Bytes, Span};
use serde::{Deserialize, Serialize};

/// What a pipe may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipeSpec {
    /// Most bytes read from the source and not yet taken by the consumer. Full, the producer waits. Too small, it
    /// waits often; too large, it costs memory.
    pub queue_bytes_max: Bytes,
    /// Largest event that is accepted from the source. The server's own limit is 1 GiB.
    pub event_bytes_max: Bytes,
    /// Most bytes of rows held for distributed transactions (XA) between their XA PREPARE and their outcome. A larger one
    /// is read again from the source's log when it is committed, which costs a connection and a moment.
    pub prepared_bytes_max: Bytes,
    /// How often `lastCommit` is written while rows move. Each write is one request to the coordination service; what
    /// came after it is looked up in the target, or sent again where the target can't tell.
    pub checkpoint_interval: Span,
    /// How often `status` is written.
    pub status_interval: Span,
    /// First wait before a transient failure is tried again; doubled each time.
    pub retry_backoff_min: Span,
    /// Longest wait before a transient failure is tried again. There is no last try.
    pub retry_backoff_max: Span,
}

impl Default for PipeSpec {
    fn default() -> Self {
        Self {
            queue_bytes_max: Bytes::from_mib(32),
            event_bytes_max: Bytes::from_mib(1024),
            prepared_bytes_max: Bytes::from_mib(16),
            checkpoint_interval: Span::from_secs(1),
            status_interval: Span::from_secs(1),
            retry_backoff_min: Span::from_millis(250),
            retry_backoff_max: Span::from_secs(30),
        }
    }
}
