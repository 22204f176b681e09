//! Names of nodes of the coordination tree.

use std::fmt;

/// Longest path, in bytes. ZooKeeper has no limit of its own; ours bounds what a request can carry.
pub const PATH_LENGTH_MAX: usize = 1024;

/// An absolute path such as `/mysql_replicator/tasks/copy`: valid by construction for every store.
///
/// Ordered as text, which keeps a node before its children.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(String);

/// Why a path was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not a path of the coordination tree: {problem}")]
pub struct PathError {
    pub path: String,
    pub problem: &'static str,
}

impl Path {
    /// `/`: exists in every store, holds nothing, can be neither created nor removed.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path as given, if it starts with `/`, does not end in one, and every name in it is valid.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        if path == "/" {
            return Ok(Self::root());
        }
        let problem = match path.strip_prefix('/') {
            None => Some("it does not start with `/`"),
            Some(_) if path.len() > PATH_LENGTH_MAX => Some("it is too long"),
            Some(names) => names.split('/').find_map(|name| check_name(name).err()),
        };
        match problem {
            Some(problem) => Err(PathError { path: path.chars().take(200).collect(), problem }),
            None => Ok(Self(path)),
        }
    }

    /// The node `name` below this one.
    pub fn child(&self, name: &str) -> Result<Self, PathError> {
        let slash = if self.0 == "/" { "" } else { "/" };
        let path = format!("{}{slash}{name}", self.0);
        if name.contains('/') {
            return Err(PathError { path, problem: "a name in it contains `/`" });
        }
        Self::new(path)
    }

    /// The node `name` below this one, where `name` is known to be valid: a checked noun or a name read from a store.
    pub(crate) fn join(&self, name: &str) -> Self {
        debug_assert!(check_name(name).is_ok() && !name.contains('/'), "{name:?} is not a name");
        let slash = if self.is_root() { "" } else { "/" };
        Self(format!("{}{slash}{name}", self.0))
    }

    /// The node above this one; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (parent, name) = self.0.rsplit_once('/')?;
        match (parent, name) {
            ("", "") => None,
            ("", _) => Some(Self::root()),
            _ => Some(Self(parent.to_owned())),
        }
    }

    /// The last name of the path; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(_, name)| name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// The path of a sequential node: `prefix` followed by ten digits, as ZooKeeper writes them.
    pub(crate) fn sequential(&self, sequence: u32) -> Self {
        Self(format!("{}{sequence:010}", self.0))
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("a name in it is empty"),
        "." | ".." => Err("`.` and `..` are not names"),
        _ if name.chars().any(|c| c.is_control() || ('\u{e000}'..='\u{f8ff}').contains(&c) || c >= '\u{fff0}') => {
            Err("a name in it has a character that ZooKeeper refuses")
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_checked_where_they_are_made() {
        for good in ["/", "/a", "/mysql_replicator/tasks/copy_hot-item.1", "/a/ä"] {
            assert_eq!(Path::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "a", "/a/", "//a", "/a//b", "/a/..", "/./a", "/a\u{0}", "/a\n"] {
            assert!(Path::new(bad).is_err(), "{bad:?}");
        }
        assert!(Path::new(format!("/{}", "x".repeat(PATH_LENGTH_MAX))).is_err());
        assert!(Path::root().child("a/b").is_err());
    }

    #[test]
    fn parents_and_children_meet() {
        let path = Path::new("/a/b").unwrap();
        assert_eq!(path.name(), "b");
        assert_eq!(path.parent().unwrap().as_str(), "/a");
        assert_eq!(path.parent().unwrap().parent().unwrap(), Path::root());
        assert_eq!(Path::root().parent(), None);
        assert_eq!(Path::root().child("a").unwrap().child("b").unwrap(), path);
    }
}
