//! What becomes of schema changes.

use super::finding::{Finding, Verdict};
use super::ground::Ground;
use replicator_model::task::{DdlKind, DdlPolicy};

/// Without these at the target, rows come that do not fit.
const MAKE_ROOM: [DdlKind; 4] = [DdlKind::CreateTable, DdlKind::AlterTable, DdlKind::AddColumn, DdlKind::RenameTable];

pub(crate) fn policies(ground: &Ground) -> Finding {
    let policies = ground.spec.consumer.ddl();
    let words = |policy| policies.kinds_of(policy).iter().map(|kind| kind.word()).collect::<Vec<_>>();
    let (stopped, ignored) = (words(DdlPolicy::Stop), words(DdlPolicy::Ignore));
    let mut found = Vec::new();
    if !stopped.is_empty() {
        found.push(format!("the task stops at {}", stopped.join(", ")));
    }
    if !ignored.is_empty() {
        found.push(format!("{} are left out", ignored.join(", ")));
    }
    let without_room: Vec<&str> =
        MAKE_ROOM.into_iter().filter(|kind| policies.of(*kind) == DdlPolicy::Ignore).map(DdlKind::word).collect();
    match (found.is_empty(), without_room.is_empty()) {
        (true, _) => Finding::passed("all schema changes of replicated tables are carried"),
        (_, true) => Finding::passed(found.join("; ")),
        (_, false) => Finding::without_fix(
            Verdict::Warning,
            format!(
                "{}; rows that do not fit a target without {} stop the task",
                found.join("; "),
                without_room.join(", ")
            ),
        ),
    }
}
