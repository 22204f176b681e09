use super::*;
use crate::change::Trail;
use parking_lot::Mutex;
use replicator_model::epoch::Epoch;
use replicator_model::position::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was written, or the error to give.
#[derive(Clone, Default)]
struct Pipe {
    written: Arc<Mutex<Vec<u8>>>,
    broken: Arc<AtomicBool>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.written.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start() -> Checkpoint {
    Checkpoint {
        epoch: Epoch::NONE,
        server: "s".into(),
        position: Position::new("bin.000001", 4),
        gtid_set: None,
        event_time_us: 0,
        written_at_us: 0,
    }
}

fn transaction(offset: u64) -> [Change; 3] {
    let file: Arc<str> = "bin.000001".into();
    [
        Change::Begin(TransactionStart {
            gtid: None,
            file: file.clone(),
            offset: offset - 10,
            commit_time_us: 5_000,
            trail: Trail::parse("s"),
        }),
        Change::Schema(SchemaChange {
            file: file.clone(),
            offset: offset - 5,
            tables: vec![("shop".into(), "item".into())],
            ..SchemaChange::of("DROP TABLE item")
        }),
        Change::Commit(SourcePoint {
            server: "s".into(),
            file,
            offset,
            gtid: None,
            commit_time_us: 5_000,
            heartbeat_us: None,
            is_bookkeeping: false,
        }),
    ]
}

fn offset(consumer: &StdoutConsumer) -> Option<u64> {
    consumer.durable().map(|durable| durable.position.offset)
}

async fn opened(pipe: &Pipe, held: &Arc<AtomicBool>) -> StdoutConsumer {
    let (mut consumer, held) = (StdoutConsumer::writing_to(pipe.clone()), held.clone());
    let fence = Fence::new(Epoch::new(3), move || held.load(Ordering::Relaxed));
    assert_eq!(consumer.open(fence).await, Ok(None));
    consumer.begin(&start()).await.unwrap();
    consumer
}

#[tokio::test]
async fn lines_are_durable_once_written() {
    let (pipe, held) = (Pipe::default(), Arc::new(AtomicBool::new(true)));
    let mut consumer = opened(&pipe, &held).await;
    consumer.settle().await.unwrap();
    assert_eq!(offset(&consumer), None);
    for change in transaction(100).into_iter().chain(transaction(200)) {
        consumer.take(change).await.unwrap();
    }
    assert_eq!((offset(&consumer), pipe.written.lock().len()), (None, 0));
    consumer.settle().await.unwrap();
    assert_eq!((offset(&consumer), consumer.durable().unwrap().epoch), (Some(200), Epoch::new(3)));
    let text = String::from_utf8(pipe.written.lock().clone()).unwrap();
    let types: Vec<_> =
        text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].clone()).collect();
    assert_eq!(types, ["ERASE", "ERASE"]);
}

#[tokio::test]
async fn a_closed_pipe_or_a_lost_lease_ends_it_and_nothing_counts() {
    let (pipe, held) = (Pipe::default(), Arc::new(AtomicBool::new(true)));
    let mut consumer = opened(&pipe, &held).await;
    for change in transaction(100) {
        consumer.take(change).await.unwrap();
    }
    held.store(false, Ordering::Relaxed);
    assert_eq!(consumer.settle().await.unwrap_err().code, "lease_lost");
    held.store(true, Ordering::Relaxed);
    pipe.broken.store(true, Ordering::Relaxed);
    let failure = consumer.settle().await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.is_transient()), ("stdout_closed", false));
    assert_eq!((offset(&consumer), pipe.written.lock().len()), (None, 0));
}
