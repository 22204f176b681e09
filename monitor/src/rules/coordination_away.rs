//! The coordination service does not answer this Monitor: it sees nothing, and says so instead of staying silent.

use super::{Finding, Judgement, Verdict, lasting};
use replicator_model::alert::Subject;
use replicator_model::rule::Unit;
use replicator_model::rule_settings::InForce;

pub const CODE: &str = "coordination_away";

/// `away_seconds` is how long the Monitor `monitor` has seen nothing, because of `problem`.
pub fn finding(monitor: &str, away_seconds: f64, problem: &str, rule: &InForce) -> Finding {
    let away = lasting(away_seconds);
    let reason = format!("Monitor {monitor} has seen nothing of the coordination service for {away}: {problem}");
    let hint = "look at the ZooKeeper servers and at the network between; until then nothing else is watched";
    let limit = Some(rule.hold.duration().as_secs_f64());
    Judgement::new(Verdict::Holds, reason, hint).measured(Some(away_seconds), limit, Unit::Seconds).of(
        rule,
        Subject::Coordination,
        None,
    )
}
