//! The life of alerts: inactive → pending (for) → firing → resolved, and which messages are still owed to whom.
//!
//! A pure state machine: findings and the time go in, notices come out. What has to outlive a Monitor is handed out by
//! [`Ledger::unsaved`] and comes back through [`Ledger::restore`].
//!
//! | state | holds | between | unknown | clear |
//! |---|---|---|---|---|
//! | inactive | pending | | | |
//! | pending | firing once it has held for `for` | inactive | waits | inactive |
//! | firing | goes on, told again after the repeat interval | goes on | goes on | resolved once clear for `keep_firing_for` |

use crate::rules::{Finding, Policy, Verdict};
use replicator_model::alert::{Alert, AlertId, AlertState, Notice, OwedNotice, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is only a newer value, and what is pending, is saved no oftener than this. So much of a `for` a Monitor's death
/// may cost.
const REFRESH: Duration = Duration::from_secs(10);

/// A pending condition that nobody saw hold for so long (no Monitor ran, or it was not known) begins anew: it can't be
/// said that it held all the while.
const UNSEEN_MAX: Duration = Duration::from_secs(60);

/// Most messages about one alert that wait for a channel; beyond it the oldest is dropped, and counted.
pub const OWED_MAX: usize = 8;

#[derive(Debug)]
pub struct Ledger {
    policies: BTreeMap<&'static str, Policy>,
    repeat_interval: Duration,
    /// The severity from which on each is owed notices.
    channels: BTreeMap<String, Severity>,
    entries: BTreeMap<AlertId, Entry>,
    gone: BTreeSet<AlertId>,
    dropped: u64,
}

#[derive(Debug)]
struct Entry {
    alert: Alert,
    saved: Saved,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saved {
    /// As it is, at this time.
    At(i64),
    /// An earlier form, at this time; what changed since is only a newer value.
    Older(i64),
    /// Never, and nothing is lost yet if it stays so.
    Not,
    /// Its state or what it owes changed: save it now.
    Due,
}

/// A change of one alert that has to be kept; `None`: it is over and done with.
pub type Unsaved = (AlertId, Option<Alert>);

impl Ledger {
    /// `channels` are those that notices are owed to, with the severity from which on.
    pub fn new(
        policies: BTreeMap<&'static str, Policy>,
        repeat_interval: Duration,
        channels: BTreeMap<String, Severity>,
    ) -> Self {
        Self { policies, repeat_interval, channels, entries: BTreeMap::new(), gone: BTreeSet::new(), dropped: 0 }
    }

    /// From now on notices are owed to these channels. Those that are gone are owed nothing any more.
    pub fn set_channels(&mut self, channels: BTreeMap<String, Severity>) {
        self.channels = channels;
        let ids: Vec<AlertId> = self.entries.keys().cloned().collect();
        for id in ids {
            if let Some(entry) = self.entries.get_mut(&id) {
                for owed in &mut entry.alert.owed {
                    owed.channels.retain(|channel| self.channels.contains_key(channel));
                }
            }
            self.settle(&id);
        }
    }

    /// Goes on with what another Monitor kept. Channels that are no longer there are owed nothing.
    pub fn restore(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        for mut alert in alerts {
            for owed in &mut alert.owed {
                owed.channels.retain(|channel| self.channels.contains_key(channel));
            }
            let saved = Saved::At(alert.seen_us);
            let id = alert.id();
            self.entries.insert(id.clone(), Entry { alert, saved });
            self.settle(&id);
        }
    }

    /// Takes in all findings of one evaluation, of all rules of this ledger, and answers the notices that it leads to.
    pub fn observe(&mut self, now_us: i64, findings: &[Finding]) -> Vec<Notice> {
        let found: BTreeMap<AlertId, &Finding> = findings.iter().map(|finding| (finding.id(), finding)).collect();
        let mut notices = Vec::new();
        for (id, finding) in &found {
            match self.entries.get_mut(id) {
                None if finding.verdict == Verdict::Holds => {
                    // What is still in the tree of an earlier life must be overwritten.
                    let saved = if self.gone.remove(id) { Saved::Due } else { Saved::Not };
                    self.entries.insert(id.clone(), Entry { alert: pending(finding, now_us), saved });
                }
                None => continue,
                Some(entry) => entry.meet(finding, now_us),
            }
            notices.extend(self.fire(id, finding, now_us));
        }
        let missing: Vec<AlertId> = self.entries.keys().filter(|id| !found.contains_key(*id)).cloned().collect();
        notices.extend(missing.iter().filter_map(|id| self.clear(id, now_us)));
        for (id, _) in found.iter().filter(|(_, finding)| finding.verdict == Verdict::Between) {
            self.stop_pending(id);
        }
        notices
    }

    /// Pending for long enough, or firing since the repeat interval.
    fn fire(&mut self, id: &AlertId, finding: &Finding, now_us: i64) -> Option<Notice> {
        if finding.verdict != Verdict::Holds {
            return None;
        }
        let hold = self.policies.get(finding.rule).copied().unwrap_or_default().hold;
        let alert = &mut self.entries.get_mut(id)?.alert;
        match alert.state {
            AlertState::Pending if elapsed(alert.since_us, now_us) >= hold => {
                (alert.state, alert.notices) = (AlertState::Firing, 0);
                self.tell(id, now_us)
            }
            AlertState::Firing if elapsed(alert.told_us, now_us) >= self.repeat_interval => self.tell(id, now_us),
            _ => None,
        }
    }

    /// The condition is gone.
    fn clear(&mut self, id: &AlertId, now_us: i64) -> Option<Notice> {
        let entry = self.entries.get_mut(id)?;
        match entry.alert.state {
            AlertState::Pending => {
                self.stop_pending(id);
                None
            }
            AlertState::Firing => {
                let keep = self.policies.get(entry.alert.rule.as_str()).copied().unwrap_or_default().keep_firing;
                let since = *entry.alert.clear_since_us.get_or_insert_with(|| {
                    entry.saved = Saved::Due;
                    now_us
                });
                if elapsed(since, now_us) < keep {
                    return None;
                }
                entry.alert.state = AlertState::Resolved;
                let notice = self.tell(id, now_us);
                self.settle(id);
                notice
            }
            AlertState::Resolved => {
                self.settle(id);
                None
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

    /// Makes a notice of the alert as it is now and owes it to every channel.
    fn tell(&mut self, id: &AlertId, now_us: i64) -> Option<Notice> {
        let entry = self.entries.get_mut(id)?;
        let alert = &mut entry.alert;
        alert.told_us = now_us;
        alert.notices = alert.notices.saturating_add(1);
        entry.saved = Saved::Due;
        let notice = notice_of(alert, now_us);
        let severity = notice.evidence.severity;
        let channels: BTreeSet<String> =
            self.channels.iter().filter(|(_, least)| severity >= **least).map(|(name, _)| name.clone()).collect();
        if !channels.is_empty() {
            if alert.owed.len() >= OWED_MAX {
                alert.owed.remove(0);
                self.dropped += 1;
            }
            alert.owed.push(OwedNotice { notice: notice.clone(), channels });
        }
        Some(notice)
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
        firing.map(|alert| notice_of(alert, alert.told_us)).collect()
    }

    /// What has to be kept before anybody is told.
    pub fn unsaved(&self, now_us: i64) -> Vec<Unsaved> {
        let due = |entry: &&Entry| match entry.saved {
            Saved::Due => true,
            Saved::At(_) => false,
            Saved::Older(at) => elapsed(at, now_us) >= REFRESH,
            Saved::Not => elapsed(entry.alert.since_us, now_us) >= REFRESH,
        };
        let changed = self.entries.values().filter(due).map(|entry| (entry.alert.id(), Some(entry.alert.clone())));
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

    /// Messages that were dropped because too many about one alert waited.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Entry {
    /// Takes in what was found about an alert that there is.
    fn meet(&mut self, finding: &Finding, now_us: i64) {
        let Entry { alert, saved } = self;
        if finding.verdict == Verdict::Holds {
            match alert.state {
                AlertState::Resolved => {
                    let owed = std::mem::take(&mut alert.owed);
                    *alert = Alert { owed, ..pending(finding, now_us) };
                    *saved = Saved::Due;
                }
                AlertState::Pending if elapsed(alert.seen_us, now_us) > UNSEEN_MAX => alert.since_us = now_us,
                AlertState::Pending | AlertState::Firing => {}
            }
            alert.seen_us = now_us;
            alert.evidence = finding.evidence.clone();
            if let Saved::At(at) = *saved {
                *saved = Saved::Older(at);
            }
        }
        if alert.state == AlertState::Firing && alert.clear_since_us.take().is_some() {
            *saved = Saved::Due;
        }
    }
}

fn notice_of(alert: &Alert, at_us: i64) -> Notice {
    Notice {
        id: alert.id(),
        rule: alert.rule.clone(),
        subject: alert.subject.clone(),
        state: alert.state,
        evidence: alert.evidence.clone(),
        since_us: alert.since_us,
        at_us,
        number: alert.notices,
        group_key: alert.group_key.clone(),
        joined: Vec::new(),
        joined_more: 0,
    }
}

fn pending(finding: &Finding, now_us: i64) -> Alert {
    Alert {
        rule: finding.rule.to_owned(),
        subject: finding.subject.clone(),
        state: AlertState::Pending,
        evidence: finding.evidence.clone(),
        since_us: now_us,
        seen_us: now_us,
        clear_since_us: None,
        told_us: 0,
        notices: 0,
        acknowledged: None,
        silenced_by: Vec::new(),
        group_key: finding.id().to_string(),
        told_severity: None,
        owed: Vec::new(),
    }
}

/// Never negative: a clock that was set back only makes things later.
fn elapsed(since_us: i64, now_us: i64) -> Duration {
    Duration::from_micros(u64::try_from(now_us.saturating_sub(since_us)).unwrap_or(0))
}
