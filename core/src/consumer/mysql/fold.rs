//! Changes of one table's rows, folded: what each row has become, told by its key. Pure.
//!
//! Written as all deletions, then all updates, then all insertions, the folded changes have the effect of the changes in
//! their order, if keys are all that the table's rows can be at odds over: no foreign key, no trigger. (Another unique
//! key can only refuse the other order: values that rows exchange.) Nor do they hide that the target is no copy: a row that was to be missing is inserted without asking for it
//! first, and one that was to be there is deleted or updated, which counts it. So a row that is inserted and deleted
//! again is not folded away ([`Unfolded`]).

use std::collections::HashMap;

/// Changes of rows, each with the values that it takes to write it.
#[derive(Debug)]
pub(super) struct Fold<I> {
    rows: HashMap<Box<[u8]>, usize>,
    entries: Vec<Entry<I>>,
}

/// What one row has become.
#[derive(Debug)]
struct Entry<I> {
    deleted: Option<I>,
    written: Option<(Write, I)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Update,
    Insert,
}

/// The change can't be joined with what is there of its row: that has to be written first. The values come back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfolded<I>(pub(super) I);

/// The folded changes, each kind in the order in which its rows were first seen. They are written in this order of
/// fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folded<I> {
    pub(super) deletes: Vec<I>,
    pub(super) updates: Vec<I>,
    pub(super) inserts: Vec<I>,
}

impl<I> Folded<I> {
    pub(super) fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.updates.is_empty() && self.inserts.is_empty()
    }

    /// Takes out the rows of which `is_late` is true. What is done to one row stays together, as it has one key.
    pub(super) fn split(&mut self, is_late: impl Fn(&I) -> bool) -> Self {
        let late = |rows: &mut Vec<I>| rows.extract_if(.., |row| is_late(row)).collect();
        Self { deletes: late(&mut self.deletes), updates: late(&mut self.updates), inserts: late(&mut self.inserts) }
    }
}

impl<I> Default for Fold<I> {
    fn default() -> Self {
        Self { rows: HashMap::new(), entries: Vec::new() }
    }
}

impl<I> Fold<I> {
    /// A row with this key begins to be. `key` has the same bytes for the same row, and other bytes for each other one
    /// that can be there at the same time.
    pub(super) fn insert(&mut self, key: &[u8], image: I) -> Result<(), Unfolded<I>> {
        match self.entry(key) {
            Entry { written: written @ None, .. } => *written = Some((Write::Insert, image)),
            _ => return Err(Unfolded(image)),
        }
        Ok(())
    }

    /// The row with this key, which stays the same, has this image now.
    pub(super) fn update(&mut self, key: &[u8], image: I) -> Result<(), Unfolded<I>> {
        match self.entry(key) {
            Entry { written: Some((_, last)), .. } => *last = image,
            Entry { deleted: None, written: written @ None } => *written = Some((Write::Update, image)),
            _ => return Err(Unfolded(image)),
        }
        Ok(())
    }

    /// What an update of the row with this key would take the place of.
    pub(super) fn written(&self, key: &[u8]) -> Option<&I> {
        self.entries.get(*self.rows.get(key)?)?.written.as_ref().map(|(_, image)| image)
    }

    /// The row with this key is no more.
    pub(super) fn delete(&mut self, key: &[u8], values: I) -> Result<(), Unfolded<I>> {
        let entry = self.entry(key);
        match entry {
            Entry { deleted: Some(_), .. } | Entry { written: Some((Write::Insert, _)), .. } => {
                return Err(Unfolded(values));
            }
            Entry { deleted, written } => (*deleted, *written) = (Some(values), None),
        }
        Ok(())
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> Folded<I> {
        self.rows.clear();
        let mut folded = Folded { deletes: Vec::new(), updates: Vec::new(), inserts: Vec::new() };
        for Entry { deleted, written } in self.entries.drain(..) {
            folded.deletes.extend(deleted);
            match written {
                Some((Write::Update, image)) => folded.updates.push(image),
                Some((Write::Insert, image)) => folded.inserts.push(image),
                None => {}
            }
        }
        folded
    }

    fn entry(&mut self, key: &[u8]) -> &mut Entry<I> {
        let index = match self.rows.get(key) {
            Some(index) => *index,
            None => {
                self.rows.insert(key.into(), self.entries.len());
                self.entries.push(Entry { deleted: None, written: None });
                self.entries.len() - 1
            }
        };
        &mut self.entries[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Insert(u8, u32),
        Update(u8, u32),
        Delete(u8),
    }
    use Step::{Delete, Insert, Update};

    /// Values are (key, value), as a statement would need them.
    fn folded(steps: &[Step]) -> Option<[Vec<(u8, u32)>; 3]> {
        let mut fold = Fold::default();
        for step in steps {
            match *step {
                Insert(key, value) => fold.insert(&[key], (key, value)),
                Update(key, value) => fold.update(&[key], (key, value)),
                Delete(key) => fold.delete(&[key], (key, 0)),
            }
            .ok()?;
        }
        let Folded { deletes, updates, inserts } = fold.take();
        Some([deletes, updates, inserts])
    }

    #[test]
    fn the_last_image_of_each_row_is_written_once() {
        for (steps, expected) in [
            (vec![Insert(1, 1), Insert(2, 2)], [vec![], vec![], vec![(1, 1), (2, 2)]]),
            (vec![Insert(1, 1), Update(1, 2), Update(1, 3)], [vec![], vec![], vec![(1, 3)]]),
            (vec![Update(1, 1), Update(2, 5), Update(1, 2)], [vec![], vec![(1, 2), (2, 5)], vec![]]),
            (vec![Update(1, 1), Delete(1)], [vec![(1, 0)], vec![], vec![]]),
            (vec![Delete(1), Insert(1, 2), Update(1, 3)], [vec![(1, 0)], vec![], vec![(1, 3)]]),
        ] {
            assert_eq!(folded(&steps), Some(expected), "{steps:?}");
        }
    }

    #[test]
    fn what_would_hide_a_row_that_should_not_be_there_is_not_folded() {
        for steps in [
            vec![Insert(1, 1), Delete(1)],
            vec![Insert(1, 1), Insert(1, 2)],
            vec![Update(1, 1), Insert(1, 2)],
            vec![Delete(1), Delete(1)],
            vec![Delete(1), Update(1, 2)],
            vec![Delete(1), Insert(1, 1), Delete(1)],
        ] {
            assert_eq!(folded(&steps), None, "{steps:?}");
        }
    }

    #[test]
    fn what_comes_back_goes_in_when_the_rest_is_written() {
        let mut fold = Fold::default();
        fold.insert(b"a", 1).unwrap();
        let Err(Unfolded(values)) = fold.delete(b"a", 2) else { panic!("an insertion was folded away") };
        assert_eq!(fold.take().inserts, [1]);
        fold.delete(b"a", values).unwrap();
        assert_eq!(fold.take(), Folded { deletes: vec![2], updates: vec![], inserts: vec![] });
    }

    /// A table, and what a server says to a statement that finds what it should not.
    fn apply(table: &mut BTreeMap<u8, u32>, step: Step) -> Result<(), ()> {
        let found = match step {
            Insert(key, value) => return table.insert(key, value).map_or(Ok(()), |_| Err(())),
            Update(key, value) => table.get_mut(&key).map(|place| *place = value),
            Delete(key) => table.remove(&key).map(|_| ()),
        };
        found.ok_or(())
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..5_u8, any::<u32>()).prop_map(|(key, value)| Insert(key, value)),
            (0..5_u8, any::<u32>()).prop_map(|(key, value)| Update(key, value)),
            (0..5_u8).prop_map(Delete),
        ];
        proptest::collection::vec(step, 0..40)
    }

    proptest! {
        /// From any table and by any changes, possible or not: folded and written when they can't be folded any more,
        /// they end as in their order, and fail if and only if those fail.
        #[test]
        fn folded_is_as_good_as_in_order(before in proptest::collection::btree_map(0..5_u8, any::<u32>(), 0..5), steps in steps()) {
            let in_order = steps.iter().try_fold(before.clone(), |mut table, step| apply(&mut table, *step).map(|()| table));
            let mut table = before;
            let mut fold = Fold::default();
            let write = |fold: &mut Fold<(u8, u32)>, table: &mut BTreeMap<u8, u32>| {
                let Folded { deletes, updates, inserts } = fold.take();
                let deletes = deletes.into_iter().map(|(key, _)| Delete(key));
                let updates = updates.into_iter().map(|(key, value)| Update(key, value));
                let inserts = inserts.into_iter().map(|(key, value)| Insert(key, value));
                deletes.chain(updates).chain(inserts).try_for_each(|step| apply(table, step))
            };
            let take = |fold: &mut Fold<(u8, u32)>, step: Step| match step {
                Insert(key, value) => fold.insert(&[key], (key, value)),
                Update(key, value) => fold.update(&[key], (key, value)),
                Delete(key) => fold.delete(&[key], (key, 0)),
            };
            let mut outcome = Ok(());
            for step in steps {
                if take(&mut fold, step).is_err() {
                    let written = write(&mut fold, &mut table);
                    outcome = outcome.and(written);
                    prop_assert!(take(&mut fold, step).is_ok());
                }
            }
            let written = write(&mut fold, &mut table);
            let outcome = outcome.and(written);
            prop_assert_eq!(in_order.is_err(), outcome.is_err());
            if let Ok(in_order) = in_order {
                prop_assert_eq!(in_order, table);
            }
        }
    }
}
