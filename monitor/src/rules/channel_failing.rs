//! A channel that does not take its messages: people believe that they would be told.

use super::{Finding, Judgement, Verdict, World, lasting};
use crate::notify::outbox::Trouble;
use replicator_model::alert::Subject;
use replicator_model::rule::Unit;
use replicator_model::rule_settings::InForce;

pub(super) fn findings(world: World<'_>, rule: &InForce) -> Vec<Finding> {
    let judge = |(channel, seen): (&replicator_model::name::ChannelName, &Trouble)| {
        let failing = world.now_us.saturating_sub(seen.since_us).max(0) as f64 / 1e6;
        let reason = format!("channel {channel} has delivered nothing for {}: {}", lasting(failing), seen.problem);
        let hint = format!("mend its address or its receiver, then `replicator channels test {channel}`");
        let limit = Some(rule.hold.duration().as_secs_f64());
        Judgement::new(Verdict::Holds, reason, hint).measured(Some(failing), limit, Unit::Seconds).of(
            rule,
            Subject::Channel(channel.clone()),
            None,
        )
    };
    world.facts.failing_channels.iter().map(judge).collect()
}
