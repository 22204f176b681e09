//! The producer for MySQL and MariaDB: connections around the decisions of `beginning` and `assemble`.

use super::Producer;
use super::assemble::{self, Applied, Assembler, OwnHeartbeat, Wanted};
use super::followed::{Followed, Looked, SchemaStore};
use super::lookup::look;
use super::meaning::Meaning;
use super::prepared::{PreparedReader, PreparedRows};
use super::read_from::{Hosts, ReadFrom, most_hopeful};
use super::rival;
use super::scope::Scope;
use super::shaped;
use crate::change::{Change, TransactionStart};
use async_trait::async_trait;
use mysql_async::Conn;
use replicator_binlog::Decoder;
use replicator_model::checkpoint::Checkpoint;
use replicator_model::desired::TransactionPlace;
use replicator_model::epoch::Epoch;
use replicator_model::failure::Failure;
use replicator_model::gtid::GtidSet;
use replicator_model::name::TaskName;
use replicator_model::position::Position;
use replicator_model::task::{AppliedChanges, PipeSpec, ProducerSpec, Route, Start};
use replicator_mysql::beginning::{self, Beginning, FIRST_OFFSET, Source};
use replicator_mysql::connect::Endpoint;
use replicator_mysql::facts::{ServerFacts, ServerFlavor};
use replicator_mysql::head::{self, LogFile, SourceHead};
use replicator_mysql::locate::LogReader;
use replicator_mysql::origin;
use replicator_mysql::passed::{Passed, first_rotate};
use replicator_mysql::place::Place;
use replicator_mysql::replication::{BinlogConnection, Dump, DumpFrom, ReplicaIdentity};
use replicator_mysql::stream_error::REPLICA_ID_TAKEN;
use replicator_mysql::tables;
use replicator_schema::dialect::Dialect;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::{JoinError, JoinHandle};

/// Reads the binary log of one server.
pub(super) struct BinlogProducer {
    hosts: Hosts,
    /// The one that is read from.
    endpoint: Endpoint,
    task: TaskName,
    server_id: Option<u32>,
    identity: ReplicaIdentity,
    scope: Scope,
    start: Start,
    applied: AppliedChanges,
    /// The target's name in trails.
    target: Option<String>,
    heartbeat: Duration,
    event_bytes_max: u64,
    prepared_bytes_max: usize,
    skip: Option<TransactionPlace>,
    schemas: Option<Arc<dyn SchemaStore>>,
    stream: Option<Stream>,
}

struct Stream {
    connection: BinlogConnection,
    assembler: Assembler,
    /// A table's definition on its way. Kept here, so that a cancelled `next` does not lose it.
    lookup: Option<JoinHandle<Result<Option<Looked>, Failure>>>,
    /// Parts of the history that are being kept, likewise.
    saving: Option<JoinHandle<Result<(), Failure>>>,
    schemas: Option<Arc<dyn SchemaStore>>,
    facts: ServerFacts,
    /// A distributed transaction that is read again, likewise.
    prepared: Option<PreparedRows>,
    prepared_reader: PreparedReader,
}

impl BinlogProducer {
    pub(super) fn new(
        task: &TaskName,
        spec: &ProducerSpec,
        routes: &[Route],
        pipe: &PipeSpec,
    ) -> Result<Self, Failure> {
        let endpoints = Endpoint::of_source(spec)?;
        let Some(endpoint) = endpoints.first().cloned() else { return Err(most_hopeful(Vec::new())) };
        Ok(Self {
            hosts: Hosts::new(endpoints),
            endpoint,
            task: task.clone(),
            server_id: spec.server_id,
            identity: ReplicaIdentity::of_task(task.as_str(), spec.server_id),
            scope: Scope::new(spec, &shaped::salted(routes)?),
            start: spec.start.clone(),
            applied: spec.applied,
            target: None,
            heartbeat: spec.heartbeat.duration(),
            event_bytes_max: pipe.event_bytes_max.get(),
            prepared_bytes_max: usize::try_from(pipe.prepared_bytes_max.get()).unwrap_or(usize::MAX),
            skip: None,
            schemas: None,
            stream: None,
        })
    }

    async fn begin(&mut self, resume: Option<&Checkpoint>) -> Result<Checkpoint, Failure> {
        let mut conn = self.endpoint.connect(&[]).await?;
        let facts = ServerFacts::ask(&mut conn).await?;
        check(&facts, &self.identity)?;
        let collations = tables::collations(&mut conn).await?;
        let head = head::ask(&mut conn, &facts).await?;
        let files = head::log_files(&mut conn).await?;
        let start = match &self.start {
            Start::Time { time } if resume.is_none() => self.look_up_time(time, &facts, &head, &files).await?,
            start => start.clone(),
        };
        let source = Source { facts: &facts, head: &head, files: &files };
        let beginning = beginning::beginning(source, resume, &start)?;
        let begun = self.connect(beginning, &facts, &mut conn).await?;
        let mut scope = self.scope.clone();
        scope.set_lower_case(facts.lower_case_table_names == 1);
        let followed = match &self.schemas {
            Some(store) => Followed::open(&mut conn, &facts, &scope, store, resume, &begun.position).await?,
            None => None,
        };
        let site = origin::site(&mut conn, &facts).await?;
        let statements = origin::applied_ddl(&mut conn).await?;
        let applied = Applied::new(self.applied, site, self.target.clone(), statements);
        let meaning = Meaning::ask(&mut conn, &facts).await?;
        // Its answers are all there; a connection that does not close in order is the server's to clean up.
        drop(conn);
        let server = facts.server.clone();
        let dialect = Dialect::new(facts.flavor, facts.version);
        let prepared_reader = PreparedReader {
            followed: None,
            log: LogReader::new(self.endpoint.clone(), &facts, &self.identity.uuid),
            scope: scope.clone(),
            dialect,
            server: server.clone(),
            track_gtids: begun.gtid_set.is_some(),
            collations: collations.clone(),
            applied: applied.clone(),
        };
        let beginning = assemble::Beginning {
            scope,
            dialect,
            server: server.clone(),
            track_gtids: begun.gtid_set.is_some(),
            collations,
            decoder: begun.decoder,
            place: begun.place,
            floor: begun.position.clone(),
            heartbeat: Some(OwnHeartbeat { task: self.task.to_string(), server_id: facts.server_id }),
            applied,
            // Where the checkpoint is behind it, it has been left out, and only that is not recorded yet.
            skip: self.skip.clone().filter(|skip| !resume.is_some_and(|resume| resume.has_passed(skip))),
            prepared_bytes_max: Some(self.prepared_bytes_max),
        };
        self.stream = Some(Stream {
            connection: begun.connection,
            assembler: Assembler::new(beginning).following(followed).meaning(meaning),
            facts,
            schemas: self.schemas.clone(),
            lookup: None,
            saving: None,
            prepared: None,
            prepared_reader,
        });
        Ok(Checkpoint {
            epoch: Epoch::new(0),
            server,
            position: begun.position,
            gtid_set: begun.gtid_set,
            event_time_us: resume.map_or(0, |checkpoint| checkpoint.event_time_us),
            written_at_us: now_us(),
        })
    }

    /// The position of the first transaction that was committed at a time or later.
    async fn look_up_time(
        &self,
        time: &str,
        facts: &ServerFacts,
        head: &SourceHead,
        files: &[LogFile],
    ) -> Result<Start, Failure> {
        let time_us = Start::time_us(time).map_err(|error| {
            let hint = "write a time such as 2026-11-22T08:00:00Z";
            Failure::definite("start_not_supported", format!("`{time}` is no time: {error}"), hint)
        })?;
        // A task has the time that it takes; the connection is not the one that will stream.
        let reader = LogReader::new(self.endpoint.clone(), facts, &self.identity.uuid);
        let reader = LogReader { read_bytes_max: u64::MAX, ..reader };
        match reader.position_of_time(files, time_us, &head.position).await? {
            Some(Position { file, offset }) => {
                tracing::info!(task = %self.task, time, file, offset, "the time was found in the source's log");
                Ok(Start::Position { file, offset })
            }
            None => Err(Failure::transient("connection_lost", "the look for the time ended", "it is tried again")),
        }
    }

    async fn connect(&self, beginning: Beginning, facts: &ServerFacts, conn: &mut Conn) -> Result<Begun, Failure> {
        match beginning {
            Beginning::After { gtid_set, position } => {
                let from = match &gtid_set {
                    GtidSet::MySql(set) => DumpFrom::MySqlGtids(set.clone()),
                    GtidSet::MariaDb(set) => DumpFrom::MariaDbGtids(set.clone()),
                };
                let mut begun = self.dump(facts, from).await?;
                begun.position = position.unwrap_or(begun.position);
                Ok(Begun { gtid_set: Some(gtid_set), ..begun })
            }
            Beginning::At { position } if facts.flavor == ServerFlavor::MariaDb => {
                let before = head::mariadb_gtids_before(conn, &position).await?;
                let Some(gtid_set) = before else { return Err(no_such_position(&position)) };
                let begun = self.dump_at(facts, position).await?;
                Ok(Begun { gtid_set: Some(gtid_set), ..begun })
            }
            Beginning::At { position } if facts.gtids => self.dump_past(facts, position).await,
            Beginning::At { position } => {
                let begun = self.dump_at(facts, position).await?;
                Ok(Begun { gtid_set: None, ..begun })
            }
        }
    }

    /// Asks for the log and reads the event that every stream begins with: it names the file, and only with it is it
    /// certain that the source has what was asked for.
    async fn dump(&self, facts: &ServerFacts, from: DumpFrom) -> Result<Begun, Failure> {
        let dump = Dump {
            flavor: facts.flavor,
            identity: self.identity.clone(),
            heartbeat: self.heartbeat,
            event_bytes_max: self.event_bytes_max,
            from,
        };
        let mut connection = BinlogConnection::open(&self.endpoint, dump).await?;
        let mut decoder = Decoder::new();
        let first = connection.next().await?;
        let position = first_rotate(&mut decoder, &first.bytes)?;
        let place = Place::new(&position.file, position.offset);
        Ok(Begun { connection, decoder, place, position, gtid_set: None })
    }

    async fn dump_at(&self, facts: &ServerFacts, position: Position) -> Result<Begun, Failure> {
        match u32::try_from(position.offset) {
            Ok(offset) => self.dump(facts, DumpFrom::Position { file: position.file, offset }).await,
            // The protocol has no room for it: read from the start of the file.
            Err(_) => self.dump_past(facts, position).await,
        }
    }

    /// Reads from the start of the position's file up to it, and so learns what lies before.
    async fn dump_past(&self, facts: &ServerFacts, position: Position) -> Result<Begun, Failure> {
        let from = DumpFrom::Position { file: position.file.clone(), offset: FIRST_OFFSET as u32 };
        let begun = self.dump(facts, from).await?;
        let mut connection = begun.connection;
        let mut passed =
            Passed::new(position.clone(), begun.decoder, facts.gtids && facts.flavor == ServerFlavor::MySql);
        while !passed.is_there() {
            passed.take(&connection.next().await?)?;
        }
        let (decoder, place, gtids) = passed.into_parts();
        Ok(Begun { connection, decoder, place, position, gtid_set: facts.gtids.then_some(GtidSet::MySql(gtids)) })
    }
}

/// A connection that stands at the beginning.
struct Begun {
    connection: BinlogConnection,
    decoder: Decoder,
    /// Where its next event stands: with GTIDs the source looks for the first new transaction from the start of a file.
    place: Place,
    /// What has been applied.
    position: Position,
    gtid_set: Option<GtidSet>,
}

#[async_trait]
impl Producer for BinlogProducer {
    fn skip(&mut self, transaction: TransactionPlace) {
        self.skip = Some(transaction);
    }

    fn goes_to(&mut self, target: &str) {
        self.target = Some(target.to_owned());
    }

    fn remember(&mut self, store: Arc<dyn SchemaStore>) {
        self.schemas = Some(store);
    }

    fn read_from(&self) -> ReadFrom {
        self.hosts.read_from()
    }

    fn transaction(&self) -> Option<TransactionStart> {
        self.stream.as_ref().and_then(|stream| stream.assembler.transaction().cloned())
    }

    fn use_identity(&mut self, variant: u32) {
        self.identity = ReplicaIdentity::variant_of_task(self.task.as_str(), self.server_id, variant);
    }

    async fn open(&mut self, resume: Option<&Checkpoint>) -> Result<Checkpoint, Failure> {
        let mut failures = Vec::new();
        for endpoint in self.hosts.all.clone() {
            let address = format!("source {}", endpoint.address());
            self.endpoint = endpoint;
            match self.begin(resume).await {
                Ok(checkpoint) => {
                    self.hosts.choose(&self.endpoint);
                    if !failures.is_empty() {
                        tracing::warn!(task = %self.task, address, ?failures, "reads from a fallback host");
                    }
                    return Ok(checkpoint);
                }
                Err(failure) => failures.push(failure.at(address)),
            }
        }
        Err(most_hopeful(failures))
    }

    async fn next(&mut self) -> Result<Change, Failure> {
        let address = format!("source {}", self.endpoint.address());
        let Some(stream) = &mut self.stream else {
            return Err(Failure::definite("not_open", "the producer is read before it was opened", "report it"));
        };
        match stream.next(&self.endpoint).await {
            Err(failure) if failure.code == REPLICA_ID_TAKEN => {
                Err(rival::named(failure, &self.endpoint, &self.identity).await.at(address))
            }
            result => result.map_err(|failure| failure.at(address)),
        }
    }
}

impl Stream {
    async fn next(&mut self, endpoint: &Endpoint) -> Result<Change, Failure> {
        loop {
            if let Some(lookup) = &mut self.lookup {
                let answer = lookup.await;
                self.lookup = None;
                let looked = answer.map_err(|error| ended("asking for a table", &error))??;
                self.assembler.define_looked(looked)?;
            }
            self.save().await?;
            if let Some(change) = self.assembler.pop() {
                return Ok(change);
            }
            if let Some(prepared) = &mut self.prepared {
                match prepared.next().await? {
                    Some(rows) => self.assembler.add_prepared(rows)?,
                    None => {
                        self.prepared = None;
                        self.assembler.end_prepared();
                    }
                }
                continue;
            }
            let event = self.connection.next().await.map_err(|failure| failure.at(self.assembler.place()))?;
            match self.assembler.take(&event, now_us())? {
                Some(Wanted::Table { database, table }) => {
                    let (endpoint, facts) = (endpoint.clone(), self.facts.clone());
                    self.lookup = Some(tokio::spawn(look(endpoint, facts, database, table)));
                }
                Some(Wanted::Transaction(wanted)) => {
                    let reader =
                        PreparedReader { followed: self.assembler.followed().cloned(), ..self.prepared_reader.clone() };
                    self.prepared = Some(PreparedRows::read(reader, wanted));
                }
                None => {}
            }
        }
    }
}

impl Stream {
    /// Keeps what is known otherwise of tables, before anything behind it is handed on.
    async fn save(&mut self) -> Result<(), Failure> {
        if self.saving.is_none()
            && let (Some(store), Some(parts)) = (&self.schemas, self.assembler.take_unsaved())
        {
            store.holds(self.assembler.followed().map_or(0, Followed::versions));
            let store = Arc::clone(store);
            self.saving = Some(tokio::spawn(async move { store.save(parts).await }));
        }
        let Some(saving) = &mut self.saving else { return Ok(()) };
        let answer = saving.await;
        self.saving = None;
        answer.map_err(|error| ended("keeping what tables look like", &error))?
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.lookup.iter().for_each(JoinHandle::abort);
        self.saving.iter().for_each(JoinHandle::abort);
    }
}

fn ended(what: &str, error: &JoinError) -> Failure {
    Failure::transient("connection_lost", format!("{what} ended: {error}"), "it is tried again")
}

/// What makes a source unfit, whatever the position.
fn check(facts: &ServerFacts, identity: &ReplicaIdentity) -> Result<(), Failure> {
    if !facts.log_bin {
        return Err(head::binlog_off());
    }
    let format = facts.binlog_format.as_deref().unwrap_or("ROW");
    if format != "ROW" {
        return Err(Failure::definite(
            "binlog_not_row",
            format!("binlog_format is {format}: changes are logged as statements"),
            "SET GLOBAL binlog_format = 'ROW' (and in the configuration), and have the source's clients connect anew",
        ));
    }
    if facts.server_id == identity.server_id {
        return Err(Failure::definite(
            "server_id_taken",
            format!("the source itself has server_id {}", facts.server_id),
            "give the task another `producer.server_id`",
        ));
    }
    Ok(())
}

fn no_such_position(position: &Position) -> Failure {
    Failure::definite(
        "position_unknown",
        format!("the source has no transaction border at {position}"),
        "take a position from SHOW BINLOG EVENTS or from the source's status",
    )
}

pub(super) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
