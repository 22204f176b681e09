//! Slows down whoever guesses: after a few failed attempts for one user, or from one address, each further one has to
//! wait twice as long. Kept in this process: with several Servers a guesser has as many tries more.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Failures without consequence: a user mistypes, an address may be a proxy's.
const FREE_OF_USER: u32 = 5;
const FREE_OF_ADDRESS: u32 = 20;
/// The first wait, and the longest.
const DELAY_MIN: Duration = Duration::from_secs(1);
const DELAY_MAX: Duration = Duration::from_secs(15 * 60);
/// After so long without a failure all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);
/// Most users and addresses that are remembered; beyond, the one that failed longest ago is forgotten.
const REMEMBERED_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Who failed how often.
#[derive(Default)]
pub(crate) struct Lockout {
    failures: HashMap<Who, Failures>,
}

impl Lockout {
    /// How long this user from this address has to wait yet, if at all.
    pub(crate) fn wait(&self, user: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        let of = |who: &Who, free| {
            let failures = self.failures.get(who)?;
            (failures.last + delay(failures.count, free)?).checked_duration_since(now).filter(|wait| !wait.is_zero())
        };
        of(&Who::User(key(user)), FREE_OF_USER).max(of(&Who::Address(address), FREE_OF_ADDRESS))
    }

    /// An attempt begins. It counts as failed until it has succeeded, so that many at once do not slip through.
    pub(crate) fn attempt(&mut self, user: &str, address: IpAddr, now: Instant) {
        self.failures.retain(|_, failures| now.duration_since(failures.last) < FORGOTTEN_AFTER);
        for who in [Who::User(key(user)), Who::Address(address)] {
            if self.failures.len() >= REMEMBERED_MAX && !self.failures.contains_key(&who) {
                let oldest = self.failures.iter().min_by_key(|(_, failures)| failures.last).map(|(who, _)| who.clone());
                oldest.and_then(|oldest| self.failures.remove(&oldest));
            }
            let failures = self.failures.entry(who).or_insert(Failures { count: 0, last: now });
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
        }
    }

    /// The attempt succeeded: the user's failures are forgotten. The address keeps those it has from other attempts,
    /// else a guesser with an own account would be free.
    pub(crate) fn succeeded(&mut self, user: &str, address: IpAddr) {
        self.failures.remove(&Who::User(key(user)));
        if let Some(failures) = self.failures.get_mut(&Who::Address(address)) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

/// What names a user here: anybody may send any text.
fn key(user: &str) -> String {
    user.chars().take(100).collect()
}

/// The wait after so many failures; `None` while they are free.
fn delay(count: u32, free: u32) -> Option<Duration> {
    let doubled = count.checked_sub(free)?.min(20);
    Some((DELAY_MIN * 2_u32.pow(doubled)).min(DELAY_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn delays_double_up_to_a_limit() {
        for (count, expected) in
            [(0, None), (4, None), (5, Some(1)), (6, Some(2)), (9, Some(16)), (15, Some(900)), (4_000_000, Some(900))]
        {
            assert_eq!(delay(count, FREE_OF_USER), expected.map(Duration::from_secs), "{count}");
        }
    }

    #[test]
    fn a_user_is_locked_from_everywhere_and_an_address_for_everybody() {
        let (mut lockout, now) = (Lockout::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(lockout.wait("alice", HERE, now), None);
            lockout.attempt("alice", HERE, now);
        }
        assert_eq!(lockout.wait("alice", THERE, now), Some(Duration::from_secs(1)));
        assert_eq!(lockout.wait("bob", HERE, now), None);
        assert_eq!(lockout.wait("alice", HERE, now + Duration::from_secs(1)), None, "it waits, it is not shut out");
        for number in 0..15 {
            lockout.attempt(&format!("guess{number}"), HERE, now);
        }
        assert!(lockout.wait("bob", HERE, now).is_some());
        assert_eq!(lockout.wait("bob", THERE, now), None);
    }

    #[test]
    fn success_frees_the_user_and_time_frees_all() {
        let (mut lockout, now) = (Lockout::default(), Instant::now());
        for _ in 0..30 {
            lockout.attempt("alice", HERE, now);
        }
        lockout.succeeded("alice", HERE);
        assert_eq!(lockout.wait("alice", THERE, now), None);
        assert!(lockout.wait("alice", HERE, now).is_some(), "the address keeps its failures");
        lockout.attempt("bob", THERE, now + FORGOTTEN_AFTER);
        assert_eq!(lockout.wait("alice", HERE, now + FORGOTTEN_AFTER), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut lockout, now) = (Lockout::default(), Instant::now());
        for number in 0..REMEMBERED_MAX + 50 {
            lockout.failures.insert(Who::User(number.to_string()), Failures { count: 1, last: now });
            if number > REMEMBERED_MAX - 2 {
                lockout.failures.remove(&Who::User(number.to_string()));
                lockout.attempt(&number.to_string(), HERE, now + Duration::from_secs(1));
            }
        }
        assert!(lockout.failures.len() <= REMEMBERED_MAX, "{}", lockout.failures.len());
    }
}
