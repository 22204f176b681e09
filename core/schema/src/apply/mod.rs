//! Effects on a catalogue: what is there afterwards.

mod alter;
mod keys;

use crate::catalogue::{Catalogue, Database, Server, Session, Slot, TableName, Touched};
use crate::charset::{Charsets, Named};
use crate::column_type::{self, Around, Doubt};
use crate::effect::{CreateTable, Effect, Element};
use crate::reader::Name;
use crate::table::TableSchema;
use std::sync::Arc;

impl Catalogue {
    /// Does what a statement did. Answers what changed, in form or in certainty.
    pub fn apply(&mut self, effect: &Effect, session: &Session, server: &Server) -> Touched {
        let mut charsets = server.charsets.clone();
        for (charset, collation) in &session.charset_collations {
            charsets = charsets.with_default(charset, collation);
        }
        let mut applying = Applying { catalogue: self, session, server, charsets, touched: Touched::default() };
        applying.apply(effect);
        applying.touched
    }
}

struct Applying<'a> {
    catalogue: &'a mut Catalogue,
    session: &'a Session,
    server: &'a Server,
    /// With what the session has set.
    charsets: Charsets,
    touched: Touched,
}

impl Applying<'_> {
    fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::Nothing => {}
            Effect::CreateDatabase { name, if_not_exists, named } => self.create_database(name, *if_not_exists, named),
            Effect::AlterDatabase { name, named } => self.alter_database(name.as_deref(), named),
            Effect::DropDatabase { name } => {
                let name = self.server.cased(name);
                if let Some(database) = self.catalogue.databases.remove(&name) {
                    self.touched.tables.extend(database.tables.into_keys().map(|table| (name.clone(), table)));
                    self.touched.databases.push(name);
                }
            }
            Effect::CreateTable(create) => self.create_table(create),
            Effect::Drop(names) => {
                for name in names {
                    self.put(name, None);
                }
            }
            Effect::Rename { pairs, if_exists } => {
                for (old, new) in pairs {
                    self.rename(old, new, *if_exists);
                }
            }
            Effect::AlterTable(statement) => self.alter(statement),
            Effect::Other { name, what } => self.put(name, Some(Slot::doubt(*what))),
            Effect::Unknown(names) => {
                let doubtful: Vec<TableName> = names.iter().filter_map(|name| self.known(name)).collect();
                for name in doubtful {
                    self.put_at(name, Some(Slot::doubt("a statement that names it is not understood")));
                }
            }
        }
    }

    fn name(&self, name: &Name) -> Option<TableName> {
        self.server.resolve(name, self.session)
    }

    /// The table, if the catalogue has it.
    fn known(&self, name: &Name) -> Option<TableName> {
        self.name(name).filter(|(database, table)| self.catalogue.table(database, table).is_some())
    }

    fn slot(&self, name: &Name) -> Option<&Slot> {
        let (database, table) = self.name(name)?;
        self.catalogue.table(&database, &table)
    }

    fn put(&mut self, name: &Name, slot: Option<Slot>) {
        if let Some(name) = self.name(name) {
            self.put_at(name, slot);
        }
    }

    fn put_at(&mut self, name: TableName, slot: Option<Slot>) {
        self.catalogue.put(name.clone(), slot);
        self.touched.tables.push(name);
    }

    fn create_database(&mut self, name: &str, if_not_exists: bool, named: &Named) {
        let name = self.server.cased(name);
        if if_not_exists && self.catalogue.databases.contains_key(&name) {
            return;
        }
        let collation = match named.default {
            true => self.session.server_collation.clone(),
            false => self.charsets.resolve(named, self.session.server_collation.as_deref()),
        };
        // One that may have been there before may have other tables, and another collation.
        let database = match if_not_exists {
            true => Database::default(),
            false => Database { collation, complete: true, ..Database::default() },
        };
        self.catalogue.databases.insert(name.clone(), database);
        self.touched.databases.push(name);
    }

    fn alter_database(&mut self, name: Option<&str>, named: &Named) {
        let name = self.server.cased(name.unwrap_or(&self.session.database));
        if name.is_empty() || named.is_empty() {
            return;
        }
        let inherited = match named.default {
            true => self.session.server_collation.as_deref(),
            false => self.catalogue.collation(&name),
        };
        let collation = self.charsets.resolve(named, inherited);
        self.catalogue.databases.entry(name.clone()).or_default().collation = collation;
        self.touched.databases.push(name);
    }

    fn rename(&mut self, old: &Name, new: &Name, if_exists: bool) {
        let (Some(old), Some(new)) = (self.name(old), self.name(new)) else { return };
        let slot = self.catalogue.take(&old);
        if slot.is_none() && if_exists && self.catalogue.is_complete(&old.0) {
            return;
        }
        self.touched.tables.push(old);
        let slot = slot.unwrap_or_else(|| Slot::doubt("it was renamed from a table that is not known"));
        self.put_at(new, Some(slot));
    }

    fn create_table(&mut self, create: &CreateTable) {
        let Some(name) = self.name(&create.name) else { return };
        if create.if_not_exists {
            if self.catalogue.table(&name.0, &name.1).is_some() {
                return;
            }
            if !self.catalogue.is_complete(&name.0) {
                self.put_at(name, Some(Slot::doubt("it may have been there before it was created")));
                return;
            }
        }
        let slot = match (&create.like, create.doubt) {
            (Some(like), _) => match self.slot(like) {
                Some(Slot::Certain(schema)) => Slot::Certain(Arc::clone(schema)),
                Some(Slot::Uncertain(reason)) => {
                    Slot::doubt(format!("it was created like another table, and {reason}"))
                }
                None => Slot::doubt("it was created like a table that is not known"),
            },
            (None, Some(doubt)) => Slot::doubt(doubt),
            (None, None) => match self.created(create, &name.0) {
                Ok(schema) => Slot::Certain(Arc::new(schema)),
                Err(doubt) => Slot::Uncertain(doubt),
            },
        };
        self.put_at(name, Some(slot));
    }

    /// The table's own collation, where `inherited` is what it has if it names none.
    fn table_collation(&self, named: &Named, inherited: Option<&str>, database: &str) -> Option<String> {
        let around = self.catalogue.collation(database);
        if named.default && named.collation.is_none() && self.server.dialect.is_mariadb() {
            // Its character set alone, with the default that was built in. That is not told where another is chosen.
            let charset = self.charsets.charset_of(around?)?;
            if self.session.charset_collations.iter().any(|(chosen, _)| chosen == charset) {
                return None;
            }
            return self.server.charsets.default_collation(charset).map(str::to_owned);
        }
        self.charsets.resolve(named, if named.default { around } else { inherited })
    }

    fn around<'a>(&'a self, collation: Option<&'a str>) -> Around<'a> {
        Around {
            dialect: self.server.dialect,
            charsets: &self.charsets,
            collation,
            converted: None,
            explicit_timestamps: self.session.explicit_timestamps,
        }
    }

    fn created(&self, create: &CreateTable, database: &str) -> Result<TableSchema, Doubt> {
        let collation = self.table_collation(&create.named, self.catalogue.collation(database), database);
        let mut schema = TableSchema { columns: Vec::new(), keys: Vec::new(), collation };
        let mut wanted = Vec::new();
        for element in &create.elements {
            match element {
                Element::Column(spec) => {
                    let column = column_type::column(spec, self.around(schema.collation.as_deref()))?;
                    if schema.column(&column.name).is_some() {
                        return Err(format!("it was created with two columns `{}`", column.name));
                    }
                    schema.columns.push(column);
                    wanted.extend(keys::of_column(spec));
                }
                Element::Key(key) => wanted.push(key.clone()),
                Element::Nothing => {}
                Element::Doubt(doubt) => return Err((*doubt).to_owned()),
            }
        }
        if schema.columns.is_empty() {
            return Err("it was created without columns".to_owned());
        }
        keys::add(&mut schema, &wanted)?;
        schema.settle();
        Ok(schema)
    }
}

#[cfg(test)]
mod tests;
