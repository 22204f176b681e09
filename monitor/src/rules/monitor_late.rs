//! A Monitor that is registered and does not do its work: nobody would be told if it is the one that tells.

use super::{Finding, Judgement, Verdict, compare, lasting, threshold};
use crate::facts::{Facts, MonitorFacts};
use replicator_model::alert::Subject;
use replicator_model::rule::Unit;
use replicator_model::rule_settings::InForce;

pub const CODE: &str = "monitor_late";

/// About the one that leads: the others say that it is late, for it can't.
pub fn findings_of_leader(facts: &Facts, rule: &InForce) -> Vec<Finding> {
    let leads = |seen: &MonitorFacts| seen.info.as_ref().is_ok_and(|info| info.leads);
    findings_among(facts, rule, leads)
}

/// About all other Monitors than this one.
pub fn findings(facts: &Facts, rule: &InForce) -> Vec<Finding> {
    findings_among(facts, rule, |_| true)
}

fn findings_among(facts: &Facts, rule: &InForce, wanted: impl Fn(&MonitorFacts) -> bool) -> Vec<Finding> {
    let judge = |(node, seen): (&String, &MonitorFacts)| {
        let info = seen.info.as_ref().ok();
        let name = info.map_or(node.as_str(), |info| info.monitor.as_str());
        let verdict = match info {
            Some(_) => compare(rule, seen.age_seconds)?,
            None => Verdict::Unknown,
        };
        let tells = if info.is_some_and(|info| info.leads) { ", and it is the one that tells people" } else { "" };
        let reason = format!("Monitor {name} has not looked for {}{tells}", lasting(seen.age_seconds));
        let hint = "look at its host's load and its log; if it hangs, restart it: another Monitor goes on";
        let judgement = Judgement::new(verdict, reason, hint);
        let measured = judgement.measured(Some(seen.age_seconds), threshold(rule), Unit::Seconds);
        Some(measured.of(rule, Subject::Monitor(name.to_owned()), None))
    };
    facts.monitors.iter().filter(|(_, seen)| !seen.own && wanted(seen)).filter_map(judge).collect()
}
