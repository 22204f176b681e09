//! Names that become nodes of the coordination tree and labels of metrics.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest name of a task, group or Core, in bytes. Kafka's `transactional.id` and ZooKeeper's node names both fit.
pub const NAME_LENGTH_MAX: usize = 100;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is not a valid {what}: {problem}; use 1 to {NAME_LENGTH_MAX} of a-z, A-Z, 0-9, `_`, `-` and `.`, starting with a letter or digit"
)]
pub struct NameError {
    pub what: &'static str,
    pub name: String,
    pub problem: &'static str,
}

fn check(what: &'static str, name: &str) -> Result<(), NameError> {
    let refuse = |problem| Err(NameError { what, name: name.chars().take(NAME_LENGTH_MAX).collect(), problem });
    match name.bytes().next() {
        None => return refuse("it is empty"),
        Some(first) if !first.is_ascii_alphanumeric() => return refuse("it starts with another character"),
        Some(_) => {}
    }
    if name.len() > NAME_LENGTH_MAX {
        return refuse("it is too long");
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        return refuse("it has another character");
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
                let name = name.into();
                check($what, &name)?;
                Ok(Self(name))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(name: &str) -> Result<Self, NameError> {
                Self::new(name)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(name: String) -> Result<Self, NameError> {
                Self::new(name)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }
    };
}

name!(
    /// What a user calls a task; a node under `tasks/`.
    TaskName,
    "task name"
);
name!(
    /// What Cores and tasks are grouped by; a node under `groups/`.
    GroupName,
    "group name"
);
name!(
    /// One Core process among those of a group: stable over its restarts, by default the host's name.
    CoreName,
    "core name"
);
name!(
    /// Who signs in; a node under `users/`.
    UserName,
    "user name"
);

name!(
    /// What an operator calls a channel that people are told by; a node under `alerts/channels`.
    ChannelName,
    "channel name"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_wrong_with_it() {
        assert!(TaskName::new("copy_hot-item.1").is_ok());
        for (bad, problem) in
            [("", "empty"), ("-x", "starts"), ("a/b", "another"), ("ä", "starts"), (&"x".repeat(101), "too long")]
        {
            let error = TaskName::new(bad).unwrap_err().to_string();
            assert!(error.contains("task name") && error.contains(problem), "{bad}: {error}");
        }
    }

    #[test]
    fn a_stored_name_is_checked_when_read() {
        assert!(serde_json::from_str::<TaskName>("\"../../etc\"").is_err());
    }
}
