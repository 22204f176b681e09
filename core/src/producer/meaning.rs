//! What the source takes for granted in its statements: its version, and what a text is that names no collation.

use mysql_async::Conn;
use replicator_binlog::SessionContext;
use replicator_model::failure::Failure;
use replicator_mysql::facts::ServerFacts;
use replicator_mysql::schemas::{self, Rules};
use replicator_mysql::tables::Collations;
use replicator_schema::effect::{self, Effect};
use replicator_schema::translate::End;
use std::collections::BTreeMap;

/// As the source is when a connection begins, and followed from there. Whoever reads older statements takes a database's
/// default for what it is now.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    rules: Rules,
    /// The default collation of each database.
    databases: BTreeMap<String, String>,
}

impl Meaning {
    pub(super) async fn ask(conn: &mut Conn, facts: &ServerFacts) -> Result<Self, Failure> {
        let rules = schemas::rules(conn, facts).await?;
        Ok(Self { rules, databases: schemas::database_collations(conn).await? })
    }

    /// What a statement is to be understood with. `about` is the database of its tables.
    pub(super) fn of(&self, context: &SessionContext<'_>, collations: &Collations, about: &str) -> End {
        let name = |number: u16| collations.get(number).map(|collation| collation.name.clone());
        let pairs = context.character_set_collations.iter().flatten().copied();
        let chosen = |(of, chosen): (u16, u16)| Some((collations.charset(of)?.to_owned(), name(chosen)?));
        let utf8mb4 = context.default_collation_for_utf8mb4.and_then(name).map(|name| ("utf8mb4".to_owned(), name));
        let of_server = self.rules.charset_collations.iter().cloned();
        let defaults = of_server.chain(pairs.filter_map(chosen)).chain(utf8mb4);
        let charsets = defaults.fold(self.rules.server.charsets.clone(), |charsets, (charset, collation)| {
            charsets.with_default(&charset, &collation)
        });
        let explicit = context.explicit_defaults_for_timestamp.or(self.rules.explicit_timestamps);
        End {
            dialect: self.rules.server.dialect,
            charsets,
            database_collation: self.databases.get(about).cloned(),
            explicit_timestamps: explicit.unwrap_or(false),
        }
    }

    /// Follows the defaults of databases.
    pub(super) fn follow(&mut self, sql: &str, context: &SessionContext<'_>, collations: &Collations, database: &str) {
        let server = context.charsets.and_then(|charsets| Some(collations.get(charsets.server)?.name.clone()));
        let meant = self.of(context, collations, database);
        match effect::read(sql, context.sql_mode.unwrap_or(0), meant.dialect) {
            Effect::CreateDatabase { name, if_not_exists: true, .. } if self.databases.contains_key(&name) => {}
            Effect::CreateDatabase { name, named, .. } => {
                self.put(name, meant.charsets.resolve(&named, server.as_deref()));
            }
            Effect::AlterDatabase { name, named } if !named.is_empty() => {
                let name = name.unwrap_or_else(|| database.to_owned());
                let before = self.databases.get(&name).cloned();
                self.put(name, meant.charsets.resolve(&named, before.as_deref()));
            }
            Effect::DropDatabase { name } => self.put(name, None),
            _ => {}
        }
    }

    fn put(&mut self, database: String, collation: Option<String>) {
        match collation {
            Some(collation) => self.databases.insert(database, collation),
            None => self.databases.remove(&database),
        };
    }
}
