//! Silences: each has an end, and one that is over is kept for a while so that people see what was quiet.

use super::alerts::{all, silenced_by};
use super::problem::AlertingError;
use super::{admit_text, now_us};
use crate::problem::ApiError;
use crate::view::{MatcherView, SilenceList, SilenceRequest, SilenceView};
use jiff::Timestamp;
use replicator_coordination::channels::Edit;
use replicator_coordination::session::Session;
use replicator_model::silence::{Silence, SilenceMatcher};
use replicator_model::span::Span;

/// Most silences that are not over.
const SILENCES_MAX: usize = 500;

/// A silence that is over is shown for so long.
const KEPT_US: i64 = 7 * 86_400 * 1_000_000;

/// How often an end is written anew when somebody else's came between.
const ATTEMPTS_MAX: u32 = 5;

/// Those that hold first, then those to come, then those that are over; what ends first stands first.
pub(crate) async fn list(session: &Session) -> Result<SilenceList, ApiError> {
    let now_us = now_us(session);
    let silences = session.silences().await?;
    let alerts = all(session).await?;
    let mut views: Vec<SilenceView> = silences
        .iter()
        .filter(|(_, silence)| silence.until_us > now_us - KEPT_US)
        .map(|(id, silence)| {
            let of = [(id.clone(), silence.clone())];
            let quiet = alerts.iter().filter(|alert| !silenced_by(alert, &of, now_us).is_empty());
            SilenceView::new(id.clone(), silence, now_us, quiet.map(|alert| alert.id().to_string()).collect())
        })
        .collect();
    views.sort_by(|one, other| (one.state, &one.until, &one.id).cmp(&(other.state, &other.until, &other.id)));
    Ok(SilenceList { silences: views })
}

pub(crate) async fn begin(session: &Session, wanted: SilenceRequest, by: &str) -> Result<SilenceView, ApiError> {
    let now_us = now_us(session);
    let silence = read(wanted, by, now_us)?;
    let (over, live): (Vec<_>, Vec<_>) =
        session.silences().await?.into_iter().partition(|(_, silence)| silence.until_us <= now_us);
    if live.len() >= SILENCES_MAX {
        return Err(AlertingError::SilencesTooMany { limit: SILENCES_MAX }.into());
    }
    for (id, _) in over.iter().filter(|(_, silence)| silence.until_us <= now_us - KEPT_US) {
        session.forget_silence(id).await?;
    }
    let id = session.begin_silence(&silence).await?;
    tracing::info!(silence = id, by, reason = silence.reason, "silence begins");
    Ok(SilenceView::new(id, &silence, now_us, Vec::new()))
}

/// Ends a silence now. What still fires is told again.
pub(crate) async fn end(session: &Session, id: &str) -> Result<(), ApiError> {
    for _ in 0..ATTEMPTS_MAX {
        let found = session.silence(id).await?;
        let (mut silence, version) = found.ok_or_else(|| AlertingError::SilenceNotFound(short(id)))?;
        let now_us = now_us(session);
        if silence.until_us <= now_us {
            return Ok(());
        }
        // One that has not begun never did.
        (silence.from_us, silence.until_us) = (silence.from_us.min(now_us), now_us);
        match session.change_silence(id, &silence, version).await? {
            Edit::Done(_) => {
                tracing::info!(silence = id, "silence ended");
                return Ok(());
            }
            Edit::Gone => return Err(AlertingError::SilenceNotFound(short(id)).into()),
            Edit::Stale(_) | Edit::Exists => {}
        }
    }
    Err(AlertingError::Stale { what: format!("silence `{}`", short(id)), expected: 0, found: 0 }.into())
}

fn short(id: &str) -> String {
    id.chars().take(80).collect()
}

/// What is wanted, checked.
fn read(wanted: SilenceRequest, by: &str, now_us: i64) -> Result<Silence, ApiError> {
    let invalid = |problem: String| AlertingError::SilenceInvalid(problem);
    let at = |key: &str, text: &str| {
        let at = text.parse::<Timestamp>().map(Timestamp::as_microsecond);
        at.map_err(|_| invalid(format!("`{key}` is not a time such as 2026-11-22T10:00:00Z")))
    };
    let from_us = wanted.from.as_deref().map_or(Ok(now_us), |from| at("from", from))?;
    let until_us = match (&wanted.until, &wanted.lasts) {
        (Some(until), None) => at("until", until)?,
        (None, Some(lasts)) => {
            let lasts: Span = lasts.parse().map_err(|error| invalid(format!("`lasts`: {error}")))?;
            from_us.saturating_add(i64::try_from(lasts.duration().as_micros()).unwrap_or(i64::MAX))
        }
        (None, None) => return Err(invalid("it has no end".to_owned()).into()),
        (Some(_), Some(_)) => return Err(invalid("`until` and `lasts` are two ends".to_owned()).into()),
    };
    let silence = Silence {
        matcher: matcher(wanted.matcher)?,
        from_us,
        until_us,
        by: by.to_owned(),
        reason: admit_text("reason", wanted.reason)?,
    };
    if silence.until_us <= now_us {
        return Err(invalid("it would be over already".to_owned()).into());
    }
    silence.problem().map_or(Ok(silence), |problem| Err(invalid(problem).into()))
}

fn matcher(wanted: MatcherView) -> Result<SilenceMatcher, ApiError> {
    let MatcherView { rule, task, group, core, severity } = wanted;
    if let Some(rule) = rule.as_deref().filter(|rule| replicator_model::rule::rule(rule).is_none()) {
        let shown = short(rule);
        return Err(AlertingError::SilenceInvalid(format!("there is no rule `{shown}`; see GET /api/v1/rules")).into());
    }
    Ok(SilenceMatcher {
        rule,
        task: task.map(|task| task.parse()).transpose()?,
        group: group.map(|group| group.parse()).transpose()?,
        core: core.map(|core| core.parse()).transpose()?,
        severity,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000_000;

    fn wanted(text: serde_json::Value) -> Result<Silence, ApiError> {
        read(serde_json::from_value(text).unwrap(), "alice", NOW)
    }

    #[test]
    fn a_silence_ends() {
        use serde_json::json;
        let copy = json!({"task": "copy"});
        let two_hours = wanted(json!({"matcher": copy, "lasts": "2h", "reason": "works"})).unwrap();
        assert_eq!((two_hours.from_us, two_hours.until_us), (NOW, NOW + 7_200_000_000));
        let until = wanted(json!({"matcher": copy, "until": "2026-09-21T15:13:20Z"})).unwrap();
        assert_eq!(until.until_us, NOW + 3_600_000_000);
        for (bad, part) in [
            (json!({"matcher": copy}), "no end"),
            (json!({"matcher": copy, "lasts": "1h", "until": "2026-09-21T15:13:20Z"}), "two ends"),
            (json!({"matcher": copy, "lasts": "1 hour"}), "lasts"),
            (json!({"matcher": copy, "lasts": "31d"}), "30d"),
            (json!({"matcher": copy, "until": "2020-01-01T00:00:00Z"}), "over already"),
            (json!({"matcher": copy, "until": "tomorrow"}), "until"),
            (json!({"matcher": {}, "lasts": "1h"}), "matcher"),
            (json!({"matcher": {"rule": "no_such"}, "lasts": "1h"}), "no_such"),
            (json!({"matcher": {"task": "-"}, "lasts": "1h"}), "task name"),
            (json!({"matcher": copy, "lasts": "1h", "reason": "x".repeat(1001)}), "1000"),
        ] {
            let error = wanted(bad.clone()).unwrap_err().to_string();
            assert!(error.contains(part), "{bad}: {error}");
        }
    }
}
