//! Between producer and consumer: bounded in bytes.

use crate::change::Change;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// A full queue is filled again when one of so many parts of it is free.
const REFILLED_PART: u32 = 8;

/// Where the producer puts changes. Full, it waits.
pub(super) struct Sender {
    changes: mpsc::UnboundedSender<Queued>,
    room: Arc<Semaphore>,
    room_max: u32,
    bytes: Arc<AtomicU64>,
}

/// Where the consumer takes them.
pub(super) struct Receiver {
    changes: mpsc::UnboundedReceiver<Queued>,
    bytes: Arc<AtomicU64>,
}

struct Queued {
    change: Change,
    size: u64,
    _room: OwnedSemaphorePermit,
}

/// The other end is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

/// A queue for so many bytes. A single change larger than that passes alone: its size is bounded where it is read.
pub(super) fn queue(bytes_max: u64) -> (Sender, Receiver) {
    let room_max = u32::try_from(bytes_max).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32).max(1);
    let (sender, receiver) = mpsc::unbounded_channel();
    let bytes = Arc::new(AtomicU64::new(0));
    let room = Arc::new(Semaphore::new(room_max as usize));
    (Sender { changes: sender, room, room_max, bytes: Arc::clone(&bytes) }, Receiver { changes: receiver, bytes })
}

impl Sender {
    /// Waits until there is room.
    pub(super) async fn send(&self, change: Change) -> Result<(), Closed> {
        let size = change.queue_bytes();
        let wanted = u32::try_from(size).unwrap_or(u32::MAX).min(self.room_max);
        let room = match Arc::clone(&self.room).try_acquire_many_owned(wanted) {
            Ok(room) => room,
            Err(_) => self.wait_for_room(wanted).await?,
        };
        let size = size as u64;
        self.bytes.fetch_add(size, Ordering::Relaxed);
        self.changes.send(Queued { change, size, _room: room }).map_err(|_| Closed)
    }

    /// Until a good part of the queue is free: else both ends would wake each other for every single change.
    async fn wait_for_room(&self, wanted: u32) -> Result<OwnedSemaphorePermit, Closed> {
        let part = wanted.max(self.room_max / REFILLED_PART);
        let mut room = tokio::select! {
            biased;
            () = self.changes.closed() => return Err(Closed),
            room = Arc::clone(&self.room).acquire_many_owned(part) => room.map_err(|_| Closed)?,
        };
        drop(room.split((part - wanted) as usize));
        Ok(room)
    }
}

impl Receiver {
    /// The next change if one waits.
    pub(super) fn take_now(&mut self) -> Option<Change> {
        self.changes.try_recv().ok().map(|queued| self.unpack(queued))
    }

    /// The next change; `None` once the producer is gone and everything was taken. Cancel-safe.
    pub(super) async fn take(&mut self) -> Option<Change> {
        let queued = self.changes.recv().await?;
        Some(self.unpack(queued))
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    fn unpack(&self, queued: Queued) -> Change {
        self.bytes.fetch_sub(queued.size, Ordering::Relaxed);
        queued.change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::SourcePoint;
    use std::time::Duration;

    fn change() -> Change {
        Change::Reached(SourcePoint {
            server: "a".into(),
            file: "f".into(),
            offset: 4,
            gtid: None,
            commit_time_us: 0,
            heartbeat_us: None,
            is_bookkeeping: false,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_makes_the_producer_wait() {
        let size = change().queue_bytes() as u64;
        let (sender, mut receiver) = queue(size * 2);
        sender.send(change()).await.unwrap();
        sender.send(change()).await.unwrap();
        assert_eq!(receiver.bytes().load(Ordering::Relaxed), size * 2);
        assert!(tokio::time::timeout(Duration::from_secs(1), sender.send(change())).await.is_err());
        assert!(receiver.take_now().is_some());
        sender.send(change()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_is_filled_again_by_parts() {
        let size = change().queue_bytes() as u64;
        let (sender, mut receiver) = queue(size * 16);
        for _ in 0..16 {
            sender.send(change()).await.unwrap();
        }
        assert!(receiver.take_now().is_some());
        sender.send(change()).await.unwrap();
        let waiting = sender.send(change());
        tokio::pin!(waiting);
        let wait = Duration::from_secs(1);
        assert!(tokio::time::timeout(wait, &mut waiting).await.is_err());
        assert!(receiver.take_now().is_some());
        assert!(tokio::time::timeout(wait, &mut waiting).await.is_err(), "an eighth is two changes");
        assert!(receiver.take_now().is_some());
        waiting.await.unwrap();
        sender.send(change()).await.unwrap();
    }

    #[tokio::test]
    async fn a_change_larger_than_the_queue_passes_alone() {
        let (sender, mut receiver) = queue(1);
        sender.send(change()).await.unwrap();
        assert!(receiver.take().await.is_some());
        drop(sender);
        assert!(receiver.take().await.is_none());
    }

    #[tokio::test]
    async fn a_waiting_producer_hears_that_the_consumer_is_gone() {
        let (sender, receiver) = queue(1);
        sender.send(change()).await.unwrap();
        let waiting = tokio::spawn(async move { sender.send(change()).await });
        tokio::task::yield_now().await;
        drop(receiver);
        assert_eq!(waiting.await.unwrap(), Err(Closed));
    }
}
