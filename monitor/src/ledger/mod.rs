//! The life of alerts: inactive → pending (for) → firing → resolved, and which messages are still owed to whom.
//!
//! A pure state machine: findings, what operators said and the time go in, notices come out. What has to outlive a
//! Monitor is handed out by [`Ledger::unsaved`] and comes back through [`Ledger::restore`]. `telling` decides who hears
//! of what: acknowledged, silenced, told together with its cause.
//!
//! | state | holds | between | unknown | clear |
//! |---|---|---|---|---|
//! | inactive | pending | | | |
//! | pending | firing once it has held for `for` | inactive | waits | inactive |
//! | firing | goes on, told again after the repeat interval | goes on | goes on | resolved once clear for `keep` |

mod entry;
mod telling;

use crate::rules::{Finding, Verdict};
use entry::{Entry, Saved, pending};
use replicator_model::alert::{Alert, AlertId, AlertState, Notice, OwedNotice, ResolvedAlert, Severity};
use replicator_model::rule;
use replicator_model::rule_settings::{InForce, RuleSettings};
use replicator_model::silence::{Acknowledgement, Silence};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is only a newer value, and what is pending, is saved no oftener than this. So much of a `for` a Monitor's death
/// may cost.
const REFRESH: Duration = Duration::from_secs(10);

/// Most messages about one alert that wait for a channel; beyond it the oldest is dropped, and counted.
pub const OWED_MAX: usize = 8;

/// What operators said, and what is known to be the cause of what.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub acknowledgements: BTreeMap<AlertId, Acknowledgement>,
    pub silences: BTreeMap<String, Silence>,
    /// From an alert to the one that would explain it; see [`crate::causes`].
    pub causes: BTreeMap<AlertId, AlertId>,
}

#[derive(Debug)]
pub struct Ledger {
    rules: RuleSettings,
    /// The severity from which on each is owed notices.
    channels: BTreeMap<String, Severity>,
    entries: BTreeMap<AlertId, Entry>,
    gone: BTreeSet<AlertId>,
    ended: Vec<ResolvedAlert>,
    dropped: u64,
}

/// A change of one alert that has to be kept; `None`: it is over and done with.
pub type Unsaved = (AlertId, Option<Alert>);

impl Ledger {
    /// `channels` are those that notices are owed to, with the severity from which on.
    pub fn new(rules: RuleSettings, channels: BTreeMap<String, Severity>) -> Self {
        let (entries, gone, ended) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        Self { rules, channels, entries, gone, ended, dropped: 0 }
    }

    /// From now on these settings hold. What fires by a rule that is disabled now ends with the next evaluation.
    pub fn set_rules(&mut self, rules: RuleSettings) {
        self.rules = rules;
    }

    /// From now on notices are owed to these channels. Those that are gone are owed nothing any more.
    pub fn set_channels(&mut self, channels: BTreeMap<String, Severity>) {
        self.channels = channels;
        let ids: Vec<AlertId> = self.entries.keys().cloned().collect();
        for id in ids {
            self.drop_other_channels(&id);
            self.settle(&id);
        }
    }

    /// Goes on with what another Monitor kept. Channels that are no longer configured are owed nothing.
    pub fn restore(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        for mut alert in alerts {
            let id = alert.id();
            if alert.group_key.is_empty() {
                alert.group_key = id.to_string();
            }
            let saved = Saved::At(alert.seen_us);
            self.entries.insert(id.clone(), Entry { alert, saved });
            self.drop_other_channels(&id);
            self.settle(&id);
        }
    }

    fn drop_other_channels(&mut self, id: &AlertId) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        for owed in &mut entry.alert.owed {
            owed.channels.retain(|channel| self.channels.contains_key(channel));
        }
    }

    /// Takes in all findings of one evaluation, of all rules of this ledger, and answers the notices that it leads to.
    pub fn observe(&mut self, now_us: i64, findings: &[Finding], said: &Said) -> Vec<Notice> {
        let found: BTreeMap<AlertId, &Finding> = findings.iter().map(|finding| (finding.id(), finding)).collect();
        for (id, finding) in &found {
            self.meet(id, finding, said, now_us);
        }
        let missing: Vec<AlertId> = self.entries.keys().filter(|id| !found.contains_key(*id)).cloned().collect();
        let mut over = Vec::new();
        for id in missing {
            over.extend(self.clear(&id, now_us).then_some(id));
        }
        for (id, _) in found.iter().filter(|(_, finding)| finding.verdict == Verdict::Between) {
            self.stop_pending(id);
        }
        let holding: BTreeSet<&AlertId> =
            found.iter().filter(|(_, finding)| finding.verdict == Verdict::Holds).map(|(id, _)| id).collect();
        self.tell_all(&over, &holding, said, now_us)
    }

    fn meet(&mut self, id: &AlertId, finding: &Finding, said: &Said, now_us: i64) {
        if !self.entries.contains_key(id) {
            if finding.verdict != Verdict::Holds {
                return;
            }
            // What is still in the tree of an earlier life must be overwritten.
            let saved = if self.gone.remove(id) { Saved::Due } else { Saved::Not };
            self.entries.insert(id.clone(), Entry { alert: pending(finding, now_us), saved });
        }
        let hold = self.rule_of(id).map_or(Duration::ZERO, |rule| rule.hold.duration());
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.meet(finding, now_us);
        if entry.alert.state != AlertState::Pending || finding.verdict != Verdict::Holds {
            return;
        }
        if let Some(cause) = said.causes.get(id) {
            entry.alert.group_key = cause.to_string();
        }
        if elapsed(entry.alert.since_us, now_us) >= hold {
            (entry.alert.state, entry.alert.notices) = (AlertState::Firing, 0);
            entry.saved = Saved::Due;
        }
    }

    /// The condition is gone. Answers whether the alert ends with this.
    fn clear(&mut self, id: &AlertId, now_us: i64) -> bool {
        let keep = self.rule_of(id).filter(|rule| rule.enabled).map_or(Duration::ZERO, |rule| rule.keep.duration());
        let Some(entry) = self.entries.get_mut(id) else { return false };
        match entry.alert.state {
            AlertState::Pending => {
                self.stop_pending(id);
                false
            }
            AlertState::Firing => {
                let since = *entry.alert.clear_since_us.get_or_insert_with(|| {
                    entry.saved = Saved::Due;
                    now_us
                });
                if elapsed(since, now_us) < keep {
                    return false;
                }
                (entry.alert.state, entry.saved) = (AlertState::Resolved, Saved::Due);
                self.ended.push(entry.ended(now_us));
                true
            }
            AlertState::Resolved => {
                self.settle(id);
                false
            }
        }
    }

    fn stop_pending(&mut self, id: &AlertId) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.alert.state == AlertState::Pending) {
            entry.alert.state = AlertState::Resolved;
            entry.saved = if entry.saved == Saved::Not { Saved::Not } else { Saved::Due };
            self.settle(id);
        }
    }

    /// The rule of an alert as it holds for its subject; `None` for a rule of another version of the program.
    fn rule_of(&self, id: &AlertId) -> Option<InForce> {
        let alert = &self.entries.get(id)?.alert;
        Some(self.rules.in_force(rule::rule(&alert.rule)?, alert.subject.task()))
    }

    /// Drops what everybody has, and the alert itself once it is over and owes nothing.
    fn settle(&mut self, id: &AlertId) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        let before = entry.alert.owed.len();
        entry.alert.owed.retain(|owed| !owed.channels.is_empty());
        if entry.alert.owed.len() != before {
            entry.saved = Saved::Due;
        }
        if entry.alert.state == AlertState::Resolved && entry.alert.owed.is_empty() {
            if entry.saved != Saved::Not {
                self.gone.insert(id.clone());
            }
            self.entries.remove(id);
        }
    }

    /// Owes `notice` to every channel that takes what is so bad.
    fn owe(&mut self, notice: &Notice) {
        let severity = notice.evidence.severity;
        let channels = self.channels.iter().filter(|(_, least)| severity >= **least).map(|(name, _)| name.clone());
        let channels: BTreeSet<String> = channels.collect();
        let Some(entry) = self.entries.get_mut(&notice.id).filter(|_| !channels.is_empty()) else { return };
        if entry.alert.owed.len() >= OWED_MAX {
            entry.alert.owed.remove(0);
            self.dropped += 1;
        }
        entry.alert.owed.push(OwedNotice { notice: notice.clone(), channels });
    }

    /// `channel` has the notice with this key.
    pub fn delivered(&mut self, id: &AlertId, key: &str, channel: &str) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        for owed in entry.alert.owed.iter_mut().filter(|owed| owed.notice.key() == key) {
            if owed.channels.remove(channel) {
                entry.saved = Saved::Due;
            }
        }
        self.settle(id);
    }

    /// What is owed and to whom, by alert, oldest first. Notices of alerts that are not saved yet are left out, so
    /// that nobody hears from two Monitors what only one of them knew.
    pub fn outbox(&self) -> impl Iterator<Item = (&str, &Notice)> {
        let saved = |entry: &&Entry| entry.saved != Saved::Due;
        self.entries
            .values()
            .filter(saved)
            .flat_map(|entry| &entry.alert.owed)
            .flat_map(|owed| owed.channels.iter().map(move |channel| (channel.as_str(), &owed.notice)))
    }

    /// What fires, as its last message told it: for channels that are told of it again and again.
    pub fn standing(&self) -> Vec<Notice> {
        let firing = self.alerts().filter(|alert| alert.state == AlertState::Firing && alert.silenced_by.is_empty());
        firing.map(|alert| telling::notice_of(alert, alert.told_us)).collect()
    }

    /// What has to be kept before anybody is told.
    pub fn unsaved(&self, now_us: i64) -> Vec<Unsaved> {
        let changed = self.entries.values().filter(|entry| entry.is_due(now_us));
        let changed = changed.map(|entry| (entry.alert.id(), Some(entry.alert.clone())));
        changed.chain(self.gone.iter().map(|id| (id.clone(), None))).collect()
    }

    /// Such a change is kept now.
    pub fn saved(&mut self, id: &AlertId, now_us: i64) {
        self.gone.remove(id);
        if let Some(entry) = self.entries.get_mut(id) {
            entry.saved = Saved::At(now_us);
        }
    }

    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.entries.values().map(|entry| &entry.alert)
    }

    pub fn alert(&self, id: &AlertId) -> Option<&Alert> {
        self.entries.get(id).map(|entry| &entry.alert)
    }

    /// What fired and has ended since this was asked last.
    pub fn take_ended(&mut self) -> Vec<ResolvedAlert> {
        std::mem::take(&mut self.ended)
    }

    /// Messages that were dropped because too many about one alert waited.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Never negative: a clock that was set back only makes things later.
fn elapsed(since_us: i64, now_us: i64) -> Duration {
    Duration::from_micros(u64::try_from(now_us.saturating_sub(since_us)).unwrap_or(0))
}
