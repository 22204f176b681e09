//! A Core that was alive in its group, and held tasks, and is not there any more.
//!
//! A Core that held nothing when it was last seen may go without a word: that is how one is stopped cleanly, and
//! nothing that runs or stands by went with it. One that is stopped while it holds tasks has the rule's `for` to come
//! back, which is enough for a restart or an upgrade.

use super::{Finding, Judgement, Verdict, World, lasting};
use replicator_model::alert::Subject;
use replicator_model::rule::Unit;
use replicator_model::rule_settings::InForce;

pub(super) fn findings(world: World<'_>, rule: &InForce) -> Vec<Finding> {
    let judge = |(known, gone_us): (&replicator_model::alert::KnownCore, i64)| {
        let (group, core, host, held) = (&known.group, &known.core, &known.host, known.held);
        let gone = world.now_us.saturating_sub(gone_us).max(0) as f64 / 1e6;
        let reason = format!(
            "Core {core} on {host} has been gone from group {group} for {}; it held {held} task(s)",
            lasting(gone)
        );
        let hint = format!(
            "look at the host {host} and at the Core's log; if it was meant to go, this ends by itself after a day"
        );
        let limit = Some(rule.hold.duration().as_secs_f64());
        Judgement::new(Verdict::Holds, reason, hint)
            .on(Some(core.clone()))
            .measured(Some(gone), limit, Unit::Seconds)
            .of(rule, Subject::Core { group: group.clone(), core: core.clone() }, Some(group.clone()))
    };
    world.roster.missed().map(judge).collect()
}
