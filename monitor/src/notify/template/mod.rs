//! What people read, in their language: a pure function from notices to text without any markup. Each kind of channel
//! dresses it its own way.

mod phrases;
mod quantity;
mod titles;

use crate::notify::Message;
use phrases::Phrases;
use replicator_model::alert::{AlertState, Joined, Notice, Severity, Subject};
use replicator_model::channel::Language;
use replicator_model::rule::Unit;

/// How a message begins: what an eye is to catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    Resolved,
    Info,
    Warning,
    Critical,
}

/// A message, ready to be dressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub subject: String,
    pub tone: Tone,
    /// The worst first.
    pub entries: Vec<Entry>,
    /// What an entry that leads to a page is called.
    pub link_label: &'static str,
    /// How it is said that so many entries are left out.
    phrases: &'static Phrases,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub tone: Tone,
    pub headline: String,
    /// What is known about it: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// The page of the console.
    pub link: Option<String>,
}

impl Text {
    /// "and 3 more alerts", for a receiver that takes no more.
    pub fn more(&self, left_out: usize) -> String {
        (self.phrases.more)(left_out)
    }
}

/// Writes a message. `link` is the console's address.
pub fn compose(message: &Message, language: Language, link: Option<&str>) -> Text {
    let phrases = phrases::of(language);
    let mut entries: Vec<Entry> = match message {
        Message::Notices(notices) => notices.iter().map(|notice| entry(notice, language, link)).collect(),
        Message::Test { by, at_us, .. } => vec![Entry {
            tone: Tone::Info,
            headline: phrases.test_headline.to_owned(),
            facts: vec![(phrases.asked_by, by.clone()), (phrases.at, quantity::time(*at_us))],
            link: link.map(|base| format!("{}/alerts", base.trim_end_matches('/'))),
        }],
    };
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.tone));
    let tone = entries.first().map_or(Tone::Info, |entry| entry.tone);
    let subject = subject(message, &entries, language);
    Text { subject, tone, entries, link_label: phrases.open, phrases }
}

fn subject(message: &Message, entries: &[Entry], language: Language) -> String {
    let phrases = phrases::of(language);
    let first = entries.first().map_or("", |entry| entry.headline.as_str());
    match message {
        Message::Test { channel, .. } => format!("{} {channel}", phrases.test_subject),
        Message::Notices(_) if entries.len() > 1 => (phrases.group)(first, entries.len() - 1),
        Message::Notices(_) => first.to_owned(),
    }
}

fn entry(notice: &Notice, language: Language, link: Option<&str>) -> Entry {
    let phrases = phrases::of(language);
    let evidence = &notice.evidence;
    let resolved = notice.state == AlertState::Resolved;
    let title = titles::title(&notice.rule, &notice.subject, language);
    let severity = (phrases.severity)(evidence.severity);
    let headline = match (resolved, notice.number) {
        (true, _) => (phrases.resolved)(&title),
        (false, 0 | 1) => (phrases.firing)(severity, &title),
        (false, _) => (phrases.still_firing)(severity, &title),
    };
    let mut facts = Vec::new();
    let unit = evidence.unit.unwrap_or(Unit::Count);
    if let Some(value) = evidence.value.filter(|value| value.is_finite() && !resolved) {
        let threshold = evidence.threshold.filter(|threshold| threshold.is_finite());
        let threshold = threshold.map(|threshold| (phrases.threshold)(&quantity::quantity(threshold, unit)));
        let value = quantity::quantity(value, unit);
        facts.push((phrases.value, format!("{value}{}", threshold.unwrap_or_default())));
    }
    let lasted = quantity::lasted(notice.since_us, notice.at_us);
    facts.push((phrases.since, format!("{} ({lasted})", quantity::time(notice.since_us))));
    if resolved {
        facts.push((phrases.ended, quantity::time(notice.at_us)));
    }
    facts.extend(evidence.group.as_ref().map(|group| (phrases.group_word, group.to_string())));
    facts.extend(evidence.core.as_ref().map(|core| (phrases.core, core.to_string())));
    facts.push((phrases.reason, evidence.reason.clone()));
    if !resolved {
        facts.push((phrases.hint, titles::hint(notice, language)));
    }
    facts.extend(joined(&notice.joined, notice.joined_more, language));
    let tone = if resolved { Tone::Resolved } else { tone_of(evidence.severity) };
    Entry { tone, headline, facts, link: link.map(|base| page(base, &notice.subject)) }
}

/// Alerts that this one is the cause of.
fn joined(joined: &[Joined], more: u32, language: Language) -> Option<(&'static str, String)> {
    let phrases = phrases::of(language);
    let names: Vec<String> = joined.iter().map(|one| titles::title(&one.rule, &one.subject, language)).collect();
    if names.is_empty() && more == 0 {
        return None;
    }
    let rest = if more == 0 { String::new() } else { format!("; {}", (phrases.more)(more as usize)) };
    Some((phrases.affected, format!("{}{rest}", names.join("; "))))
}

fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Info,
        Severity::Warning => Tone::Warning,
        Severity::Critical => Tone::Critical,
    }
}

/// The console's page about a subject. Names need no escaping: they have letters, digits, `_`, `-` and `.`.
pub fn page(base: &str, subject: &Subject) -> String {
    let base = base.trim_end_matches('/');
    match subject {
        Subject::Task(task) => format!("{base}/tasks/{task}"),
        Subject::Core { .. } => format!("{base}/cores"),
        Subject::Channel(_) => format!("{base}/channels"),
        Subject::Coordination | Subject::Monitor(_) => format!("{base}/alerts"),
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
