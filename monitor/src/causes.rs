//! Which alert explains which: a Core that is gone explains what its tasks miss. Pure.

use crate::leases::Leases;
use crate::roster::Roster;
use crate::rules::Finding;
use replicator_model::alert::{AlertId, Subject};
use replicator_model::rule;
use std::collections::BTreeMap;

/// What begins later than this after the Core went is not blamed on it.
const BLAMED_US: i64 = 600 * 1_000_000;

/// From the findings about tasks that a lost Core may explain to the alert about that Core.
pub fn causes(findings: &[Finding], roster: &Roster, leases: &Leases, now_us: i64) -> BTreeMap<AlertId, AlertId> {
    let lost: Vec<_> = roster.missed().filter(|(_, gone_us)| now_us.saturating_sub(*gone_us) < BLAMED_US).collect();
    let cause = |finding: &Finding| {
        let follows = rule::rule(finding.rule).is_some_and(|rule| rule.follows_core);
        let memory = leases.of(finding.subject.task().filter(|_| follows)?)?;
        let (known, _) = lost.iter().find(|(known, _)| memory.cores.contains(&known.core))?;
        let subject = Subject::Core { group: known.group.clone(), core: known.core.clone() };
        let cause = AlertId::of("core_gone", &subject);
        // A cause that nobody looks for explains nothing.
        findings.iter().any(|other| other.id() == cause).then_some((finding.id(), cause))
    };
    findings.iter().filter_map(cause).collect()
}
