//! Who hears of an alert, and when.
//!
//! | firing | told |
//! |---|---|
//! | never told | at once |
//! | its cause fires and is told of | by the message about the cause; again, if it is worse than what that one told |
//! | its cause is pending | once that fires, or after [`JOIN_WAIT`] |
//! | acknowledged | no more, only its end |
//! | silenced | not; if it still fires when the silence ends, then |
//! | something that only happened, told of | no more |
//! | all others | again after the repeat interval |
//!
//! Whoever was told of an alert is told of its end, silenced or not; nobody hears of the end of what they never heard
//! of, nor of the end of what only happened.

use super::entry::Saved;
use super::{Ledger, Said, elapsed};
use replicator_model::alert::{Alert, AlertId, AlertState, JOINED_MAX, Joined, Notice, Severity};
use replicator_model::rule;
use std::collections::BTreeSet;
use std::time::Duration;

/// An alert whose cause is not sure yet waits for so long.
const JOIN_WAIT: Duration = Duration::from_secs(60);

impl Ledger {
    /// Of what ended (`over`) and of what fires; `holding` are those whose condition was seen to hold just now.
    pub(super) fn tell_all(
        &mut self,
        over: &[AlertId],
        holding: &BTreeSet<&AlertId>,
        said: &Said,
        now_us: i64,
    ) -> Vec<Notice> {
        let mut notices: Vec<Notice> = over.iter().filter_map(|id| self.tell_end(id, now_us)).collect();
        let ids: Vec<AlertId> = self.entries.keys().cloned().collect();
        let expired: BTreeSet<&AlertId> = ids.iter().filter(|id| self.hear(id, said, now_us)).collect();
        for id in &ids {
            if self.is_to_be_told(id, expired.contains(id), holding.contains(id), now_us) {
                notices.extend(self.tell(id, now_us));
            }
        }
        notices
    }

    fn tell_end(&mut self, id: &AlertId, now_us: i64) -> Option<Notice> {
        let alert = &self.entries.get(id)?.alert;
        let notice = if alert.notices == 0 || is_event(alert) { None } else { self.tell(id, now_us) };
        self.settle(id);
        notice
    }

    /// Takes in what operators said of it. Answers whether a silence has ended.
    fn hear(&mut self, id: &AlertId, said: &Said, now_us: i64) -> bool {
        let Some(entry) = self.entries.get_mut(id) else { return false };
        let alert = &mut entry.alert;
        let acknowledged = said.acknowledgements.get(id).filter(|one| one.since_us == alert.since_us).cloned();
        let silences = said.silences.iter().filter(|(_, silence)| {
            silence.is_active(now_us) && silence.matcher.matches(&alert.rule, &alert.subject, &alert.evidence)
        });
        let silenced_by: Vec<String> = silences.map(|(silence, _)| silence.clone()).collect();
        let expired = silenced_by.is_empty() && !alert.silenced_by.is_empty();
        if alert.acknowledged != acknowledged || alert.silenced_by != silenced_by {
            (alert.acknowledged, alert.silenced_by, entry.saved) = (acknowledged, silenced_by, Saved::Due);
        }
        expired
    }

    fn is_to_be_told(&self, id: &AlertId, expired: bool, holds: bool, now_us: i64) -> bool {
        let Some(alert) = self.alert(id) else { return false };
        if alert.state != AlertState::Firing || is_quiet(alert) {
            return false;
        }
        if self.waits_for_cause(alert, now_us) {
            return false;
        }
        let repeat = self.rule_of(id).map_or(Duration::MAX, |rule| rule.repeat.duration());
        let again = holds && elapsed(alert.told_us, now_us) >= repeat;
        let worse = self.joined(alert).map(|one| one.evidence.severity).max() > alert.told_severity;
        let is_news = alert.notices == 0 && !(is_event(alert) && alert.told_us > 0);
        is_news || expired || again || worse
    }

    /// Whether the message about its cause tells of it, or soon will.
    fn waits_for_cause(&self, alert: &Alert, now_us: i64) -> bool {
        let Some(cause) = self.cause(alert) else { return false };
        let hold = self.rule_of(&alert.id()).map_or(Duration::ZERO, |rule| rule.hold.duration());
        match cause.state {
            AlertState::Firing => !is_quiet(cause),
            AlertState::Pending => elapsed(alert.since_us, now_us) < hold + JOIN_WAIT,
            AlertState::Resolved => false,
        }
    }

    fn cause(&self, alert: &Alert) -> Option<&Alert> {
        let cause = AlertId::from(alert.group_key.clone());
        if cause == alert.id() { None } else { self.alert(&cause) }
    }

    /// What the message about `cause` tells of beside it.
    fn joined<'a>(&'a self, cause: &'a Alert) -> impl Iterator<Item = &'a Alert> {
        let (key, id) = (cause.id().to_string(), cause.id());
        self.alerts().filter(move |alert| {
            alert.group_key == key
                && alert.id() != id
                && alert.state == AlertState::Firing
                && alert.notices == 0
                && !is_quiet(alert)
        })
    }

    /// Makes a notice of the alert as it is now and owes it to every channel.
    fn tell(&mut self, id: &AlertId, now_us: i64) -> Option<Notice> {
        let alert = self.alert(id)?;
        let firing = alert.state == AlertState::Firing;
        let mut joined: Vec<Joined> = self.joined(alert).filter(|_| firing).map(joined_of).collect();
        joined.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
        let more = joined.len().saturating_sub(JOINED_MAX);
        joined.truncate(JOINED_MAX);
        for one in &joined {
            let Some(entry) = self.entries.get_mut(&one.id) else { continue };
            (entry.alert.told_us, entry.saved) = (now_us, Saved::Due);
        }
        let entry = self.entries.get_mut(id)?;
        let alert = &mut entry.alert;
        let severity =
            joined.first().map_or(alert.evidence.severity, |worst| worst.severity.max(alert.evidence.severity));
        alert.told_us = now_us;
        alert.notices = alert.notices.saturating_add(1);
        alert.told_severity = alert.told_severity.max(Some(severity));
        entry.saved = Saved::Due;
        let mut notice = notice_of(alert, now_us);
        // A channel that only takes what is critical gets what is told here.
        notice.evidence.severity = told_as(alert, severity);
        (notice.joined, notice.joined_more) = (joined, u32::try_from(more).unwrap_or(u32::MAX));
        self.owe(&notice);
        Some(notice)
    }
}

/// The alert as it is now, with nothing beside it.
pub(super) fn notice_of(alert: &Alert, at_us: i64) -> Notice {
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

/// The end is told as what was told of the beginning, so that the same channels hear it.
fn told_as(alert: &Alert, severity: Severity) -> Severity {
    match alert.state {
        AlertState::Resolved => alert.told_severity.unwrap_or(severity),
        AlertState::Pending | AlertState::Firing => severity,
    }
}

fn joined_of(alert: &Alert) -> Joined {
    Joined {
        id: alert.id(),
        rule: alert.rule.clone(),
        subject: alert.subject.clone(),
        severity: alert.evidence.severity,
        reason: alert.evidence.reason.clone(),
    }
}

/// Something that happened: once anybody was told of it, there is nothing to add.
fn is_event(alert: &Alert) -> bool {
    rule::rule(&alert.rule).is_some_and(|rule| rule.is_event)
}

fn is_quiet(alert: &Alert) -> bool {
    alert.acknowledged.is_some() || !alert.silenced_by.is_empty()
}
