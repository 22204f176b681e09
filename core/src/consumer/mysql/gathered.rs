//! Rows of the open target transaction that wait to be written together.
//!
//! They are written folded (`fold.rs`), table by table and many to a statement, where their tables allow it, behind a
//! savepoint. If the target then differs from what they expect, they are rolled back and written one after the other
//! as the source did: that either works, or fails at the very row.

use super::applier::{Applier, STATEMENT_BYTES_MAX, Shape, parameter, power_of_two_within};
use super::fold::{Fold, Folded, Unfolded};
use super::session::Session;
use super::statement::Plan;
use crate::change::RowsChange;
use mysql_async::Value as Param;
use replicator_binlog::{RowsKind, Value};
use replicator_model::failure::Failure;
use std::collections::BTreeMap;

/// Fewer rows are written as they are: a savepoint would cost more than a statement.
const FOLDED_ROWS_MIN: u64 = 4;

const SAVEPOINT: &str = "mysql_replicator_gathered";

/// Row events of complete and incomplete source transactions, in their order.
#[derive(Default)]
pub(super) struct Gathered {
    events: Vec<RowsChange>,
    rows: u64,
    bytes: u64,
}

impl Gathered {
    pub(super) fn push(&mut self, rows: RowsChange) {
        self.rows += rows.row_count;
        self.bytes += rows.event.len() as u64;
        self.events.push(rows);
    }

    /// Bytes of the events.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes everything into the open transaction.
    pub(super) async fn write(&mut self, applier: &mut Applier, session: &mut Session) -> Result<(), Failure> {
        let Gathered { events, rows, .. } = std::mem::take(self);
        if rows >= FOLDED_ROWS_MIN {
            session.run(&format!("SAVEPOINT {SAVEPOINT}")).await?;
            match write_folded(&events, applier, session).await {
                Err(failure) if !failure.is_transient() => {
                    tracing::debug!(code = failure.code, reason = failure.reason, rows, "rows are written one by one");
                    session.run(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}")).await?;
                    applier.drop_gathered();
                }
                written => return written,
            }
        }
        for rows in &events {
            applier.apply(session, rows).await?;
        }
        applier.flush(session).await
    }
}

/// Folded rows of each table of the target, by database and name.
type Folds<'a> = BTreeMap<(&'a str, &'a str), TableFold>;

struct TableFold {
    table: usize,
    fold: Fold<Vec<Param>>,
}

async fn write_folded(events: &[RowsChange], applier: &mut Applier, session: &mut Session) -> Result<(), Failure> {
    let mut folds = Folds::new();
    for rows in events {
        if !applier.has_plan(&rows.table) {
            // What is folded by a plan is written by it: a new one may have the others forgotten.
            write_all(&mut folds, applier, session).await?;
        }
        let table = applier.plan(session, &rows.table).await?;
        let name = (rows.table.target_database.as_str(), rows.table.target_table.as_str());
        // Several tables of the source may be one of the target.
        if let Some(other) = folds.get_mut(&name).filter(|fold| fold.table != table) {
            other.write(applier, session).await?;
            other.table = table;
        }
        let key = applier.planned(table)?.folding_key().map(<[usize]>::to_vec);
        match key.filter(|_| is_full(rows)) {
            Some(key) => {
                let fold = folds.entry(name).or_insert_with(|| TableFold { table, fold: Fold::default() });
                fold.take(rows, &key, applier, session).await?;
            }
            None => {
                if let Some(fold) = folds.get_mut(&name) {
                    fold.write(applier, session).await?;
                }
                applier.apply(session, rows).await?;
            }
        }
    }
    write_all(&mut folds, applier, session).await?;
    applier.flush(session).await
}

async fn write_all(folds: &mut Folds<'_>, applier: &mut Applier, session: &mut Session) -> Result<(), Failure> {
    while let Some((_, mut fold)) = folds.pop_first() {
        fold.write(applier, session).await?;
    }
    Ok(())
}

/// Whether the images have every column: a fold needs to know the whole row.
fn is_full(rows: &RowsChange) -> bool {
    let Ok(view) = rows.view() else { return false };
    let width = rows.table.columns.len();
    [view.columns_before(), view.columns_after()]
        .into_iter()
        .flatten()
        .all(|present| (0..width).all(|index| present.contains(index)))
}

impl TableFold {
    async fn take(
        &mut self,
        rows: &RowsChange,
        key: &[usize],
        applier: &mut Applier,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let plan = applier.planned(self.table)?;
        let written = plan.written();
        let changes_only_key = plan.beside_key().is_empty();
        let view = rows.view()?;
        let mut walk = view.rows(&rows.table.map).map_err(|error| rows.error(error))?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        while walk.next_into(&mut before, &mut after).map_err(|error| rows.error(error))? {
            let parameters = |image: &[Value<'_>], columns: &[usize]| -> Result<Vec<Param>, Failure> {
                columns.iter().map(|&index| parameter(rows, image, index)).collect()
            };
            let taken = match view.kind() {
                RowsKind::Insert => {
                    let row = key_bytes(&parameters(&after, key)?);
                    Row::Inserted(row, parameters(&after, &written)?)
                }
                RowsKind::Delete => {
                    let key = parameters(&before, key)?;
                    Row::Deleted(key_bytes(&key), key)
                }
                RowsKind::Update => {
                    let row = key_bytes(&parameters(&before, key)?);
                    if changes_only_key || row != key_bytes(&parameters(&after, key)?) {
                        // A row that gets another key is not the same row any more.
                        self.write(applier, session).await?;
                        applier.update(session, rows, self.table, &before, &after).await?;
                        continue;
                    }
                    Row::Updated(row, parameters(&after, &written)?)
                }
            };
            if let Err(unfolded) = self.fold_in(taken) {
                self.write(applier, session).await?;
                // Nothing is there any more that it could not be joined with.
                expect(self.fold_in(unfolded).is_ok().into(), 1)?;
            }
        }
        Ok(())
    }

    fn fold_in(&mut self, row: Row) -> Result<(), Row> {
        let fold = &mut self.fold;
        match row {
            Row::Inserted(key, row) => fold.insert(&key, row).map_err(|Unfolded(row)| Row::Inserted(key, row)),
            Row::Updated(key, row) => fold.update(&key, row).map_err(|Unfolded(row)| Row::Updated(key, row)),
            Row::Deleted(key, row) => fold.delete(&key, row).map_err(|Unfolded(row)| Row::Deleted(key, row)),
        }
    }

    /// Writes what is folded, each kind in its turn.
    async fn write(&mut self, applier: &mut Applier, session: &mut Session) -> Result<(), Failure> {
        // Rows of the same table that were not folded came before.
        applier.flush(session).await?;
        let Folded { deletes, updates, inserts } = self.fold.take();
        let plan = applier.planned(self.table)?;
        let key = plan.folding_key().unwrap_or_default().to_vec();
        let written = plan.written();
        let in_row: Vec<usize> = key.iter().filter_map(|key| written.iter().position(|index| index == key)).collect();
        for batch in batches(deletes) {
            let rows = batch.len();
            let shape = Shape::DeleteMany { key: key.clone(), rows };
            expect(applier.execute(session, self.table, shape, batch.concat()).await?, rows)?;
        }
        for mut batch in batches(updates) {
            let rows = batch.len();
            let keys: Vec<Param> =
                batch.iter().flat_map(|row| in_row.iter().filter_map(|&index| row.get(index).cloned())).collect();
            let found = if let ([row], true) = (batch.as_mut_slice(), rows == 1) {
                // Of one row the server does not say whether it was there.
                let shape = Shape::Update { written: written.clone(), search: key.clone() };
                row.extend(keys);
                applier.execute(session, self.table, shape, batch.concat()).await?
            } else {
                let plan = applier.planned(self.table)?;
                if plan.has_other_keys() {
                    expect(session.count(&plan.count_many(&key, rows), keys).await?, rows)?;
                }
                let shape = Shape::UpdateMany { written: written.clone(), rows };
                applier.execute(session, self.table, shape, batch.concat()).await?;
                duplicates(&session.info())
            };
            expect(found, rows)?;
        }
        for batch in batches(inserts) {
            let rows = batch.len();
            let shape = Shape::Insert { written: written.clone(), rows };
            expect(applier.execute(session, self.table, shape, batch.concat()).await?, rows)?;
        }
        Ok(())
    }
}

/// What a row has become by one change, with the bytes of its key.
enum Row {
    Inserted(Vec<u8>, Vec<Param>),
    Updated(Vec<u8>, Vec<Param>),
    Deleted(Vec<u8>, Vec<Param>),
}

/// The same bytes for the same values, and for no others.
fn key_bytes(key: &[Param]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 * key.len());
    for value in key {
        let (kind, value): (u8, &[u8]) = match value {
            Param::Bytes(value) => (1, value),
            Param::Int(number) => (2, &number.to_be_bytes()),
            Param::UInt(number) => (3, &number.to_be_bytes()),
            Param::Float(number) => (4, &number.to_bits().to_be_bytes()),
            Param::Double(number) => (5, &number.to_bits().to_be_bytes()),
            // Never of a key; the others are sent as text.
            Param::NULL | Param::Date(..) | Param::Time(..) => (0, &[]),
        };
        bytes.push(kind);
        bytes.extend((value.len() as u64).to_be_bytes());
        bytes.extend_from_slice(value);
    }
    bytes
}

/// Rows of one statement each: powers of two, so that few statements serve every number of rows, and not too large.
fn batches(rows: Vec<Vec<Param>>) -> Vec<Vec<Vec<Param>>> {
    let mut batches = Vec::new();
    let rows_max = Plan::rows_max(rows.first().map_or(1, Vec::len));
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < rows_max
            && let Some(row) = rows.next_if(|row| batch.is_empty() || bytes + bytes_of(row) <= STATEMENT_BYTES_MAX)
        {
            bytes += bytes_of(&row);
            batch.push(row);
        }
        while !batch.is_empty() {
            let rest = batch.split_off(power_of_two_within(batch.len()));
            batches.push(std::mem::replace(&mut batch, rest));
        }
    }
    batches
}

fn bytes_of(row: &[Param]) -> usize {
    row.iter().map(|value| if let Param::Bytes(bytes) = value { 8 + bytes.len() } else { 8 }).sum()
}

/// How many rows an `INSERT … ON DUPLICATE KEY UPDATE` found, of what the server says of it (`Records: 3  Duplicates: 2
/// Warnings: 0`); with `CLIENT_FOUND_ROWS` those count that were as they should be. 0 if it does not say.
fn duplicates(info: &str) -> u64 {
    let mut words = info.split_ascii_whitespace();
    words.find(|word| *word == "Duplicates:").and_then(|_| words.next()).and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Anything but all rows means that they are written again one by one, which tells more.
fn expect(found: u64, rows: usize) -> Result<(), Failure> {
    if found == rows as u64 {
        return Ok(());
    }
    Err(Failure::definite(
        "row_not_found",
        format!("{found} of {rows} rows were there"),
        "someone else writes to the target, or it was no copy at the start position",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_powers_of_two_of_rows_up_to_a_size() {
        let sizes = |rows: usize, bytes: usize| -> Vec<usize> {
            let rows = vec![vec![Param::Bytes(vec![0; bytes])]; rows];
            batches(rows).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(0, 1), [0_usize; 0]);
        assert_eq!(sizes(7, 1), [4, 2, 1]);
        assert_eq!(sizes(1100, 1), [512, 512, 64, 8, 4]);
        assert_eq!(sizes(5, STATEMENT_BYTES_MAX / 3), [2, 2, 1]);
        assert_eq!(sizes(2, STATEMENT_BYTES_MAX * 2), [1, 1]);
    }

    #[test]
    fn found_rows_are_read_from_what_the_server_says() {
        for (info, found) in [
            ("Records: 3  Duplicates: 2  Warnings: 0", 2),
            ("Records: 512  Duplicates: 512  Warnings: 0", 512),
            ("", 0),
            ("Records: 3  Duplicates: many", 0),
        ] {
            assert_eq!(duplicates(info), found, "{info}");
        }
    }

    #[test]
    fn keys_are_the_same_bytes_only_where_they_are_the_same() {
        let text = |text: &str| Param::Bytes(text.into());
        let keys = [
            vec![text("a"), text("bc")],
            vec![text("ab"), text("c")],
            vec![text("a")],
            vec![Param::Int(1)],
            vec![Param::UInt(1)],
            vec![Param::Int(256)],
        ];
        for (index, key) in keys.iter().enumerate() {
            for (other, second) in keys.iter().enumerate() {
                assert_eq!(key_bytes(key) == key_bytes(second), index == other, "{key:?} {second:?}");
            }
        }
    }
}
