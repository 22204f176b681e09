//! The steps of a group into the open transaction: many rows to a statement, and their number compared.

use super::applier::{Applier, STATEMENT_BYTES_MAX, Shape, power_of_two_within, rows_differ};
use super::conflict::Conflicts;
use super::fold::Folded;
use super::group::Group;
use super::plans::Planned;
use super::program::{Image, Step};
use super::session::Session;
use super::statement::Plan;
use mysql_async::Value as Param;
use replicator_model::failure::Failure;
use std::sync::Arc;

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
                write(&table, folded, applier, session).await?;
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
async fn write(
    table: &Arc<Planned>,
    folded: Folded<Image>,
    applier: &mut Applier,
    session: &mut Session,
) -> Result<(), Failure> {
    let Folded { deletes, updates, inserts } = folded;
    let plan = &table.plan;
    let key = plan.folding_key().unwrap_or_default().to_vec();
    let written = plan.written();
    let in_row: Vec<usize> = key.iter().filter_map(|key| written.iter().position(|index| index == key)).collect();
    for batch in batches(deletes) {
        let rows = batch.len();
        let shape = Shape::DeleteMany { key: key.clone(), rows };
        expect(applier.execute(session, table, shape, batch.concat()).await?, rows)?;
    }
    for mut batch in batches(updates) {
        let rows = batch.len();
        let keys: Vec<Param> =
            batch.iter().flat_map(|row| in_row.iter().filter_map(|&index| row.get(index).cloned())).collect();
        let found = if let ([row], true) = (batch.as_mut_slice(), rows == 1) {
            // Of one row the server does not say whether it was there.
            let shape = Shape::Update { written: written.clone(), search: key.clone() };
            row.extend(keys);
            applier.execute(session, table, shape, batch.concat()).await?
        } else {
            if plan.has_other_keys() {
                expect(session.count(&plan.count_many(&key, rows), keys).await?, rows)?;
            }
            let shape = Shape::UpdateMany { written: written.clone(), rows };
            applier.execute(session, table, shape, batch.concat()).await?;
            duplicates(&session.info())
        };
        expect(found, rows)?;
    }
    for batch in batches(inserts) {
        let rows = batch.len();
        let shape = Shape::Insert { written: written.clone(), rows };
        expect(applier.execute(session, table, shape, batch.concat()).await?, rows)?;
    }
    Ok(())
}

/// Rows of one statement each: powers of two, so that few statements serve every number of rows, and not too large.
fn batches(rows: Vec<Image>) -> Vec<Vec<Vec<Param>>> {
    let mut batches = Vec::new();
    let rows_max = Plan::rows_max(rows.first().map_or(1, |row| row.values.len()));
    let mut rows = rows.into_iter().map(|image| image.values).peekable();
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
    if found == rows as u64 { Ok(()) } else { Err(rows_differ(found, rows)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_powers_of_two_of_rows_up_to_a_size() {
        let sizes = |rows: usize, bytes: usize| -> Vec<usize> {
            let rows = vec![Image { row: 0, values: vec![Param::Bytes(vec![0; bytes])] }; rows];
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
}
