//! The steps of a group into the open transaction: many rows to a statement, and their number compared.

use super::applier::{Applier, STATEMENT_BYTES_MAX, rows_differ};
use super::bulk::{Columns, RowText};
use super::conflict::Conflicts;
use super::fold::Folded;
use super::group::Group;
use super::program::{Image, Step};
use super::session::Session;
use super::statement::{Plan, STATEMENT_ROWS_MAX};
use replicator_model::failure::Failure;
use std::collections::BTreeMap;

/// Runs the steps in their order.
pub(super) async fn run(
    steps: Vec<Step>,
    group: &Group,
    applier: &mut Applier,
    session: &mut Session,
) -> Result<(), Failure> {
    for step in steps {
        match step {
            Step::Event(index) => {
                let event = group.events.get(index).ok_or_else(|| rows_differ(0, 1))?;
                applier.apply(session, &event.rows, &event.table).await?;
                continue;
            }
            // Rows of the same table that were not folded came before.
            Step::Folded(table, folded) => {
                applier.flush(session).await?;
                write(&table.plan, folded, session).await?;
            }
            Step::One(table, shape, values) => {
                applier.flush(session).await?;
                expect(applier.execute(session, &table, shape, values).await?, 1)?;
            }
        }
    }
    applier.flush(session).await
}

/// Writes every row of the group as the source did, one after the other, when everything before the group is durable.
pub(super) async fn run_in_order(
    group: &Group,
    applier: &mut Applier,
    session: &mut Session,
    conflicts: &mut Conflicts,
) -> Result<(), Failure> {
    for event in &group.events {
        if conflicts.stops() {
            applier.apply(session, &event.rows, &event.table).await?;
        } else {
            conflicts.apply(applier, session, &event.rows, &event.table).await?;
        }
    }
    applier.flush(session).await
}

/// Writes what is folded, each kind in its turn.
async fn write(plan: &Plan, folded: Folded<Image>, session: &mut Session) -> Result<(), Failure> {
    let Folded { deletes, updates, inserts } = folded;
    let key = plan.folding_key().unwrap_or_default().to_vec();
    for batch in batches(deletes) {
        expect(session.execute_text(&plan.delete_many(&key, &batch)).await?, batch.len())?;
    }
    for (columns, updates) in by_columns(updates) {
        for batch in batches(updates) {
            let found = if let [row] = batch.as_slice() {
                session.execute_text(&plan.update_one(&key, row)).await?
            } else {
                if plan.has_other_keys() {
                    expect(session.count_text(&plan.count_many(&key, &batch)).await?, batch.len())?;
                }
                session.execute_text(&plan.update_many(&key, &columns, &batch, session.names_new_row())).await?;
                duplicates(&session.info())
            };
            expect(found, batch.len())?;
        }
    }
    for batch in batches(inserts) {
        expect(session.execute_text(&plan.insert_many(&batch)).await?, batch.len())?;
    }
    Ok(())
}

/// Rows that one statement can update: with the same columns.
fn by_columns(rows: Vec<Image>) -> BTreeMap<Columns, Vec<Image>> {
    let mut sorted: BTreeMap<Columns, Vec<Image>> = BTreeMap::new();
    for image in rows {
        match sorted.get_mut(&image.text.columns) {
            Some(alike) => alike.push(image),
            None => drop(sorted.insert(image.text.columns.clone(), vec![image])),
        }
    }
    sorted
}

/// Rows of one statement each: not too many, and not too large.
fn batches(rows: Vec<Image>) -> Vec<Vec<RowText>> {
    let mut batches = Vec::new();
    let mut rows = rows.into_iter().map(|image| image.text).peekable();
    while rows.peek().is_some() {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < STATEMENT_ROWS_MAX
            && let Some(row) = rows.next_if(|row| batch.is_empty() || bytes + row.bytes() <= STATEMENT_BYTES_MAX)
        {
            bytes += row.bytes();
            batch.push(row);
        }
        batches.push(batch);
    }
    batches
}

/// How many rows an `INSERT … ON DUPLICATE KEY UPDATE` found, of what the server says of it (`Records: 3  Duplicates: 2
/// Warnings: 0`); with `CLIENT_FOUND_ROWS` those count that were as they should be. 0 if it does not say.
fn duplicates(info: &str) -> u64 {
    let mut words = info.split_ascii_whitespace();
    words.find(|word| *word == "Duplicates:").and_then(|_| words.next()).and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Anything but all rows means that they are written again one by one, which tells more.
fn expect(found: u64, rows: usize) -> Result<(), Failure> {
    if found == rows as u64 { Ok(()) } else { Err(rows_differ(found, rows)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_so_many_rows_up_to_a_size() {
        let sizes = |rows: usize, bytes: usize| -> Vec<usize> {
            let text = RowText { values: vec![0; bytes - 1], ..RowText::default() };
            batches(vec![Image { row: 0, text }; rows]).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(0, 1), [0_usize; 0]);
        assert_eq!(sizes(7, 1), [7]);
        assert_eq!(sizes(1100, 1), [512, 512, 76]);
        assert_eq!(sizes(5, STATEMENT_BYTES_MAX / 2), [2, 2, 1]);
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
}
