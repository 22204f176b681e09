//! The tree in memory: what `embedded` keeps and `faulty` disturbs. Pure; whoever owns it serialises the calls.

pub(crate) mod watches;

use crate::path::Path;
use crate::store::{CreateMode, Expected, Node, Operation, Outcome, Scope, SessionId, StoreError, Version};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// A node and what the tree alone knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) data: Bytes,
    pub(crate) version: Version,
    pub(crate) owner: Option<SessionId>,
    /// The number for the next sequential child.
    pub(crate) next_sequence: u32,
}

/// Nodes by path. The root is always there.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    entries: BTreeMap<Path, Entry>,
    children: BTreeMap<Path, BTreeSet<String>>,
}

/// What a group of operations would do, worked out and not yet done: the journal is written in between.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The state after it of every node that it touches; `None` where the node goes.
    pub(crate) after: BTreeMap<Path, Option<Entry>>,
    pub(crate) outcomes: Vec<Outcome>,
    /// What watchers have to hear, each once.
    pub(crate) changes: BTreeSet<(Path, Scope)>,
}

impl Tree {
    pub(crate) fn read(&self, path: &Path) -> Option<Node> {
        if path.is_root() {
            return Some(Node { data: Bytes::new(), version: Version::FIRST, owner: None });
        }
        let entry = self.entries.get(path)?;
        Some(Node { data: entry.data.clone(), version: entry.version, owner: entry.owner })
    }

    pub(crate) fn list(&self, path: &Path) -> Result<Vec<String>, StoreError> {
        if !path.is_root() && !self.entries.contains_key(path) {
            return Err(StoreError::NotFound { path: path.clone() });
        }
        Ok(self.children.get(path).map(|names| names.iter().cloned().collect()).unwrap_or_default())
    }

    /// Every node with its state, parents before children.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries.iter()
    }

    /// Works out what `operations` of `session` do, each seeing those before it. Nothing changes yet.
    pub(crate) fn plan(&self, session: SessionId, operations: &[Operation]) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        for operation in operations {
            let outcome = match operation {
                Operation::Check { path, expected } => {
                    self.expect(&plan, path, *expected)?;
                    Outcome::Checked
                }
                Operation::Create { path, data, mode } => self.plan_create(&mut plan, session, path, data, *mode)?,
                Operation::Write { path, data, expected } => {
                    let mut entry = self.expect(&plan, path, *expected)?;
                    entry.version = entry.version.next();
                    entry.data = data.clone();
                    let version = entry.version;
                    plan.set(path, Some(entry), false);
                    Outcome::Written(version)
                }
                Operation::Remove { path, expected } => {
                    self.expect(&plan, path, *expected)?;
                    if self.has_children(&plan, path) {
                        return Err(StoreError::NotEmpty { path: path.clone() });
                    }
                    plan.set(path, None, true);
                    Outcome::Removed
                }
            };
            plan.outcomes.push(outcome);
        }
        Ok(plan)
    }

    /// The removal of everything that lives with `session`. Ephemeral nodes have no children, so it can't fail.
    pub(crate) fn plan_end_of_session(&self, session: SessionId) -> Plan {
        let mut plan = Plan::default();
        for (path, _) in self.entries.iter().filter(|(_, entry)| entry.owner == Some(session)) {
            plan.set(path, None, true);
        }
        plan
    }

    /// Does what was planned. The tree must not have changed since.
    pub(crate) fn carry_out(&mut self, after: BTreeMap<Path, Option<Entry>>) {
        for (path, entry) in after {
            let parent = path.parent();
            match entry {
                Some(entry) => {
                    if self.entries.insert(path.clone(), entry).is_none()
                        && let Some(parent) = parent
                    {
                        self.children.entry(parent).or_default().insert(path.name().to_owned());
                    }
                }
                None => {
                    self.entries.remove(&path);
                    self.children.remove(&path);
                    if let Some(names) = parent.and_then(|parent| self.children.get_mut(&parent)) {
                        names.remove(path.name());
                    }
                }
            }
        }
    }

    fn plan_create(
        &self,
        plan: &mut Plan,
        session: SessionId,
        path: &Path,
        data: &Bytes,
        mode: CreateMode,
    ) -> Result<Outcome, StoreError> {
        let Some(parent_path) = path.parent() else {
            return Err(StoreError::AlreadyExists { path: path.clone() });
        };
        let mut path = path.clone();
        if !parent_path.is_root() {
            let Some(mut parent) = self.entry(plan, &parent_path) else {
                return Err(StoreError::NotFound { path });
            };
            if parent.owner.is_some() {
                return Err(StoreError::NoChildrenForEphemerals { path: parent_path });
            }
            if mode == CreateMode::EphemeralSequential {
                path = path.sequential(parent.next_sequence);
                parent.next_sequence += 1;
                plan.after.insert(parent_path.clone(), Some(parent));
            }
        } else if mode == CreateMode::EphemeralSequential {
            return Err(StoreError::Refused { reason: "sequential nodes need a parent other than /".to_owned() });
        }
        if self.entry(plan, &path).is_some() {
            return Err(StoreError::AlreadyExists { path });
        }
        let owner = (mode != CreateMode::Persistent).then_some(session);
        let entry = Entry { data: data.clone(), version: Version::FIRST, owner, next_sequence: 0 };
        plan.set(&path, Some(entry), true);
        Ok(Outcome::Created(path))
    }

    fn entry(&self, plan: &Plan, path: &Path) -> Option<Entry> {
        match plan.after.get(path) {
            Some(planned) => planned.clone(),
            None => self.entries.get(path).cloned(),
        }
    }

    fn expect(&self, plan: &Plan, path: &Path, expected: Expected) -> Result<Entry, StoreError> {
        let Some(entry) = self.entry(plan, path) else {
            return Err(StoreError::NotFound { path: path.clone() });
        };
        if !expected.admits(entry.version) {
            return Err(StoreError::VersionMismatch { path: path.clone() });
        }
        Ok(entry)
    }

    fn has_children(&self, plan: &Plan, path: &Path) -> bool {
        let planned = |child: &Path| plan.after.get(child).map(Option::is_some);
        let stays = |name: &String| path.child(name).is_ok_and(|child| planned(&child).unwrap_or(true));
        self.children.get(path).is_some_and(|names| names.iter().any(stays))
            || plan.after.iter().any(|(child, entry)| entry.is_some() && child.parent().as_ref() == Some(path))
    }
}

impl Plan {
    fn set(&mut self, path: &Path, entry: Option<Entry>, appears_or_goes: bool) {
        self.after.insert(path.clone(), entry);
        self.changes.insert((path.clone(), Scope::Node));
        if appears_or_goes {
            self.changes.insert((path.clone(), Scope::Children));
            self.changes.extend(path.parent().map(|parent| (parent, Scope::Children)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::new(text).unwrap()
    }

    fn create(text: &str, mode: CreateMode) -> Operation {
        Operation::Create { path: path(text), data: Bytes::from_static(b"x"), mode }
    }

    fn run(tree: &mut Tree, session: i64, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
        let plan = tree.plan(SessionId(session), operations)?;
        tree.carry_out(plan.after);
        Ok(plan.outcomes)
    }

    #[test]
    fn each_operation_sees_those_before_it() {
        let mut tree = Tree::default();
        let remove = |text| Operation::Remove { path: path(text), expected: Expected::Any };
        run(&mut tree, 1, &[create("/a", CreateMode::Persistent), create("/a/b", CreateMode::Persistent)]).unwrap();
        let refused = run(&mut tree, 1, &[create("/a/c", CreateMode::Persistent), remove("/a/b"), remove("/a")]);
        assert_eq!(refused, Err(StoreError::NotEmpty { path: path("/a") }));
        assert_eq!(tree.list(&path("/a")).unwrap(), ["b"], "a failed group leaves nothing behind");
        run(&mut tree, 1, &[remove("/a/b"), remove("/a")]).unwrap();
        assert_eq!(tree.read(&path("/a")), None);
    }

    #[test]
    fn sequences_grow_within_a_group_and_after_removal() {
        let mut tree = Tree::default();
        let join = || create("/line/host-", CreateMode::EphemeralSequential);
        run(&mut tree, 1, &[create("/line", CreateMode::Persistent), join(), join()]).unwrap();
        tree.carry_out(tree.plan_end_of_session(SessionId(1)).after);
        let outcomes = run(&mut tree, 2, &[join()]).unwrap();
        assert_eq!(outcomes, [Outcome::Created(path("/line/host-0000000002"))]);
    }

    #[test]
    fn the_end_of_a_session_takes_its_nodes_and_no_others() {
        let mut tree = Tree::default();
        run(&mut tree, 1, &[create("/p", CreateMode::Persistent), create("/p/mine", CreateMode::Ephemeral)]).unwrap();
        run(&mut tree, 2, &[create("/p/theirs", CreateMode::Ephemeral)]).unwrap();
        let plan = tree.plan_end_of_session(SessionId(1));
        assert!(plan.changes.contains(&(path("/p"), Scope::Children)));
        tree.carry_out(plan.after);
        assert_eq!(tree.list(&path("/p")).unwrap(), ["theirs"]);
    }
}
