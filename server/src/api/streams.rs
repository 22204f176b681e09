//! Places for streams of events: so many of a Server, and among them so many of one user, so that nobody's pages take
//! the places of the others.

use crate::problem::ApiError;
use parking_lot::Mutex;
use replicator_model::name::UserName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Streams of one Server at a time.
pub(crate) const STREAMS_MAX: usize = 500;

/// The places that are taken, by user.
pub(crate) struct Streams {
    of_user_max: usize,
    taken: Mutex<BTreeMap<UserName, usize>>,
}

/// A place, free again when it is dropped.
pub(super) struct Place {
    streams: Arc<Streams>,
    user: UserName,
}

impl Streams {
    pub(crate) fn new(of_user_max: usize) -> Arc<Self> {
        Arc::new(Self { of_user_max, taken: Mutex::default() })
    }

    pub(super) fn take(self: &Arc<Self>, user: &UserName) -> Result<Place, ApiError> {
        let mut taken = self.taken.lock();
        if taken.values().sum::<usize>() >= STREAMS_MAX {
            return Err(ApiError::TooManyStreams { whose: "of this Server".to_owned(), max: STREAMS_MAX });
        }
        let of_user = taken.entry(user.clone()).or_default();
        if *of_user >= self.of_user_max {
            return Err(ApiError::TooManyStreams { whose: format!("of user `{user}`"), max: self.of_user_max });
        }
        *of_user += 1;
        Ok(Place { streams: Arc::clone(self), user: user.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.streams.taken.lock();
        if let Some(of_user) = taken.get_mut(&self.user) {
            *of_user -= 1;
            if *of_user == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_places_and_gives_them_back() {
        let name = |text: &str| UserName::new(text).unwrap();
        let streams = Streams::new(2);
        let places = [streams.take(&name("alice")).ok().unwrap(), streams.take(&name("alice")).ok().unwrap()];
        let refused = streams.take(&name("alice")).err().unwrap();
        assert_eq!(refused, ApiError::TooManyStreams { whose: "of user `alice`".to_owned(), max: 2 });
        assert!(streams.take(&name("bob")).is_ok());
        drop(places);
        assert!(streams.take(&name("alice")).is_ok());
        assert!(streams.taken.lock().is_empty(), "who has none is forgotten");
    }

    #[test]
    fn a_server_has_so_many_places() {
        let streams = Streams::new(STREAMS_MAX);
        let take = |number: usize| streams.take(&UserName::new(format!("u{}", number % 3)).unwrap());
        let places: Vec<_> = (0..STREAMS_MAX).map(|number| take(number).ok().unwrap()).collect();
        assert_eq!(
            take(0).err().unwrap(),
            ApiError::TooManyStreams { whose: "of this Server".to_owned(), max: STREAMS_MAX }
        );
        drop(places);
        assert!(take(0).is_ok());
    }
}
