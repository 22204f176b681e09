//! The servers that a change has passed.

use std::fmt;
use std::sync::Arc;

/// The servers that a change has passed, the one it was made at first. Those of one trail are different: a change is never
/// carried to a server that it has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail(Arc<str>);

impl Trail {
    /// As it is shown: names without commas, with commas between.
    pub fn parse(text: &str) -> Self {
        Self(text.into())
    }

    pub fn has_passed(&self, server: &str) -> bool {
        self.0.split(',').any(|passed| passed == server)
    }

    /// One server longer.
    pub fn then(&self, server: &str) -> Self {
        Self(format!("{},{server}", self.0).into())
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_grows_and_knows_its_servers() {
        let trail = Trail::parse("a").then("bb");
        assert_eq!(trail.to_string(), "a,bb");
        assert_eq!(Trail::parse("a,bb"), trail);
        assert!(trail.has_passed("a") && trail.has_passed("bb"));
        assert!(!trail.has_passed("b") && !trail.has_passed(""));
    }
}
