//! Who did what: each change and each refusal, kept in the tree by day. What can't be kept is done all the same; the log
//! and a metric say so.

use super::caller::Caller;
use super::opaque;
use crate::problem::ApiError;
use crate::view;
use parking_lot::Mutex;
use replicator_coordination::session::Session;
use replicator_model::access::{AuditEntry, AuditOutcome, Via};
use replicator_model::name::UserName;
use std::net::IpAddr;

/// Most entries of a day by one Server: what a list of the coordination service bears.
const OF_A_DAY_MAX: u32 = 10_000;
/// Most of them by nobody in particular: else whoever knocks could fill the day.
const ANONYMOUS_OF_A_DAY_MAX: u32 = 1_000;
/// Days that are kept.
const DAYS_KEPT: usize = 90;
/// Longest detail, in characters.
const DETAIL_MAX: usize = 2_000;
/// Most entries that one answer looks at; the next page goes on behind them.
const SCANNED_MAX: usize = 2_000;
/// The changes of an overview, and how many entries are looked at for them: it is asked for all the time.
const RECENT: usize = 10;
const RECENT_SCANNED_MAX: usize = 50;

/// What was done, as the layer saw it.
pub(crate) struct Done {
    pub(crate) caller: Option<Caller>,
    /// Who signed in by it.
    pub(crate) user: Option<UserName>,
    pub(crate) address: IpAddr,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) outcome: AuditOutcome,
    pub(crate) detail: String,
    pub(crate) diff: Option<String>,
}

/// How many entries this Server wrote today.
#[derive(Default)]
pub(crate) struct Written(Mutex<(String, u32, u32)>);

impl Written {
    /// Counts one more; `false` if the day is full.
    fn admits(&self, day: &str, is_anonymous: bool) -> bool {
        let mut written = self.0.lock();
        if written.0 != day {
            *written = (day.to_owned(), 0, 0);
        }
        let (_, all, anonymous) = &mut *written;
        if *all >= OF_A_DAY_MAX || is_anonymous && *anonymous >= ANONYMOUS_OF_A_DAY_MAX {
            return false;
        }
        *all += 1;
        *anonymous += u32::from(is_anonymous);
        true
    }
}

pub(crate) async fn write(session: &Session, written: &Written, done: Done) -> Result<(), ApiError> {
    let at_us = (session.surroundings().wall_clock_us)();
    let day = day_of(at_us);
    let user = done.caller.as_ref().map(|caller| caller.user.clone()).or(done.user);
    if !written.admits(&day, user.is_none()) {
        return Err(ApiError::TooMany { what: "audit entries of this day", limit: OF_A_DAY_MAX as usize });
    }
    let entry = AuditEntry {
        at_us,
        user,
        via: done.caller.as_ref().map_or(Via::None, Caller::via),
        address: done.address.to_string(),
        action: done.action,
        subject: done.subject,
        outcome: done.outcome,
        detail: done.detail.chars().take(DETAIL_MAX).collect(),
        diff: done.diff,
    };
    session.write_audit(&day, &format!("{at_us:016}-{}", opaque::suffix()?), &entry).await?;
    Ok(())
}

/// Which entries are asked for.
#[derive(Default)]
pub(crate) struct Filter {
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
    pub(crate) task: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) outcome: Option<AuditOutcome>,
}

impl Filter {
    fn wants(&self, entry: &AuditEntry) -> bool {
        self.task.as_ref().is_none_or(|task| entry.subject.strip_prefix("task ") == Some(task))
            && self.user.as_ref().is_none_or(|user| entry.user.as_ref().map(UserName::as_str) == Some(user))
            && self.action.as_ref().is_none_or(|action| entry.action == *action)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
    }
}

/// The last changes that were made, newest first, as far as they are near.
pub(crate) async fn recent(session: &Session) -> Result<Vec<(String, AuditEntry)>, ApiError> {
    let filter = Filter { limit: RECENT, outcome: Some(AuditOutcome::Done), ..Filter::default() };
    Ok(search(session, &filter, RECENT_SCANNED_MAX).await?.0)
}

/// Newest first; and behind which entry the next page begins, if there may be more.
pub(crate) async fn list(
    session: &Session,
    filter: &Filter,
) -> Result<(Vec<(String, AuditEntry)>, Option<String>), ApiError> {
    search(session, filter, SCANNED_MAX).await
}

async fn search(
    session: &Session,
    filter: &Filter,
    scanned_max: usize,
) -> Result<(Vec<(String, AuditEntry)>, Option<String>), ApiError> {
    let mut found = Vec::new();
    let mut scanned = 0;
    for day in session.audit_days().await?.into_iter().rev() {
        for name in session.audit_of(&day).await?.into_iter().rev() {
            // Names begin with the time, so they compare as the entries' ages do.
            if filter.after.as_ref().is_some_and(|after| name >= *after) {
                continue;
            }
            let entry = session.audit_entry(&day, &name).await?;
            scanned += 1;
            found.extend(entry.filter(|entry| filter.wants(entry)).map(|entry| (name.clone(), entry)));
            if found.len() >= filter.limit || scanned >= scanned_max {
                return Ok((found, Some(name)));
            }
        }
    }
    Ok((found, None))
}

/// Forgets the days that are no longer kept.
pub(crate) async fn prune(session: &Session) -> Result<(), ApiError> {
    let days = session.audit_days().await?;
    for day in days.iter().take(days.len().saturating_sub(DAYS_KEPT)) {
        session.remove_audit_day(day).await?;
    }
    Ok(())
}

fn day_of(at_us: i64) -> String {
    view::time(at_us).and_then(|time| time.get(..10).map(str::to_owned)).unwrap_or_else(|| "1970-01-01".to_owned())
}

/// What an operation is about, from its route and address: `task copy`. Empty where no part of the address names one.
pub(crate) fn subject(route: &str, address: &str) -> String {
    let parts: Vec<(&str, &str)> = route.split('/').zip(address.split('/')).collect();
    let named = parts.windows(2).find(|pair| pair[1].0.starts_with('{'));
    named.map_or_else(String::new, |pair| {
        let noun = pair[0].0.strip_suffix('s').unwrap_or(pair[0].0);
        format!("{noun} {}", pair[1].1.chars().take(200).collect::<String>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_it_is_about() {
        for (route, address, expected) in [
            ("/api/v1/tasks/{name}/start", "/api/v1/tasks/copy/start", "task copy"),
            ("/api/v1/tokens/{id}", "/api/v1/tokens/5f", "token 5f"),
            ("/api/v1/session", "/api/v1/session", ""),
        ] {
            assert_eq!(subject(route, address), expected);
        }
    }

    #[test]
    fn nobody_fills_a_day_for_the_others() {
        let written = Written::default();
        let anonymous = (0..2_000).filter(|_| written.admits("2026-11-22", true)).count();
        assert_eq!(anonymous, ANONYMOUS_OF_A_DAY_MAX as usize);
        assert!(written.admits("2026-11-22", false) && written.admits("2026-11-23", true));
    }
}
