//! Tables and their rows.

use super::applied::{Fate, OwnTable, trail_of};
use super::heartbeat;
use super::refusal::{no_table_map, not_decoded};
use super::{Assembler, Awaited, Seen, Wanted};
use crate::change::RowsChange;
use crate::producer::followed::{Looked, moment};
use crate::producer::schema::{self, Known};
use crate::producer::shaped::{ShapeError, ShapedRows, ShapedTable};
use bytes::Bytes;
use replicator_binlog::{
    DecodeError, EventBody, MAX_INFLATED_EVENT, PartialUpdate, RowsEvent, TableMap, TableMapEvent,
};
use replicator_model::failure::Failure;
use replicator_mysql::tables::TableDefinition;
use std::sync::Arc;

impl Assembler {
    pub(super) fn table_map(&mut self, event: &TableMapEvent<'_>) -> Result<Option<Wanted>, Failure> {
        if self.schemas.holds(event.table_id, event.body) {
            return Ok(None);
        }
        let map = TableMap::parse(event.body, self.decoder.format()).map_err(not_decoded)?;
        let body: Box<[u8]> = event.body.into();
        if !self.scope.has(&map.database, &map.table) {
            let known = match OwnTable::of(&map) {
                Some(_) if heartbeat::is_table(&map) => Known::Heartbeat(map),
                Some(own) => Known::Own(own),
                None => Known::Outside,
            };
            self.schemas.insert(event.table_id, body, known);
            return Ok(None);
        }
        let awaited = Awaited { table_id: event.table_id, body, map };
        if schema::needs_definition(&awaited.map, self.dialect.flavor) {
            let (database, table) = (awaited.map.database.clone(), awaited.map.table.clone());
            if let Some(definition) = self.known(&awaited.map) {
                self.learn(awaited, Some(&definition))?;
                return Ok(None);
            }
            self.awaited = Some(awaited);
            return Ok(Some(Wanted::Table { database, table }));
        }
        self.learn(awaited, None)?;
        Ok(None)
    }

    /// What the history says of a table, as far as the log agrees.
    fn known(&self, map: &TableMap) -> Option<TableDefinition> {
        let followed = self.followed.as_ref()?;
        let moments = [Some(self.moment()), self.unchanged_to].into_iter().flatten();
        let mut known = moments.filter_map(|moment| followed.definition(&map.database, &map.table, moment));
        known.find(|definition| schema::agree(map, definition, self.dialect.flavor))
    }

    /// Where the event stands that is being read, as a number.
    fn moment(&self) -> u64 {
        moment(&self.place.file, self.place.offset)
    }

    /// Answers for the table that [`Assembler::take`] asked for, and remembers the answer where the log has proven it.
    pub(in crate::producer) fn define_looked(&mut self, looked: Option<Looked>) -> Result<(), Failure> {
        let Some(awaited) = &self.awaited else { return Ok(()) };
        let name = (awaited.map.database.clone(), awaited.map.table.clone());
        let definition = looked.as_ref().map(|looked| looked.schema.definition(&name.0, &name.1));
        let agrees = |definition: &TableDefinition| schema::agree(&awaited.map, definition, self.dialect.flavor);
        let is_proven = definition.as_ref().is_some_and(agrees);
        let moment = self.moment();
        self.define(definition.as_ref())?;
        if let (Some(followed), Some(looked), true) = (&mut self.followed, looked, is_proven) {
            followed.adopt(name, looked, moment);
        }
        Ok(())
    }

    /// Answers for the table that [`Assembler::take`] asked for: `None` if the server has no such table.
    pub(in crate::producer) fn define(&mut self, definition: Option<&TableDefinition>) -> Result<(), Failure> {
        match self.awaited.take() {
            Some(awaited) => {
                let place = self.describe(&self.place);
                self.learn(awaited, definition).map_err(|failure| failure.at(place))
            }
            None => Ok(()),
        }
    }

    pub(super) fn learn(&mut self, awaited: Awaited, definition: Option<&TableDefinition>) -> Result<(), Failure> {
        let schema = schema::complete(awaited.map, definition, &self.scope, &self.collations, self.dialect.flavor)?;
        let known = schema::known(schema, &self.scope)?;
        self.schemas.insert(awaited.table_id, awaited.body, known);
        Ok(())
    }

    pub(super) fn rows(&mut self, rows: &RowsEvent<'_>, seen: &Seen, bytes: &Bytes) -> Result<(), Failure> {
        let (first_row, left_out) = self.current().map(|transaction| (transaction.rows, transaction.left_out))?;
        if rows.is_dummy() {
            return Ok(());
        }
        let known = self.schemas.get(rows.table_id());
        if let Some(Known::Table(_) | Known::Shaped(_) | Known::Outside) = known {
            self.transaction.iter_mut().for_each(|transaction| transaction.has_rows = true);
        }
        let table = match known {
            Some(Known::Own(own)) => {
                let own = own.clone();
                return self.own_rows(rows, &own);
            }
            Some(Known::Outside) => return Ok(()),
            Some(Known::Table(_) | Known::Shaped(_)) if left_out => return Ok(()),
            Some(Known::Table(table)) => Arc::clone(table),
            Some(Known::Shaped(table)) => {
                let table = Arc::clone(table);
                return self.shaped_rows(&table, rows, seen, bytes);
            }
            Some(Known::Heartbeat(map)) => {
                let own = self.heartbeat.as_ref();
                let at_us = own.and_then(|own| own.read(rows, map, seen.header.server_id));
                let transaction = self.current()?;
                transaction.heartbeat_us = at_us.or(transaction.heartbeat_us);
                return Ok(());
            }
            None => return Err(no_table_map()),
        };
        let row_count = count_rows(rows, &table.map).map_err(not_decoded)?;
        if row_count == 0 {
            return Ok(());
        }
        self.carry(RowsChange {
            table,
            kind: rows.kind(),
            no_foreign_key_checks: rows.flags().without_foreign_keys(),
            event: kept(bytes),
            layout: rows.layout(),
            file: Arc::clone(&self.place.file),
            offset: seen.offset,
            first_row,
            row_count,
        })
    }

    /// Rows that a task wrote which applies at the source: before its first row, where the transaction comes from.
    fn own_rows(&mut self, rows: &RowsEvent<'_>, table: &OwnTable) -> Result<(), Failure> {
        self.current()?.has_own_rows = true;
        match table {
            OwnTable::Origin(map) => {
                if let Some(passed) = trail_of(rows, map).map_err(not_decoded)? {
                    let fate = self.applied.fate(&passed);
                    self.meet(fate);
                }
            }
            OwnTable::AppliedDdl(map) => self.applied.announce(rows, map).map_err(not_decoded)?,
            OwnTable::Other => {}
        }
        Ok(())
    }

    /// Rows that are written anew. They count in their transaction as they arrive.
    fn shaped_rows(
        &mut self,
        table: &ShapedTable,
        rows: &RowsEvent<'_>,
        seen: &Seen,
        bytes: &Bytes,
    ) -> Result<(), Failure> {
        let shaped = table.shape(rows, bytes).map_err(|error| match error {
            ShapeError::Decode(error) => not_decoded(error),
            ShapeError::Failed(failure) => failure,
        })?;
        for ShapedRows { kind, event, layout, row_count } in shaped {
            let first_row = self.current()?.rows;
            self.carry(RowsChange {
                table: Arc::clone(table.arriving()),
                kind,
                no_foreign_key_checks: rows.flags().without_foreign_keys(),
                event,
                layout,
                file: Arc::clone(&self.place.file),
                offset: seen.offset,
                first_row,
                row_count,
            })?;
        }
        Ok(())
    }

    /// Lets the transaction that is open be carried on, or not.
    pub(super) fn meet(&mut self, fate: Fate) {
        match (&mut self.transaction, fate) {
            (Some(transaction), _) if transaction.begun => {}
            (Some(transaction), Fate::LeftOut) => transaction.left_out = true,
            (Some(transaction), Fate::Carried(trail)) => transaction.start.trail = trail,
            (None, _) => {}
        }
    }

    /// An UPDATE that was logged as changes inside of JSON values: carried as the UPDATE with whole values that it means.
    pub(super) fn partial_update(&mut self, update: &PartialUpdate<'_>, seen: &Seen) -> Result<(), Failure> {
        let map = match self.schemas.get(update.table_id) {
            Some(Known::Table(table)) => Arc::clone(&table.map),
            Some(Known::Shaped(table)) => Arc::clone(table.source_map()),
            Some(Known::Outside | Known::Heartbeat(_) | Known::Own(_)) => return Ok(()),
            None => return Err(no_table_map()),
        };
        let whole = update.expand(&map, MAX_INFLATED_EVENT.into()).map_err(|error| match error.is_unsupported() {
            true => Failure::definite(
                "partial_json",
                error.to_string(),
                "SET GLOBAL binlog_row_value_options = '' or binlog_row_image = 'FULL' on the source, have its clients \
                 connect anew, and copy the table again",
            ),
            false => not_decoded(error),
        })?;
        let whole = Bytes::from(whole);
        let decoder = self.decoder.clone();
        match decoder.decode_inner(&whole).map_err(not_decoded)?.body {
            EventBody::Rows(rows) => self.rows(&rows, seen, &whole),
            _ => Ok(()),
        }
    }
}

/// Largest event that is copied when it is kept: a slice would hold what was read with it in memory, 64 KiB at least.
const COPIED_BYTES_MAX: usize = 16 << 10;

/// An event that may wait in the queue for long.
fn kept(bytes: &Bytes) -> Bytes {
    if bytes.len() <= COPIED_BYTES_MAX { Bytes::copy_from_slice(bytes) } else { bytes.clone() }
}

fn count_rows(rows: &RowsEvent<'_>, map: &TableMap) -> Result<u64, DecodeError> {
    let (mut before, mut after, mut count) = (Vec::new(), Vec::new(), 0);
    let mut rows = rows.rows(map)?;
    while rows.next_into(&mut before, &mut after)? {
        count += 1;
    }
    Ok(count)
}
